"""The mail inside an S/MIME envelope that is signed but not encrypted (RFC 5652 SignedData).

Outlook sends such mails as one opaque smime.p7m; the text stands in it in clear. Only the way to
the content is read, in DER and in BER with its chunks of unknown length; nothing is verified.
"""

from __future__ import annotations

_SIGNED = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_OCTETS, _OID, _CONSTRUCTED, _CONTEXT_0 = 0x04, 0x06, 0x20, 0xA0
_MAX_CHUNKS = 200_000


def find_signed_content(data: bytes) -> bytes | None:
    """The signed bytes (a MIME entity); None when the data is no SignedData with content."""
    try:
        return _content(data)
    except (IndexError, ValueError):
        return None


def _content(data: bytes) -> bytes | None:
    position = _enter(data, 0, 0x30)
    position = _skip_oid(data, position, _SIGNED)
    position = _enter(data, position, _CONTEXT_0)
    position = _enter(data, position, 0x30)
    position = _skip(data, position)  # version
    position = _skip(data, position)  # digest algorithms
    position = _enter(data, position, 0x30)
    position = _skip_oid(data, position, _DATA)
    position = _enter(data, position, _CONTEXT_0)
    return _octets(data, position)


def _header(data: bytes, position: int) -> tuple[int, int, int]:
    """Tag, length (-1: unknown) and where the value starts."""
    tag, first = data[position], data[position + 1]
    position += 2
    if first < 0x80:
        return tag, first, position
    if first == 0x80:
        return tag, -1, position
    count = first & 0x7F
    if count > 8 or position + count > len(data):
        raise ValueError("length")
    return tag, int.from_bytes(data[position : position + count], "big"), position + count


def _enter(data: bytes, position: int, wanted: int) -> int:
    tag, _, start = _header(data, position)
    if tag != wanted:
        raise ValueError("tag")
    return start


def _skip(data: bytes, position: int) -> int:
    _, length, start = _header(data, position)
    if length < 0:
        raise ValueError("length")
    return start + length


def _skip_oid(data: bytes, position: int, wanted: bytes) -> int:
    tag, length, start = _header(data, position)
    if tag != _OID or data[start : start + length] != wanted:
        raise ValueError("oid")
    return start + length


def _octets(data: bytes, position: int) -> bytes:
    """An OCTET STRING in one piece, or in chunks up to the end mark."""
    tag, length, start = _header(data, position)
    if tag == _OCTETS and length >= 0:
        return data[start : start + length]
    if tag != _OCTETS | _CONSTRUCTED:
        raise ValueError("tag")
    end = len(data) if length < 0 else start + length
    out = bytearray()
    for _ in range(_MAX_CHUNKS):
        if start >= end or data[start : start + 2] == b"\x00\x00":
            break
        tag, size, value = _header(data, start)
        if tag != _OCTETS or size < 0:
            raise ValueError("chunk")
        out += data[value : value + size]
        start = value + size
    return bytes(out)
