"""Send mail through a smarthost or the SMTP server of a mailbox, with a few warm connections.

A connection is kept for the next mail for a minute and is used for a bounded number of mails. When
the server has given it up meanwhile (421, end of file), the mail goes over a new one and nobody
notices.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from mail.errors import AddressError, LoginFailed, LoginLater
from mail.sending import errors
from mail.sending.account import Security, SmtpAccount
from mail.sending.connection import OnHandover, SmtpConnection, Stale
from mail.sending.login import LoginPause
from mail.sending.parcel import Parcel
from mail.sending.results import FailureReason, Outcome, RecipientResult, SendResult
from mail.sentences import say

__all__ = [
    "FailureReason",
    "Outcome",
    "ProbeResult",
    "RecipientResult",
    "Security",
    "SendResult",
    "SmtpAccount",
    "SmtpSender",
]


async def _no_handover() -> None:
    return None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a look at the server showed. `seconds` is how long it took, `tls` None when in clear."""

    host: str
    port: int
    tls: str | None
    logged_in: bool
    size_limit: int | None
    extensions: tuple[str, ...]
    auth: tuple[str, ...]
    seconds: float


class SmtpSender:
    """Sends through one account. Safe for many tasks; they share `max_connections`."""

    def __init__(
        self,
        account: SmtpAccount,
        *,
        max_connections: int = 2,
        idle_seconds: float = 60.0,
        mails_per_connection: int = 100,
    ) -> None:
        self.account = account
        self._idle_seconds = idle_seconds
        self._mails_per_connection = mails_per_connection
        self._slots = asyncio.Semaphore(max_connections)
        self._idle: list[SmtpConnection] = []
        self._timer: asyncio.TimerHandle | None = None
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._closed = False
        self._login_pause = LoginPause()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(
        self,
        envelope_from: str,
        recipients: Sequence[str],
        data: bytes,
        *,
        on_handover: OnHandover = _no_handover,
    ) -> SendResult:
        """Hand one mail over; "" as `envelope_from` is the null sender of automatic mail.

        `on_handover` is awaited right before the mail itself is sent: from then on a lost
        connection leaves it open whether the mail was taken.

        Returns a result for every recipient. Raises AddressError or TooLarge before anything was
        said, ConnectFailed, TlsFailed, LoginFailed or Deferred when surely nothing was accepted,
        Refused when the sender was, and Ambiguous when the mail may have left. Cancelled in the
        middle, it may have left as well.
        """
        parcel = Parcel.build(envelope_from, tuple(recipients), data)
        if not parcel.recipients:
            raise AddressError(say("The mail has no recipient."))
        async with self._slots:
            while True:
                connection, fresh = await self._take()
                try:
                    result = await connection.send(parcel, on_handover)
                except Stale as stale:
                    connection.close()
                    if fresh:
                        raise errors.lost(self.account) from stale
                except BaseException:
                    connection.close()
                    raise
                else:
                    self._give_back(connection)
                    return result

    async def probe(self, envelope_from: str | None = None) -> ProbeResult:
        """Connect and log in afresh, and ask whether we may send as `envelope_from`, if given.

        Raises what `send` raises; no mail is sent.
        """
        started = time.monotonic()
        connection = await SmtpConnection.open(self.account)
        try:
            if envelope_from is not None:
                await connection.try_sender(envelope_from)
            client = connection.client
            return ProbeResult(
                host=self.account.host,
                port=self.account.port,
                tls=connection.tls_version,
                logged_in=self.account.has_login,
                size_limit=connection.size_limit,
                extensions=tuple(sorted(client.esmtp_extensions)),
                auth=tuple(sorted(client.server_auth_methods)),
                seconds=time.monotonic() - started,
            )
        finally:
            await connection.quit()

    async def close(self) -> None:
        """Say goodbye on idle connections; one that is at work ends with its mail."""
        self._closed = True
        self._drop(list(self._idle))
        if self._timer:
            self._timer.cancel()
        await asyncio.gather(*self._goodbyes)

    async def _take(self) -> tuple[SmtpConnection, bool]:
        """A connection, and whether it is a new one."""
        oldest = time.monotonic() - self._idle_seconds
        self._drop([one for one in self._idle if one.last_used < oldest or not one.usable])
        if self._idle:
            return self._idle.pop(), False
        return await self._open(), True

    async def _open(self) -> SmtpConnection:
        if self.account.token is not None:
            return await SmtpConnection.open(self.account)  # a refused token is asked for anew
        self._login_pause.check()
        try:
            connection = await SmtpConnection.open(self.account)
        except (LoginFailed, LoginLater) as error:
            self._login_pause.begin(error)
            raise
        self._login_pause.end()
        return connection

    def _give_back(self, connection: SmtpConnection) -> None:
        if self._closed or not connection.usable:
            connection.close()
            return
        connection.last_used = time.monotonic()
        self._idle.append(connection)
        if connection.sent >= self._mails_per_connection:
            self._drop([connection])
        elif self._timer is None:
            self._wake_later()

    def _drop(self, connections: list[SmtpConnection]) -> None:
        """Take these out of the pool and end them in the background."""
        for connection in connections:
            self._idle.remove(connection)
            goodbye = asyncio.ensure_future(connection.quit())
            self._goodbyes.add(goodbye)
            goodbye.add_done_callback(self._goodbyes.discard)

    def _wake_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._idle_seconds, self._on_timer)

    def _on_timer(self) -> None:
        """End what has been idle too long; come again while anything is left."""
        self._timer = None
        oldest = time.monotonic() - self._idle_seconds
        self._drop([one for one in self._idle if one.last_used <= oldest])
        if self._idle:
            self._wake_later()
