"""Small looks at one line of text: what is left of it without invisible characters and marks."""

from __future__ import annotations

import re
from typing import Final

_INVISIBLE: Final = dict.fromkeys(
    (
        *(0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
    )
)
_SPACES: Final = dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_DASHES: Final = dict.fromkeys(
    (*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFF0D, 0x2500, 0x2501), "-"
)
_DIGITS: Final = {0x660 + n: str(n) for n in range(10)} | {0x6F0 + n: str(n) for n in range(10)}
_PLAIN: Final = (
    _INVISIBLE | _SPACES | _DASHES | _DIGITS | {0x9: " ", 0xFF1A: ":", 0xFF20: "@", 0x60C: ","}
)

_UNUSUAL: Final = re.compile("[" + "".join(re.escape(chr(code)) for code in _PLAIN) + "]")

LONGEST_LINE: Final = 500
"""Longer lines are people's paragraphs or nonsense, never a client's words around a quote."""

_WORDS = re.compile(r"\w")
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{1,2}\s?[月월]|"
    r"(?:25|26|14)\d\d(?!\d))"
)
_TIME = re.compile(
    r"(?<!\d)\d{1,2}\s?[:.hH時时시]\s?\d{2}(?!\d)|"
    r"\d{1,2}\s?(?:am|pm|uhr|時|时|點|点|시)(?![a-z])"
)
_ADDRESS = re.compile(r"[^\s@<>\"'(),:;\[\]]{1,64}@[^\s@<>\"'(),:;\[\]]{2,255}")


def plain(line: str) -> str:
    """The line with ordinary spaces and dashes and without invisible characters, stripped."""
    if line.isascii():
        return line.replace("\t", " ").strip()
    return line.translate(_PLAIN).strip() if _UNUSUAL.search(line) else line.strip()


def lower(text: str) -> str:
    """Lower case, with the Turkish dotted capital as a plain i."""
    return text.lower().replace("i\u0307", "i")


def has_words(text: str) -> bool:
    return _WORDS.search(text) is not None


def has_date(text: str) -> bool:
    return _DATE.search(text) is not None


def has_time(text: str) -> bool:
    return _TIME.search(text) is not None


def has_address(text: str) -> bool:
    return "@" in text and _ADDRESS.search(text) is not None


def unquoted(line: str) -> tuple[int, str]:
    """The depth of `>` marks at the start of a line, and the line without them.

    Only the first 100 characters are looked at: deeper quoting is as deep as can be.
    """
    if not line.lstrip("\u200b\ufeff").startswith((">", " >")):
        return 0, line
    head = line[:100]
    depth = 0
    position = 0
    for position, char in enumerate(head):  # noqa: B007 - used after the loop
        if char == ">":
            depth += 1
        elif char not in " \t\u200b\ufeff":
            break
    else:
        position = len(head)
    rest = line[position:]
    spaces = len(line[:position]) - len(line[:position].rstrip(" \t"))
    return depth, " " * max(spaces - 1, 0) + rest
