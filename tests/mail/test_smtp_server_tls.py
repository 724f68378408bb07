from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme

from mail.smtp_server import replies
from mail.smtp_server.server import SmtpLimits
from tests.mail.smtp_wire import run_server

MAIL = b"Subject: x\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(server's, client's)"""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


async def test_a_mail_over_starttls_knows_its_tls_version(contexts: Contexts) -> None:
    async with run_server(tls=contexts[0]) as station, station.connect() as wire:
        assert "250-STARTTLS" in await wire.ask("EHLO c")
        assert await wire.ask("STARTTLS") == str(replies.READY_FOR_TLS)
        await wire.start_tls(contexts[1])
        assert await wire.ask("MAIL FROM:<a@b.c>") == str(replies.HELO_FIRST)
        again = await wire.ask("EHLO c")
        assert "STARTTLS" not in again
        assert "AUTH" not in again
        assert await wire.ask("STARTTLS") == str(replies.TLS_TWICE)
        large = b"Subject: x\r\n\r\n" + b"..dot and text\r\n" * 50_000
        assert await wire.send_mail(large) == str(replies.ACCEPTED)
        (mail,) = station.inbox.mails
        assert mail.tls == "TLSv1.3"
        assert mail.data == large.replace(b"..dot", b".dot")
        assert await wire.ask("QUIT") == str(replies.BYE)
        assert await wire.is_closed()
    assert station.server.stats.open == 0


async def test_tls_forgets_what_was_said_in_clear(contexts: Contexts) -> None:
    async with run_server(tls=contexts[0]) as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.ask("MAIL FROM:<clear@b.c>")
        await wire.ask("RCPT TO:<support@ours.example>")
        await wire.ask("STARTTLS")
        await wire.start_tls(contexts[1])
        await wire.ask("EHLO c")
        assert await wire.ask("DATA") == str(replies.RCPT_FIRST)


async def test_commands_slipped_in_behind_starttls_end_the_connection(contexts: Contexts) -> None:
    async with run_server(tls=contexts[0]) as station, station.connect() as wire:
        await wire.say(b"EHLO c\r\nSTARTTLS\r\nMAIL FROM:<x@y.z>\r\n")
        await wire.hear()
        assert await wire.hear() == str(replies.TLS_PIPELINED)
        assert await wire.is_closed()


async def test_a_failed_handshake_ends_the_connection_and_frees_its_place(
    contexts: Contexts,
) -> None:
    async with run_server(tls=contexts[0]) as station:
        async with station.connect() as wire:
            await wire.ask("STARTTLS")
            await wire.say(b"this is no TLS at all\r\n" * 5)
            await asyncio.wait_for(wire.reader.read(), 20)
        while station.server.stats.open:
            await asyncio.sleep(0.001)
        assert station.server.stats.refused == {"tls_handshake": 1}
        async with station.connect() as wire:
            assert await wire.send_mail(MAIL) == str(replies.ACCEPTED)


async def test_a_handshake_that_never_comes_times_out(contexts: Contexts) -> None:
    limits = SmtpLimits(command_timeout=0.1)
    async with run_server(limits, tls=contexts[0]) as station, station.connect() as wire:
        await wire.ask("STARTTLS")
        await asyncio.wait_for(wire.reader.read(), 20)
        while station.server.stats.open:
            await asyncio.sleep(0.001)


async def test_silence_under_tls_times_out(contexts: Contexts) -> None:
    limits = SmtpLimits(command_timeout=1)
    async with run_server(limits, tls=contexts[0]) as station, station.connect() as wire:
        await wire.ask("STARTTLS")
        await wire.start_tls(contexts[1])
        assert await wire.hear() == str(replies.TIMED_OUT)


async def test_a_tls_connection_lost_within_a_mail_delivers_nothing(contexts: Contexts) -> None:
    async with run_server(tls=contexts[0]) as station, station.connect() as wire:
        await wire.ask("STARTTLS")
        await wire.start_tls(contexts[1])
        await wire.begin_mail()
        await wire.say(MAIL)
        wire.writer.transport.abort()
        while station.server.stats.open:
            await asyncio.sleep(0.001)
        assert station.inbox.mails == []


async def test_stopping_ends_tls_connections_too(contexts: Contexts) -> None:
    async with run_server(tls=contexts[0]) as station, station.connect() as wire:
        await wire.ask("STARTTLS")
        await wire.start_tls(contexts[1])
        await wire.ask("EHLO c")
        await asyncio.wait_for(station.server.stop(5), 20)
        assert await wire.hear() == str(replies.SHUTTING_DOWN)
