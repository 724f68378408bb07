"""Enhanced status codes (RFC 3463): found in an answer, or told from its words."""

from __future__ import annotations

import re
from typing import Final

from mail.bounces.rules.phrases import DELAYED, EXPIRED, PHRASES

_ENHANCED = re.compile(r"(?<![\d.])([245])\.([0-7])\.(\d{1,3})(?![\d]|\.\d)")
_REPLY = re.compile(
    r"(?<![\d.:/@-])(421|4[35]\d|47[12]|50\d|51[0-5]|52[1-5]|53\d|541|55\d|57[0-7])"
    r"(?=[ \-:,;#)\]<'\"]|$)(?!-?\d\d)"
)
_LONGEST: Final = 4_000
_VAGUE: Final = frozenset({"5.0.0", "4.0.0", "5.3.0", "5.5.0"})
_BY_REPLY: Final = {
    "421": "4.3.2",
    "450": "4.2.0",
    "451": "4.3.0",
    "452": "4.2.2",
    "550": "5.1.1",
    "551": "5.1.6",
    "552": "5.2.2",
    "553": "5.1.3",
}


def find_enhanced(text: str) -> str | None:
    """The first failure or delay code in a text, the telling ones before the vague."""
    vague: str | None = None
    for found in _ENHANCED.finditer(text[:_LONGEST]):
        status = ".".join(str(int(part)) for part in found.groups())
        if status.startswith("2."):
            continue
        if status not in _VAGUE:
            return status
        vague = vague or status
    return vague


def find_reply(text: str) -> str | None:
    """The first SMTP reply code of a failure, such as 550."""
    found = _REPLY.search(text[:_LONGEST])
    return found.group(1) if found else None


def status_of_words(text: str) -> str | None:
    """What the words of a refusal mean; None when they mean nothing known."""
    words = " ".join(text[:_LONGEST].lower().split())
    return next((status for status, pattern in PHRASES if pattern.search(words)), None)


def find_status(declared: str | None, diagnostic: str, explanation: str = "") -> str:
    """The best status: as declared, in the diagnostic, by its words, by its reply code.

    A vague code (5.0.0) gives way to anything that says more.
    """
    stated = find_enhanced(declared or "")
    if stated and stated not in _VAGUE:
        return stated
    inner = find_enhanced(diagnostic)
    if inner and inner not in _VAGUE:
        return inner
    reply = find_reply(diagnostic) or find_reply(explanation)
    klass = (reply or stated or inner or "")[:1]
    words = status_of_words(diagnostic) or find_enhanced_below(explanation)
    if words:
        return _with_class(words, klass)
    vague = stated or inner
    if vague:
        return vague
    return _BY_REPLY.get(reply or "", f"{klass or '5'}.0.0")


def find_enhanced_below(explanation: str) -> str | None:
    found = find_enhanced(explanation)
    return found if found and found not in _VAGUE else status_of_words(explanation)


def _with_class(status: str, klass: str) -> str:
    """A phrase's code in the class (4 or 5) that the server itself gave."""
    return klass + status[1:] if klass in ("4", "5") else status


def is_delay(text: str) -> bool:
    """Whether the server says that it goes on trying."""
    words = " ".join(text[:_LONGEST].lower().split())
    return DELAYED.search(words) is not None and EXPIRED.search(words) is None
