"""Fields of Slack's JSON, read without trust: a field of another type counts as missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def items(element: Json, key: str) -> list[Json]:
    """The mappings in a list field; nothing for any other type."""
    value = element.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def string(element: Json, key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""


def number(element: Json, key: str) -> int:
    value = element.get(key)
    return int(value) if isinstance(value, int | float) and abs(value) < 1e15 else 0
