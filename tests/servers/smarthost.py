"""A smarthost for tests: a real SMTP server (aiosmtpd) that says what the test's script says.

It can refuse single recipients, the sender or the mail, for now or for good; hang up at any point;
want TLS, STARTTLS and a login; and it remembers every mail and every connection.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Drop(StrEnum):
    """Where the server hangs up without a word."""

    AT_CONNECT = "at connect"
    AT_MAIL = "at MAIL"
    AT_RCPT = "at RCPT"
    AT_DATA = "at DATA"
    IN_DATA = "in the middle of the mail"
    AFTER_DATA = "after the final dot"


@dataclass(frozen=True, slots=True)
class TakenMail:
    """A mail as it arrived, and over which connection."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    options: tuple[str, ...]
    connection: int
    user: str | None = None


@dataclass(slots=True)
class Script:
    """What the server does. Replies are whole lines such as `550 5.1.1 No such user`."""

    recipients: dict[str, str] = field(default_factory=dict)
    sender: str | None = None
    data_start: str | None = None
    data_end: str = "250 2.0.0 Ok: queued as 4F1A2B"
    drops: list[Drop] = field(default_factory=list)
    """Each is used once, in any order."""
    silent_after_data: bool = False
    closing: list[str] = field(default_factory=list)
    """Verbs (MAIL, RCPT) that are answered with 421 once, and the connection closed."""
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    auth_error: str = "535 5.7.8 Authentication credentials invalid"
    without: set[str] = field(default_factory=set)
    """EHLO keywords that are not offered."""


class Smarthost:
    """A running server; made by `run_smarthost`."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.port = 0
        self.connections = 0
        self.open: set[ScriptedSMTP] = set()
        self.mails: list[TakenMail] = []
        self.attempts: list[str] = []
        """Mechanisms of AUTH as they were tried."""
        self.gone = asyncio.Condition()
        self.arrived = asyncio.Event()
        """Set once a mail is there."""

    def take_drop(self, drop: Drop) -> bool:
        """Whether to hang up here; each drop happens once."""
        if drop in self.script.drops:
            self.script.drops.remove(drop)
            return True
        return False

    def take_closing(self, verb: str) -> bool:
        if verb in self.script.closing:
            self.script.closing.remove(verb)
            return True
        return False

    async def wait_until_no_connection(self) -> None:
        async with asyncio.timeout(5), self.gone:
            await self.gone.wait_for(lambda: not self.open)

    def hang_up(self) -> None:
        """Cut every connection, as a server does that restarts."""
        for one in list(self.open):
            one.hang_up()


class ScriptedSMTP(SMTP):
    """aiosmtpd's server with the script's interruptions."""

    def __init__(self, host: Smarthost, **options: Any) -> None:
        self.host = host
        super().__init__(self, **options)
        self.number = 0
        self.raw: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.number == 0:  # STARTTLS calls again
            self.host.connections += 1
            self.number = self.host.connections
            self.host.open.add(self)
            self.raw = cast("asyncio.Transport", transport)
            if self.host.take_drop(Drop.AT_CONNECT):
                self.raw.abort()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.host.open.discard(self)
        asyncio.ensure_future(self._tell())  # noqa: RUF006 - ends at once

    async def _tell(self) -> None:
        async with self.host.gone:
            self.host.gone.notify_all()

    def hang_up(self) -> None:
        """Cut the wire itself: a TLS handshake that failed leaves no other way to end it."""
        if self.raw is not None:
            self.raw.abort()

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        self.host.attempts.append(arg.split(" ")[0])
        await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.host.take_drop(Drop.AT_DATA):
            self.hang_up()
            return
        if self.host.script.data_start:
            await self.push(self.host.script.data_start)
            return
        if self.host.take_drop(Drop.IN_DATA):
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.readexactly(10)
            self.hang_up()
            return
        await super().smtp_DATA(arg)

    # The hooks of aiosmtpd's handler protocol.

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, name: str, lines: list[str]
    ) -> list[str]:
        session.host_name = name
        without = self.host.script.without
        return [line for line in lines if not any(word in line[4:].split() for word in without)]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.host.take_drop(Drop.AT_MAIL):
            self.hang_up()
        if self.host.take_closing("MAIL"):
            asyncio.get_running_loop().call_soon(self.hang_up)
            return "421 4.4.2 Idle for too long"
        if self.host.script.sender:
            return self.host.script.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.host.take_drop(Drop.AT_RCPT):
            self.hang_up()
        if self.host.take_closing("RCPT"):
            return "421 4.3.2 Shutting down"
        refusal = self.host.script.recipients.get(address)
        if refusal and not refusal.startswith("2"):
            return refusal
        envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        if self.host.script.data_end.startswith("2"):
            auth = session.auth_data if session.authenticated else None
            self.host.mails.append(
                TakenMail(
                    envelope.mail_from or "",
                    tuple(envelope.rcpt_tos),
                    content,
                    tuple(envelope.mail_options),
                    self.number,
                    auth if isinstance(auth, str) else None,
                )
            )
            self.host.arrived.set()
        if self.host.take_drop(Drop.AFTER_DATA):
            self.hang_up()
        if self.host.script.silent_after_data:
            await asyncio.Event().wait()
        return self.host.script.data_end

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        words = base64.b64decode(args[1]).decode().split("\x01")
        return self._token_result(words[1].removeprefix("auth=Bearer "), words[0][5:])

    async def auth_OAUTHBEARER(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        words = base64.b64decode(args[1]).decode().split("\x01")
        token = next(word[12:] for word in words if word.startswith("auth=Bearer "))
        return self._token_result(token, words[0].removeprefix("n,a=").rstrip(","))

    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        challenge = b"<1896.697170952@smarthost>"
        answer = await server.challenge_auth(challenge)
        user, _, digest = bytes(answer or b"").decode().partition(" ")  # type: ignore[arg-type]
        password = self.host.script.passwords.get(user, "").encode()
        if hmac.compare_digest(hmac.new(password, challenge, "md5").hexdigest(), digest):
            return AuthResult(success=True, auth_data=user)
        return AuthResult(success=False, handled=False, message=self.host.script.auth_error)

    def _token_result(self, token: str, user: str) -> AuthResult:
        if token in self.host.script.tokens:
            return AuthResult(success=True, auth_data=user)
        return AuthResult(success=False, handled=False, message=self.host.script.auth_error)


def _authenticator(host: Smarthost) -> Callable[..., AuthResult]:
    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        if host.script.passwords.get(user) == password:
            return AuthResult(success=True, auth_data=user)
        return AuthResult(success=False, handled=False, message=host.script.auth_error)

    return check


@asynccontextmanager
async def run_smarthost(
    script: Script | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    auth_without_tls: bool = True,
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN"),
    size: int = 1_000_000,
    smtputf8: bool = True,
) -> AsyncIterator[Smarthost]:
    """A smarthost on a free port of 127.0.0.1."""
    host = Smarthost(script or Script())
    loop = asyncio.get_running_loop()
    known = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")
    options: dict[str, Any] = {
        "data_size_limit": size,
        "enable_SMTPUTF8": smtputf8,
        "tls_context": starttls,
        "auth_require_tls": not auth_without_tls,
        "auth_exclude_mechanism": [one for one in known if one not in mechanisms],
        "authenticator": _authenticator(host),
        "loop": loop,
    }
    server = await loop.create_server(
        lambda: ScriptedSMTP(host, **options), "127.0.0.1", 0, ssl=tls
    )
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()
        host.hang_up()
        for _ in range(10):  # transports close a few turns of the loop after they are told to
            await asyncio.sleep(0)
        await server.wait_closed()
