"""Canal's own SMTP server: takes mail for our addresses, and for nobody else's.

    SmtpServer ── one SmtpDesk (limits, counts, who is connected)
        └── one SmtpSession a connection (commands: aiosmtpd's, made fast in smtp_protocol)
                └── deliver(ReceivedMail): 250 only after it has returned

It runs in the event loop that starts it. The bytes of a mail are handed over as they came; the
envelope is kept beside them.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from ssl import SSLContext

from mail.errors import ListenFailed
from mail.model import ReceivedMail
from mail.smtp_server.desk import SmtpDesk
from mail.smtp_server.limits import SmtpLimits, SmtpStats
from mail.smtp_server.replies import Reply
from mail.smtp_server.session import SmtpSession

__all__ = ["SmtpLimits", "SmtpServer", "SmtpStats"]

_BACKLOG = 512


class SmtpServer:
    """Listens on `host`:`port` (0: any free port) from `start` to `stop`.

    `is_ours(address)` answers each RCPT with a `Reply` of `replies`: RCPT_OK or why not.
    It gets the address without brackets, comments and source route, as the client spelt it (case,
    quotes where needed); `postmaster` may come without a domain. It must not block.

    `deliver(mail)` returns when the mail is stored for good. `MailRefused` gives the client a reply
    of its own, `TooLarge` gives 552 5.3.4, any other error 451 4.3.0. It may be called for several
    mails at a time and, when the connection is lost then, is not cancelled.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        is_ours: Callable[[str], Reply],
        deliver: Callable[[ReceivedMail], Awaitable[None]],
        hostname: str,
        limits: SmtpLimits | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._desk = SmtpDesk(hostname, is_ours, deliver, limits or SmtpLimits(), tls)
        self._servers: list[asyncio.Server] = []

    @property
    def stats(self) -> SmtpStats:
        return self._desk.stats

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: numeric address and real port. Only between `start` and `stop`."""
        if not self._servers:
            raise RuntimeError("The SMTP server is not running")
        name = self._servers[0].sockets[0].getsockname()
        return name[0], name[1]

    async def start(self) -> None:
        """Begin to listen. ListenFailed says in one sentence why that is not possible."""
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's: see smtp_session
        self._desk.closing = False
        try:
            targets = await self._resolve()
            await self._listen(targets)
        except OSError as error:
            await self.stop(0)
            raise ListenFailed(self._explain(error)) from error

    async def stop(self, grace: float = 10.0) -> None:
        """Stop listening, let mails in hand be stored for `grace` seconds, close what is left."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        self._desk.closing = True
        for visitor in list(self._desk.visitors):
            visitor.wind_up()
        if self._desk.tasks:
            await asyncio.wait(self._desk.tasks, timeout=grace)
        tasks = list(self._desk.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in servers:
            await server.wait_closed()

    async def _resolve(self) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            self._host or None, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        hosts = list(dict.fromkeys(str(info[4][0]) for info in found))
        # Each address would get a port of its own.
        return hosts if self._port else hosts[:1]

    async def _listen(self, hosts: list[str]) -> None:
        """Listen on all addresses of the host that this machine has."""
        loop = asyncio.get_running_loop()
        missing: OSError | None = None
        for host in hosts:
            try:
                server = await loop.create_server(
                    lambda: SmtpSession(self._desk), host, self._port, backlog=_BACKLOG
                )
            except OSError as error:
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                    raise
                missing = error
            else:
                self._servers.append(server)
        if not self._servers and missing is not None:
            raise missing

    def _explain(self, error: OSError) -> str:
        place = f"{self._host or '*'}:{self._port}"
        if error.errno == errno.EADDRINUSE:
            return (
                f"Canal cannot receive mail on {place}: another program listens there already. "
                "Stop it, or choose another port in CANAL_SMTP_LISTEN."
            )
        if error.errno in {errno.EACCES, errno.EPERM}:
            return (
                f"Canal cannot receive mail on {place}: this user may not open the port. "
                "Choose a port above 1023 in CANAL_SMTP_LISTEN, or allow it to."
            )
        if isinstance(error, socket.gaierror):
            return f"Canal cannot receive mail on {place}: the host name cannot be resolved."
        if error.errno == errno.EADDRNOTAVAIL:
            return f"Canal cannot receive mail on {place}: this machine has no such address."
        return f"Canal cannot receive mail on {place}: {error.strerror or type(error).__name__}."
