"""A mail as SMTP carries it: ASCII addresses, CRLF lines, doubled dots. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mail.writing.headers import wire_address

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail ready for the wire: addresses in their ASCII form, lines in CRLF."""

    sender: str
    recipients: tuple[tuple[str, str], ...]
    """(as the caller wrote it, as the wire has it)"""
    data: bytes

    @classmethod
    def build(cls, sender: str, recipients: tuple[str, ...], data: bytes) -> Parcel:
        """Raises AddressError for an address that is none."""
        return cls(
            wire_address(sender) if sender else "",
            tuple((one, wire_address(one)) for one in dict.fromkeys(recipients)),
            _crlf(data),
        )

    @property
    def international(self) -> str | None:
        """The first address that only SMTPUTF8 can carry."""
        wires = (self.sender, *(wire for _, wire in self.recipients))
        return next((one for one in wires if not one.isascii()), None)

    @property
    def header_is_ascii(self) -> bool:
        return self.data[: self.data.find(b"\r\n\r\n") + 2].isascii()


def _crlf(data: bytes) -> bytes:
    if data.count(b"\n") != data.count(b"\r\n") or data.count(b"\r") != data.count(b"\r\n"):
        data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def dot_stuffed(data: bytes) -> Iterator[bytes]:
    """The mail with its dots doubled (RFC 5321 4.5.2), in pieces."""
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    for start in range(0, len(stuffed), _CHUNK):
        yield stuffed[start : start + _CHUNK]
