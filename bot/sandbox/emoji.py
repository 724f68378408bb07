"""Slack's emoji short names, from the table that the Slack side of Canal uses as well."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent.parent / "slack" / "data" / "emoji.json"
_NAME = re.compile(r"[a-z0-9_+'-]{1,100}(?:::skin-tone-[2-6])?")


@cache
def emoji_table() -> Mapping[str, str]:
    """{short name: characters}; read once, at the first use."""
    names: dict[str, str] = json.loads(_TABLE.read_text("utf-8"))["names"]
    return names


def is_emoji_name(name: str) -> bool:
    """Whether a reaction may have this name (skin tone allowed, colons not)."""
    return bool(_NAME.fullmatch(name)) and name.partition("::")[0] in emoji_table()


def emoji_code(name: str) -> str | None:
    """The `unicode` field of an emoji element: code points in hex, joined by dashes."""
    characters = emoji_table().get(name)
    return None if characters is None else "-".join(f"{ord(one):x}" for one in characters)
