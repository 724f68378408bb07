"""Sentences for people that can be said in another language later.

The layers below Slack do not know who will read what they say. They say it in English, and the
sentence keeps its template and what was filled in, so that whoever shows it can say it again:

    say("There is no ticket #{number}.", number=12)

Everywhere else it is an ordinary string. `str()` of an error that was made with one gives it back.
"""

from __future__ import annotations

from collections.abc import Iterable


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


def together(sentences: Iterable[str]) -> Sentence:
    """Several sentences as one, each of which can still be said again."""
    values = {f"s{number}": one for number, one in enumerate(sentences)}
    return Sentence(" ".join(f"{{{name}}}" for name in values), dict(values))
