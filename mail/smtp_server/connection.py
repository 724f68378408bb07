"""The life of a connection to our SMTP server: admission, time, memory, and its end.

What a hostile client can try here is to stay (silence, one byte a second), to fill our memory (a
line without end, many large mails at once) and to leave in the wrong moment.
"""

from __future__ import annotations

import asyncio
import logging
import math
import traceback
from typing import Any, cast

from mail.smtp_server import replies
from mail.smtp_server.data import DataReceiver, Excess
from mail.smtp_server.desk import SmtpDesk
from mail.smtp_server.protocol import FastSMTP
from mail.smtp_server.replies import Reply

_log = logging.getLogger(__name__)

_LINE_DRAIN = 64 * 1024
"""Bytes of an overlong command that are read to find its end."""
_LINGER = 2.0
"""Seconds that a client who is still sending has to read why the connection ends."""


def log_failure(what: str, error: BaseException) -> None:
    """Log where it failed. Not the error's text: a database quotes addresses and mails in it."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames[::-1])
    _log.error("%s: %s in %s", what, type(error).__qualname__, places)


class SmtpConnection(FastSMTP):
    """One connection, without its commands (`mail.smtp_server.session`)."""

    line_length_limit = 2048
    """Of a command (a mail's own limit is in SmtpLimits). RFC 5321 asks for 512; addresses in UTF-8
    and parameters may need more."""

    def __init__(self, desk: SmtpDesk) -> None:
        self._desk = desk
        self._peer = ""
        self._verb = ""
        self._errors = 0
        self._idle = 0
        self._over = False  # nothing more is read
        self._flooded = False  # the client is sending still, and will not stop
        self._lingering: asyncio.Future[None] | None = None
        self._busy = False  # from DATA to its answer
        self._in_hand = False  # the mail is whole and is being stored
        self._held = 0
        self._data_since = 0.0
        self._deadline = math.inf
        self._timer_at = math.inf
        loop = asyncio.get_running_loop()
        self._session_end = loop.time() + desk.limits.session_timeout
        super().__init__(
            self,
            data_size_limit=desk.limits.size,
            enable_SMTPUTF8=True,
            hostname=desk.hostname,
            tls_context=desk.tls,
            timeout=desk.limits.command_timeout,
            loop=loop,
        )

    # Its beginning and its end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._original_transport is not None:  # TLS begins
            super().connection_made(transport)
            return
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]).removeprefix("::ffff:") if peer else ""
        refusal = self._desk.admit(self._peer)
        if refusal is not None:
            _turn_away(cast(asyncio.Transport, transport), refusal)
            return
        self._desk.enter(self, self._peer)
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self._desk.tasks.add(self._handler_coroutine)
        self._handler_coroutine.add_done_callback(self._desk.tasks.discard)

    def eof_received(self) -> bool | None:
        if self._receiver is not None or self._lingering is not None:
            self._cancel()
            return False
        # The client may have sent all and listens still: what it sent is answered first.
        asyncio.StreamReaderProtocol.eof_received(self)
        return self._tls_protocol is None

    def connection_lost(self, error: Exception | None) -> None:
        self._over = True
        self._leave()
        if self._original_transport is not None:
            self._original_transport.close()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        if not self._in_hand:
            self._cancel()
        self.transport = None

    def wind_up(self) -> None:
        """The server stops: end now, or, with a mail in hand, after its answer."""
        if not self._busy:
            self._end(replies.SHUTTING_DOWN)

    def _cancel(self) -> None:
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _leave(self) -> None:
        self._desk.leave(self, self._peer)
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
            self._timeout_handle = None
        self._smtp_methods = {}  # bound methods: with them every connection is garbage in a cycle
        self._handle_hooks = {}

    def _end(self, reply: Reply) -> None:
        """Say why, and close."""
        self._over = True
        if self.transport is not None and self._lingering is None:
            self._desk.stats.count(reply)
            self._writer.write(reply.wire)
        self._hang_up()

    def _hang_up(self) -> None:
        if self.transport is None:
            return
        raw = cast(asyncio.Transport, self._original_transport or self.transport)
        self.transport.close()
        raw.close()
        if raw.get_write_buffer_size():
            # It does not read our answers: closing would wait for it without end.
            self.loop.call_later(_LINGER, raw.abort)

    async def _linger(self) -> None:
        """Give a client that is still sending the time to read our answer.

        Closing at once would reset the connection and throw the answer away.
        """
        self._lingering = self.loop.create_future()
        transport = cast(asyncio.Transport | None, self.transport)
        if transport is not None and transport.can_write_eof():
            transport.write_eof()
        await asyncio.wait([self._lingering], timeout=_LINGER)

    def _tls_version(self) -> str | None:
        tls = self.transport.get_extra_info("ssl_object") if self.transport is not None else None
        return tls.version() if tls is not None else None

    # Time: one timer a connection, looked at again when it fires

    def _reset_timeout(self, duration: float | None = None) -> None:
        self._deadline = self.loop.time() + (duration or self._timeout_duration)
        if self._timeout_handle is None or self._deadline < self._timer_at:
            self._arm_timer()

    def _arm_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timer_at = self._deadline
        self._timeout_handle = self.loop.call_at(self._timer_at, self._timeout_cb)

    def _timeout_cb(self) -> None:
        self._timeout_handle = None
        if self._deadline == math.inf:
            return
        if self.loop.time() < self._deadline:
            self._arm_timer()
            return
        self._end(replies.TIMED_OUT)

    # Reading and writing

    async def _read_command(self) -> bytes | None:
        """The next command line; None when there is none to obey."""
        if self._desk.closing:
            await self.push(replies.SHUTTING_DOWN)
            return None
        left = self._session_end - self.loop.time()
        if left <= 0:
            await self.push(replies.TIMED_OUT)
            return None
        self._reset_timeout(min(left, self._timeout_duration))
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            await self._skip_line(error.consumed)
        return None

    async def _skip_line(self, consumed: int) -> None:
        skipped = 0
        while skipped < _LINE_DRAIN:
            skipped += len(await self._reader.read(consumed))
            try:
                await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                consumed = error.consumed
                continue
            await self.push(replies.COMMAND_TOO_LONG)
            return
        self._over = self._flooded = True
        await self.push(replies.COMMAND_TOO_LONG)

    async def push(self, status: Any) -> None:
        """Send a `Reply`, or ours for a line of aiosmtpd's."""
        reply = status if isinstance(status, Reply) else replies.name_reply(status)
        if reply is replies.BAD_RECIPIENT and self._verb == "MAIL":
            reply = replies.BAD_SENDER
        self._desk.stats.count(reply)
        if not reply.is_success and reply is not replies.TOO_MANY_RECIPIENTS:
            # A client that offers 1,000 recipients is told 900 times to send these later: no error.
            self._errors += 1
        if reply.code == 421:
            self._over = True
        await self._write(reply.wire)

    async def _write(self, wire: bytes) -> None:
        if self.transport is None:
            return
        cast(asyncio.Transport, self.transport).write(wire)
        if self._paused:  # type: ignore[attr-defined]  # it does not read what we say
            await self._writer.drain()

    def data_received(self, data: bytes) -> None:
        receiver = self._receiver
        if self._lingering is not None:
            return
        if receiver is None:
            super().data_received(data)
            return
        super().data_received(data)
        self._account(receiver)

    def _new_receiver(self) -> DataReceiver:
        limits = self._desk.limits
        self._data_since = self.loop.time()
        self._reset_timeout(limits.data_timeout)
        return DataReceiver(size=limits.size, line=limits.line_length, header=limits.header_bytes)

    def _account(self, receiver: DataReceiver) -> None:
        """After each piece of a mail: memory, how much of it is read at all, and time."""
        desk, limits = self._desk, self._desk.limits
        desk.memory += receiver.held - self._held
        self._held = receiver.held
        if receiver.done:
            return
        if desk.memory > limits.memory:
            receiver.give_up(Excess.MEMORY)
            self._release_memory()
        if receiver.received > limits.drain:
            receiver.give_up(Excess.SIZE)
            self._flooded = True
            self._end_receiving()
        self._deadline = limits.data_timeout + min(
            self.loop.time(), self._data_since + receiver.received / limits.data_rate
        )

    def _release_memory(self) -> None:
        self._desk.memory -= self._held
        self._held = 0


def _turn_away(transport: asyncio.Transport, refusal: Reply) -> None:
    transport.set_protocol(asyncio.Protocol())
    transport.write(refusal.wire)
    transport.close()
