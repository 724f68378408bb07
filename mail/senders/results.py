"""Authentication-Results (RFC 8601) as servers write them, Microsoft's without a name included.

Anybody can write such a header into a mail. Only the topmost one counts, and only when it names
the server that the reader has been told to trust. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mail.mime.headers import split_headers

ANY_SERVER = "*"
"""For servers that do not name themselves (Microsoft 365): whatever stands on top is theirs."""
_COMMENT = re.compile(r"\([^()]{0,500}\)")
_METHOD = re.compile(r"\s*([A-Za-z][\w-]{0,40})(?:/\d+)?\s*=\s*([A-Za-z]{2,20})\b")
_PROPERTY = re.compile(
    r"\b([a-z]{2,12}\.[a-z0-9_-]{1,20})\s*=\s*\"?([^\s;\"]{1,320})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """`dkim=pass header.d=acme.example` and the like."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def find_trusted_results(data: bytes, server: str) -> tuple[MethodResult, ...]:
    """What the server said, from the topmost header; empty where that is not its own."""
    values = split_headers(data).text_all("Authentication-Results")
    if not values or not server:
        return ()
    name, results = parse_results(values[0])
    if server != ANY_SERVER and name.casefold() != server.strip().casefold():
        return ()
    return results


def parse_results(value: str) -> tuple[str, tuple[MethodResult, ...]]:
    """(name of the server or "", its results). Never raises; what cannot be read is left out."""
    text = value[:20_000]
    for _ in range(3):  # comments may hold comments
        text = _COMMENT.sub(" ", text)
    parts = [part.strip() for part in text.split(";")]
    name = ""
    if parts and not _METHOD.match(parts[0]):
        name = (parts.pop(0).split() or [""])[0].strip('"')
    return name, tuple(found for part in parts[:100] if (found := _result(part)))


def _result(part: str) -> MethodResult | None:
    found = _METHOD.match(part)
    if found is None:
        return None
    properties = {key.lower(): text for key, text in _PROPERTY.findall(part[found.end() :])}
    return MethodResult(found[1].lower(), found[2].lower(), properties)
