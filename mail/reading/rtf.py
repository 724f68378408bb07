"""RTF to plain text, as far as old mails need it, and Outlook's compressed RTF (MS-OXRTFCP).

One pass over the tokens, no recursion, output bounded.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace

from mail.mime.charsets import decode_text

MAX_OUTPUT = 4_000_000

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])"
    rb"|([^\\{}\r\n]+)|[\r\n]+"
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr "
    b"themedata colorschememapping latentstyles datastore listtable listoverridetable rsidtbl "
    b"generator xmlnstbl".split()
)
_CHARACTERS = {
    b"par": "\n",
    b"line": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"row": "\n",
    b"tab": "\t",
    b"cell": "\t",
    b"emdash": "—",
    b"endash": "–",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"bullet": "•",
}


def decompress_rtf(data: bytes) -> bytes:
    """Compressed RTF to RTF; b"" when it is none. The output is at most as long as it declares."""
    if len(data) < 16:
        return b""
    size, raw_size, magic = struct.unpack_from("<III", data)
    if magic == 0x414C454D:  # MELA: stored
        return data[16 : 16 + min(raw_size, MAX_OUTPUT)]
    if magic != 0x75465A4C:
        return b""
    window = bytearray(_DICTIONARY) + bytearray(4096 - len(_DICTIONARY))
    write, limit = len(_DICTIONARY), min(raw_size, MAX_OUTPUT)
    out = bytearray()
    position, end = 16, min(len(data), size + 4)
    while position < end and len(out) < limit:
        control = data[position]
        position += 1
        for bit in range(8):
            if position >= end or len(out) >= limit:
                break
            if not control >> bit & 1:
                piece = data[position : position + 1]
                position += 1
            else:
                if position + 2 > end:
                    return bytes(out)
                word = data[position] << 8 | data[position + 1]
                position += 2
                offset, length = word >> 4, (word & 15) + 2
                if offset == write:
                    return bytes(out)
                piece = _copy(window, offset, length, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % 4096
            out += piece
    return bytes(out[:limit])


def _copy(window: bytearray, offset: int, length: int, write: int) -> bytes:
    """A run of the window, which may reach into what it is about to write."""
    piece = bytearray()
    distance = (write - offset) % 4096
    for index in range(length):
        if index < distance:
            piece.append(window[(offset + index) % 4096])
        else:
            piece.append(piece[index - distance])
    return bytes(piece)


@dataclass(frozen=True, slots=True)
class _State:
    skip: bool = False
    fallback: int = 1
    """How many characters stand in for one \\u."""
    htmlrtf: bool = False


def rtf_text(data: bytes) -> str:
    """The words of an RTF text. Never raises."""
    return _Reader().read(data[: MAX_OUTPUT * 4])


def rtf_html(data: bytes) -> str | None:
    """The HTML that Outlook wrapped into RTF (MS-OXRTFEX); None when there is none."""
    if b"\\fromhtml" not in data[:2000]:
        return None
    return _Reader(html=True).read(data[: MAX_OUTPUT * 4])


class _Reader:
    def __init__(self, *, html: bool = False) -> None:
        self.html = html
        self.out: list[str] = []
        self.bytes = bytearray()
        self.codepage = "cp1252"
        self.state = _State()
        self.states: list[_State] = []
        self.starred = False
        self.pending_skip = 0

    def read(self, data: bytes) -> str:
        for found in _TOKEN.finditer(data):
            word, number, code, symbol, brace, text = found.groups()
            if word is not None:
                self._word(word, number)
            elif code is not None:
                self._byte(int(code, 16))
            elif symbol is not None:
                self._symbol(symbol)
            elif brace == b"{":
                self._flush()
                self.states.append(self.state)
            elif brace == b"}":
                self._flush()
                self.state = self.states.pop() if self.states else self.state
            elif text is not None:
                self._text(text)
        self._flush()
        text = "".join(self.out)  # characters beyond the first plane come as two surrogates
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _shown(self) -> bool:
        return not self.state.skip and not (self.html and self.state.htmlrtf)

    def _word(self, word: bytes, number: bytes | None) -> None:
        self._flush()
        if self.starred:
            self.starred = False
            if word == b"htmltag" and self.html:
                self.state = replace(self.state, skip=False)
                return
            self.state = replace(self.state, skip=True)
            return
        if word in _SKIPPED or (self.html and word == b"mhtmltag"):
            self.state = replace(self.state, skip=True)
        elif word == b"htmlrtf":
            self.state = replace(self.state, htmlrtf=number != b"0")
        elif word == b"ansicpg" and number:
            self.codepage = f"cp{int(number)}"
        elif word == b"uc" and number:
            self.state = replace(self.state, fallback=min(max(int(number), 0), 10))
        elif word == b"u" and number:
            self._unicode(int(number))
        elif word in _CHARACTERS and self._shown():
            self.out.append(_CHARACTERS[word])

    def _unicode(self, number: int) -> None:
        if self._shown():
            code = number + 65536 if number < 0 else number
            self.out.append(chr(code) if 0 < code < 0x110000 else "\ufffd")
        self.pending_skip = self.state.fallback

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self.starred = True
        elif symbol == b"~":
            self._text(b" ")
        elif symbol in (b"\n", b"\r"):
            self._flush()
            if self._shown():
                self.out.append("\n")
        elif symbol in (b"\\", b"{", b"}"):
            self._text(symbol)

    def _byte(self, value: int) -> None:
        if self.pending_skip:
            self.pending_skip -= 1
        elif self._shown():
            self.bytes.append(value)

    def _text(self, text: bytes) -> None:
        cut = min(self.pending_skip, len(text))
        self.pending_skip -= cut
        if self._shown():
            self.bytes += text[cut:]

    def _flush(self) -> None:
        if self.bytes:
            self.out.append(decode_text(bytes(self.bytes), self.codepage).text)
            self.bytes.clear()
