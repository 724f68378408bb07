"""What `canal check` finds, and one thing to look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    """Canal will not start, or not work."""
    WARNING = "warning"
    """Canal starts, but something is probably not as it was meant."""


@dataclass(frozen=True, slots=True)
class Problem:
    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at. It is left out when one of `variables` cannot be read anyway."""

    subject: str
    look: Callable[[], Awaitable[list[Problem]]]
    variables: frozenset[str] = frozenset()


def error(sentence: str) -> Problem:
    return Problem(Severity.ERROR, sentence)


def warning(sentence: str) -> Problem:
    return Problem(Severity.WARNING, sentence)
