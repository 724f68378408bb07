"""A document as plain text that reads well in any mail client.

Lines are never wrapped here: quoted-printable carries lines of any length, and every client wraps
them to its own width. Emphasis is left out, since marks around words are noise to most readers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from mail.document import (
    Block,
    Code,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
)

LINK_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_TABLE_WIDTH = 110
"""A wider table is written with bars, since its columns could not stay aligned anyway."""


def clean_text(text: str) -> str:
    """The text without control characters and lone surrogates; all line ends become "\\n"."""
    text = re.sub("\r\n|[\r\u2028\u2029\x85]", "\n", text)
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


def is_safe_link(url: str | None) -> bool:
    """Whether a link may stand in a mail: http, https, mailto or tel, without spaces."""
    return (
        bool(url)
        and str(url).lower().startswith(LINK_SCHEMES)
        and not re.search(r"[\s\x00-\x20\x7f-\x9f<>\"\\^`{|}\ud800-\udfff]", str(url))
    )


def render_text(document: Document) -> str:
    """The document as plain text, lines ended by "\\n", no newline at the end."""
    return "\n\n".join(_paragraphs(document.blocks))


def quoted_text(text: str) -> str:
    """The text with `> ` before each line; lines that are quoted already get a bare `>`."""
    return "\n".join(
        ">" + line if line.startswith(">") else f"> {line}".rstrip() for line in text.split("\n")
    )


def spans_to_text(spans: Spans) -> str:
    """The spans as text; a link is followed by its address unless that is its text already."""
    parts: list[str] = []
    for link, run in _runs(spans):
        text = "".join(_styled(span) for span in run)
        parts.append(_with_address(text, link))
    return "".join(parts)


def _runs(spans: Spans) -> Iterator[tuple[str | None, list[Span]]]:
    """Neighbouring spans of one link together, so that its address is written once."""
    run: list[Span] = []
    for span in spans:
        if run and span.link != run[-1].link:
            yield run[-1].link, run
            run = []
        run.append(span)
    if run:
        yield run[-1].link, run


def _styled(span: Span) -> str:
    text = clean_text(span.text)
    if span.strike and text.strip() and not span.code:
        return f"~{text}~"  # without a mark the words would say the opposite
    return text


def _with_address(text: str, link: str | None) -> str:
    if not link or not is_safe_link(link):
        return text
    shown = text.strip()
    bare = re.sub("^(mailto:|tel:)", "", link, flags=re.IGNORECASE)
    if not shown:
        return f"{text}{bare}"
    if shown.rstrip("/") in {link.rstrip("/"), bare.rstrip("/")}:
        return text
    head = text.rstrip()
    return f"{head} <{bare}>{text[len(head) :]}"


def _paragraphs(blocks: Sequence[Block]) -> Iterator[str]:
    """One text per block; the items of a list stay together."""
    items: list[ListItem] = []
    quotes: list[str] = []
    for block in blocks:
        if items and not isinstance(block, ListItem):
            yield "\n".join(list_lines(items))
            items = []
        if quotes and not isinstance(block, Quote):
            yield "\n>\n".join(quotes)
            quotes = []
        if isinstance(block, ListItem):
            items.append(block)
        elif isinstance(block, Quote):
            quotes.append(_block_text(block))
        elif text := _block_text(block):
            yield text
    if items:
        yield "\n".join(list_lines(items))
    if quotes:
        yield "\n>\n".join(quotes)


def list_lines(items: Iterable[ListItem]) -> Iterator[str]:
    """`- item` and `1. item`, two spaces a level, further lines under the first one's text."""
    for item, number in numbered(items):
        mark = f"{number}." if item.ordered else "-"
        margin = "  " * min(max(item.indent, 0), 12)
        first, *rest = spans_to_text(item.spans).split("\n")
        yield f"{margin}{mark} {first}".rstrip()
        yield from (f"{margin}{' ' * len(mark)} {line}".rstrip() for line in rest)


def numbered(items: Iterable[ListItem]) -> Iterator[tuple[ListItem, int]]:
    """Each item with its number: its own, or the one after the item before at its depth."""
    counters: dict[int, int] = {}
    for item in items:
        for depth in [depth for depth in counters if depth > item.indent]:
            del counters[depth]
        if item.ordered:
            following = counters.get(item.indent, 0) + 1
            counters[item.indent] = following if item.number is None else item.number
        else:
            counters.pop(item.indent, None)
        yield item, counters.get(item.indent, 1)


def _block_text(block: Block) -> str:
    match block:
        case Paragraph(spans) | Heading(spans):
            return spans_to_text(spans).strip("\n")
        case Quote(spans, depth):
            text = spans_to_text(spans).strip("\n")
            for _ in range(min(max(depth, 1), 20)):
                text = quoted_text(text)
            return text
        case Code(text):
            return clean_text(text).strip("\n")
        case Table(rows):
            return "\n".join(_table_lines(rows, header=block.header))
        case Image(alt):
            return f"[{clean_text(alt)}]" if alt.strip() else ""
        case Rule():
            return "-" * 20
        case _:
            return ""


def _table_lines(rows: tuple[tuple[Spans, ...], ...], *, header: bool) -> Iterator[str]:
    cells = [[" ".join(spans_to_text(cell).split()) for cell in row] for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((_width(row[i]) for row in cells if i < len(row)), default=0)
              for i in range(columns)]  # fmt: skip
    if sum(widths) + 3 * columns > _TABLE_WIDTH:
        yield from (" | ".join(row) for row in cells)
        return
    for index, row in enumerate(cells):
        padded = (cell + " " * (widths[i] - _width(cell)) for i, cell in enumerate(row))
        yield "   ".join(padded).rstrip()
        if header and index == 0 and len(cells) > 1:
            yield "   ".join("-" * width for width in widths)


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
