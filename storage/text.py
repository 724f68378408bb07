"""Text that every database takes: PostgreSQL refuses NUL, and no UTF-8 holds half a surrogate pair.

The readers of mail clean what people see; this is the last gate for everything else (envelopes,
servers' answers, file names), so that no character can keep a mail out of the database.
"""

from __future__ import annotations

import json
import re
from typing import Any

_BAD = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without NUL; half a surrogate pair becomes U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return _BAD.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", text)


def to_json(value: Any) -> str:
    """As json.dumps, with every text in it cleaned."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" in text or (not text.isascii() and _BAD.search(text)):
        text = json.dumps(_clean_all(value), ensure_ascii=False, separators=(",", ":"))
    return text


def _clean_all(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {
            clean(key) if isinstance(key, str) else key: _clean_all(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean_all(one) for one in value]
    return value
