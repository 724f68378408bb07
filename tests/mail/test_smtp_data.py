from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.smtp_server.data import DataReceiver, Excess, count_hops

END = b".\r\n"
TEXTS = st.lists(
    st.sampled_from(
        [b"\r\n", b"\n", b"\r", b".", b"..", b"a", b"To: x", b"\r\n.", b"\n.\n", b"\0"]
    ),
    max_size=30,
).map(b"".join)


def feed(receiver: DataReceiver, data: bytes, cuts: list[int]) -> bytes:
    """Feed in pieces; what was not taken comes back."""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, stop in pairwise(edges):
        rest = receiver.feed(data[start:stop])
        if receiver.done:
            return rest + data[stop:]
        assert rest == b""
    return b""


def read_by_lines(data: bytes) -> tuple[bytes, bytes] | None:
    """RFC 5321 4.5.2 to the letter: the text and what follows, None without an end."""
    text = b""
    while b"\r\n" in data:
        line, _, data = data.partition(b"\r\n")
        if line == b".":
            return text, data
        text += (line[1:] if line.startswith(b".") else line) + b"\r\n"
    return None


@given(text=TEXTS, after=TEXTS, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_any_text_in_any_pieces_reads_as_line_by_line(
    text: bytes, after: bytes, cuts: list[int]
) -> None:
    receiver = DataReceiver(size=10_000, line=10_000, header=10_000)
    data = text + b"\r\n" + END + after
    rest = feed(receiver, data, cuts)
    assert receiver.done
    assert (receiver.content(), rest) == read_by_lines(data)


@given(text=TEXTS, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_a_text_without_end_never_ends(text: bytes, cuts: list[int]) -> None:
    receiver = DataReceiver()
    feed(receiver, text, cuts)
    assert receiver.done == (read_by_lines(text) is not None)


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\n\r.\r\n"]
)
def test_only_crlf_dot_crlf_ends(end: bytes) -> None:
    receiver = DataReceiver()
    receiver.feed(b"a" + end + b"MAIL FROM:<x@y>\r\n")
    still_open = not receiver.done
    receiver.feed(END)
    assert still_open
    assert receiver.done
    assert b"MAIL FROM" in receiver.content()


def test_one_dot_of_a_doubled_one_goes_and_no_other() -> None:
    receiver = DataReceiver()
    receiver.feed(b"..\r\n...a\r\n.b\r\nc.\r\n\n.d\r\n" + END)
    assert receiver.content() == b".\r\n..a\r\nb\r\nc.\r\n\n.d\r\n"


def test_an_empty_mail_is_empty() -> None:
    receiver = DataReceiver()
    assert receiver.feed(END + b"QUIT\r\n") == b"QUIT\r\n"
    assert receiver.content() == b""


@given(size=st.integers(1, 200), limit=st.integers(1, 200), step=st.integers(1, 50))
def test_size_counts_the_bytes_before_the_end(size: int, limit: int, step: int) -> None:
    receiver = DataReceiver(size=limit)
    text = b"x" * (size - 2) + b"\r\n" if size > 1 else b"\r\n"
    feed(receiver, text + END, list(range(0, 300, step)))
    assert receiver.done
    assert (receiver.excess is Excess.SIZE) == (len(text) > limit)


@given(lines=st.lists(st.integers(0, 40), min_size=1, max_size=9), step=st.integers(1, 50))
def test_a_line_is_too_long_with_its_crlf(lines: list[int], step: int) -> None:
    receiver = DataReceiver(line=20)
    text = b"".join(b"x" * length + b"\r\n" for length in lines)
    feed(receiver, text + END, list(range(0, 500, step)))
    assert (receiver.excess is Excess.LINE) == any(length + 2 > 20 for length in lines)


@given(length=st.integers(0, 60), step=st.integers(1, 50), tail=st.booleans())
def test_a_header_without_end_is_too_large(length: int, step: int, tail: bool) -> None:
    receiver = DataReceiver(header=30)
    text = b"h" * length + b"\r\n" + (b"\r\n" + b"b" * 100 + b"\r\n" if tail else b"")
    feed(receiver, text + END, list(range(0, 500, step)))
    assert receiver.done
    header = length + 2
    if header <= 28:
        assert receiver.excess is None
    elif header > 33:
        assert receiver.excess is Excess.HEADER


def test_an_endless_line_takes_no_memory() -> None:
    receiver = DataReceiver(size=50_000_000, line=1_000_000, header=10_000)
    for _ in range(3000):
        receiver.feed(b"A" * 10_000)
        assert receiver.held < 1_100_000
    assert receiver.excess is Excess.HEADER
    assert receiver.held <= 4
    receiver.feed(b"\r\n.\r")
    receiver.feed(b"\n")
    assert receiver.done


def test_a_header_byte_by_byte_costs_no_more_than_its_length() -> None:
    receiver = DataReceiver(size=10**6, line=10**6, header=10**6)
    for _ in range(200_000):  # quadratic would be minutes
        receiver.feed(b"A")
    assert receiver.held == 200_002


def test_hops_are_counted_in_the_header_alone() -> None:
    mail = (
        b"Received: a\r\nRECEIVED: b\r\n  Received: folded\r\nX-Received: c\r\n\r\nReceived: d\r\n"
    )
    assert count_hops(mail) == 2
    assert count_hops(b"Subject: x\r\n") == 0
