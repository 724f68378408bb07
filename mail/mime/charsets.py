"""Bytes of a mail to text, whatever the mail says of its charset.

What a mail declares is a hint: UTF-8 that is labelled Latin-1, GBK that is labelled gb2312 and
Shift_JIS with vendor characters are everyday mail. The order is: byte order mark, UTF-8 where the
bytes prove it, the declared charset (and its wider relative), a guess.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from mail.mime.charset_guess import guess_charset
from mail.mime.iso2022jp import decode_iso2022_jp

MAX_TEXT_BYTES = 4_000_000
"""Text beyond this is not read into memory as characters; the original keeps it."""

_NOT_NAME = re.compile(r"[^a-z0-9]+")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
_STRAY = re.compile("[\udc80-\udcff]")

_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "gb231280": "gb18030",
    "cngb": "gb18030",
    "euccn": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "csgb2312": "gb18030",
    "ksc5601": "cp949",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "euckr": "cp949",
    "windows949": "cp949",
    "uhc": "cp949",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "mskanji": "cp932",
    "windows31j": "cp932",
    "xeucjp": "euc_jp",
    "big5": "big5hkscs",
    "xbig5": "big5hkscs",
    "cnbig5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "l1": "cp1252",
    "usascii": "cp1252",
    "ascii": "cp1252",
    "ansix341968": "cp1252",
    "iso885919": "cp1254",
    "iso88599": "cp1254",
    "iso885911": "cp874",
    "tis620": "cp874",
    "windows874": "cp874",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "iso88596i": "iso8859_6",
    "xmaccyrillic": "mac_cyrillic",
    "xmacroman": "mac_roman",
    "macintosh": "mac_roman",
    "win1251": "cp1251",
    "xcp1251": "cp1251",
    "ansi1251": "cp1251",
    "koi8": "koi8_r",
    "koi8ru": "koi8_u",
    "utf8mb3": "utf_8",
    "utf8mb4": "utf_8",
    "xutf8": "utf_8",
    "cp65001": "utf_8",
    "unicode": "utf_16",
    "unicode11utf8": "utf_8",
    "unicode11utf7": "utf_7",
    "unicode20utf7": "utf_7",
    "ucs2": "utf_16",
    "iso2022jpms": "iso2022_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "csiso2022jp": "iso2022_jp",
}
_SAYS_NOTHING = frozenset(
    {"", "unknown8bit", "xunknown", "unknown", "default", "8bit", "7bit", "binary", "autodetect"}
    | {"defaultcharset", "none", "null", "xuserdefined", "iso8859", "windows", "cp0", "charset"}
)
_MULTIBYTE = frozenset({"gb18030", "cp949", "cp932", "euc_jp", "big5hkscs", "cp874"})
_TEXT_CODECS = re.compile(
    r"^(?:utf|iso|cp|koi8|mac|big5|gb|euc|hz|johab|kz|ptcp|tis|ascii|latin|sh)"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the codec that read it, and a sentence when it was not what the mail declared."""

    text: str
    charset: str
    defect: str | None = None


def codec_name(declared: str | None) -> str | None:
    """Python's codec for a charset name of a mail; None when the name says nothing we know."""
    name = _NOT_NAME.sub("", (declared or "").casefold()[:80])
    if name in _SAYS_NOTHING:
        return None
    if name in _WIDER:
        return _WIDER[name]
    return _lookup(declared or "") or _lookup(name) or _lookup(name.removeprefix("x"))


def _lookup(name: str) -> str | None:
    name = name.strip().strip("\"'").casefold()
    if not name.isascii() or not name:
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    found = found.replace("-", "_")
    plain = _NOT_NAME.sub("", found)
    if not _TEXT_CODECS.match(found):  # base64, zlib, rot13 … are codecs too
        return None
    return _WIDER.get(plain, found)


def decode_text(data: bytes, declared: str | None = None) -> Decoded:
    """The text of the bytes. Never raises; what no charset explains becomes U+FFFD."""
    data = data[:MAX_TEXT_BYTES]
    codec = codec_name(declared)
    if codec is not None and (codec.startswith("iso2022") or codec in ("utf_7", "hz")):
        return _decode_stateful(data, codec, declared)
    marked = _decode_marked(data)
    if marked is not None:
        return marked
    if data.isascii() and (codec is None or not codec.startswith(("utf_16", "utf_32"))):
        if b"\x1b$" in data or b"\x1b(" in data:
            return _decode_stateful(data, "iso2022_jp", declared)
        return Decoded(data.decode("ascii"), "ascii", _unknown(codec, declared))
    if codec is not None and codec.startswith(("utf_16", "utf_32")):
        return _decode_wide(data, codec, declared)
    return _decode_eight_bit(data, codec, declared)


