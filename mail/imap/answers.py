"""Reading what an IMAP server answers to FETCH: pure functions over imapclient's tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from imapclient.response_parser import gen_parsed_response

_NAME = rb"(?:UID|FLAGS|RFC822\.SIZE|INTERNALDATE|MODSEQ)"
_VALUE = rb"(?:[0-9]{1,20}|\([^()\"{}]*\)|\"[^\"\\]*\")"
_ITEM = re.compile(rb"(?<=[( ])(" + _NAME + rb") (" + _VALUE + rb")", re.IGNORECASE)
_ITEMS = _NAME + rb" " + _VALUE
_LINE = re.compile(rb"[0-9]+ \(" + _ITEMS + rb"(?: " + _ITEMS + rb")*\)", re.IGNORECASE)
_HEAD = re.compile(
    rb"[0-9]+ \((?:" + _ITEMS + rb" )*(BODY\[[A-Z]*\](?:<[0-9]+>)?) \{[0-9]+\}", re.IGNORECASE
)
_TAIL = re.compile(rb"(?: " + _ITEMS + rb")*\)", re.IGNORECASE)

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Listed:
    """What the server says of a mail before it is fetched."""

    uid: int
    size: int = 0
    flags: frozenset[str] = frozenset()
    at: datetime | None = None
    """INTERNALDATE."""

    @property
    def day(self) -> date | None:
        """The server's own day of it, as SEARCH SINCE counts."""
        return self.at.date() if self.at else None


def read_fetch_answer(data: list[Any]) -> list[dict[bytes, Any]]:
    """The entries of one FETCH answer as imaplib collected it, in their order.

    Entry by entry, not through imapclient's dictionary: flags of other mails come unasked and
    without UID, and message numbers change between two lines of one answer. Nearly every server
    writes nearly every line in a way that one pattern reads; imapclient's tokens, which take six
    times as long, are for the rest.
    """
    if data == [None]:
        return []
    entries = []
    parts = iter(data)
    for part in parts:
        if isinstance(part, tuple):
            entry = _plain_body(part[0], part[1], next(parts, b""))
        else:
            entry = _plain_line(part)
        if entry is None:
            return _read_tokens(data)
        entries.append(entry)
    return entries


def _plain_line(line: bytes) -> dict[bytes, Any] | None:
    return dict(_plain_items(line)) if _LINE.fullmatch(line) else None


def _plain_body(head: bytes, body: bytes, tail: object) -> dict[bytes, Any] | None:
    match = _HEAD.fullmatch(head)
    if match is None or not isinstance(tail, bytes) or not _TAIL.fullmatch(tail):
        return None
    return {match.group(1).upper(): body, **_plain_items(head), **_plain_items(tail)}


def _plain_items(text: bytes) -> dict[bytes, Any]:
    return {name.upper(): _plain_value(value) for name, value in _ITEM.findall(text)}


def _plain_value(value: bytes) -> object:
    if value[:1] == b"(":
        return tuple(value[1:-1].split())
    return value[1:-1] if value[:1] == b'"' else int(value)


def _read_tokens(data: list[Any]) -> list[dict[bytes, Any]]:
    flat = list(gen_parsed_response(data))
    pairs = zip(flat[::2], flat[1::2], strict=False)
    return [_items(entry) for _, entry in pairs if isinstance(entry, tuple)]


def _items(entry: tuple[Any, ...]) -> dict[bytes, Any]:
    names = (name.upper() if isinstance(name, bytes) else b"" for name in entry[::2])
    return dict(zip(names, entry[1::2], strict=False))


def uid_of(entry: dict[bytes, Any]) -> int:
    uid = entry.get(b"UID")
    return uid if isinstance(uid, int) else 0


def bodies_of(entries: Iterable[dict[bytes, Any]]) -> Iterator[tuple[int, bytes]]:
    for entry in entries:
        for name, value in entry.items():
            if name.startswith(b"BODY[") and uid_of(entry):
                yield uid_of(entry), value if isinstance(value, bytes) else b""


def read_listed(entry: dict[bytes, Any]) -> Listed:
    size = entry.get(b"RFC822.SIZE")
    flags = entry.get(b"FLAGS") or ()
    return Listed(
        uid_of(entry),
        size if isinstance(size, int) else 0,
        frozenset(flag.decode("utf-8", "replace") for flag in flags if isinstance(flag, bytes)),
        _moment(entry.get(b"INTERNALDATE")),
    )


def _moment(value: object) -> datetime | None:
    """An INTERNALDATE such as ` 7-Nov-2026 10:00:00 +0100`, in the server's own zone."""
    if not isinstance(value, bytes):
        return None
    try:
        day, clock, offset = value.decode("ascii").split()
        date_, month, year = day.split("-")
        hours, minutes, seconds = (int(one) for one in clock.split(":"))
        sign = -1 if offset[0] == "-" else 1
        zone = timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])))
        number = MONTHS.index(month.title()) + 1
        return datetime(
            int(year), number, int(date_), hours, minutes, min(seconds, 59), tzinfo=zone
        )
    except (ValueError, IndexError):
        return None


def uid_set(uids: Iterable[int]) -> str:
    """A sequence set with runs folded: 4,5,6,9 is "4:6,9"."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and runs[-1][1] + 1 == uid:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in runs)
