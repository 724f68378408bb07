"""The visible part of a mail: quoted history and signatures are folded, never thrown away.

The mark-up speaks first (`html_boundary`), then the text itself (attribution lines, header blocks,
`>` marks, signature delimiters). When in doubt the mail is shown whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mail.document import Document
from mail.quotes_model import Boundary, Origin, TaggedBlock, Visible

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


def html_boundary(tag: str, attrs: Mapping[str, str | None]) -> Boundary | None:
    """What an element of known mail clients means; None for an ordinary element."""
    return None


def tag_text(text: str) -> tuple[TaggedBlock, ...]:
    """Plain text to blocks: paragraphs, and quotes for lines that start with `>`."""
    return tuple(TaggedBlock(block) for block in Document.from_text(text).blocks)


def visible_part(
    tagged: Sequence[TaggedBlock], *, subject: str, is_reply: bool, from_html: bool
) -> Visible:
    """What the writer wrote this time."""
    document = Document(tuple(item.block for item in tagged))
    return Visible(document, document.to_text())


def visible_text(text: str) -> str:
    """The own words of a plain text reply."""
    return visible_part(tag_text(text), subject="", is_reply=True, from_html=False).text
