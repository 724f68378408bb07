"""The values that pass between the HTML reader, the text reader and the folding of quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mail.document import Block, Document

Origin = Literal["body", "quoted", "signature"]
"""What the mark-up itself says of a block: own words, quoted history, or a signature."""

Boundary = Literal["quote", "cut", "signature"]
"""quote: this element is history. cut: it and all that follows is. signature: it is a signature."""


@dataclass(frozen=True, slots=True)
class TaggedBlock:
    """A block and where it comes from.

    `lines` are the lines of a plain text mail that the block stands for, blank lines before it
    included, so that plain text comes out exactly as it was written; empty for HTML.
    """

    block: Block
    origin: Origin = "body"
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visible:
    """What the writer wrote this time. `folded_lines` counts the lines with words left out."""

    document: Document
    text: str
    folded_lines: int = 0
