"""A mail's HTML to blocks: what a person would have read, and nothing that only machines see.

Gone are scripts, styles, comments (Outlook's conditionals are comments), hidden preheaders and
remote images. The walk is iterative and linear. Known quote containers mark what is inside them,
so that `mail.quotes` can fold it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from mail.document import Block, Code, Document, Image, ListItem, Rule, Span, Spans, Table
from mail.html_blocks import Blocks, Frame, Look
from mail.html_links import clean_url, pretended_host
from mail.html_style import PLAIN, Style, hidden_selectors, read_style
from mail.html_tables import find_data_rows
from mail.html_tags import BOLD, CODE, DROPPED, HARD, HEADINGS, ITALIC, SOFT, STRIKE
from mail.html_tree import Element, build_tree
from mail.quotes import find_marker, html_boundary
from mail.quotes_model import Origin, TaggedBlock

MAX_HTML = 1_500_000
"""Characters of HTML that are read; the rest stays in the original."""

_DIGITS = re.compile(r"^\s*(\d{1,4})")
_FILE_LIKE = re.compile(r"\.(?:png|jpe?g|gif|bmp|webp|svg)$", re.IGNORECASE)


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


@dataclass(frozen=True, slots=True)
class _Context:
    frame: Frame = field(default_factory=Frame)
    look: Look = field(default_factory=Look)
    lists: tuple[str, ...] = ()
    quotes: int = 0
    in_cell: bool = False


@dataclass(slots=True)
class _List:
    ordered: bool
    number: int


@dataclass(slots=True)
class _Exit:
    """Stands in the walk where an element ends."""

    element: Element
    hard: bool = False


def parse_html(source: str) -> HtmlBody:
    """The blocks of an HTML text. Never raises; time and memory are linear in its length."""
    cut = len(source) > MAX_HTML
    tree = build_tree(source[:MAX_HTML])
    walker = _Walker(hidden_selectors(tree.styles))
    walker.walk(tree.root, _Context())
    walker.blocks.flush()
    return HtmlBody(
        blocks=tuple(walker.blocks.done),
        marker=walker.marker,
        preheader_removed=walker.preheader_removed,
        content_ids=frozenset(walker.content_ids),
        cut=cut or tree.cut,
    )


class _Walker:
    def __init__(self, hidden: frozenset[str]) -> None:
        self.blocks = Blocks()
        self.hidden = hidden
        self.marker: str | None = None
        self.preheader_removed = False
        self.content_ids: set[str] = set()
        self.history = False
        """Set by a cut: everything from here on is history."""
        self.items = 0
        self.lists: list[_List] = []
        self.link_text: list[str] | None = None
        self.link_url = ""

    def walk(self, root: Element, context: _Context) -> None:
        waiting: list[tuple[Element | str | _Exit, _Context]] = [(root, context)]
        while waiting:
            node, context = waiting.pop()
            if isinstance(node, str):
                self._text(node, context)
            elif isinstance(node, _Exit):
                self._leave(node, context)
            else:
                inner = self._enter(node, context)
                if inner is not None:
                    hard = node.tag in HARD and not self._style(node).no_margin
                    waiting.append((_Exit(node, hard), context))
                    waiting.extend((child, inner) for child in reversed(node.children))

    def _text(self, text: str, context: _Context) -> None:
        look = context.look
        if look.zero_font:
            return
        if self.history and look.origin == "body":
            look = replace(look, origin="quoted")
        if self.link_text is not None:
            self.link_text.append(text)
        self.blocks.text(text, context.frame, look)

    def _style(self, element: Element) -> Style:
        text = element.attrs.get("style")
        style = read_style(text) if text else PLAIN
        if not style.no_margin and (element.attrs.get("class") or "")[:3] == "Mso":
            return replace(style, no_margin=True)  # Outlook's sheet says margin:0
        return style

    def _enter(self, element: Element, context: _Context) -> _Context | None:
        """Begins an element; None when nothing inside it is walked."""
        tag, attrs = element.tag, element.attrs
        if attrs:
            self._find_marker(attrs)
        if tag in DROPPED or ":" in tag:
            return self._dropped(element, context)
        if tag == "br":
            self.blocks.br()
            return None
        style = self._style(element) if attrs else PLAIN
        if style.hidden or (attrs and self._is_hidden(attrs)):
            self._note_hidden(element)
            return None
        if tag == "img":
            self._image(attrs, context)
            return None
        context = self._bounded(element, context)
        context = self._styled(tag, style, context)
        return self._structured(element, style, context)

    def _dropped(self, element: Element, context: _Context) -> _Context | None:
        """`<o:p>` and its like are transparent; the rest goes with all that it holds."""
        if ":" in element.tag and element.tag.split(":")[0] not in ("v", "w", "m", "xml"):
            return context
        if element.tag in ("noscript", "button", "object", "video", "audio", "head"):
            # Mail has no scripts, so that this is what shows; a head may hold a whole broken body.
            return context if element.tag != "head" or _has_body(element) else None
        return None

    def _is_hidden(self, attrs: dict[str, str | None]) -> bool:
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
            self.marker = find_marker(_inner_text(element))

    def _find_marker(self, attrs: dict[str, str | None]) -> None:
        if self.marker is None and attrs.get("data-canal"):
            token = attrs["data-canal"] or ""
            self.marker = find_marker(f"[#{token.strip('[]#')}]")

    def _bounded(self, element: Element, context: _Context) -> _Context:
        boundary = html_boundary(element.tag, element.attrs)
        if boundary is None:
            return context
        if boundary == "cut":
            self.history = True
        elif context.look.origin == "body":
            origin: Origin = "signature" if boundary == "signature" else "quoted"
            return replace(context, look=replace(context.look, origin=origin))
        elif boundary == "quote" and context.look.origin == "signature":
            return replace(context, look=replace(context.look, origin="quoted"))
        return context

    def _styled(self, tag: str, style: Style, context: _Context) -> _Context:
        look = context.look
        if tag in BOLD or tag in ITALIC or tag in STRIKE or tag in CODE or style is not PLAIN:
            look = replace(
                look,
                bold=_pick(style.bold, look.bold or tag in BOLD),
                italic=_pick(style.italic, look.italic or tag in ITALIC),
                strike=_pick(style.strike, look.strike or tag in STRIKE),
                code=look.code or tag in CODE,
                keep_space=_pick(style.keep_space, look.keep_space),
                zero_font=_pick(style.zero_font, look.zero_font),
            )
        return context if look is context.look else replace(context, look=look)

    def _structured(self, element: Element, style: Style, context: _Context) -> _Context | None:
        tag = element.tag
        if tag in HARD and not style.no_margin and not (tag == "p" and context.frame.kind == "li"):
            self.blocks.hard() if not (tag in ("ul", "ol") and self.lists) else self.blocks.soft()
        elif tag in SOFT or tag in HARD:
            self.blocks.soft()
        match tag:
            case "table":
                return self._table(element, context)
            case "td" | "th":
                self.blocks.space()
            case "a":
                return self._link(element, context)
            case "ul" | "ol" | "menu" | "dir":
                start = _number(element.attrs.get("start"))
                self.lists.append(_List(tag == "ol", 1 if start is None else start))
            case "li":
                return self._item(element, context)
            case "blockquote":
                return self._quote(style, context)
            case "pre":
                return self._pre(element, style, context)
            case "hr":
                if not context.in_cell:
                    self.blocks.put(Rule(), self._origin(context))
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                return self._heading(HEADINGS[tag], context)
            case "q":
                self._text("“", context)
            case _:
                pass
        return context

    def _origin(self, context: _Context) -> Origin:
        return "quoted" if self.history and context.look.origin == "body" else context.look.origin

    def _heading(self, level: int, context: _Context) -> _Context:
        if context.frame.kind == "p" and not context.in_cell:
            return replace(context, frame=Frame("h", level))
        return replace(context, look=replace(context.look, bold=True))

    def _pre(self, element: Element, style: Style, context: _Context) -> _Context:
        look = replace(context.look, keep_space=style.keep_space is not False)
        wraps = (
            style.keep_space
            or "moz" in (element.attrs.get("class") or "")
            or "wrap" in element.attrs
        )
        if context.frame.kind != "p" or wraps or context.in_cell or context.look.origin != "body":
            return replace(context, look=look)
        return replace(context, look=look, frame=Frame("code"))

    def _quote(self, style: Style, context: _Context) -> _Context:
        if style.no_border:  # Gmail and Outlook indent with a blockquote
            return context
        depth = context.quotes + 1
        return replace(context, quotes=depth, frame=Frame("q", min(depth, 20)))

    def _item(self, element: Element, context: _Context) -> _Context:
        current = self.lists[-1] if self.lists else _List(False, 1)
        value = _number(element.attrs.get("value"))
        number = current.number if value is None else value
        current.number = number + 1
        if context.frame.kind == "q" or context.in_cell:
            self._text(f"{number}. " if current.ordered else "• ", context)
            return context
        self.items += 1
        indent = max(0, min(len(self.lists) - 1, 8))
        number_shown = number if current.ordered else None
        frame = Frame("li", indent, self.items, current.ordered, number_shown)
        return replace(context, frame=frame)

    def _link(self, element: Element, context: _Context) -> _Context:
        url = clean_url(element.attrs.get("href") or "")
        if url is None:
            return context
        self.link_text, self.link_url = [], url
        return replace(context, look=replace(context.look, link=url))

    def _table(self, element: Element, context: _Context) -> _Context | None:
        rows = None if context.in_cell else find_data_rows(element)
        if rows is None:
            return replace(context, frame=Frame() if context.frame.kind == "h" else context.frame)
        width = max(map(len, rows))
        cells = [[self._cell(cell, context) for cell in row] for row in rows]
        table = Table(
            tuple(tuple(row + [()] * (width - len(row))) for row in cells),
            header=all(cell.tag == "th" for cell in rows[0]),
        )
        if any(any(row) for row in cells):
            self.blocks.put(table, self._origin(context))
        return None

    def _cell(self, cell: Element, context: _Context) -> Spans:
        """The text of a cell, as spans with line breaks."""
        outer = self.blocks
        self.blocks = Blocks()
        look = replace(context.look, bold=False)
        inner = _Context(look=look, in_cell=True)
        self.walk(Element("#cell", {}, cell.children), inner)
        self.blocks.flush()
        spans: list[Span] = []
        for item in self.blocks.done:
            if spans:
                spans.append(Span("\n"))
            spans.extend(_block_spans(item.block))
        self.blocks = outer
        return tuple(spans)

    def _image(self, attrs: dict[str, str | None], context: _Context) -> None:
        source = (attrs.get("src") or "").strip()
        alt = " ".join((attrs.get("alt") or "").split())[:300]
        emoji = attrs.get("data-emoji") or ("emoji" in (attrs.get("class") or "") and alt)
        if emoji:
            self._text(str(emoji), context)
            return
        if source[:4].lower() == "cid:":
            content_id = source[4:].strip("<> ")
            self.content_ids.add(content_id)
            if not context.in_cell and not _is_tiny(attrs):
                image = Image(alt="" if _FILE_LIKE.search(alt) else alt, content_id=content_id)
                self.blocks.put(image, self._origin(context))
            return
        if alt and not _is_tiny(attrs) and not _FILE_LIKE.search(alt):
            self._text(alt, context)

    def _leave(self, mark: _Exit, context: _Context) -> None:
        tag = mark.element.tag
        match tag:
            case "a":
                self._leave_link(context)
            case "ul" | "ol" | "menu" | "dir":
                if self.lists:
                    self.lists.pop()
            case "q":
                self._text("”", context)
            case _:
                pass
        if mark.hard and not (tag == "p" and context.frame.kind == "li"):
            self.blocks.hard() if not (tag in ("ul", "ol") and self.lists) else self.blocks.soft()
        elif tag in SOFT or tag in HARD:
            self.blocks.soft()

    def _leave_link(self, context: _Context) -> None:
        if self.link_text is None:
            return
        text = " ".join("".join(self.link_text).split())
        self.link_text = None
        host = pretended_host(text, self.link_url)
        if host is not None:
            self._text(f" ({host})", context)


def _pick(value: bool | None, otherwise: bool) -> bool:
    return otherwise if value is None else value


def _number(text: str | None) -> int | None:
    found = _DIGITS.match(text or "")
    return int(found[1]) if found else None


def _is_tiny(attrs: dict[str, str | None]) -> bool:
    """Spacers and tracking pixels."""
    sizes = [_number(attrs.get(name)) for name in ("width", "height")]
    return any(size is not None and size <= 2 for size in sizes)


def _has_body(head: Element) -> bool:
    return any(
        isinstance(child, Element) and child.tag in ("body", "div", "table", "p")
        for child in head.children
    )


def _inner_text(element: Element) -> str:
    words: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting and len(words) < 200:
        node = waiting.pop()
        if isinstance(node, str):
            words.append(node)
        else:
            waiting.extend(reversed(node.children))
    return "".join(words)


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