def _unknown(codec: str | None, declared: str | None) -> str | None:
    if codec is None and declared and _NOT_NAME.sub("", declared.casefold()) not in _SAYS_NOTHING:
        return f"The charset {declared[:40]!r} is not known."
    return None


def _decode_marked(data: bytes) -> Decoded | None:
    """By byte order mark."""
    for mark, codec in (
        (codecs.BOM_UTF8, "utf_8"),
        (b"\xff\xfe", "utf_16_le"),
        (b"\xfe\xff", "utf_16_be"),
    ):
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(codec, "replace"), codec)
    return None


def _decode_wide(data: bytes, codec: str, declared: str | None) -> Decoded:
    """UTF-16 and UTF-32 without a mark; often a label on text that is nothing of the kind."""
    if b"\x00" not in data:
        plain = _decode_eight_bit(data, None, None)
        return Decoded(plain.text, plain.charset, f"The text is labelled {declared} but is not.")
    if codec == "utf_16":
        little = data[1:4096:2].count(0) >= data[0:4096:2].count(0)
        codec = "utf_16_le" if little else "utf_16_be"
    return Decoded(data.decode(codec, "replace"), codec)


def _decode_stateful(data: bytes, codec: str, declared: str | None) -> Decoded:
    """Seven-bit charsets with escape sequences; 8-bit bytes in them mean a wrong label."""
    if not data.isascii():
        utf8 = _strict(data, "utf_8")
        if utf8 is not None:
            return Decoded(utf8, "utf_8", f"The text is labelled {declared} but is UTF-8.")
        if codec.startswith("iso2022_jp") and b"\x1b" not in data:
            return _decode_eight_bit(data, "cp932", declared)
    if codec.startswith("iso2022_jp"):
        return Decoded(decode_iso2022_jp(data), "iso2022_jp")
    text = _strict(data, codec)
    if text is not None:
        return Decoded(text, codec)
    return Decoded(
        data.decode(codec, "replace"), codec, f"The text is not valid {declared}: parts are lost."
    )


def _decode_eight_bit(data: bytes, codec: str | None, declared: str | None) -> Decoded:
    utf8 = _strict(data, "utf_8") or _strict_but_for_the_end(data)
    if codec == "utf_8" and utf8 is not None:
        return Decoded(utf8, "utf_8")
    if utf8 is not None and _proves_utf8(data, codec):
        wrong = codec is not None and declared is not None
        return Decoded(
            utf8, "utf_8", f"The text is labelled {declared} but is UTF-8." if wrong else None
        )
    if codec is not None and codec != "utf_8":
        text = _strict(data, codec)
        if text is not None:
            return Decoded(text, codec)
    if utf8 is not None:
        return Decoded(utf8, "utf_8")
    return _decode_broken(data, codec, declared)


def _decode_broken(data: bytes, codec: str | None, declared: str | None) -> Decoded:
    """Not valid in what it declares."""
    if codec == "utf_8" and _mostly_utf8(data):
        return Decoded(_mend_utf8(data), "utf_8", "The text is not valid UTF-8: it was mended.")
    if codec == "cp1252":
        # Five bytes have no meaning in Windows-1252; as Latin-1 they are control characters.
        return Decoded(data.decode("cp1252", "replace"), "cp1252")
    if codec in _MULTIBYTE and codec is not None:
        text = data.decode(codec, "replace")
        if text.count("\ufffd") * 20 <= len(text):
            return Decoded(text, codec, f"The text is not valid {declared}: characters are lost.")
    guessed = guess_charset(data)
    label = f"labelled {declared[:40]} but is not" if declared else "not labelled"
    return Decoded(
        data.decode(guessed, "replace"), guessed, f"The text is {label}: it was read as {guessed}."
    )


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _strict_but_for_the_end(data: bytes) -> str | None:
    """UTF-8 that was cut in the middle of its last character."""
    for cut in (1, 2, 3):
        tail = data[-cut:]
        if len(data) > cut * 4 and tail[:1] >= b"\xc2" and not tail.isascii():
            text = _strict(data[:-cut], "utf_8")
            if text is not None and not data[:-cut].isascii():
                return text + "\ufffd"
    return None


def _proves_utf8(data: bytes, codec: str | None) -> bool:
    """Valid UTF-8 hardly ever arises by accident, save in short runs of East Asian or Thai text."""
    if codec not in _MULTIBYTE:
        return True
    return len(_UTF8_SEQUENCE.findall(data[:4096])) >= 4


def _mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "surrogateescape")
    stray = len(_STRAY.findall(text))
    good = sum(1 for char in text if char > "\x7f") - stray
    return good > stray


def _mend_utf8(data: bytes) -> str:
    """Stray bytes in UTF-8 are read as Windows-1252, one by one."""

    def mend(found: re.Match[str]) -> str:
        return bytes([ord(found[0]) - 0xDC00]).decode("cp1252", "replace")

    return _STRAY.sub(mend, data.decode("utf-8", "surrogateescape"))
