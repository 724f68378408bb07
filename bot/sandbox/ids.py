"""Ids and tokens that look like Slack's."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str, length: int = 10) -> str:
    """An id such as U0A1B2C3D4E: the kind's letter, a zero, then letters and digits."""
    return prefix + "0" + "".join(secrets.choice(_ALPHABET) for _ in range(length - 1))


def new_secret(length: int = 24) -> str:
    """Letters and digits that cannot be guessed."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(length))


def new_hash(clock: float) -> str:
    """A view's hash: the time and eight characters."""
    return f"{int(clock)}.{new_secret(8)}"


def make_ts(microseconds: int) -> str:
    """Microseconds since 1970 as a Slack ts: seconds, a dot, six digits."""
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def parse_ts(ts: str) -> int | None:
    """A Slack ts in microseconds, None when it is not one. Seconds alone are allowed."""
    seconds, _, fraction = ts.partition(".")
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 12:
        return None
    if fraction and (not fraction.isascii() or not fraction.isdigit() or len(fraction) > 9):
        return None
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])
