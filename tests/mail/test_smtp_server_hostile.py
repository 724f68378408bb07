"""What a hostile, broken or unlucky client gets from our SMTP server."""

from __future__ import annotations

import asyncio
import socket
import struct
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from mail.smtp_server import replies
from mail.smtp_server.replies import Reply
from mail.smtp_server.server import SmtpLimits
from mail.smtp_server.session import SmtpSession
from tests.mail.smtp_wire import Wire, run_server

MAIL = b"Subject: x\r\n\r\nHello\r\n"
SMALL = SmtpLimits(size=2000, header_bytes=500, line_length=300)


async def pour(wire: Wire, piece: bytes, pieces: int) -> bool:
    """Send the piece again and again; False when the server does not let us."""
    try:
        for _ in range(pieces):
            await wire.say(piece)
    except ConnectionError:
        return False
    return True


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n\x00.\r\n"])
async def test_a_second_mail_cannot_be_smuggled_into_the_first(end: bytes) -> None:
    async with run_server() as station, station.connect() as wire:
        smuggled = (
            b"MAIL FROM:<ceo@ours.example>\r\nRCPT TO:<support@ours.example>\r\nDATA\r\n"
            b"Subject: smuggled\r\n"
        )
        text = b"Subject: outer\r\n\r\nHello" + end + smuggled
        assert await wire.send_mail(text) == str(replies.ACCEPTED)
        assert await wire.ask("NOOP") == str(replies.OK)
        (mail,) = station.inbox.mails
        assert mail.data == text.replace(b"\r\n.", b"\r\n")
        assert mail.envelope.mail_from == "ana@far.example"


@pytest.mark.parametrize(
    ("text", "reply", "goes_on"),
    [
        (
            b"Subject: x\r\n\r\n" + b"x" * 98 + b"\r\n" + b"y" * 2000 + b"\r\n",
            replies.TOO_LARGE,
            True,
        ),
        (b"Subject: x\r\n\r\n" + (b"y" * 98 + b"\r\n") * 20, replies.TOO_LARGE, True),
        (b"Subject: " + b"x" * 600 + b"\r\n\r\n", replies.HEADER_TOO_LARGE, False),
        (b"X: y\r\n" * 100 + b"\r\n", replies.HEADER_TOO_LARGE, False),
        (b"Subject: x\r\n\r\n" + b"y" * 301 + b"\r\n", replies.LINE_TOO_LONG, False),
        (b"Received: x\r\n" * 10 + b"\r\n", replies.MAIL_LOOP, True),
        (b"Subject: x\r\n\r\n" + (b"y" * 98 + b"\r\n") * 19, replies.ACCEPTED, True),
        (b"Subject: x\r\n\r\n" + b"y" * 298 + b"\r\n", replies.ACCEPTED, True),
        (b"Received: x\r\n" * 9 + b"\r\n" + b"Received: x\r\n" * 9, replies.ACCEPTED, True),
    ],
)
async def test_limits_of_a_mail(text: bytes, reply: Reply, goes_on: bool) -> None:
    # The first one exceeds size and line length: a line is found too long before its end.
    limits = SmtpLimits(size=2000, header_bytes=500, line_length=300, hops=10)
    if b"y" * 2000 in text:
        limits = SmtpLimits(size=2000, header_bytes=500)
    async with run_server(limits) as station, station.connect() as wire:
        assert await wire.send_mail(text) == str(reply)
        assert len(station.inbox.mails) == reply.is_success
        if goes_on:
            assert await wire.send_mail(MAIL) == str(replies.ACCEPTED)
        else:
            assert await wire.is_closed()


