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
from mail.mime.subjects import is_forward_subject, is_reply_subject
from mail.quotes.folding import fold
from mail.quotes.lines import text_block, to_blocks, to_lines
from mail.quotes.marks import html_boundary
from mail.quotes.model import Boundary, Origin, TaggedBlock, Visible
from mail.quotes.regions import Line
from mail.quotes.words import plain, unquoted

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
    tagged: Sequence[TaggedBlock], *, subject: str, is_reply: bool | None, from_html: bool
) -> Visible:
    """What the writer wrote this time.

    `is_reply`: the mail answers another one (In-Reply-To, References); a reply prefix in `subject`
    counts as well. None: nobody knows, and history is folded unless words point at it.
    `from_html`: the blocks come from HTML, not from `tag_text`.
    """
    lines = to_lines(tagged)
    folded = [False] * len(lines)
    answers = is_reply or is_reply_subject(subject)
    if (answers or is_reply is None) and not is_forward_subject(subject):
        folded = fold(lines, from_html=from_html, may_point=not answers)
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
