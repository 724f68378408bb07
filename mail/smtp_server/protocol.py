"""aiosmtpd's SMTP class, made fast in three places; the dialogue and the bytes stay the same.

1. `dir()` of the protocol and of its handler is walked once a class, not once a connection.
2. An ordinary address in MAIL and RCPT is told by a pattern; all others go through the parser of
   the standard library's email package, as before.
3. DATA takes what the transport has (`data`), not line after line.

Nothing here is Canal's own policy: that is `session`. The tests hold the three against
aiosmtpd's own class.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections import defaultdict
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, syntax

from mail.smtp_server.data import DataReceiver, Excess

_ATOM = r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]*"
_LABEL = r"[A-Za-z0-9-]+"
_ORDINARY = re.compile(
    rf"<({_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*)>(?: +([A-Za-z0-9][A-Za-z0-9=. -]*))?"
)
"""`<dot-atom@host.name>`, then perhaps parameters without anything that could be a comment.

No atom starts with "=": that might be an encoded word, which the full parser decodes.
"""


@functools.cache
def _find_names(kind: Any, prefix: str) -> tuple[tuple[str, str], ...]:
    """The class's attributes with this prefix: (name without it, name)."""
    return tuple((name.removeprefix(prefix), name) for name in dir(kind) if name.startswith(prefix))


def _bind(owner: Any, prefix: str) -> dict[str, Any]:
    kind: Any = type(owner)
    return {short: getattr(owner, name) for short, name in _find_names(kind, prefix)}


class _Bare:
    """Stands in for the handler while aiosmtpd looks for hooks: it has none."""

    def __dir__(self) -> tuple[str, ...]:
        return ()


_BARE = _Bare()


class FastSMTP(SMTP):
    """aiosmtpd's SMTP, faster. Takes the same arguments; AUTH mechanisms are not looked for."""

    def __init__(self, handler: Any, **options: Any) -> None:
        # aiosmtpd keeps these limits in the class and clears them with each new connection.
        self.command_size_limits = defaultdict(lambda: SMTP.command_size_limit)
        self._receiver: DataReceiver | None = None
        self._received: asyncio.Future[None] | None = None
        super().__init__(_BARE, **options)
        self.event_handler = handler
        self._handle_hooks = _bind(handler, "handle_")
        self._smtp_methods = _bind(self, "smtp_")

    def __dir__(self) -> tuple[str, ...]:
        """Nothing: aiosmtpd would walk it for each connection again."""
        return ()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        match = _ORDINARY.fullmatch(arg)
        if match is None or self.local_part_limit:
            return super()._getaddr(arg)
        return match[1], match[2] or ""

    def _new_receiver(self) -> DataReceiver:
        return DataReceiver(size=self.data_size_limit or None, line=self.line_length_limit)

    def data_received(self, data: bytes) -> None:
        if self._receiver is None:
            super().data_received(data)
            return
        rest = self._receiver.feed(data)
        if self._receiver.done:
            self._end_receiving()
            if rest:
                super().data_received(rest)

    def _end_receiving(self) -> None:
        self._receiver = None
        if self._received is not None and not self._received.done():
            self._received.set_result(None)

    async def _receive(self) -> DataReceiver:
        """Read the text of a mail; cancelled when the connection goes."""
        receiver = self._new_receiver()
        self._receiver = receiver
        self._received = self.loop.create_future()
        early = bytes(self._reader._buffer)  # type: ignore[attr-defined]
        if early:
            self._reader._buffer.clear()  # type: ignore[attr-defined]
            self._reader._maybe_resume_transport()  # type: ignore[attr-defined]
            self.data_received(early)
        try:
            await self._received
        finally:
            self._receiver = None
        return receiver

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds it by name
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        receiver = await self._receive()
        status = await self._judge(receiver)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(status)

    async def _judge(self, receiver: DataReceiver) -> Any:
        """The answer to a mail that is there."""
        if receiver.excess is Excess.SIZE:
            return "552 Error: Too much mail data"
        if receiver.excess is not None:
            return "500 Line too long (see RFC5321 4.5.3.1.6)"
        assert self.envelope is not None
        self.envelope.content = self.envelope.original_content = receiver.content()
        status = await self._call_handler_hook("DATA")
        return "250 OK" if status is MISSING else status