async def test_a_header_line_of_3_mb_is_refused_where_the_client_expects_it() -> None:
    async with run_server() as station, station.connect() as wire:
        tracemalloc.start()
        try:
            await wire.begin_mail()
            assert await pour(wire, b"Subject: " + b"A" * 100_000, 30)
            await wire.say(b"\r\n\r\nHello\r\n.\r\n")
            assert await wire.hear() == str(replies.HEADER_TOO_LARGE)
            assert await wire.is_closed()
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()
        assert station.inbox.mails == []


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"Subject: ", b"A" * 65536),
        (b"Subject: x\r\n\r\n", b"A" * 65536),
        (b"Subject: x\r\n\r\n", b"line\r\n" * 10_000),
        (b"", b"X-Header: y\r\n" * 5_000),
        (b"", b"\x00" * 65536),
    ],
)
async def test_a_mail_without_end_is_refused_without_eating_memory(
    start: bytes, piece: bytes
) -> None:
    limits = SmtpLimits(size=1_000_000)
    async with run_server(limits) as station, station.connect() as wire:
        await wire.begin_mail()
        await wire.say(start)
        tracemalloc.start()
        try:
            await pour(wire, piece, 2 * limits.drain // len(piece))
            assert tracemalloc.get_traced_memory()[1] < 6_000_000
        finally:
            tracemalloc.stop()
        refused = station.server.stats.refused
        assert set(refused) <= {"too_large", "header_too_large", "line_too_long"}
        assert sum(refused.values()) == 1
        assert station.inbox.mails == []


async def test_a_client_that_floods_still_reads_why() -> None:
    limits = SmtpLimits(size=1_000_000)
    async with run_server(limits) as station, station.connect() as wire:
        await wire.begin_mail()
        await pour(wire, b"A" * 65536, limits.drain // 65536 + 2)
        assert await wire.hear() == str(replies.HEADER_TOO_LARGE)


async def test_a_command_without_end_is_refused() -> None:
    async with run_server() as station, station.connect() as wire:
        await pour(wire, b"A" * 16384, 8)
        assert await wire.hear() == str(replies.COMMAND_TOO_LONG)
        wire.close()
        async with station.connect() as other:
            assert await other.ask("EHLO " + "a" * 5000) == str(replies.COMMAND_TOO_LONG)
            assert await other.ask("NOOP") == str(replies.OK)


@pytest.mark.parametrize(
    "line", [b"NO\x00OP", b"EHLO a\rMAIL FROM:<x@y>", b"NO\xc3\xb6P", b"EHLO \x1b[2J", b"\xff\xff"]
)
async def test_control_characters_in_commands_are_refused(line: bytes) -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.say(line + b"\r\n")
        assert await wire.hear() == str(replies.BAD_SYNTAX)


async def test_a_host_name_in_another_charset_is_kept_readable() -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.say(b"HELO B\xfcro-PC\r\n")
        assert (await wire.hear()).startswith("250 ")
        for command in ("MAIL FROM:<a@b.c>", "RCPT TO:<support@ours.example>", "DATA", "x\r\n."):
            await wire.ask(command)
        (mail,) = station.inbox.mails
        assert mail.helo == "B\ufffdro-PC"


async def test_an_address_that_is_not_utf8_is_refused() -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.say(b"MAIL FROM:<b\xfcro@far.example>\r\n")
        assert await wire.hear() == str(replies.BAD_SENDER)


@pytest.mark.parametrize("command", ["GET / HTTP/1.1", "POST /x HTTP/1.1", "CONNECT a:25 HTTP/1.1"])
async def test_a_web_browser_is_shown_the_door(command: str) -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.say(f"{command}\r\nHost: x\r\n\r\nHELO x\r\n".encode())
        assert await wire.hear() == str(replies.NOT_SMTP)


async def test_a_connection_lost_within_a_mail_delivers_nothing() -> None:
    async with run_server() as station:
        for stop in (b"", MAIL, MAIL + b".", MAIL + b".\r"):
            async with station.connect() as wire:
                await wire.begin_mail()
                await wire.say(stop)
                wire.writer.write_eof()
                assert await wire.is_closed()
        async with station.connect() as wire:
            await wire.begin_mail()
            await wire.say(MAIL)
            wire.writer.transport.abort()
        async with station.connect() as wire:
            assert await wire.send_mail(MAIL) == str(replies.ACCEPTED)
        assert len(station.inbox.mails) == 1


async def test_a_connection_lost_after_the_mail_was_whole_lets_it_be_stored() -> None:
    async with run_server() as station, station.connect() as wire:
        station.inbox.gate = asyncio.Event()
        await wire.begin_mail()
        await wire.say(MAIL + b".\r\n")
        await asyncio.wait_for(station.inbox.entered.wait(), 20)
        reset(wire)
        while station.server.stats.open:
            await asyncio.sleep(0.001)
        station.inbox.gate.set()
        await asyncio.wait_for(station.inbox.stored.wait(), 20)
        assert station.inbox.mails[0].data == MAIL


def reset(wire: Wire) -> None:
    """End the connection the hard way: a TCP reset, no good-bye."""
    client = wire.writer.get_extra_info("socket")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.writer.transport.abort()


async def test_more_recipients_than_allowed_are_asked_to_come_later() -> None:
    limits = SmtpLimits(recipients=3, errors_before_disconnect=5)
    server = run_server(limits, is_ours=lambda _address: replies.RCPT_OK)
    async with server as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.ask("MAIL FROM:<a@b.c>")
        answers = [await wire.ask(f"RCPT TO:<r{n}@ours.example>") for n in range(20)]
        assert answers == [str(replies.RCPT_OK)] * 3 + [str(replies.TOO_MANY_RECIPIENTS)] * 17
        await wire.ask("DATA")
        assert await wire.ask("x\r\n.") == str(replies.ACCEPTED)
        assert len(station.inbox.mails[0].envelope.rcpt_to) == 3


async def test_too_many_connections_are_turned_away_and_their_places_come_back() -> None:
    async with run_server(SmtpLimits(connections=2)) as station:
        async with station.connect(), station.connect() as second:
            async with station.connect(greeting=False) as third:
                assert await third.hear() == str(replies.TOO_MANY_CONNECTIONS)
                assert await third.is_closed()
            await second.ask("QUIT")
            assert await second.is_closed()
            async with station.connect() as third:
                assert await third.ask("NOOP") == str(replies.OK)
        assert station.server.stats.refused == {"too_many_connections": 1}


async def test_too_many_connections_from_one_place_are_turned_away() -> None:
    limits = SmtpLimits(connections=10, connections_per_peer=1)
    async with (
        run_server(limits) as station,
        station.connect(),
        station.connect(greeting=False) as second,
    ):
        assert await second.hear() == str(replies.TOO_MANY_CONNECTIONS)


async def test_too_many_errors_end_the_connection() -> None:
    limits = SmtpLimits(errors_before_disconnect=3)
    async with run_server(limits) as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.ask("MAIL FROM:<a@b.c>")
        for number in range(4):
            answer = await wire.ask(f"RCPT TO:<guess{number}@ours.example>")
            assert answer == str(replies.UNKNOWN_RECIPIENT)
        assert await wire.hear() == str(replies.TOO_MANY_ERRORS)
        assert await wire.is_closed()


async def test_commands_that_lead_nowhere_end_the_connection() -> None:
    async with run_server(SmtpLimits(idle_commands=5)) as station, station.connect() as wire:
        for _ in range(5):
            assert await wire.ask("NOOP") == str(replies.OK)
        await wire.ask("NOOP")
        assert await wire.hear() == str(replies.TOO_MANY_ERRORS)


async def test_silence_between_commands_ends_the_connection() -> None:
    async with run_server(SmtpLimits(command_timeout=0.05)) as station, station.connect() as wire:
        assert await wire.hear() == str(replies.TIMED_OUT)
        assert await wire.is_closed()
        assert station.server.stats.open == 0


async def test_a_command_byte_by_byte_gets_no_more_time_than_silence() -> None:
    async with run_server(SmtpLimits(command_timeout=0.1)) as station, station.connect() as wire:
        dripping = asyncio.create_task(drip(wire))
        assert await wire.hear() == str(replies.TIMED_OUT)
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


async def test_a_mail_byte_by_byte_gets_no_more_time_than_allowed() -> None:
    async with run_server(SmtpLimits(data_timeout=0.1)) as station, station.connect() as wire:
        await wire.begin_mail()
        dripping = asyncio.create_task(drip(wire))
        assert await wire.hear() == str(replies.TIMED_OUT)
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        assert station.inbox.mails == []


async def drip(wire: Wire) -> None:
    while True:
        await wire.say(b"a")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("rate", "reply"), [(1, replies.ACCEPTED), (10**6, replies.TIMED_OUT)])
async def test_a_mail_gets_the_time_that_its_size_needs(rate: int, reply: Reply) -> None:
    limits = SmtpLimits(data_rate=rate, data_timeout=100)
    async with run_server(limits) as station, station.connect() as wire:
        await wire.begin_mail()
        (session,) = station.server._desk.visitors
        assert isinstance(session, SmtpSession)
        session._data_since -= 1000  # as if it had begun that long ago
        await wire.say((b"x" * 98 + b"\r\n") * 200)
        while station.server._desk.memory < 20_000:
            await asyncio.sleep(0.001)
        session._timeout_cb()  # as if the timer had fired now
        if reply.is_success:
            await wire.say(b".\r\n")
        assert await wire.hear() == str(reply)


async def test_a_store_that_hangs_does_not_hold_the_client() -> None:
    async with run_server(SmtpLimits(deliver_timeout=0.05)) as station, station.connect() as wire:
        station.inbox.gate = asyncio.Event()
        assert await wire.send_mail(MAIL) == str(replies.TIMED_OUT)
        station.inbox.gate.set()


async def test_an_old_connection_is_closed_before_its_next_command() -> None:
    async with run_server(SmtpLimits(session_timeout=0.1)) as station, station.connect() as wire:
        assert await wire.hear() == str(replies.TIMED_OUT)


async def test_a_client_that_reads_nothing_is_dropped() -> None:
    async with run_server(SmtpLimits(command_timeout=0.1)) as station, station.connect() as wire:
        for session in station.server._desk.visitors:
            assert isinstance(session, SmtpSession)
            session.pause_writing()  # as its transport would
        await wire.say(b"NOOP\r\nNOOP\r\n")
        assert await wire.hear() == str(replies.OK)
        assert await wire.hear() == str(replies.TIMED_OUT)


@pytest.fixture
async def crowded() -> AsyncIterator[tuple[Wire, Wire]]:
    async with (
        run_server(SmtpLimits(memory=10_000)) as station,
        station.connect() as first,
        station.connect() as second,
    ):
        yield first, second


async def test_more_mail_at_once_than_memory_is_asked_to_come_later(
    crowded: tuple[Wire, Wire],
) -> None:
    first, second = crowded
    await first.begin_mail()
    await first.say(b"Subject: x\r\n\r\n" + (b"x" * 98 + b"\r\n") * 90)
    await second.begin_mail()
    await second.say(b"Subject: x\r\n\r\n" + (b"x" * 98 + b"\r\n") * 90)
    await second.say(b".\r\n")
    assert await second.hear() == str(replies.TOO_BUSY)
    await first.say(b".\r\n")
    assert await first.hear() == str(replies.ACCEPTED)
    assert await second.send_mail(MAIL) == str(replies.ACCEPTED)


async def test_memory_is_given_back_whatever_becomes_of_a_mail() -> None:
    async with run_server(SmtpLimits(size=5000, header_bytes=500)) as station:
        desk = station.server._desk
        for text in (MAIL, b"x" * 600, b"a: b\r\n\r\n" + b"x" * 6000):
            async with station.connect() as wire:
                await wire.send_mail(text + b"\r\n")
            async with station.connect() as wire:
                await wire.begin_mail()
                await wire.say(text)
        while station.server.stats.open:
            await asyncio.sleep(0.001)
        while desk.tasks:
            await asyncio.sleep(0.001)
        assert desk.memory == 0
        assert not desk.peers
