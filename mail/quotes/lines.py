"""Blocks to lines and back: the folding works on lines, whatever the mail was written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

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
from mail.quotes.model import TaggedBlock
from mail.quotes.regions import Line
from mail.quotes.words import plain, unquoted

_RULE_TEXT: Final = "_" * 20


def to_lines(tagged: Sequence[TaggedBlock]) -> list[Line]:
    """All lines of the blocks. A plain text block gives its own lines, any other its text's."""
    result: list[Line] = []
    for number, item in enumerate(tagged):
        quoted = item.origin == "quoted" or (isinstance(item.block, Quote) and bool(item.lines))
        for text in item.lines or _block_lines(item.block):
            blank = not plain(text[:2000])
            result.append(Line(text, quoted and not blank, item.origin, number, blank))
    return result


def _block_lines(block: Block) -> list[str]:
    match block:
        case Paragraph(spans) | Heading(spans) | ListItem(spans) | Quote(spans):
            return spans_text(spans).split("\n")
        case Code(text):
            return text.split("\n")
        case Table(rows):
            return [" | ".join(spans_text(cell).replace("\n", " ") for cell in row) for row in rows]
        case Image(alt):
            return [f"[{alt}]"]
        case Rule():
            return [_RULE_TEXT]


def to_blocks(
    tagged: Sequence[TaggedBlock], lines: Sequence[Line], folded: Sequence[bool]
) -> Document:
    """The blocks of the lines that are not folded; a block may lose some of its lines."""
    result: list[Block] = []
    position = 0
    for number, group in groupby(lines, key=lambda line: line.block):
        count = len(list(group))
        gone = folded[position : position + count]
        texts = [line.text for line in lines[position : position + count]]
        position += count
        block = _remaining(tagged[number], texts, gone)
        if block is not None:
            result.append(block)
    return Document(tuple(_without_outer_rules(result)))


def _remaining(item: TaggedBlock, texts: Sequence[str], gone: Sequence[bool]) -> Block | None:
    if not any(gone):
        return item.block
    if all(gone):
        return None
    kept = [text for text, folded in zip(texts, gone, strict=True) if not folded]
    if not any(map(plain, kept)):
        return None
    return _rebuilt(item, kept, gone)


def _rebuilt(item: TaggedBlock, kept: list[str], gone: Sequence[bool]) -> Block:
    block = item.block
    if item.lines:
        return text_block(kept, quoted=isinstance(block, Quote))
    match block:
        case Paragraph(spans) | Heading(spans) | ListItem(spans) | Quote(spans):
            return replace(block, spans=_sliced(spans, gone))
        case Code():
            return Code("\n".join(kept))
        case Table(rows):
            left = tuple(row for row, folded in zip(rows, gone, strict=True) if not folded)
            return replace(block, rows=left)
        case _:
            return block


def _sliced(spans: Spans, gone: Sequence[bool]) -> Spans:
    """The spans without the lines that are folded; styles stay as they were."""
    lines: list[list[Span]] = [[]]
    for span in spans:
        first, *others = span.text.split("\n")
        lines[-1].append(replace(span, text=first))
        lines.extend([replace(span, text=other)] for other in others)
    result: list[Span] = []
    for line, folded in zip(lines, gone, strict=True):
        if folded:
            continue
        if result:
            result.append(Span("\n"))
        result.extend(span for span in line if span.text)
    while result and not result[-1].text.strip():
        result.pop()
    return tuple(result)


def text_block(lines: Sequence[str], *, quoted: bool) -> Block:
    """Neighbouring lines of a plain text as one block."""
    if not quoted:
        return Paragraph((Span("\n".join(line.rstrip() for line in lines).strip("\n")),))
    stripped = [unquoted(line) for line in lines if plain(line[:2000])]
    depth = max(min(min(found[0] for found in stripped), 10), 1)
    return Quote((Span("\n".join(text.rstrip() for _, text in stripped)),), depth)


def _without_outer_rules(blocks: list[Block]) -> list[Block]:
    """A drawn line that separated the quote from the words separates nothing any more."""
    while blocks and isinstance(blocks[-1], Rule):
        blocks.pop()
    return blocks
