"""A Document as Slack blocks: `rich_text`, at most one `table`, within all of Slack's limits.

Text goes into JSON as it is. A mention or a broadcast exists in rich_text only as an element of its
own type, and none is ever made here, so nothing that a customer writes can ping anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bot.slack.elements import (
    ELLIPSIS,
    append_elements,
    cell_text,
    cut_text,
    escape_text,
    find_slack_url,
    prefixed_spans,
    span_element,
    trimmed_spans,
)
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
    spans_text,
)
from mail.writing.text import render_text

__all__ = ["RenderedBlocks", "blocks_from_document", "escape_text"]

Json = dict[str, Any]

LIMIT_CHARS = 3000
"""Visible characters of a mail that one post shows."""
LIMIT_BLOCKS = 40
_WEIGHT = 9000
"""All characters of all blocks with addresses; Slack refuses a message at about 13,000."""
_MAX_ELEMENTS = 800
_MAX_INDENT = 8
_MAX_NUMBER = 100_000
_TABLE_ROWS, _TABLE_COLUMNS, _TABLE_CHARS = 100, 20, 6000


@dataclass(frozen=True, slots=True)
class RenderedBlocks:
    """Blocks for `chat.postMessage`; `remaining` counts the characters that found no room."""

    blocks: list[Json]
    truncated: bool = False
    remaining: int = 0


def blocks_from_document(
    document: Document, *, limit_chars: int = LIMIT_CHARS, limit_blocks: int = LIMIT_BLOCKS
) -> RenderedBlocks:
    """The document as blocks: at most `limit_chars` visible characters in `limit_blocks` blocks.

    What is cut off is cut at a word, with "…". An empty document gives no blocks.
    """
    writer = _Writer(limit_chars, max(limit_blocks, 1))
    shown = 0
    for block in document.blocks:
        if not writer.add(block):
            break
        shown += 1
    remaining = writer.left_over + sum(_length(block) for block in document.blocks[shown + 1 :])
    return RenderedBlocks(writer.finish(), writer.cut, remaining)


class _Writer:
    """Collects elements until the room is used up. One rich_text block holds all neighbours."""

    def __init__(self, limit_chars: int, limit_blocks: int) -> None:
        self.room = max(limit_chars, 1)
        self.weight = _WEIGHT
        self.elements_left = _MAX_ELEMENTS
        self.limit_blocks = limit_blocks
        self.blocks: list[Json] = []
        self.open: list[Json] = []
        self.cut = False
        self.left_over = 0
        self.has_table = False
        self.last: Block | None = None
        self.counters: dict[int, int] = {}

    def add(self, block: Block) -> bool:
        """Whether the whole block found room; otherwise as much of it as there was room for."""
        if self.room <= 0:
            return self._stop(_length(block))
        if not isinstance(block, ListItem):
            self.counters = {}
        done = self._write(block)
        self.last = block
        return done

    def finish(self) -> list[Json]:
        self._flush()
        return self.blocks

    def _write(self, block: Block) -> bool:
        match block:
            case Paragraph(spans):
                return self._section(spans)
            case Heading(spans):
                return self._section(tuple(replace(span, bold=not span.code) for span in spans))
            case ListItem():
                return self._item(block)
            case Quote(spans, depth):
                marks = "> " * min(max(depth - 1, 0), 8)
                return self._flat("rich_text_quote", prefixed_spans(spans, marks))
            case Code(text):
                return self._flat("rich_text_preformatted", (Span(text.strip("\n")),))
            case Table():
                return self._table(block)
            case Image(alt, content_id):
                label = alt.strip() or block.file_name or ("image" if content_id else "")
                return self._section((Span(f"[{label}]", italic=True),)) if label else True
            case Rule():
                return self._rule()

    def _section(self, spans: Spans) -> bool:
        """A paragraph; neighbouring ones share a section, with an empty line between them."""
        elements, whole = self._inline(spans)
        if not elements:
            return whole
        if self.open and self.open[-1]["type"] == "rich_text_section":
            append_elements(
                self.open[-1]["elements"], [{"type": "text", "text": "\n\n"}, *elements]
            )
        else:
            self.open.append({"type": "rich_text_section", "elements": elements})
        return whole

    def _item(self, item: ListItem) -> bool:
        """A list item; it joins the list before it when style, depth and number go on."""
        indent = min(max(item.indent, 0), _MAX_INDENT)
        number = self.counters.get(indent, 0) + 1 if item.number is None else item.number
        number = min(max(number, 1), _MAX_NUMBER)
        self.counters = {d: n for d, n in self.counters.items() if d < indent}
        style = "ordered" if item.ordered else "bullet"
        if item.ordered:
            self.counters[indent] = number
        elements, whole = self._inline(item.spans)
        if not elements:
            return whole
        section = {"type": "rich_text_section", "elements": elements}
        before = self.open[-1] if self.open else {}
        goes_on = before.get("offset", 0) + len(before.get("elements", ())) + 1 == number
        if (
            before.get("type") == "rich_text_list"
            and (before["style"], before["indent"]) == (style, indent)
            and (goes_on or not item.ordered)
        ):
            before["elements"].append(section)
            return whole
        new = {"type": "rich_text_list", "style": style, "indent": indent, "elements": [section]}
        if item.ordered and number > 1:
            new["offset"] = number - 1
        self.open.append(new)
        return whole

    def _flat(self, kind: str, spans: Spans) -> bool:
        """A quote or a code block: flat text; neighbouring quotes are one."""
        if kind == "rich_text_preformatted":
            spans = (Span(spans_text(spans)),)
        elements, whole = self._inline(spans)
        if not elements:
            return whole
        quote = kind == "rich_text_quote"
        if quote and self.open and self.open[-1]["type"] == kind:
            append_elements(
                self.open[-1]["elements"], [{"type": "text", "text": "\n\n"}, *elements]
            )
        else:
            self.open.append({"type": kind, "elements": elements})
        return whole

    def _rule(self) -> bool:
        """A divider, as long as blocks are left for what follows."""
        if len(self.blocks) + 4 <= self.limit_blocks and (self.open or self.blocks):
            self._flush()
            if self.blocks[-1]["type"] != "divider":
                self.blocks.append({"type": "divider"})
        return True

    def _table(self, table: Table) -> bool:
        """The first table that fits is a table block, any other one aligned text."""
        columns = max((len(row) for row in table.rows), default=0)
        size = _length(table) + 4 * len(table.rows) * columns
        if not columns:
            return True
        fits = (
            not self.has_table
            and len(table.rows) <= _TABLE_ROWS
            and columns <= _TABLE_COLUMNS
            and size <= min(self.room, _TABLE_CHARS, self.weight)
            and len(self.blocks) + 3 <= self.limit_blocks
        )
        if not fits:
            return self._table_as_text(table)
        self._flush()
        self.has_table = True
        self.room -= size
        self.weight -= size
        padded = [[*map(cell_text, row), *[""] * (columns - len(row))] for row in table.rows]
        cells = [[{"type": "raw_text", "text": cell or " "} for cell in row] for row in padded]
        self.blocks.append({"type": "table", "rows": cells})
        return True

    def _table_as_text(self, table: Table) -> bool:
        """The table's first rows, as many as could find room, in aligned columns."""
        size, kept = 0, 0
        for row in table.rows:
            size += sum(len(span.text) + 1 for cell in row for span in cell) + len(row)
            kept += 1
            if size > self.room:
                break
        text = render_text(Document((replace(table, rows=table.rows[:kept]),)))
        whole = self._flat("rich_text_preformatted", (Span(text),))
        if whole and kept == len(table.rows):
            return True
        return self._stop(_length(replace(table, rows=table.rows[kept:])))

    def _inline(self, spans: Spans) -> tuple[list[Json], bool]:
        """Spans as elements, as many as there is room for; False when something was left out."""
        found: list[Json] = []
        beyond = sum(len(span.text) for span in spans[_MAX_ELEMENTS * 2 :])
        spans = tuple(trimmed_spans(spans[: _MAX_ELEMENTS * 2]))
        for index, span in enumerate(spans):
            url = find_slack_url(span.link)
            if url and len(url) + len(span.text) > self.weight:
                url = None
            room = min(self.room, self.weight - len(url or ""))
            whole = len(span.text) <= room and self.elements_left > 0
            text = span.text if whole else cut_text(span.text, room)
            if text:
                append_elements(found, [span_element(replace(span, text=text), url)])
                self.elements_left -= 1
                self.room -= len(text)
                self.weight -= len(text) + len(url or "") + 10
            if not whole:
                rest = sum(len(one.text) for one in spans[index:]) - len(text.rstrip(ELLIPSIS))
                return found, self._stop(rest + beyond)
        return found, self._stop(beyond) if beyond else True

    def _stop(self, left_over: int) -> bool:
        self.cut = True
        self.room = 0
        self.left_over += max(left_over, 0)
        return False

    def _flush(self) -> None:
        if self.open:
            self.blocks.append({"type": "rich_text", "elements": self.open})
            self.open = []


def _length(block: Block) -> int:
    """Characters of a block, for the count of what is not shown."""
    match block:
        case Paragraph(spans) | Heading(spans) | ListItem(spans) | Quote(spans):
            return sum(len(span.text) for span in spans)
        case Code(text) | Image(text):
            return len(text)
        case Table(rows):
            return sum(len(span.text) for row in rows for cell in row for span in cell)
        case _:
            return 0
