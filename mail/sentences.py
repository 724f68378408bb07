"""Sentences for people that can be said in another language later.

The layers below Slack do not know who will read what they say. They say it in English, and the
sentence keeps its template and what was filled in, so that whoever shows it can say it again:

    say("There is no ticket #{number}.", number=12)

Everywhere else it is an ordinary string. `str()` of an error that was made with one gives it back.
What is stored loses its template, so `taken_apart` is kept beside it, and `restored` puts both
together again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Sentence(str):
    """A string that knows its template. Made by `say`."""

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, values: dict[str, object]) -> Sentence:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template = template
        made.values = values
        return made

    def __str__(self) -> Sentence:
        return self

    def __reduce__(self) -> tuple[type[Sentence], tuple[str, dict[str, object]]]:
        return Sentence, (self.template, self.values)


def say(template: str, **values: object) -> Sentence:
    """The sentence in English; `scripts/catalogs.py` finds its template for the catalogs."""
    return Sentence(template, values)


def together(sentences: Iterable[str], between: str = " ") -> Sentence:
    """Several sentences as one, each of which can still be said again."""
    values = {f"s{number}": one for number, one in enumerate(sentences)}
    return Sentence(between.join(f"{{{name}}}" for name in values), dict(values))


def taken_apart(text: str) -> dict[str, Any] | None:
    """Template and values as JSON; None for a text that nobody can say in another language."""
    if not isinstance(text, Sentence):
        return None
    return {
        "template": text.template,
        "values": {name: _plain(value) for name, value in text.values.items()},
    }


def restored(text: str, parts: Mapping[str, Any] | None) -> str:
    """The sentence that `text` was. `text` itself where the parts are missing or of another text
    (an older Canal writes the text alone), or where the text was cut."""
    if not parts:
        return text
    try:
        sentence = _whole(parts)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return text
    return sentence if sentence == text else text


def _plain(value: object) -> object:
    apart = taken_apart(value) if isinstance(value, str) else None
    return apart or (value if isinstance(value, str | int | float | None) else str(value))


def _whole(parts: Mapping[str, Any]) -> Sentence:
    values = {
        name: _whole(value) if isinstance(value, Mapping) else value
        for name, value in parts["values"].items()
    }
    return Sentence(parts["template"], values)
