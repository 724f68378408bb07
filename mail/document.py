"""A document: formatted text, free of HTML, Slack and MIME.

Everything that people write passes through this one model. A customer's HTML becomes a Document,
a Document becomes Slack blocks; an agent's Slack message becomes a Document, a Document becomes
the HTML and the plain text of a mail. Text is data here: nothing in it can turn into markup.

Blocks are flat. A list is a run of neighbouring ListItems; `indent` gives the depth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text with one style. `text` may hold "\\n" (a line break inside the block)."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str | None = None
    """http, https, mailto or tel; anything else never becomes a link."""


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    spans: Spans


@dataclass(frozen=True, slots=True)
class Heading:
    spans: Spans
    level: int = 1


@dataclass(frozen=True, slots=True)
class ListItem:
    spans: Spans
    ordered: bool = False
    indent: int = 0
    number: int | None = None
    """For ordered items: the number shown. None counts on from the item before."""


@dataclass(frozen=True, slots=True)
class Quote:
    spans: Spans
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[Spans, ...], ...]
    header: bool = False
    """The first row is a header row."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image in its place: by Content-ID (a part of the same mail) or by address."""

    alt: str = ""
    content_id: str | None = None
    url: str | None = None
    file_name: str | None = None
    """Of the part that the Content-ID names: what it goes by where it cannot be shown."""


@dataclass(frozen=True, slots=True)
class Rule:
    pass


Block = Paragraph | Heading | ListItem | Quote | Code | Table | Image | Rule

_KINDS: dict[str, type[Any]] = {
    "paragraph": Paragraph,
    "heading": Heading,
    "item": ListItem,
    "quote": Quote,
    "code": Code,
    "table": Table,
    "image": Image,
    "rule": Rule,
}
_NAMES = {cls: name for name, cls in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Document:
    blocks: tuple[Block, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.blocks)

    @classmethod
    def from_text(cls, text: str) -> Document:
        """Plain text to paragraphs: blank lines separate them, line breaks are kept."""
        paragraphs = (part.strip("\n") for part in text.replace("\r\n", "\n").split("\n\n"))
        return cls(tuple(Paragraph((Span(part),)) for part in paragraphs if part.strip()))

    def to_text(self) -> str:
        """The words alone, readable as plain text; lists and quotes keep their marks."""
        return "\n\n".join(_joined(self.blocks))

    def to_json(self) -> list[dict[str, Any]]:
        """Plain lists and dicts for `json.dumps`; `from_json` takes them back."""
        return [_block_to_json(block) for block in self.blocks]

    @classmethod
    def from_json(cls, data: Iterable[dict[str, Any]]) -> Document:
        return cls(tuple(_block_from_json(item) for item in data))


def spans_text(spans: Spans) -> str:
    """The text of the spans, without styles."""
    return "".join(span.text for span in spans)


def _joined(blocks: tuple[Block, ...]) -> Iterable[str]:
    """Block texts; neighbouring list items stay together in one entry."""
    run: list[str] = []
    for block in blocks:
        text = _block_text(block)
        if isinstance(block, ListItem):
            run.append(text)
            continue
        if run:
            yield "\n".join(run)
            run = []
        if text:
            yield text
    if run:
        yield "\n".join(run)


def _block_text(block: Block) -> str:
    match block:
        case Paragraph(spans) | Heading(spans):
            return spans_text(spans)
        case ListItem(spans, ordered, indent, number):
            mark = f"{number or 1}." if ordered else "-"
            return f"{'  ' * indent}{mark} {spans_text(spans)}"
        case Quote(spans, depth):
            return "\n".join(">" * depth + " " + line for line in spans_text(spans).split("\n"))
        case Code(text):
            return text
        case Table(rows):
            return "\n".join(" | ".join(spans_text(cell) for cell in row) for row in rows)
        case Image(alt):
            return f"[{alt}]" if alt else ""
        case Rule():
            return "-" * 20


def _span_to_json(span: Span) -> dict[str, Any]:
    return {key: value for key, value in asdict(span).items() if value not in (False, None)}


def _spans_from_json(data: Iterable[dict[str, Any]]) -> Spans:
    return tuple(Span(**item) for item in data)


def _block_to_json(block: Block) -> dict[str, Any]:
    result: dict[str, Any] = {"kind": _NAMES[type(block)]}
    for field in fields(block):
        value = getattr(block, field.name)
        if field.name == "spans":
            value = [_span_to_json(span) for span in value]
        elif field.name == "rows":
            value = [[[_span_to_json(s) for s in cell] for cell in row] for row in value]
        result[field.name] = value
    return result


def _block_from_json(data: dict[str, Any]) -> Block:
    values = dict(data)
    cls = _KINDS[values.pop("kind")]
    if "spans" in values:
        values["spans"] = _spans_from_json(values["spans"])
    if "rows" in values:
        values["rows"] = tuple(
            tuple(_spans_from_json(cell) for cell in row) for row in values["rows"]
        )
    block: Block = cls(**values)
    return block
