"""Emoji of Slack as characters: names (`:+1::skin-tone-3:`) and code points (`1f44d-1f3fc`).

The table in `data/emoji.json` is that of emoji-datasource, where Slack's names come from; custom
emoji of a workspace are in no table and stay `:name:`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any

_NAME = re.compile(r":([a-z0-9_+'-]{1,100}):(?::skin-tone-([2-6]):)?", re.IGNORECASE)
_PEOPLE = frozenset("\U0001f468\U0001f469\U0001f9d1")
_FIRST_TONE = 0x1F3FB
"""Slack counts skin tones from 2 (light) to 6 (dark)."""


@cache
def _table() -> tuple[dict[str, str], frozenset[str]]:
    """Name -> characters, and the names that take a skin tone. Read once, at first use."""
    path = resources.files("bot.slack").joinpath("data/emoji.json")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data["names"], frozenset(data["toned"])


def find_emoji(name: str, skin_tone: int | None = None) -> str | None:
    """The characters of a standard emoji name (without colons), None for a custom one."""
    base, _, tone = name.strip(":").lower().partition("::skin-tone-")
    if tone.isdecimal() and len(tone) == 1:
        skin_tone = int(tone)
    names, toned = _table()
    characters = names.get(base)
    if characters and skin_tone and base in toned:
        return _with_tone(characters, skin_tone)
    return characters


def emoji_from_code_points(code_points: str) -> str | None:
    """`"1f44d-1f3fb"` to characters; None when it is not a row of code points."""
    try:
        numbers = [int(part, 16) for part in code_points.split("-")[:16]]
        text = "".join(chr(number) for number in numbers)
    except (ValueError, OverflowError):
        return None
    return None if any(0xD800 <= n <= 0xDFFF or n < 0x20 for n in numbers) else text


def replace_emoji_names(text: str) -> str:
    """Every `:name:` of a standard emoji as characters; anything else stays as it is."""

    def character(found: re.Match[str]) -> str:
        tone = int(found[2]) if found[2] else None
        return find_emoji(found[1], tone) or found[0]

    return _NAME.sub(character, text)


def _with_tone(characters: str, skin_tone: int) -> str:
    """The emoji in a skin tone: the modifier follows each person of a joined sequence."""
    if not 2 <= skin_tone <= 6:
        return characters
    modifier = chr(_FIRST_TONE + skin_tone - 2)
    parts = characters.split("\u200d")
    return "\u200d".join(
        part[0] + modifier + part[1:].removeprefix("\ufe0f")
        if index == 0 or part[0] in _PEOPLE
        else part
        for index, part in enumerate(parts)
    )
