"""The Date header, in the forms that mailers really write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[T ]")
_EARLY_YEAR = re.compile(r"(?<![\d+:.-])0\d{3}(?!\d)")
"""A year before 1000, which the standard library takes for one with two digits."""
_MAX_OFFSET = 24 * 3600 - 60


def parse_date(text: str) -> datetime | None:
    """An aware datetime; None when the value is no date or its year cannot be. Never raises.

    Obsolete zones (EST, PDT) are known; an unknown or missing zone is UTC, as RFC 5322 asks.
    """
    text = " ".join(text[:200].split())
    if not text:
        return None
    return _parse_iso(text) if _ISO.match(text) else _parse_mail(text)


def _parse_iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _aware(found)


def _parse_mail(text: str) -> datetime | None:
    try:
        parts = parsedate_tz(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if parts is None or _EARLY_YEAR.search(text):
        return None
    offset = parts[9] or 0
    zone = timezone(timedelta(seconds=offset)) if abs(offset) <= _MAX_OFFSET else UTC
    year, month, day, hour, minute, second = parts[:6]
    try:
        found = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    return _aware(found)


def _aware(found: datetime) -> datetime | None:
    if not 1900 <= found.year <= 9000:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
