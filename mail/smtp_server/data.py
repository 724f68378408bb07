"""The text of a mail as it comes over SMTP (RFC 5321 4.1.1.4, 4.5.2), without any I/O.

Exactly CRLF "." CRLF ends it. A bare LF or CR is text like any other: whoever takes <LF>.<LF> for
an end lets a sender smuggle a second mail, with a sender of its own choice, into the first one.
The bytes are searched in the pieces in which the network brings them, not line by line: that is 3-4
times faster on large mails. What exceeds a limit is thrown away while it comes; the end is looked
for all the same, so that the client gets its answer where it expects it.
"""

from __future__ import annotations

import re
from enum import Enum

_END = b"\r\n.\r\n"
_HEADER_END = re.compile(rb"\n\r?\n")


class Excess(Enum):
    """Which limit a mail exceeded first."""

    SIZE = "size"
    HEADER = "header"
    LINE = "line"
    MEMORY = "memory"


class DataReceiver:
    """Collects one mail. Feed it until it is `done`, then look at `excess` and take `content()`.

    `size`: bytes of the text at most, dots that the client doubled counted. `line`: bytes of one
    line with its CRLF. `header`: bytes up to the first empty line. None is no limit.
    """

    __slots__ = (
        "_buffer",
        "_header_limit",
        "_in_header",
        "_line_limit",
        "_line_start",
        "_size_limit",
        "done",
        "excess",
        "received",
    )

    def __init__(
        self, *, size: int | None = None, line: int | None = None, header: int | None = None
    ) -> None:
        self._size_limit = size
        self._line_limit = line
        self._header_limit = header
        # The text starts at the start of a line: as if a CRLF stood before it.
        self._buffer = bytearray(b"\r\n")
        self._line_start = 2
        self._in_header = header is not None
        self.done = False
        self.excess: Excess | None = None
        self.received = 0
        """Bytes fed so far."""

    @property
    def held(self) -> int:
        """Bytes kept in memory."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece; gives back what follows the end of the mail, b"" before."""
        buffer = self._buffer
        searched = max(0, len(buffer) - len(_END) + 1)
        self.received += len(chunk)
        buffer += chunk
        end = buffer.find(_END, searched)
        rest = b""
        if end >= 0:
            self.done = True
            rest = bytes(buffer[end + len(_END) :])
            del buffer[end + 2 :]
        if self.excess is None:
            self._check(searched)
        if self.excess is not None:
            self._forget()
        return rest

    def give_up(self, excess: Excess) -> None:
        """Throw the mail away, for a reason that only the caller knows."""
        self.excess = self.excess or excess
        self._forget()

    def content(self) -> bytes:
        """The mail, its doubled dots made single again. Empties the receiver."""
        text = bytes(memoryview(self._buffer)[2:])
        self._buffer = bytearray()
        if b"\n." in text:
            text = text.replace(b"\r\n.", b"\r\n")
        return text[1:] if text.startswith(b".") else text

    def _forget(self) -> None:
        # Keep what might be the first bytes of the end.
        del self._buffer[: max(0, len(self._buffer) - len(_END) + 1)]

    def _check(self, searched: int) -> None:
        # Up to two bytes of the end (".\r") may lie in the buffer behind the last CRLF.
        length = len(self._buffer) - 2
        surplus = length if self.done else length - 2
        if self._in_header:
            self._check_header(searched, surplus)
        if self._line_limit is not None and len(self._buffer) - self._line_start > self._line_limit:
            self._check_lines(self._line_limit)
        if self._size_limit is not None and surplus > self._size_limit:
            self.excess = self.excess or Excess.SIZE

    def _check_header(self, searched: int, surplus: int) -> None:
        assert self._header_limit is not None
        found = _HEADER_END.search(self._buffer, searched, self._header_limit + 5)
        if found or self.done:
            self._in_header = False
        if not found and surplus > self._header_limit:
            self.excess = Excess.HEADER

    def _check_lines(self, limit: int) -> None:
        """Step from a line end to the last one within the limit from it, not from line to line."""
        while len(self._buffer) - self._line_start > limit:
            last = self._buffer.rfind(b"\r\n", self._line_start, self._line_start + limit)
            if last < 0:
                self.excess = self.excess or Excess.LINE
                return
            self._line_start = last + 2


def count_hops(text: bytes, *, header: int = 256 * 1024) -> int:
    """How many Received fields the header has: the servers that the mail went through (6.3).

    Looks at the first `header` bytes at most.
    """
    end = _HEADER_END.search(text, 0, header)
    fields = b"\n" + text[: end.start() + 1 if end else header].lower()
    return fields.count(b"\nreceived:")
