"""HTML of a mail to a tree, in linear time whatever the HTML is.

A small reader of our own: a browser's algorithm copies unclosed formatting into every following
paragraph, which is quadratic (`<p><font id=1>x` ten thousand times), and mail needs none of that.
End tags are matched as readers expect, forgotten ones are implied as in HTML, depth is bounded.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from mail.html.tags import BLOCKS, CELL_SCOPE, INLINE, VOID

MAX_DEPTH = 800
MAX_NODES = 200_000
_LOOK_BACK = 100
_REOPENED = 8

_NAME = re.compile(r"/?([A-Za-z][^\s/>]{0,60})[^\s/>]*")
_ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s/>=\"'][^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"'][^\s>]*+)))?"
)
_REFERENCE = re.compile(
    r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31})(?:;|(?![=A-Za-z0-9]))"
)
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9A-Fa-f]{9,}+;?")
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\s/>])[^>]*+>?", re.IGNORECASE)
    for name in ("script", "style", "xmp", "iframe", "noembed", "noframes", "textarea", "title")
}

_IMPLIED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    # start tag: (open elements that it ends, elements beyond which it does not look)
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "menu", "dir"}) | CELL_SCOPE),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"}) | CELL_SCOPE),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"}) | CELL_SCOPE),
    "td": (frozenset({"td", "th", "caption"}), frozenset({"table", "tr"})),
    "th": (frozenset({"td", "th", "caption"}), frozenset({"table", "tr"})),
    "tr": (frozenset({"tr", "caption"}), frozenset({"table"})),
    "tbody": (frozenset({"tbody", "thead", "tfoot", "caption"}), frozenset({"table"})),
    "thead": (frozenset({"tbody", "thead", "tfoot", "caption"}), frozenset({"table"})),
    "tfoot": (frozenset({"tbody", "thead", "tfoot", "caption"}), frozenset({"table"})),
    "option": (frozenset({"option"}), frozenset({"select", "optgroup"})),
}
_P_SCOPE = (frozenset({"p"}), BLOCKS - {"p"} | CELL_SCOPE | {"button"})


@dataclass(slots=True)
class Element:
    """An element; a child that is a `str` is text, its character references resolved."""

    tag: str
    attrs: dict[str, str | None] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    root: Element
    styles: list[str]
    """The text of `<style>` elements."""
    cut: bool = False
    """Whether the end was left out because there are too many nodes."""


def build_tree(source: str) -> Tree:
    """The tree of an HTML document or fragment. Never raises."""
    builder = _Builder(source)
    builder.run()
    return Tree(builder.root, builder.styles, builder.cut)


def resolve(text: str) -> str:
    """Character references in text."""
    if "&" not in text:
        return text
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))


def _resolve_attribute(value: str) -> str:
    """In attributes `&copy=1` is no reference but part of an address."""
    if "&" not in value:
        return value
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), value)


class _Builder:
    def __init__(self, source: str) -> None:
        self.source = source
        self.root = Element("#root")
        self.open: list[Element] = [self.root]
        self.counts: dict[str, int] = {}
        self.styles: list[str] = []
        self.nodes = 0
        self.cut = False
        self.endless: set[str] = set()
        """What never ends from here on, so that nobody searches for its end again."""

    def run(self) -> None:
        source = self.source
        position = 0
        while True:
            start = source.find("<", position)
            if start < 0:
                self._text(source[position:])
                return
            if start > position:
                self._text(source[position:start])
            position = self._markup(start)
            if self.nodes > MAX_NODES:
                self.cut = True
                return

    def _text(self, text: str) -> None:
        if text:
            self.nodes += 1
            self.open[-1].children.append(resolve(text))

    def _markup(self, start: int) -> int:
        """Reads what begins with `<`; returns the position behind it."""
        source = self.source
        found = _NAME.match(source, start + 1)
        if found is not None:
            name = found[1].lower()
            if source[start + 1] == "/":
                end = source.find(">", found.end())
                self._end_tag(name)
                return len(source) if end < 0 else end + 1
            return self._start_tag(name, found.end())
        if source.startswith("<!--", start):
            return self._comment(start)
        if source[start + 1 : start + 2] in ("!", "?", "/"):
            end = source.find(">", start)
            return len(source) if end < 0 else end + 1
        self._text("<")
        return start + 1

    def _comment(self, start: int) -> int:
        """Also Outlook's conditionals. A comment that never ends hides nothing but its mark."""
        source = self.source
        if source.startswith((">", "->"), start + 4):
            return source.index(">", start) + 1
        end = -1 if "!--" in self.endless else source.find("-->", start + 4)
        if end < 0:
            self.endless.add("!--")
            end = source.find(">", start)
            return len(source) if end < 0 else end + 1
        return end + 3

    def _start_tag(self, name: str, position: int) -> int:
        source = self.source
        attrs: dict[str, str | None] = {}
        size = len(source)
        while position < size and source[position] != ">":
            found = _ATTRIBUTE.match(source, position)
            if found is None:
                position += 1
                continue
            position = found.end()
            if len(attrs) < 200:
                value = (
                    found[2]
                    if found[2] is not None
                    else found[3]
                    if found[3] is not None
                    else found[4]
                )
                key = found[1].lower()
                if key not in attrs:
                    attrs[key] = None if value is None else _resolve_attribute(value)
        position += 1
        if name in _RAW_END:
            return self._raw(name, position)
        self._open_element(name, attrs)
        return position

    def _raw(self, name: str, position: int) -> int:
        found = None
        if name not in self.endless:
            found = _RAW_END[name].search(self.source, position)
        if found is None:
            self.endless.add(name)
            # A browser would hide the rest of the mail; only code deserves that.
            return len(self.source) if name in ("script", "style") else position
        content = self.source[position : found.start()]
        if name == "style":
            self.styles.append(content)
        elif name in ("textarea", "xmp"):
            self._open_element("pre", {})
            self._text(content)
            self._end_tag("pre")
        return found.end()

    def _open_element(self, name: str, attrs: dict[str, str | None]) -> None:
        if name == "image":
            name = "img"
        implied = _IMPLIED.get(name)
        if implied is not None:
            self._close_implied(*implied)
        if name in BLOCKS and self.counts.get("p"):
            self._close_implied(*_P_SCOPE)
        if name == "a" and self.counts.get("a"):
            self._end_tag("a")
        element = Element(name, attrs)
        self.nodes += 1
        self.open[-1].children.append(element)
        if name not in VOID and len(self.open) < MAX_DEPTH:
            self.open.append(element)
            self.counts[name] = self.counts.get(name, 0) + 1

    def _close_implied(self, ends: frozenset[str], scope: frozenset[str]) -> None:
        for back in range(1, min(len(self.open), _LOOK_BACK)):
            tag = self.open[-back].tag
            if tag in ends:
                self._pop(back)
                return
            if tag in scope:
                return

    def _pop(self, count: int) -> None:
        for element in self.open[-count:]:
            self.counts[element.tag] -= 1
        del self.open[-count:]

    def _end_tag(self, name: str) -> None:
        if not self.counts.get(name):
            if name == "br":
                self._open_element("br", {})
            return
        inline = name in INLINE
        own_scope = name in CELL_SCOPE or name in ("tr", "tbody", "thead", "tfoot")
        for back in range(1, min(len(self.open), MAX_DEPTH if own_scope else _LOOK_BACK)):
            element = self.open[-back]
            if element.tag == name:
                if inline and back > 1:
                    self._end_across(back)
                else:
                    self._pop(back)
                return
            if element.tag in CELL_SCOPE and not own_scope:
                return
            if element.tag == "table" and name != "table":
                return

    def _end_across(self, back: int) -> None:
        """`<b><i>x</b>y</i>`: what stands inside goes on without the ended element."""
        inner = self.open[len(self.open) - back + 1 :][-_REOPENED:]
        self._pop(back)
        for element in inner:
            self._reopen(element)

    def _reopen(self, element: Element) -> None:
        twin = Element(element.tag, element.attrs)
        self.nodes += 1
        self.open[-1].children.append(twin)
        self.open.append(twin)
        self.counts[twin.tag] += 1
