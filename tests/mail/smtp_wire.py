"""A raw SMTP client for the tests: says exactly these bytes, and reads whole replies."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mail.model import ReceivedMail
from mail.smtp_server import replies
from mail.smtp_server.replies import Reply
from mail.smtp_server.server import SmtpLimits, SmtpServer

PATIENCE = 20


class Wire:
    """One connection. `ask` returns the reply's lines joined by a space."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await asyncio.wait_for(self.writer.drain(), PATIENCE)

    async def hear(self) -> str:
        lines: list[str] = []
        while True:
            line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
            if not line:
                return " ".join([*lines, "<closed>"])
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] != b"-":
                return " ".join(lines)

    async def ask(self, command: str) -> str:
        await self.say(command.encode() + b"\r\n")
        return await self.hear()

    async def begin_mail(self, recipient: str = "support@ours.example") -> None:
        """Up to the 354."""
        for command in ("EHLO client", "MAIL FROM:<ana@far.example>", f"RCPT TO:<{recipient}>"):
            assert (await self.ask(command)).startswith("250")
        assert (await self.ask("DATA")).startswith("354")

    async def send_mail(self, text: bytes, recipient: str = "support@ours.example") -> str:
        """The reply to a whole mail; `text` as it goes over the wire, without the end."""
        await self.begin_mail(recipient)
        await self.say(text + b".\r\n")
        return await self.hear()

    async def is_closed(self) -> bool:
        return await asyncio.wait_for(self.reader.read(), PATIENCE) == b""

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await self.writer.start_tls(context, server_hostname="localhost")

    def close(self) -> None:
        self.writer.close()


def answer_rcpt(address: str) -> Reply:
    """Serves support@, billing@ and postmaster@ours.example; paused@ is paused."""
    local, _, domain = address.lower().rpartition("@")
    if domain != "ours.example":
        return replies.UNKNOWN_RECIPIENT
    if local == "paused":
        return replies.RECIPIENT_PAUSED
    known = {"support", "billing", "postmaster", '"two words"', "büro"}
    return replies.RCPT_OK if local in known else replies.UNKNOWN_RECIPIENT


@dataclass
class Inbox:
    """Takes mails; fails or waits when told to."""

    mails: list[ReceivedMail] = field(default_factory=list)
    failure: Exception | None = None
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, mail: ReceivedMail) -> None:
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.mails.append(mail)
        self.stored.set()


@dataclass
class Station:
    """A running server and its inbox."""

    server: SmtpServer
    inbox: Inbox

    @asynccontextmanager
    async def connect(self, *, greeting: bool = True) -> AsyncIterator[Wire]:
        reader, writer = await asyncio.open_connection(*self.server.address)
        wire = Wire(reader, writer)
        try:
            if greeting:
                assert (await wire.hear()).startswith("220 ")
            yield wire
        finally:
            wire.close()


@asynccontextmanager
async def run_server(
    limits: SmtpLimits | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    is_ours: Callable[[str], Reply] = answer_rcpt,
) -> AsyncIterator[Station]:
    inbox = Inbox()
    server = SmtpServer(
        host="127.0.0.1",
        port=0,
        is_ours=is_ours,
        deliver=inbox.deliver,
        hostname="mx.ours.example",
        limits=limits,
        tls=tls,
    )
    await server.start()
    try:
        yield Station(server, inbox)
    finally:
        await server.stop(0)
