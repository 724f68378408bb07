"""The words around quotes in every language: each must fold the history and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mail.quotes.fold import visible_text
from tests.mail.quote_samples import (
    ATTRIBUTIONS,
    DEVICE_LINES,
    HEADER_BLOCKS,
    NO_DEVICE_LINES,
    SEPARATORS,
)

OWN = "Thank you, that helps.\n\nSee you\nAna"
HISTORY = "Hello,\n\nhere is your answer.\n\nBest\nJo"
QUOTED = "\n".join(f"> {line}" for line in HISTORY.split("\n"))


def wrapped(line: str) -> Iterator[str]:
    """The line as it is, and broken by a mail program at several widths."""
    yield line
    for width in (40, 60, 72):
        broken, current = [], ""
        for word in line.split(" "):
            if current and len(current) + 1 + len(word) > width:
                broken.append(current)
                current = word
            else:
                current = f"{current} {word}" if current else word
        yield "\n".join([*broken, current])


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("history", [HISTORY, QUOTED, "\n" + QUOTED], ids=["bare", "quoted", "gap"])
def test_an_attribution_folds_what_follows_however_it_is_wrapped(
    attribution: str, history: str
) -> None:
    for lines in wrapped(attribution):
        assert visible_text(f"{OWN}\n\n{lines}\n{history}\n") == OWN


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_attribution_directly_below_the_words_takes_none_of_them(attribution: str) -> None:
    assert visible_text(f"Thanks, got it.\n{attribution}\n{QUOTED}") == "Thanks, got it."


@pytest.mark.parametrize("language", HEADER_BLOCKS)
@pytest.mark.parametrize("gap", ["\n", "\n\n"], ids=["close", "apart"])
def test_a_header_block_folds_itself_and_all_below(language: str, gap: str) -> None:
    block = gap.join(HEADER_BLOCKS[language])
    for separator in SEPARATORS:
        above = f"{separator}\n" if separator else ""
        assert visible_text(f"{OWN}\n\n{above}{block}\n\n{HISTORY}") == OWN


@pytest.mark.parametrize("line", DEVICE_LINES)
def test_the_line_of_a_device_is_folded(line: str) -> None:
    assert visible_text(f"Yes, thanks.\n\n{line}") == "Yes, thanks."


@pytest.mark.parametrize("line", NO_DEVICE_LINES)
def test_a_sentence_about_telephones_or_sending_stays(line: str) -> None:
    assert visible_text(f"Hello,\n\n{line}") == f"Hello,\n\n{line}"
