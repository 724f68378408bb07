"""Reading FETCH answers: the quick way says what imapclient's tokens say, and nothing breaks it."""

from __future__ import annotations

import contextlib
import imaplib
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.connections import Backlog, ImapCursor
from mail.imap.answers import (
    _read_tokens,
    bodies_of,
    read_fetch_answer,
    read_listed,
    uid_of,
    uid_set,
)


@pytest.mark.parametrize(
    "data",
    [
        [b'1 (UID 5 FLAGS (\\Seen $Label1) RFC822.SIZE 3 INTERNALDATE " 7-Nov-2026")'],
        [b"1 (FLAGS () UID 5)", b"2 (uid 6 flags (\\Recent))"],
        [(b"3 (UID 9 BODY[] {4}", b"a)b\r"), b")"],
        [(b"3 (BODY[] {4}", b"abcd"), b" UID 9 FLAGS (\\Seen))"],
        [(b"3 (FLAGS (\\Seen) UID 9 BODY[]<0> {2}", b"ab"), b" MODSEQ 12)"],
        [(b"3 (UID 9 BODY[HEADER] {0}", b""), b")"],
        [b'4 (UID 9 BODY[] "short")'],
        [b"4 (UID 9 BODY[] NIL)"],
        [b'4 (UID 9 X-GM-LABELS ("\\\\Important" a) FLAGS (\\Seen))'],
        [
            b"1 (UID 5 FLAGS (\\Seen))",
            (b"3 (UID 9 BODY[] {4}", b"abcd"),
            b")",
            b"4 (UID 10 BODY[] NIL)",
        ],
    ],
)
def test_both_ways_of_reading_agree(data: list[Any]) -> None:
    quick = read_fetch_answer(data)
    assert quick == _read_tokens(data)
    assert all(uid_of(entry) for entry in quick)


def test_bodies_and_days_are_found() -> None:
    entries = read_fetch_answer([(b"3 (UID 9 BODY[] {4}", b"abcd"), b")", b"4 (UID 10 BODY[] NIL)"])
    assert list(bodies_of(entries)) == [(9, b"abcd"), (10, b"")]
    [entry] = read_fetch_answer([b'1 (UID 5 INTERNALDATE " 7-Nov-2026 10:00:00 +0100")'])
    assert read_listed(entry).day == date(2026, 11, 7)
    [entry] = read_fetch_answer([b'1 (UID 5 INTERNALDATE "whenever")'])
    assert read_listed(entry).day is None


@given(st.lists(st.one_of(st.binary(max_size=60), st.tuples(st.binary(max_size=40), st.binary()))))
def test_any_answer_is_read_or_refused(data: list[Any]) -> None:
    try:
        entries = read_fetch_answer(data)
    except (imaplib.IMAP4.error, ValueError, LookupError, TypeError, AttributeError):
        return  # what `translated` turns into a sentence
    for entry in entries:
        uid_of(entry)
        read_listed(entry)


def test_a_hostile_line_is_read_in_linear_time() -> None:
    started = time.perf_counter()
    for line in (
        b"1 (" + b"UID 5 " * 200_000 + b"X)",
        b"1 (FLAGS (" + b"\\a " * 300_000,
        b'1 (INTERNALDATE "' + b" " * 900_000,
    ):
        with contextlib.suppress(ValueError, imaplib.IMAP4.error):
            read_fetch_answer([line])
    assert time.perf_counter() - started < 10


@given(st.lists(st.integers(1, 50), unique=True).map(sorted))
def test_a_set_of_uids_names_exactly_them(uids: list[int]) -> None:
    named: list[int] = []
    for part in filter(None, uid_set(uids).split(",")):
        first, _, last = part.partition(":")
        named += range(int(first), int(last or first) + 1)
    assert named == uids


def test_a_cursor_survives_being_written_down() -> None:
    plain = ImapCursor(7, 9)
    full = ImapCursor(7, 9, date(2026, 1, 2), Backlog("rescan", 1, 8, date(2025, 12, 31)))
    for cursor in (plain, full):
        assert ImapCursor.from_text(cursor.to_text()) == cursor
    for text in ("", "{}", "[1]", '["x",1,null]', '[1,2,"no day"]'):
        with pytest.raises(ValueError):
            ImapCursor.from_text(text)
