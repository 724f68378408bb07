"""Sentences that are stored and said again: in another language, or as they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.discovery.providers import get_provider
from mail.errors import LoginFailed
from mail.sentences import Sentence, restored, say, taken_apart, together


def stored(text: str) -> str:
    """As it comes back from a database: the text, and its parts as JSON."""
    parts = json.loads(json.dumps(taken_apart(text)))
    return restored("".join(text), parts)


def nested() -> Sentence:
    return together([say("{host} refused.", host="x"), say("Check {n} things.", n=2)], " · ")


@pytest.mark.parametrize(
    "make",
    [
        lambda: say("Nothing here."),
        lambda: say("Port {port} of {host}.", port=993, host="imap.x"),
        lambda: say("{said}", said="{braces} of a server {0} {}"),
        lambda: say("At {when}.", when=datetime(2026, 3, 2, tzinfo=UTC)),
        lambda: say("Because: {why}", why=nested()),
        nested,
        lambda: str(LoginFailed(together([nested(), str(get_provider("gmail").app_password)]))),
    ],
)
def test_a_stored_sentence_comes_back_with_its_template(make: Callable[[], Sentence]) -> None:
    sentence = make()
    again = stored(sentence)
    assert isinstance(again, Sentence)
    assert (again, again.template) == (sentence, sentence.template)
    assert all(
        isinstance(again.values[name], Sentence)
        for name, value in sentence.values.items()
        if isinstance(value, Sentence)
    )


@given(st.text())
def test_whatever_a_server_said_comes_back_unchanged(words: str) -> None:
    assert stored(say("It said {words}", words=words)) == f"It said {words}"


def test_a_text_without_a_template_stays_a_text() -> None:
    assert taken_apart("Just words.") is None
    assert type(stored("Just words.")) is str


@pytest.mark.parametrize(
    "parts",
    [
        taken_apart(say("Something else {n}.", n=1)),
        {"template": "{missing}", "values": {}},
        {"template": "{", "values": {}},
        {"template": 1, "values": {}},
        {"template": "x"},
        {"values": []},
        {},
        None,
    ],
)
def test_parts_of_another_text_or_of_none_are_not_believed(parts: dict[str, object]) -> None:
    """A Canal of the version before writes the text and knows nothing of its parts."""
    assert restored("The text.", parts) == "The text."
    assert type(restored("The text.", parts)) is str
