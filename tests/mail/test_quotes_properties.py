"""What holds for every mail: nothing is invented, nothing is lost for good, time is bounded."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.document import Code, Document, ListItem, Paragraph, Quote, Rule, Span, Table
from mail.quotes.fold import TaggedBlock, find_marker, tag_text, visible_part, visible_text
from mail.quotes.words import has_words
from tests.mail.quote_samples import ATTRIBUTIONS, DEVICE_LINES, HEADER_BLOCKS, SEPARATORS

PIECES = [
    "Thank you",
    "",
    " ",
    "-- ",
    "--",
    "> quoted",
    ">> deeper",
    ">",
    "On Monday",
    "a@b.example:",
    "_____",
    "[#canal-abcdefgh]",
    *ATTRIBUTIONS[::7],
    *DEVICE_LINES[::9],
    *SEPARATORS[1:6],
    *HEADER_BLOCKS["de"],
]
lines = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=25)
spans = st.text(max_size=40).map(lambda text: (Span(text, bold=len(text) % 2 == 0),))
blocks = st.one_of(
    spans.map(Paragraph),
    spans.map(ListItem),
    spans.map(Quote),
    st.text(max_size=20).map(Code),
    st.just(Rule()),
    spans.map(lambda item: Table(((item, item), (item, item)))),
    st.sampled_from(PIECES).map(lambda text: Paragraph((Span(text),))),
)
origins = st.sampled_from(["body", "body", "quoted", "signature"])
tagged = st.lists(st.builds(TaggedBlock, blocks, origins), max_size=12)


def is_part_of(some: list[str], whole: list[str]) -> bool:
    """Whether `some` is `whole` with lines left out."""
    rest = iter(whole)
    return all(any(line == other for other in rest) for line in some)


@given(lines)
def test_the_visible_part_is_the_mail_with_lines_left_out(pieces: list[str]) -> None:
    text = "\n".join(pieces).replace("\r\n", "\n").replace("\r", "\n")
    whole = [line.rstrip() for line in text.split("\n") if line.strip()]
    seen = [line.rstrip() for line in visible_text(text).split("\n") if line.strip()]
    assert is_part_of(seen, whole)


@given(lines)
def test_a_mail_with_words_is_never_shown_empty(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    if has_words(text):
        assert has_words(visible_text(text))


@given(lines)
def test_folding_what_was_folded_never_takes_the_first_line(pieces: list[str]) -> None:
    text = "Hello, my own first line.\n\n" + "\n".join(pieces)
    seen = visible_part(tag_text(text), subject="Re: x", is_reply=True, from_html=False)
    assert seen.text.startswith("Hello, my own first line.")


@given(lines)
def test_plain_text_blocks_stand_for_every_line(pieces: list[str]) -> None:
    text = "\n".join(pieces).replace("\r\n", "\n").replace("\r", "\n")
    kept = [line for block in tag_text(text) for line in block.lines]
    assert [line for line in kept if line.strip()] == [
        line for line in text.split("\n") if line.strip() and line in kept
    ]


@given(tagged, st.booleans())
def test_html_blocks_are_picked_never_made(items: list[TaggedBlock], is_reply: bool) -> None:
    seen = visible_part(items, subject="x", is_reply=is_reply, from_html=True)
    whole = Document(tuple(item.block for item in items)).to_text()
    characters = set(whole) | {" ", "\n"}
    assert set(seen.text) <= characters
    assert seen.folded_lines >= 0
    if not is_reply:
        assert seen.text == whole


@given(st.text(max_size=200))
def test_any_text_has_a_visible_part(text: str) -> None:
    visible_text(text)
    find_marker(text)


HOSTILE = {
    "On On On": lambda n: "On " * n,
    "empty lines": lambda n: "\n" * n,
    "quote marks": lambda n: "> a\n" * n,
    "one line of marks": lambda n: ">" * n,
    "attributions": lambda n: "On 2026-01-01 10:00 x wrote\n" * n,
    "colons": lambda n: "On 2026:\n" * n,
    "header lines": lambda n: "From: a@b.example\nTo:\n\n" * n,
    "dashes": lambda n: "-----x-----\n" * n,
    "delimiters": lambda n: "-- \n" * n,
    "wrapped quotes": lambda n: ("> " + "a" * 70 + "\nb\n") * n,
    "devices": lambda n: "sent from my\n" * n,
    "at signs": lambda n: "@" * n + ":",
    "spaces": lambda n: " " * n + ":",
    "interleaved": lambda n: "> a\nb\n\n" * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name: str) -> None:
    small, large = HOSTILE[name](2_000), HOSTILE[name](16_000)
    visible_text(small)
    start = perf_counter()
    visible_text(small)
    middle = perf_counter()
    visible_text(large)
    end = perf_counter()
    assert end - middle < max(8 * 5 * (middle - start), 3.0)


def test_100000_lines_of_quotes_are_folded() -> None:
    assert visible_text("Yes\n\n" + "> a\n" * 100_000) == "Yes"
