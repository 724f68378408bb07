"""winmail.dat (TNEF, MS-OXTNEF) unpacked: the files and the text that Outlook packed into it.

Our own reader, because tnefparse copies the rest of the file for every attribute (quadratic) and
takes garbage for a file. Every length is checked against what is there; nothing raises.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.mime.charsets import decode_text
from mail.reading.rtf import decompress_rtf

_SIGNATURE = 0x223E9F78
_MESSAGE = b"\x07\x03\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F"
_RENDERING, _TITLE, _DATA, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_BODY, _MESSAGE_PROPERTIES, _CODEPAGE = 0x800C, 0x9003, 0x9007
_FIXED = {
    0x2: 4,
    0x3: 4,
    0x4: 4,
    0x5: 8,
    0x6: 8,
    0x7: 8,
    0xA: 4,
    0xB: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
_VARIABLE = frozenset({0xD, 0x1E, 0x1F, 0x102})
MAX_FILES = 300
MAX_PROPERTIES = 20_000
MAX_DEPTH = 3


@dataclass(slots=True)
class TnefFile:
    name: str = ""
    data: bytes = b""
    content_type: str = ""
    content_id: str = ""


@dataclass(slots=True)
class Tnef:
    files: list[TnefFile] = field(default_factory=list)
    text: str = ""
    html: str = ""
    rtf: bytes = b""
    codepage: str = "cp1252"
    complete: bool = True


def is_tnef(data: bytes) -> bool:
    return len(data) > 6 and struct.unpack_from("<I", data)[0] == _SIGNATURE


def read_tnef(data: bytes, depth: int = 0) -> Tnef:
    """The content of a TNEF file; what is broken is left out and `complete` is False."""
    found = Tnef()
    if not is_tnef(data):
        found.complete = False
        return found
    current: TnefFile | None = None
    for key, value in _attributes(data, found):
        if key == _RENDERING:
            if len(found.files) >= MAX_FILES:
                found.complete = False
                break
            current = TnefFile()
            found.files.append(current)
        elif key == _CODEPAGE and len(value) >= 4:
            found.codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif key == _BODY:
            found.text = _string(value, found.codepage)
        elif key == _MESSAGE_PROPERTIES:
            _read_message(value, found)
        elif current is not None:
            _read_file(key, value, current, found, depth)
    found.files = [file for file in found.files if file.data]
    return found


def _attributes(data: bytes, found: Tnef) -> Iterator[tuple[int, bytes]]:
    position = 6
    while position + 9 <= len(data):
        _, key, _, length = struct.unpack_from("<BHHI", data, position)
        start = position + 9
        if start + length > len(data):
            found.complete = False
            length = len(data) - start
        yield key, data[start : start + length]
        position = start + length + 2


def _string(value: bytes, codepage: str) -> str:
    return decode_text(value.rstrip(b"\x00"), codepage).text


def _read_file(key: int, value: bytes, file: TnefFile, found: Tnef, depth: int) -> None:
    if key == _TITLE:
        file.name = file.name or _string(value, found.codepage)
    elif key == _DATA:
        file.data = value
    elif key == _PROPERTIES:
        for prop, kind, content in _properties(value):
            if prop == 0x3707:
                file.name = _property_text(kind, content, found.codepage) or file.name
            elif prop in (0x3704, 0x3001) and not file.name:
                file.name = _property_text(kind, content, found.codepage)
            elif prop == 0x370E:
                file.content_type = _property_text(kind, content, found.codepage).casefold()
            elif prop == 0x3712:
                file.content_id = _property_text(kind, content, found.codepage).strip("<>")
            elif prop == 0x3701:
                _read_object(content, file, found, depth)


def _read_object(content: bytes, file: TnefFile, found: Tnef, depth: int) -> None:
    """An attached mail is TNEF again: its files join ours, its text becomes a file."""
    if not content.startswith(_MESSAGE):
        file.data = file.data or content
        return
    inner = content[len(_MESSAGE) :]
    if depth + 1 >= MAX_DEPTH or not is_tnef(inner):
        file.data = inner
        return
    nested = read_tnef(inner, depth + 1)
    text = nested.html or nested.text
    if text:
        file.data = text.encode("utf-8", "replace")
        file.content_type = "text/html" if nested.html else "text/plain"
        file.name = (file.name or "message") + (".html" if nested.html else ".txt")
    found.files.extend(nested.files[: max(0, MAX_FILES - len(found.files))])


def _read_message(value: bytes, found: Tnef) -> None:
    for prop, kind, content in _properties(value):
        if prop == 0x1000 and content:
            found.text = _property_text(kind, content, found.codepage)
        elif prop == 0x1013 and content:
            found.html = (
                decode_text(content.rstrip(b"\x00"), found.codepage).text
                if kind == 0x102
                else _property_text(kind, content, found.codepage)
            )
        elif prop == 0x1009:
            found.rtf = decompress_rtf(content)


def _property_text(kind: int, content: bytes, codepage: str) -> str:
    if kind == 0x1F:
        return content.decode("utf-16-le", "replace").rstrip("\x00")
    return _string(content, codepage)


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(id, type, first value) of each MAPI property, up to the first one that makes no sense."""
    if len(data) < 4:
        return
    count = min(struct.unpack_from("<I", data)[0], MAX_PROPERTIES)
    position = 4
    for _ in range(count):
        if position + 4 > len(data):
            return
        kind, prop = struct.unpack_from("<HH", data, position)
        position = _skip_name(data, position + 4) if prop >= 0x8000 else position + 4
        many, kind = bool(kind & 0x1000), kind & 0xEFFF
        values = 1
        if many or kind in _VARIABLE:
            if position + 4 > len(data):
                return
            values = struct.unpack_from("<I", data, position)[0]
            position += 4
        if kind not in _VARIABLE and kind not in _FIXED:
            return
        content, position = _values(data, position, kind, values)
        if position < 0:
            return
        yield prop, kind, content


def _skip_name(data: bytes, position: int) -> int:
    """A named property: GUID, then a number or a name."""
    if position + 24 > len(data):
        return len(data)
    named, size = struct.unpack_from("<II", data, position + 16)
    return position + 24 + (_padded(size) if named else 0)


def _padded(size: int) -> int:
    return (size + 3) & ~3


def _values(data: bytes, position: int, kind: int, values: int) -> tuple[bytes, int]:
    """The first of the values, and the position behind all of them (-1: nonsense)."""
    if kind in _FIXED:
        end = position + _FIXED[kind] * values
        return (data[position : position + _FIXED[kind]], end) if end <= len(data) else (b"", -1)
    first: bytes | None = None
    for _ in range(values):
        if position + 4 > len(data):
            return b"", -1
        size = struct.unpack_from("<I", data, position)[0]
        position += 4
        if position + size > len(data):
            return b"", -1
        if first is None:
            first = data[position : position + size]
        position += _padded(size)
    return first or b"", position
