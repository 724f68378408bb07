"""Signatures in the text itself: the `-- ` line, "Sent from my iPhone", list and legal footers.

Only what is surely no word of the writer's is taken; a plain "Best regards, Jo" stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mail.quotes.rules.sent_from import DEVICE_LINE, DISCLAIMERS, FOOTERS
from mail.quotes.words import has_address, has_words, lower, plain

_LONGEST_DEVICE_LINE: Final = 160
_MOST_SIGNATURE_LINES: Final = 15
_MOST_RULED_LINES: Final = 8
_LONGEST_RULED_LINE: Final = 75
_TAIL: Final = 40
_RULE = re.compile(r"(?:_{3,}|-{3,}|={5,}|\*{5,}|(?:- ){3,}-?)$")
_CONTACT = re.compile(
    r"\+\d[\d\s().-]{6,}|\(?\d{2,4}\)?[\s./-]\d{2,4}[\s./-]\d{2,}|"
    r"\b(?:tel|phone|fax|mobile|mob|cell|telefon|tél|tlf|telefone|teléfono|тел)\b\s?[.:+]",
    re.IGNORECASE,
)
_DASHED_NAME = re.compile(r"-{1,2}[^\W\d_][\w.'-]{0,30}(?: [^\W\d_][\w.'-]{0,30}){0,2}$")
_FOLLOWING: Final = 3


def find_signature(lines: Sequence[str], *, may_be_all: bool = False) -> int | None:
    """Where the signature at the end of the lines begins; None when there is none.

    `may_be_all`: nothing but a signature may be here, because other words stand above.
    """
    first = max(0, len(lines) - 2000)
    texts = [plain(line) for line in lines[first:]]
    may_be_all = may_be_all or first > 0
    found = [
        _delimited(lines[first:], texts, may_be_all),
        _device(texts),
        _ruled(texts, may_be_all),
        _dashed_name(texts),
        _footer(texts, may_be_all),
    ]
    return min((first + position for position in found if position is not None), default=None)


def pgp_frames(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The lines that PGP puts around a signed text (RFC 4880 7): its head and its signature."""
    frames: list[tuple[int, int]] = []
    opened: int | None = None
    for index, line in enumerate(lines):
        if not line.startswith("-----"):
            continue
        text = line.rstrip()
        if text == "-----BEGIN PGP SIGNED MESSAGE-----":
            end = index + 1
            while end < len(lines) and lines[end].startswith("Hash:"):
                end += 1
            frames.append((index, end))
        elif text == "-----BEGIN PGP SIGNATURE-----":
            opened = index
        elif text == "-----END PGP SIGNATURE-----" and opened is not None:
            frames.append((opened, index + 1))
            opened = None
    return frames


def is_device_line(text: str) -> bool:
    if not 6 <= len(text) <= _LONGEST_DEVICE_LINE or text.endswith(("?", "？")):
        return False
    return DEVICE_LINE.match(lower(text)) is not None


def _delimited(lines: Sequence[str], texts: list[str], may_be_all: bool) -> int | None:
    """RFC 3676 4.3: `-- `. Where the space was lost, only above a few lines."""
    for position, text in enumerate(texts):
        if text != "--" or (position == 0 and not may_be_all):
            continue
        after = sum(1 for later in texts[position + 1 :][: 10 * _MOST_SIGNATURE_LINES] if later)
        if lines[position].strip("\r\n") == "-- " or after <= _MOST_SIGNATURE_LINES:
            return position
    return None


def _device(texts: list[str]) -> int | None:
    """A device line near the end, with at most a few lines below it."""
    below = 0
    found: int | None = None
    for position in range(len(texts) - 1, max(len(texts) - _TAIL, -1), -1):
        text = texts[position]
        if is_device_line(text):
            found, below = position, 0
        elif text:
            below += 1
            if below > _FOLLOWING:
                break
    return found


def _ruled(texts: list[str], may_be_all: bool) -> int | None:
    """A drawn line apart from the text, above a few short lines with a telephone or an address.

    A line directly below words underlines them: a heading.
    """
    after: list[str] = []
    for position in range(len(texts) - 1, max(len(texts) - _TAIL, -1 if may_be_all else 0), -1):
        text = texts[position]
        if _RULE.match(text):
            contact = any(_CONTACT.search(item) or has_address(item) for item in after)
            return position if contact and not (position and texts[position - 1]) else None
        if text:
            after.append(text)
            if len(after) > _MOST_RULED_LINES or len(text) > _LONGEST_RULED_LINE:
                return None
    return None


def _dashed_name(texts: list[str]) -> int | None:
    """A last line such as "-Jo" or "--Jo Miller"."""
    filled = [position for position, text in enumerate(texts) if text]
    if len(filled) < 2 or not _DASHED_NAME.match(texts[filled[-1]]):
        return None
    above = texts[filled[-2]]
    return None if above.startswith("-") else filled[-1]


def _footer(texts: list[str], may_be_all: bool) -> int | None:
    """A footer of a virus scanner, a list or a lawyer: the last paragraphs of the mail."""
    for position in range(max(len(texts) - _TAIL, 0), len(texts)):
        text = lower(texts[position]).lstrip("*_-[<( ")
        if not text.startswith(FOOTERS) and not text.startswith(DISCLAIMERS):
            continue
        if position and texts[position - 1] and not _RULE.match(texts[position - 1]):
            continue
        above = position
        while above > 0 and (not texts[above - 1] or _RULE.match(texts[above - 1])):
            above -= 1
        return above if may_be_all or any(map(has_words, texts[:above])) else None
    return None
