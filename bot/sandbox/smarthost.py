"""An SMTP server that takes everything, unless it is told to refuse or to hang up."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.sandbox.errors import SandboxError
from bot.sandbox.faults import Gate
from bot.sandbox.server import check_loopback

MAX_MAIL = 100 * 1024 * 1024

Answers = list[tuple[str, str]]
"""Each recipient that was named, and what the server answered for it."""
Keep = Callable[[Envelope, Answers], Awaitable[None]]


@dataclass(slots=True)
class _Script:
    """How to treat a recipient (a pattern such as "*@x.example"): `reply` at RCPT or after DATA."""

    pattern: str
    reply: str
    times: int | None
    at: str

    def matches(self, address: str) -> bool:
        return fnmatch.fnmatchcase(address.lower(), self.pattern.lower())


class Smarthost:
    """Hands each mail to `keep` and says 250 only after that."""

    def __init__(self, keep: Keep) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self._keep = keep
        self._scripts: list[_Script] = []
        self._drops: list[bool] = []
        self._gates: dict[str, Gate] = {}
        self._server: asyncio.Server | None = None
        self._sessions: set[_Smtp] = set()

    async def start(self, host: str, port: int) -> None:
        """Listens; port 0 takes a free one. Raises SandboxError."""
        check_loopback(host)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Smtp(self, self._sessions), host, port)
        except OSError as error:
            raise SandboxError(
                f"The mail catcher cannot listen on {host}:{port}: {error.strerror or error}."
            ) from error
        self.host, self.port = host, self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for session in list(self._sessions):
            _abort(session)
        await self._server.wait_closed()
        self._server = None

    def refuse(self, address: str, reply: str, times: int | None, at: str) -> None:
        self._scripts.append(_Script(address, reply, times, at))

    def drop(self, times: int, *, keep: bool) -> None:
        self._drops += [keep] * times

    def stop_at(self, step: str, *, done: bool) -> Gate:
        gate = self._gates[step] = Gate(done)
        return gate

    def accept_all(self) -> None:
        self._scripts.clear()
        self._drops.clear()
        for gate in self._gates.values():
            gate.opened.set()
        self._gates.clear()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._stand("RCPT", server)
        script = self._script_for(address, "RCPT")
        reply = "250 2.1.5 OK" if script is None else script.reply
        _answers(envelope).append((address, reply))
        if script is None:
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        for address in envelope.rcpt_tos:
            script = self._script_for(address, "DATA")
            if script is not None:
                return script.reply
        keep = self._drops.pop(0) if self._drops else None
        gate = self._gates.pop("DATA", None)
        if keep is not False and (gate is None or gate.done):
            await self._keep(envelope, _answers(envelope))
        if gate is not None:
            await gate.stand()
        if keep is not None or gate is not None:
            _abort(server)
        return "250 2.0.0 OK: caught"

    async def _stand(self, step: str, server: SMTP) -> None:
        gate = self._gates.pop(step, None)
        if gate is not None:
            await gate.stand()
            _abort(server)

    def _script_for(self, address: str, at: str) -> _Script | None:
        """The first script for this recipient, counted off."""
        for script in self._scripts:
            if script.at != at or not script.matches(address):
                continue
            if script.times is not None:
                script.times -= 1
                if script.times <= 0:
                    self._scripts.remove(script)
            return script
        return None


class _Smtp(SMTP):
    """aiosmtpd's protocol under the running loop; in `sessions` while it lives."""

    def __init__(self, smarthost: Smarthost, sessions: set[_Smtp]) -> None:
        super().__init__(
            smarthost,
            enable_SMTPUTF8=True,
            decode_data=False,
            data_size_limit=MAX_MAIL,
            hostname="catcher.localhost",
            ident="Canal mail catcher",
            loop=asyncio.get_running_loop(),
        )
        self._sessions = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._sessions.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)


def _answers(envelope: Envelope) -> Answers:
    found: Answers = envelope.__dict__.setdefault("canal_answers", [])
    return found


def _abort(session: SMTP) -> None:
    if isinstance(session.transport, asyncio.Transport):
        session.transport.abort()
