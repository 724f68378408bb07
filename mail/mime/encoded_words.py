"""RFC 2047 encoded words, also as broken mailers write them.

Neighbouring words of one charset are decoded together, because many mailers split in the middle of
a character. Whatever is not an encoded word stays as it is.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from mail.mime.charsets import decode_text
from mail.mime.cleaning import clean_line

MAX_VALUE = 20_000
"""Characters of one header value that are looked at."""

_START = re.compile(r"=\?\s*([A-Za-z0-9_.:+\-]{0,60})\s*(?:\*[^?\s]{0,20})?\?\s*([bBqQ])\s*\?")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_Q_CODE = re.compile(rb"=([0-9A-Fa-f]{2})")


@dataclass(slots=True)
class _Word:
    charset: str
    encoding: str
    payload: str


def raw_to_text(raw: bytes, charset: str | None = None) -> str:
    """Header bytes to characters. RFC 6532 says UTF-8; `charset` is a hint for the rest."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    return decode_text(raw, charset).text


def decode_words(value: str) -> str:
    """An unfolded header value to what a person reads, on one clean line."""
    value = value[:MAX_VALUE]
    if "=?" not in value:
        return clean_line(value)
    return clean_line("".join(_decode_run(item) for item in _split(value)))


def _split(value: str) -> list[str | list[_Word]]:
    """Plain texts and runs of neighbouring words, in order."""
    items: list[str | list[_Word]] = []
    position = 0
    while True:
        found = _START.search(value, position)
        if found is None:
            break
        gap = value[position : found.start()]
        end, after = _find_end(value, found.end(), found[2])
        word = _Word(found[1], found[2].lower(), value[found.end() : end])
        last = items[-1] if items else None
        if isinstance(last, list) and not gap.strip():
            last.append(word)
        else:
            if gap:
                items.append(gap)
            items.append([word])
        position = after
    items.append(value[position:])
    return items


def _find_end(value: str, start: int, encoding: str) -> tuple[int, int]:
    """Where the word's payload ends, and where the text goes on after it."""
    end = value.find("?=", start)
    while end >= 0 and encoding in "qQ" and re.match("[0-9A-F]{2}", value[end + 2 : end + 4]):
        later = value.find("?=", end + 2)  # "?=20": a bare question mark, not the end
        if later < 0 or "=?" in value[end + 2 : later]:
            break
        end = later
    inner = _START.search(value, start, end if end >= 0 else len(value))
    if inner is not None:  # the end mark was lost: the next word begins before it
        return inner.start(), inner.start()
    if end < 0:
        return len(value), len(value)
    return end, end + 2


def _decode_run(item: str | list[_Word]) -> str:
    if isinstance(item, str):
        return item
    out: list[str] = []
    group: list[_Word] = []
    for word in item:
        if group and word.charset.casefold() != group[0].charset.casefold():
            out.append(_decode_group(group))
            group = []
        group.append(word)
    out.append(_decode_group(group))
    return "".join(out)


def _decode_group(group: list[_Word]) -> str:
    """Words of one charset: their bytes first, then one decoding."""
    data = bytearray()
    carry = ""
    for index, word in enumerate(group):
        if word.encoding == "q":
            data += _decode_q(word.payload)
            continue
        text = carry + _NOT_BASE64.sub("", word.payload)
        carry = ""
        more = index + 1 < len(group) and group[index + 1].encoding == "b"
        if more and len(text) % 4 and "=" not in text:
            cut = len(text) - len(text) % 4  # base64 that was cut between two words
            text, carry = text[:cut], text[cut:]
        data += _decode_b(text)
    if carry:
        data += _decode_b(carry)
    return decode_text(bytes(data), group[0].charset or None).text


def _decode_b(text: str) -> bytes:
    """Base64 with any padding or none."""
    text = text.replace("=", "")
    if len(text) % 4 == 1:
        text = text[:-1]
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _decode_q(text: str) -> bytes:
    raw = text.replace("_", " ").encode("utf-8", "surrogatepass")
    return _Q_CODE.sub(lambda found: bytes((int(found[1], 16),)), raw)
