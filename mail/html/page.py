"""What is known while a page of HTML is walked: the context of a place, and the state of it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mail.document import Spans
from mail.html.blocks import Blocks, Frame, Look
from mail.html.style import PLAIN, Style, read_style
from mail.html.tree import Element
from mail.quotes.fold import html_boundary
from mail.quotes.model import Boundary, Origin

_CACHED = 3_000


class Context(NamedTuple):
    """What an element passes on to what is inside it."""

    frame: Frame = Frame()
    look: Look = Look()
    quotes: int = 0
    in_cell: bool = False


@dataclass(slots=True)
class OpenList:
    """A list that is being walked, and the number of its next item."""

    ordered: bool
    number: int


@dataclass(slots=True)
class Page:
    """The state of a walk."""

    read_cell: Callable[[Element, Context], Spans]
    blocks: Blocks = field(default_factory=Blocks)
    history: bool = False
    """Set by a cut: everything from here on is history."""
    lists: list[OpenList] = field(default_factory=list)
    items: int = 0
    content_ids: set[str] = field(default_factory=set)
    link_text: list[str] | None = None
    """The text of the link that is open."""
    link_url: str = ""
    _styles: dict[str, Style] = field(default_factory=dict)
    _boundaries: dict[tuple[str, tuple[tuple[str, str | None], ...]], Boundary | None] = field(
        default_factory=dict
    )

    def text(self, text: str, context: Context) -> None:
        """Adds the text of a place to the blocks."""
        look = context.look
        if look.zero_font:
            return
        if self.history and look.origin == "body":
            look = look._replace(origin="quoted")
        if self.link_text is not None:
            self.link_text.append(text)
        self.blocks.text(text, context.frame, look)

    def origin(self, context: Context) -> Origin:
        return "quoted" if self.history and context.look.origin == "body" else context.look.origin

    def style(self, attrs: Mapping[str, str | None]) -> Style:
        """The inline style; mails repeat a handful of them thousands of times."""
        text = attrs.get("style") or ""
        outlook = (attrs.get("class") or "")[:3] == "Mso"  # its style sheet says margin:0
        if not text and not outlook:
            return PLAIN
        key = f"Mso{text}" if outlook else text
        style = self._styles.get(key)
        if style is None:
            style = read_style(f"margin:0;{text}" if outlook else text)
            if len(self._styles) < _CACHED:
                self._styles[key] = style
        return style

    def boundary(self, element: Element) -> Boundary | None:
        """What the element means to quote folding."""
        key = (element.tag, tuple(element.attrs.items()))
        if key in self._boundaries:
            return self._boundaries[key]
        found = html_boundary(element.tag, element.attrs)
        if len(self._boundaries) < _CACHED:
            self._boundaries[key] = found
        return found
