"""A step of reading that must not cost the mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mail.sentences import say

T = TypeVar("T")


def attempt(what: str, step: Callable[[], T], otherwise: T, defects: list[str]) -> T:
    """The result of the step; when it fails, `otherwise`, and a defect that people see.

    Mail is hostile input: a mistake of ours in one step leaves the rest of the mail readable.
    """
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - named in the defects, which tests keep empty
        defects.append(
            say("Canal could not read the {what} ({kind}).", what=what, kind=type(error).__name__)
        )
        return otherwise
