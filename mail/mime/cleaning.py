"""Characters that nobody sees, or that make people see something else, are taken out of text.

Zero-width fillers and bidirectional overrides go; the joiners inside emoji and inside words of
scripts that need them stay.
"""

from __future__ import annotations

import re

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a]"
)
_JOINERS = re.compile(
    "(?<![\u0100-\U0010ffff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0100-\U0010ffff])"
)
_FILLER = re.compile("[\u200c\u200d]{2,}")
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD = re.compile("[^\t\n\r\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff]")
_SPACES = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """The text with its line breaks, without control, invisible and direction characters."""
    if not _ODD.search(text):
        return text
    text = _CONTROLS.sub(
        "", text.replace("\xa0", " ").replace("\u2028", "\n").replace("\x85", "\n")
    )
    text = _INVISIBLE.sub("", text.replace("\u2029", "\n"))
    if "\u200c" in text or "\u200d" in text:
        text = _JOINERS.sub("", _FILLER.sub("", text))
    if max(text, default="") >= "\U000e0000":
        text = _TAGS.sub("", text)
    return _LONE_SURROGATE.sub("\ufffd", text)


def clean_line(text: str) -> str:
    """The same on one line, for subjects and names: runs of white space become one space."""
    return _SPACES.sub(" ", clean_text(text)).strip()
