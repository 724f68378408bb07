"""A mail's HTML to blocks: what a person would have read, and nothing that only machines see.

Gone are scripts, styles, comments (Outlook's conditionals are comments), hidden preheaders and
remote images. The walk is iterative and linear. Known quote containers mark what is inside them,
so that `mail.quotes` can fold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mail.document import Block, Code, Document, Image, ListItem, Rule, Span, Spans, Table
from mail.html.blocks import Blocks
from mail.html.elements import close_element, first_words, open_element, show_image
from mail.html.page import Context, Page
from mail.html.style import PLAIN, Style, hidden_selectors
from mail.html.tags import BOLD, CODE, DROPPED, ITALIC, STRIKE, WEIGHTED
from mail.html.tree import Element, build_tree
from mail.quotes.fold import find_marker
from mail.quotes.model import Origin, TaggedBlock

MAX_HTML = 1_500_000
"""Characters of HTML that are read; the rest stays in the original."""

_FALLBACK_TAGS = frozenset({"noscript", "button", "object", "video", "audio"})


@dataclass(frozen=True, slots=True)
class HtmlBody:
    """What an HTML part says, block by block, and what was found beside it."""

    blocks: tuple[TaggedBlock, ...] = ()
    marker: str | None = None
    preheader_removed: bool = False
    content_ids: frozenset[str] = frozenset()
    """Content-IDs of the images that it shows."""
    cut: bool = False

    @property
    def document(self) -> Document:
        return Document(tuple(item.block for item in self.blocks))


@dataclass(slots=True)
class _Exit:
    """Stands in the walk where an element ends."""

    element: Element
    style: Style


def parse_html(source: str) -> HtmlBody:
    """The blocks of an HTML text. Never raises; time and memory are linear in its length."""
    cut = len(source) > MAX_HTML
    tree = build_tree(source[:MAX_HTML])
    walker = _Walker(hidden_selectors(tree.styles))
    walker.walk(tree.root, Context())
    walker.page.blocks.flush()
    return HtmlBody(
        blocks=tuple(walker.page.blocks.done),
        marker=walker.marker,
        preheader_removed=walker.preheader_removed,
        content_ids=frozenset(walker.page.content_ids),
        cut=cut or tree.cut,
    )


class _Walker:
    def __init__(self, hidden: frozenset[str]) -> None:
        self.page = Page(self._cell)
        self.hidden = hidden
        self.marker: str | None = None
        self.preheader_removed = False

    def walk(self, root: Element, context: Context) -> None:
        waiting: list[tuple[Element | str | _Exit, Context]] = [(root, context)]
        page = self.page
        while waiting:
            node, context = waiting.pop()
            if isinstance(node, str):
                page.text(node, context)
            elif isinstance(node, _Exit):
                close_element(page, node.element, node.style, context)
            else:
                self._enter(node, context, waiting)

    def _enter(
        self,
        element: Element,
        context: Context,
        waiting: list[tuple[Element | str | _Exit, Context]],
    ) -> None:
        """Begins an element, and puts what is inside it and its end before what waits."""
        tag, attrs = element.tag, element.attrs
        if "data-canal" in attrs:
            self._find_marker(attrs["data-canal"] or "")
        if (tag in DROPPED or ":" in tag) and not _is_transparent(element):
            return
        if tag == "br":
            self.page.blocks.br()
            return
        style = self.page.style(attrs) if attrs else PLAIN
        if style.hidden or (attrs and self._is_hidden(attrs)):
            self._note_hidden(element)
            return
        if tag == "img":
            show_image(self.page, attrs, context)
            return
        inner = _styled(tag, style, self._bounded(element, context))
        opened = open_element(self.page, element, style, inner)
        if opened is not None:
            waiting.append((_Exit(element, style), context))
            waiting.extend([(child, opened) for child in reversed(element.children)])

    def _is_hidden(self, attrs: Mapping[str, str | None]) -> bool:
        if "hidden" in attrs:
            return True
        if not self.hidden:
            return False
        names = ["." + name for name in (attrs.get("class") or "").lower().split()]
        names.append("#" + (attrs.get("id") or "").lower())
        return any(name in self.hidden for name in names)

    def _note_hidden(self, element: Element) -> None:
        self.preheader_removed = True
        if self.marker is None:
            self.marker = find_marker(first_words(element))

    def _find_marker(self, token: str) -> None:
        if self.marker is None:
            self.marker = find_marker(f"[#{token.strip('[]#')}]")

    def _bounded(self, element: Element, context: Context) -> Context:
        """The origin that known containers of mail programs give to what is inside them."""
        if not element.attrs and element.tag != "blockquote":
            return context
        boundary = self.page.boundary(element)
        if boundary is None:
            return context
        look = context.look
        if boundary == "cut":
            self.page.history = True
        elif look.origin == "body" or (boundary == "quote" and look.origin == "signature"):
            origin: Origin = "signature" if boundary == "signature" else "quoted"
            return context._replace(look=look._replace(origin=origin))
        return context

    def _cell(self, cell: Element, context: Context) -> Spans:
        """The text of a table cell, as spans with line breaks."""
        outer = self.page.blocks
        self.page.blocks = Blocks()
        inner = Context(look=context.look._replace(bold=False), in_cell=True)
        self.walk(Element("#cell", {}, cell.children), inner)
        self.page.blocks.flush()
        spans: list[Span] = []
        for item in self.page.blocks.done:
            if spans:
                spans.append(Span("\n"))
            spans.extend(_block_spans(item.block))
        self.page.blocks = outer
        return tuple(spans)


def _is_transparent(element: Element) -> bool:
    """`<o:p>` and its like show what they hold, and so does what stands in for missing scripts."""
    tag = element.tag
    if ":" in tag:
        return tag.partition(":")[0] not in ("v", "w", "m", "xml")
    if tag == "head":  # broken mails put their body into the head
        return any(
            isinstance(child, Element) and child.tag in ("body", "div", "table", "p")
            for child in element.children
        )
    return tag in _FALLBACK_TAGS


def _styled(tag: str, style: Style, context: Context) -> Context:
    if style is PLAIN and tag not in WEIGHTED:
        return context
    old = context.look
    look = old._replace(
        bold=_pick(style.bold, old.bold or tag in BOLD),
        italic=_pick(style.italic, old.italic or tag in ITALIC),
        strike=_pick(style.strike, old.strike or tag in STRIKE),
        code=old.code or tag in CODE,
        keep_space=_pick(style.keep_space, old.keep_space),
        zero_font=_pick(style.zero_font, old.zero_font),
    )
    return context if look == old else context._replace(look=look)


def _pick(value: bool | None, otherwise: bool) -> bool:
    return otherwise if value is None else value


def _block_spans(block: Block) -> Spans:
    match block:
        case ListItem(spans):
            return (Span("• "), *spans)
        case Code(text):
            return (Span(text, code=True),)
        case Image(alt):
            return (Span(alt),) if alt else ()
        case Table() | Rule():
            return ()
        case _:
            return block.spans
