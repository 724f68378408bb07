"""Blocks of header lines inside a text: "From: … Sent: … To: … Subject: …", in every language.

Mail clients print them above an older mail that they quote or forward.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mail.quotes.rules.labels import LABELS, LONGEST_LABEL, Role
from mail.quotes.words import LONGEST_LINE, has_address, has_date, has_time, lower, plain, unquoted

_MOST_LINES: Final = 30
_MOST_CONTINUATIONS: Final = 6
_LABEL = re.compile(r"[*_\s|]{0,4}(?P<label>[^:|\t]{1,40}?)[*_\s|]{0,4}:[*_\s|]{0,4}(?P<value>.*)$")
_INNER_LABEL = re.compile(
    r"(?:^|(?<=\s))\*{0,2}(?P<label>[^\W\d][^\s:*]{0,20}(?: el| em| on| am| op| le)?)"
    r"\s?\*{0,2}:\s?\*{0,2}"
)
_TABLE_LABEL = re.compile(r"[*_\s|]{0,4}(?P<label>[^:|\t]{1,40}?)[*_\s]{0,4}\|\s*(?P<value>.*)$")


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """Lines `start` up to `end` (not included), and the first value of each role."""

    start: int
    end: int
    values: dict[Role, str] = field(default_factory=dict)

    @property
    def is_mail(self) -> bool:
        """Whether the block is surely a mail's head, with nothing above it to say so."""
        roles = self.values.keys()
        moment = _is_moment(self.values)
        if "from" not in roles:
            return len(roles) == 2 and moment and has_address(self.values.get("to", ""))
        if len(roles) < 3:
            return moment and has_address(self.values.get("from", ""))
        from_to = self.values.get("from", "") + " " + self.values.get("to", "")
        if "subject" in roles:
            return "date" in roles or has_address(from_to)
        return "date" in roles and (has_address(from_to) or (moment and "to" in roles))

    @property
    def is_mail_below_a_line(self) -> bool:
        """Whether it is a mail's head, given that a separator stands above it."""
        roles = self.values.keys()
        return "from" in roles and len(roles) >= 2


def _is_moment(values: dict[Role, str]) -> bool:
    """Whether the block tells a day and a time, as servers do and people hardly ever."""
    date = values.get("date", "")
    return has_date(date) and has_time(date)


def header_line(line: str) -> tuple[Role, str] | None:
    """Role and value of a line such as "*Von:* Jo Miller"; None when it is no header line."""
    if len(line) > 4 * LONGEST_LINE:
        return None
    text = plain(unquoted(line)[1])
    found = _LABEL.match(text) or _TABLE_LABEL.match(text)
    if not found or len(found["label"]) > LONGEST_LABEL:
        return None
    role = LABELS.get(lower(found["label"].strip("*_ ")))
    return (role, found["value"].strip().strip("*").strip()) if role else None


def find_header_block(lines: Sequence[str], start: int) -> HeaderBlock | None:
    """The header block whose first line is `lines[start]`; None when there is none."""
    first = header_line(lines[start])
    if first is None or first[0] not in ("from", "date", "to", "subject"):
        return None
    in_line = _in_one_line(lines[start])
    if len(in_line) > 1:
        return HeaderBlock(start, start + 1, in_line)
    values: dict[Role, str] = {}
    end, waiting, pending = start, 0, None
    for index in range(start, min(start + _MOST_LINES, len(lines))):
        text = plain(unquoted(lines[index])[1])
        found = header_line(lines[index]) if text else None
        if found and not (found[0] in values and _is_complete(values)):
            pending = _take(values, *found)
            end, waiting = index + 1, 0
        elif pending and text:
            values[pending] = text
            end, pending = index + 1, None
        elif _ends(text, waiting, values):
            break
        elif text:
            waiting += 1
    return HeaderBlock(start, end, values) if len(values) > 1 else None


def _in_one_line(line: str) -> dict[Role, str]:
    """Header fields that lost their line breaks: "From: Jo Sent: Monday To: Ana Subject: x"."""
    text = plain(unquoted(line[:1000])[1])
    found = [
        (role, label)
        for label in _INNER_LABEL.finditer(text)
        if (role := LABELS.get(lower(label["label"]).strip()))
    ]
    if len(found) < 2:
        return {}
    values: dict[Role, str] = {}
    for (role, label), following in zip(found, [*found[1:], None], strict=True):
        end = following[1].start() if following else len(text)
        values.setdefault(role, text[label.end() : end].strip(" *"))
    whole = {"from", "subject"} <= values.keys() and len(values) > 2
    dated = len(values) == 2 and has_address(values.get("from", "")) and _is_moment(values)
    return values if whole or dated else {}


def _take(values: dict[Role, str], role: Role, value: str) -> Role | None:
    """Keep the first value of a role; the role when its value is still to come."""
    if value:
        values.setdefault(role, value)
        return None
    return role if role not in values else None


def _is_complete(values: dict[Role, str]) -> bool:
    return {"from", "subject"} <= values.keys() and len(values) > 2


def _ends(text: str, waiting: int, values: dict[Role, str]) -> bool:
    """Whether a line without a label ends the block; long To lines go on over several lines."""
    if not text:
        return _is_complete(values)
    if _is_complete(values) and "date" in values and "to" in values:
        return True
    return waiting >= _MOST_CONTINUATIONS or not (has_address(text) or text.endswith((";", ",")))
