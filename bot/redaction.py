"""What may stand in a log: no secrets, no mail, and of addresses only enough to tell them apart.

Pure functions. Whatever is logged passes through `Redactor.event` as the last step before it is
rendered, so that no caller has to think of it. All patterns are linear, since much of what passes
here was written by strangers.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import PurePath
from typing import Any
from uuid import UUID

MAX_TEXT = 2_000
MAX_TRACEBACK = 20_000
MARGIN = 4_000
"""How much is read past a cut, so that a secret that the cut goes through is still known as one."""
MAX_ITEMS = 50
MAX_DEPTH = 6
HIDDEN = "[hidden]"

_SECRET_KEY = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|private_key|^auth$|^key$",
    re.IGNORECASE,
)
_CONTENT_KEYS = frozenset(
    {"attachments", "blocks", "body", "content", "data", "eml", "html", "mail", "payload", "raw"}
    | {"signature", "snippet", "source", "subject", "text", "visible_text", "view"}
)
_TRACEBACK_KEYS = frozenset({"exception", "stack"})

_SLACK_TOKEN = re.compile(r"\b(xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9-]+")
_BEARER = re.compile(
    r"\b(bearer|basic|xoauth2|oauthbearer)\s+(?=[A-Za-z]*+[0-9+/=._~-])[A-Za-z0-9+/=._~-]{6,}",
    re.IGNORECASE,
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]++\.[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]*+)?")
_USERINFO = re.compile(r"://[^\s/]*@")
_QUERY = re.compile(r"([?&](?:code|state|session_state)=)[^\s&#]+", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?<![A-Za-z0-9])(token|client_secret|assertion|secret|password|passwd|pwd|device_code"
    r"|authorization|api_key)(['\"]?\s{0,4}[=:]\s{0,4}['\"]?)[^\s&'\",;}]+",
    re.IGNORECASE,
)
_DELIMITERS = r"\s@<>\"'(),;:/…\[\]\\"
_ADDRESS = re.compile(rf"(?<![^{_DELIMITERS}])([^{_DELIMITERS}])[^{_DELIMITERS}]*+@(?=[\w\[])")
"""Starts only where a run of letters starts, and never gives back what it took: linear."""
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Redactor:
    """`mask_addresses` False leaves e-mail addresses whole (CANAL_LOG_ADDRESSES=full)."""

    mask_addresses: bool = True

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A log event with everything hidden that must not be read in a log."""
        return {str(key): self._of_key(str(key), value, 0) for key, value in event.items()}

    def text(self, text: str, limit: int = MAX_TEXT) -> str:
        """One line of text: secrets hidden, addresses masked, control characters shown, cut."""
        return _CONTROL.sub(_show_control, self._hide(text, limit))

    def traceback(self, text: str) -> str:
        """As `text`, with its lines."""
        lines = self._hide(text, MAX_TRACEBACK).split("\n")
        return "\n".join(_CONTROL.sub(_show_control, line) for line in lines)

    def _hide(self, text: str, limit: int) -> str:
        shown = text[: limit + MARGIN]
        for pattern, hidden in (
            (_SLACK_TOKEN, r"\1-…"),
            (_JWT, "eyJ…"),
            (_BEARER, r"\1 …"),
            (_QUERY, r"\1…"),
            (_PARAMETER, r"\1\2…"),
            (_USERINFO, "://…@"),
        ):
            shown = pattern.sub(hidden, shown)
        if self.mask_addresses:
            shown = _ADDRESS.sub(r"\1…@", shown)
        more = len(text) - limit
        return f"{shown[:limit]}… ({more} more)" if more > 0 else shown

    def _of_key(self, key: str, value: object, depth: int) -> object:
        if key in _TRACEBACK_KEYS and isinstance(value, str):
            return self.traceback(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if _SECRET_KEY.search(key):
            return HIDDEN
        if key.lower() in _CONTENT_KEYS:
            return f"[hidden: {len(value)}]" if isinstance(value, str | bytes | list) else HIDDEN
        return self._value(value, depth)

    def _value(self, value: object, depth: int) -> object:
        """Only types that are known to be harmless are shown; of others the name of the type."""
        match value:
            case None | bool() | int() | float():
                return value
            case enum.Enum():
                return self._value(value.value, depth)
            case str() | PurePath() | UUID() | date() | time() | timedelta():
                return self.text(str(value))
            case bytes() | bytearray():
                return f"[{len(value)} bytes]"
            case BaseException():
                return self.text(f"{type(value).__name__}: {value}")
            case Mapping() | list() | tuple() | set() | frozenset() if depth >= MAX_DEPTH:
                return "[…]"
            case Mapping():
                some = list(value.items())[:MAX_ITEMS]
                return {self.text(str(k), 100): self._of_key(str(k), v, depth + 1) for k, v in some}
            case list() | tuple() | set() | frozenset():
                return [self._value(each, depth + 1) for each in list(value)[:MAX_ITEMS]]
            case _:
                return f"<{type(value).__name__}>"


def _show_control(found: re.Match[str]) -> str:
    code = ord(found[0])
    return {10: "\\n", 13: "\\r"}.get(code, f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
