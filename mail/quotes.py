"""The visible part of a mail: quoted history and signatures are folded, never thrown away.

The mark-up speaks first (`html_boundary`), then the text itself (attribution lines, header blocks,
`>` marks, signature delimiters). When in doubt (inline answers, nothing left, a forward, a mail
that answers nothing) the mail is shown whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from mail.document import Document
from mail.quotes_html import html_boundary
from mail.quotes_lines import text_block, to_blocks, to_lines
from mail.quotes_model import Boundary, Origin, TaggedBlock, Visible
from mail.quotes_regions import Line, Region, RegionFinder
from mail.quotes_signature import find_signature, pgp_frames
from mail.quotes_words import has_words, plain, unquoted
from mail.subjects import is_forward_subject, is_reply_subject

__all__ = [
    "MARKER_PATTERN",
    "Boundary",
    "Origin",
    "TaggedBlock",
    "Visible",
    "find_marker",
    "html_boundary",
    "tag_text",
    "visible_part",
    "visible_text",
]

MARKER_PATTERN = re.compile(r"\[#(canal-[A-Za-z0-9._-]{8,80})\]")
"""Canal's own marker in an outgoing mail's text; the HTML has it in `data-canal` as well."""


def find_marker(text: str) -> str | None:
    """The token of the first Canal marker in the text: `canal-…` without brackets."""
    found = MARKER_PATTERN.search(text)
    return found.group(1) if found else None


def tag_text(text: str) -> tuple[TaggedBlock, ...]:
    """Plain text to blocks: paragraphs, and quotes for lines that start with `>`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    result: list[TaggedBlock] = []
    blanks: list[str] = []
    for kind, group in groupby(lines, key=_line_kind):
        run = list(group)
        if kind == "blank":
            blanks = run
            continue
        block = text_block(run, quoted=kind == "quote")
        result.append(TaggedBlock(block, "body", (*blanks, *run)))
        blanks = []
    return tuple(result)


def _line_kind(line: str) -> str:
    if not plain(line[:2000]):
        return "blank"
    return "quote" if unquoted(line)[0] else "text"


def visible_part(
    tagged: Sequence[TaggedBlock], *, subject: str, is_reply: bool, from_html: bool
) -> Visible:
    """What the writer wrote this time.

    `is_reply`: the mail answers another one (In-Reply-To, References); a reply prefix in `subject`
    counts as well. `from_html`: the blocks come from HTML, not from `tag_text`.
    """
    lines = to_lines(tagged)
    folded = [False] * len(lines)
    if (is_reply or is_reply_subject(subject)) and not is_forward_subject(subject):
        folded = _folded(lines, from_html=from_html)
    if not any(folded):
        document = Document(tuple(item.block for item in tagged))
        return Visible(document, _text(document, lines, folded, from_html=from_html))
    document = to_blocks(tagged, lines, folded)
    count = sum(1 for line, gone in zip(lines, folded, strict=True) if gone and not line.blank)
    return Visible(document, _text(document, lines, folded, from_html=from_html), count)


def visible_text(text: str) -> str:
    """The own words of a plain text reply."""
    return visible_part(tag_text(text), subject="", is_reply=True, from_html=False).text


def _text(
    document: Document, lines: Sequence[Line], folded: Sequence[bool], *, from_html: bool
) -> str:
    if from_html:
        return document.to_text()
    kept: list[str] = []
    joint = False
    for line, gone in zip(lines, folded, strict=True):
        joint = joint or gone
        if gone or (joint and line.blank and not (kept and kept[-1])):
            continue
        joint = joint and line.blank
        kept.append(line.text.rstrip())
    return "\n".join(kept).strip("\n")


def _folded(lines: Sequence[Line], *, from_html: bool) -> list[bool]:
    """Which lines to fold; none when the mail should be seen whole."""
    found = RegionFinder(lines).find()
    folded = [False] * len(lines)
    if found.forward:
        return folded
    history = [region for region in found.regions if region.kind != "bare" or not from_html]
    for region in _foldable(lines, history):
        folded[region.start : region.end] = [True] * (region.end - region.start)
    with_quotes_only = list(folded)
    _fold_signatures(lines, folded)
    if _words_left(lines, folded):
        return folded
    return with_quotes_only if _words_left(lines, with_quotes_only) else [False] * len(lines)


def _foldable(lines: Sequence[Line], regions: Sequence[Region]) -> list[Region]:
    """The regions that are surely nothing but history: the last one, unless words answer it."""
    if not regions:
        return []
    gaps = [_gap_words(lines, regions, number) for number in range(len(regions) + 1)]
    last = regions[-1]
    if any(gaps[1:-1]):
        return _last_of_many(regions, gaps)
    if not gaps[-1]:
        return list(regions)
    if last.kind == "attributed" or (last.kind == "marked" and not gaps[0]):
        return list(regions)
    return []


def _last_of_many(regions: Sequence[Region], gaps: Sequence[bool]) -> list[Region]:
    """Answers stand between quotes: those quotes stay; what nobody answered below them goes."""
    return [] if gaps[-1] else [regions[-1]]


def _gap_words(lines: Sequence[Line], regions: Sequence[Region], number: int) -> bool:
    """Whether own words stand before region `number` (after the one before it)."""
    start = regions[number - 1].end if number else 0
    end = regions[number].start if number < len(regions) else len(lines)
    return any(_is_own(lines[index]) for index in range(start, end))


def _is_own(line: Line) -> bool:
    return not line.blank and line.origin == "body" and has_words(line.text)


def _fold_signatures(lines: Sequence[Line], folded: list[bool]) -> None:
    """Marked signatures, and those at the end of what the writer wrote."""
    for index, line in enumerate(lines):
        if line.origin == "signature":
            folded[index] = True
    for start, stop in pgp_frames([line.text for line in lines]):
        folded[start:stop] = [True] * (stop - start)
    end = len(lines)
    while end > 0:
        while end > 0 and (folded[end - 1] or lines[end - 1].blank):
            end -= 1
        start = end
        while start > 0 and not folded[start - 1] and not lines[start - 1].quoted:
            start -= 1
        position = find_signature([line.text for line in lines[start:end]], 0, end - start)
        if position is not None:
            folded[start + position : end] = [True] * (end - start - position)
        end = _next_folded_above(folded, start)


def _next_folded_above(folded: Sequence[bool], start: int) -> int:
    """The end of the next run of own words that folded lines follow; 0 when there is none."""
    position = start
    while position > 0 and not folded[position - 1]:
        position -= 1
    return position


def _words_left(lines: Sequence[Line], folded: Sequence[bool]) -> bool:
    return any(
        not gone and not line.blank and not line.quoted and has_words(line.text)
        for line, gone in zip(lines, folded, strict=True)
    )
