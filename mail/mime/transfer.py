"""Content-Transfer-Encoding undone, whatever is broken in it."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from mail.sentences import say

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_SPACE = b" \t\r\n"
_AFTER_PADDING = re.compile(rb"=[=\s]*\n(?=[^\n]*[^A-Za-z0-9+/=\s])")
_BEGIN = re.compile(rb"(?:^|\n)begin [0-7]{3,4} ([^\r\n]{1,300})\r?\n")

_NAMES = {
    "base64": "base64",
    "base-64": "base64",
    "b64": "base64",
    "quoted-printable": "qp",
    "quoted printable": "qp",
    "quotedprintable": "qp",
    "quoted_printable": "qp",
    "x-uuencode": "uu",
    "uuencode": "uu",
    "x-uue": "uu",
    "uue": "uu",
    "uu": "uu",
}


@dataclass(frozen=True, slots=True)
class Transferred:
    """The bytes, and a sentence when the encoding was broken."""

    data: bytes
    defect: str | None = None


def decode_transfer(data: bytes, encoding: str, *, is_text: bool = False) -> Transferred:
    """The bytes that the part means. An unknown encoding leaves them as they are."""
    match _NAMES.get(encoding.strip().strip('"').casefold()):
        case "base64":
            return _decode_base64(data, is_text=is_text)
        case "qp":
            return Transferred(binascii.a2b_qp(data))
        case "uu":
            begin = _BEGIN.search(data)
            body = data[begin.end() :] if begin else data
            return Transferred(decode_uu(body))
        case _:
            return Transferred(data)


def _decode_base64(data: bytes, *, is_text: bool) -> Transferred:
    tail = b""
    if is_text:
        junk = _AFTER_PADDING.search(data)
        if _is_plain(data[: junk.end()] if junk else data):
            return Transferred(data, "A part says base64 but is plain text: it was read as text.")
        if junk is not None:  # a list server or a scanner added its footer in plain text
            data, tail = data[: junk.end()], b"\n\n" + data[junk.end() :]
    clean = data.translate(None, _NOT_BASE64)
    stray = len(data) - len(clean) - sum(data.count(space) for space in (b" ", b"\t", b"\r", b"\n"))
    decoded, cut = _join_base64(clean)
    defect = None
    if tail:
        defect = "Plain text follows the base64 of a part."
    elif cut:
        defect = say("The base64 of a part is cut off: its end is missing.")
    elif stray:
        defect = say("The base64 of a part holds characters that do not belong there.")
    return Transferred(decoded + tail, defect)


def _is_plain(data: bytes) -> bool:
    sample = data[:4000].strip()
    if not sample:
        return False
    words = sample.count(b" ")
    foreign = len(sample.translate(None, _BASE64 + _SPACE))
    return words * 12 + foreign * 4 > len(sample)


def _join_base64(clean: bytes) -> tuple[bytes, bool]:
    """Padding in the middle means that several encodings were put together."""
    bare = clean.rstrip(b"=")
    if b"=" not in bare and len(bare) % 4 != 1:
        return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4)), len(clean) % 4 != 0
    out = bytearray()
    cut = False
    for piece in re.split(b"=+", clean):
        if len(piece) % 4 == 1:
            piece = piece[:-1]
            cut = True
        out += binascii.a2b_base64(piece + b"=" * (-len(piece) % 4))
    if not clean.endswith(b"=") and len(clean) % 4:
        cut = True
    return bytes(out), cut


def decode_uu(data: bytes) -> bytes:
    """The lines of a uuencoded file up to `end`; a broken line gives what it can."""
    out = bytearray()
    for line in data.splitlines():
        if line.strip() == b"end":
            break
        if not line.strip():
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            # Some encoders write a wrong length for the last line.
            count = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out += binascii.a2b_uu(line[:count])
            except binascii.Error:
                continue
    return bytes(out)


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file that stands in the text between `begin 644 name` and `end`."""

    name: bytes
    start: int
    end: int
    body_start: int


def find_uu_files(data: bytes, limit: int = 100) -> list[UuFile]:
    """Where uuencoded files stand in a text."""
    files: list[UuFile] = []
    position = 0
    while len(files) < limit:
        begin = _BEGIN.search(data, position)
        if begin is None or not _looks_uu(data[begin.end() : begin.end() + 70]):
            if begin is None:
                break
            position = begin.end() - 1
            continue
        end = re.compile(rb"\nend[ \t]*\r?(?:\n|\Z)").search(data, begin.end() - 1)
        stop = end.end() if end else len(data)
        files.append(UuFile(begin[1].strip(), begin.start(), stop, begin.end()))
        position = stop - 1
    return files


def _looks_uu(line: bytes) -> bool:
    line = line.split(b"\n", 1)[0].rstrip(b"\r")
    if not line or not all(0x20 <= byte <= 0x60 for byte in line):
        return line.strip() == b"end"
    length = (line[0] - 32) & 63
    return abs(len(line.rstrip()) - 1 - (length + 2) // 3 * 4) <= 4 or len(line) > 60
