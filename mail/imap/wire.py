"""The socket under imapclient: one time budget a job, bounded lines and literals, no hidden buffer.

imaplib reads through a buffered file whose content nobody can ask for, waits the full time-out for
every single byte, and allocates whatever a server announces. A watcher of a thousand mailboxes can
bear none of that: here what was read but not used can be asked for (`has_input`), a whole job has
one deadline, and another thread may abort it.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import imapclient

from mail.connections import ImapSettings
from mail.discovery.dial import dial, secure, tls_context
from mail.discovery.providers import Security
from mail.errors import ConnectionCut, ProtocolBroken, ServerSilent, TlsFailed
from mail.sentences import say

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK = 256 * 1024
MAX_LINE = 32 * 1024 * 1024
"""A SEARCH over a folder with a million mails answers in one line of eight megabytes."""
MAX_LITERAL = 256 * 1024 * 1024

_FETCH = re.compile(rb"\* ([0-9]+) FETCH ([^\r\n{]*+(?:\{([0-9]{1,9})\})?)")
_CR = 0x0D


class Wire(imaplib.IMAP4):
    """An IMAP connection whose reads end at `deadline` (`time.monotonic()`) at the latest."""

    def __init__(self, settings: ImapSettings, deadline: float) -> None:
        self._settings = settings
        self._left = bytearray()
        self.deadline = deadline
        self.aborted = False
        super().__init__(settings.host, settings.port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Connect; called by imaplib's constructor. Raises the errors of `mail.dial`."""
        del timeout
        settings = self._settings
        self.host, self.port = settings.host, settings.port
        self.sock: socket.socket = dial(settings.host, settings.port, self.deadline)
        if settings.security is Security.TLS:
            self._secure()

    def upgrade(self) -> None:
        """STARTTLS. Raises TlsFailed when the server has none, and the errors of `mail.dial`."""
        if "STARTTLS" not in self.capabilities:
            raise TlsFailed(
                say(
                    "{host} offers no STARTTLS on port {port}. Choose TLS with the port that is "
                    "meant for it (usually 993).",
                    host=self.host,
                    port=self.port,
                )
            )
        answer, _ = self._simple_command("STARTTLS")
        # What came in clear after the OK was put there by somebody in between (CVE-2011-0411).
        if answer != "OK" or self._left:
            raise TlsFailed(
                say("{host} refused to switch to encryption (STARTTLS).", host=self.host)
            )
        self._secure()
        self._tls_established = True
        self.untagged_responses.clear()
        self._get_capabilities()

    def _secure(self) -> None:
        context = tls_context(self._settings.verify, self._settings.ca_file)
        self.sock = secure(self.sock, context, self.host, self.port, self.deadline)

    def read(self, size: int) -> bytes:
        """`size` bytes of a literal."""
        if size > MAX_LITERAL:
            raise ProtocolBroken(
                say(
                    "{host} announced {size} bytes at once, which is too much.",
                    host=self.host,
                    size=size,
                )
            )
        while len(self._left) < size:
            self._fill()
        return self._take(size)

    def readline(self) -> bytes:
        """One line with its CRLF."""
        start = 0
        while (end := self._left.find(b"\n", start)) < 0:
            start = len(self._left)
            if start > MAX_LINE:
                raise ProtocolBroken(say("{host} sends a line without end.", host=self.host))
            self._fill()
        return self._take(end + 1)

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._left)[:size])
        del self._left[:size]
        return taken

    def _get_response(self) -> object:
        """The next response, as imaplib keeps it; FETCH, of which there are thousands, in bulk."""
        return self._take_fetched() or super()._get_response()  # type: ignore[misc]

    def _take_fetched(self) -> bool:
        """Keep the FETCH responses that lie here whole. False: imaplib has to look itself.

        Each line costs imaplib five patterns and a repr; what is not the plain case is left to it.
        """
        kept: list[bytes | tuple[bytes, bytes]] = []
        at = 0
        while (found := _whole_fetch(self._left, at)) is not None:
            response, at = found
            kept += response
        if kept:
            del self._left[:at]
            self.untagged_responses.setdefault("FETCH", []).extend(kept)
        return bool(kept)

    def _fill(self) -> None:
        try:
            self._set_timeout()
            chunk = self.sock.recv(CHUNK)
        except TimeoutError as error:
            raise ServerSilent(
                say(
                    "{host} accepted the connection on port {port} but does not answer. Check "
                    "port and encryption, or try again later.",
                    host=self.host,
                    port=self.port,
                )
            ) from error
        except (OSError, ValueError) as error:
            raise self._cut() from error
        if not chunk:
            raise self._cut()
        self._left += chunk

    def _set_timeout(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0 or self.aborted:
            raise TimeoutError
        self.sock.settimeout(min(left, self._settings.timeout))

    def _cut(self) -> ConnectionCut:
        bye = self.untagged_responses.get("BYE")
        said = bye[-1] if bye else b""
        words = said.decode("utf-8", "replace")[:200] if isinstance(said, bytes) else ""
        return ConnectionCut(
            f"{self.host} closed the connection" + (f": “{words}”" if words else ".")
        )

    def send(self, data: Buffer) -> None:
        """Send all of `data`."""
        try:
            self._set_timeout()
            self.sock.sendall(data)
        except TimeoutError as error:
            raise ServerSilent(say("{host} takes no more data.", host=self.host)) from error
        except (OSError, ValueError) as error:
            raise self._cut() from error

    def has_input(self) -> bool:
        """Whether something was received that nobody has read, which the socket does not tell."""
        if self._left:
            return True
        return isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0

    def abort_io(self) -> None:
        """Make the job that uses this connection fail soon. Safe from any thread."""
        self.aborted = True
        # The plain socket's method: SSLSocket.shutdown would pull TLS from under the reader.
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def shutdown(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
        self.sock.close()

    def _log(self, line: str) -> None:
        """imaplib keeps the last commands, LOGIN too, for its debugging; we do not."""


def _whole_fetch(
    buffer: bytearray, at: int
) -> tuple[list[bytes | tuple[bytes, bytes]], int] | None:
    """One FETCH response with at most one literal that begins at `at`, and where it ends."""
    line = _whole_line(buffer, at)
    if line is None:
        return None
    match = _FETCH.fullmatch(line)
    if match is None:
        return None
    start = at + len(line) + 2
    told = match[1] + b" " + match[2]
    if match[3] is None:
        return [told], start
    end = start + int(match[3])
    tail = _whole_line(buffer, end)
    if tail is None or tail.endswith(b"}"):
        return None
    return [(told, bytes(memoryview(buffer)[start:end])), tail], end + len(tail) + 2


def _whole_line(buffer: bytearray, at: int) -> bytes | None:
    """Without its CRLF, and None where it does not end yet, or not that way."""
    end = buffer.find(b"\n", at)
    if end <= at or buffer[end - 1] != _CR:
        return None
    return bytes(memoryview(buffer)[at : end - 1])


class WireClient(imapclient.IMAPClient):  # type: ignore[misc] # untyped library
    """imapclient over a `Wire`."""

    def __init__(self, settings: ImapSettings, deadline: float) -> None:
        self._wire_settings = settings
        self._wire_deadline = deadline
        super().__init__(
            settings.host,
            settings.port,
            ssl=settings.security is Security.TLS,
            timeout=settings.timeout,
        )
        # imapclient logs every line, mails included, at a cost even when nobody listens.
        self.wire.debug = 0

    def _create_IMAP4(self) -> Wire:  # noqa: N802
        return Wire(self._wire_settings, self._wire_deadline)

    @property
    def wire(self) -> Wire:
        wire: Wire = self._imap
        return wire

    def fileno(self) -> int:
        """The socket's number, for `loop.add_reader`."""
        return self.wire.sock.fileno()
