"""The dialogue of our SMTP server, as an honest client sees it."""

from __future__ import annotations

import asyncio
import socket

import aiosmtplib
import pytest

from mail.errors import ListenFailed, TooLarge
from mail.smtp_server import replies
from mail.smtp_server.replies import MailRefused, Reply
from mail.smtp_server.server import SmtpLimits, SmtpServer
from tests.mail.smtp_wire import Inbox, run_server

MAIL = b"From: ana@far.example\r\nSubject: Help\r\n\r\nHello\r\n"


async def test_a_mail_arrives_with_its_bytes_and_its_envelope() -> None:
    async with run_server() as station, station.connect() as wire:
        text = b"Subject: \xff\x00 8bit\r\n\r\n..one dot\r\nbare \n lf \r cr\r\nend\r\n"
        assert await wire.send_mail(text) == str(replies.ACCEPTED)
        (mail,) = station.inbox.mails
        assert mail.data == text.replace(b"..one", b".one")
        assert mail.envelope.mail_from == "ana@far.example"
        assert mail.envelope.rcpt_to == ("support@ours.example",)
        assert (mail.peer, mail.helo, mail.tls) == ("127.0.0.1", "client", None)
        assert await wire.ask("QUIT") == str(replies.BYE)
        assert await wire.is_closed()


async def test_250_is_said_only_after_the_mail_is_stored() -> None:
    async with run_server() as station, station.connect() as wire:
        station.inbox.gate = asyncio.Event()
        await wire.begin_mail()
        await wire.say(MAIL + b".\r\n")
        await asyncio.wait_for(station.inbox.entered.wait(), 20)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wire.reader.readexactly(1), 0.05)
        station.inbox.gate.set()
        assert await wire.hear() == str(replies.ACCEPTED)


async def test_ehlo_offers_what_the_server_does_and_nothing_else() -> None:
    async with run_server() as station, station.connect() as wire:
        answer = await wire.ask("EHLO client.example")
        assert answer == (
            "250-mx.ours.example 250-SIZE 52428800 250-8BITMIME 250-SMTPUTF8 250-PIPELINING "
            "250 ENHANCEDSTATUSCODES"
        )
        assert await wire.ask("HELO client.example") == "250 mx.ours.example"
        assert await wire.ask("AUTH PLAIN AGEAYg==") == str(replies.NOT_IMPLEMENTED)
        assert await wire.ask("BDAT 5 LAST") == str(replies.UNKNOWN_COMMAND)
        assert await wire.ask("STARTTLS") == str(replies.NO_TLS)


DIALOGUE = [
    ("MAIL FROM:<a@b.example>", replies.HELO_FIRST),
    ("EHLO", replies.HELO_SYNTAX),
    ("EHLO c", None),
    ("RCPT TO:<support@ours.example>", replies.MAIL_FIRST),
    ("DATA", replies.RCPT_FIRST),
    ("MAIL FROM:", replies.MAIL_SYNTAX),
    ("MAIL FROM:<a@@c>", replies.BAD_SENDER),
    ("MAIL FROM:<a@b.example> FOO=1", replies.UNKNOWN_PARAMETER),
    ("MAIL FROM:<a@b.example> BODY=BINARYMIME", replies.BAD_BODY),
    ("MAIL FROM:<a@b.example> SIZE=²", replies.MAIL_SYNTAX),
    ("MAIL FROM:<a@b.example> SIZE=52428801", replies.TOO_LARGE),
    ("MAIL FROM:<a@b.example> SIZE=52428800 BODY=8BITMIME SMTPUTF8", replies.SENDER_OK),
    ("MAIL FROM:<a@b.example>", replies.NESTED_MAIL),
    ("DATA", replies.RCPT_FIRST),
    ("RCPT TO:", replies.RCPT_SYNTAX),
    ("RCPT TO:<>", replies.BAD_RECIPIENT),
    ("RCPT TO:<support@ours.example> NOTIFY=NEVER", replies.UNKNOWN_PARAMETER),
    ("RCPT TO:<support@ours.example>", replies.RCPT_OK),
    ("RSET", replies.OK),
    ("DATA", replies.RCPT_FIRST),
    ("VRFY support", replies.CANNOT_VERIFY),
    ("NOOP", replies.OK),
    ("HELP", replies.HELP),
    ("EXPN list", replies.NOT_IMPLEMENTED),
    ("QUIT now", replies.NO_ARGUMENT),
    ("noop", replies.OK),
    ("", replies.BAD_SYNTAX),
    ("WHAT", replies.UNKNOWN_COMMAND),
    ("QUIT", replies.BYE),
]


async def test_every_answer_is_a_named_reply() -> None:
    async with run_server() as station, station.connect() as wire:
        for command, reply in DIALOGUE:
            answer = await wire.ask(command)
            assert reply is None or answer == str(reply), command
        assert await wire.is_closed()


@pytest.mark.parametrize(
    ("recipient", "reply"),
    [
        ("support@ours.example", replies.RCPT_OK),
        ("SUPPORT@Ours.Example", replies.RCPT_OK),
        ("postmaster@ours.example", replies.RCPT_OK),
        ("@relay.example,@other.example:support@ours.example", replies.RCPT_OK),
        ('"support"@ours.example', replies.RCPT_OK),
        ('"two words"@ours.example', replies.RCPT_OK),
        ("büro@ours.example", replies.RCPT_OK),
        ("paused@ours.example", replies.RECIPIENT_PAUSED),
        ("nobody@ours.example", replies.UNKNOWN_RECIPIENT),
        ("postmaster", replies.UNKNOWN_RECIPIENT),
        ("victim@far.example", replies.UNKNOWN_RECIPIENT),
        ("victim%far.example@ours.example", replies.UNKNOWN_RECIPIENT),
        ('"victim@far.example"@ours.example', replies.UNKNOWN_RECIPIENT),
        ("far.example!victim@ours.example", replies.UNKNOWN_RECIPIENT),
        ("@ours.example:victim@far.example", replies.UNKNOWN_RECIPIENT),
        ("support@ours.example@far.example", replies.BAD_RECIPIENT),
        ("support@[127.0.0.1]", replies.UNKNOWN_RECIPIENT),
        ("=?utf-8?q?a=0Ab?=@ours.example", replies.BAD_RECIPIENT),
        ("support\u202e@ours.example", replies.BAD_RECIPIENT),
        ("(" * 900 + "support@ours.example", replies.BAD_RECIPIENT),
        ('"' + "\\a" * 900, replies.UNKNOWN_RECIPIENT),
    ],
)
async def test_only_our_own_addresses_are_served(recipient: str, reply: Reply) -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.ask("MAIL FROM:<a@b.example> SMTPUTF8")
        assert await wire.ask(f"RCPT TO:<{recipient}>") == str(reply)


async def test_the_index_sees_the_plain_address() -> None:
    seen: list[str] = []

    def is_ours(address: str) -> Reply:
        seen.append(address)
        return replies.RCPT_OK

    async with run_server(is_ours=is_ours) as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.ask("MAIL FROM:<>")
        for spelling in (
            "<a@b.c>",
            "a@b.c",
            "<@x.y:a@b.c>",
            '<"a"@b.c>',
            "<ü@b.c>",
            "<Postmaster>",
        ):
            assert await wire.ask(f"RCPT TO:{spelling}") == str(replies.RCPT_OK)
    assert seen == ["a@b.c", "a@b.c", "a@b.c", "a@b.c", "ü@b.c", "Postmaster"]


async def test_bounces_come_with_the_null_sender() -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.ask("EHLO c")
        assert await wire.ask("MAIL FROM:<>") == str(replies.SENDER_OK)
        assert await wire.ask("MAIL FROM:<>") == str(replies.NESTED_MAIL)
        assert await wire.ask("RCPT TO:<support@ours.example>") == str(replies.RCPT_OK)
        await wire.ask("DATA")
        assert await wire.ask(".") == str(replies.ACCEPTED)
        (mail,) = station.inbox.mails
        assert mail.envelope.mail_from == ""
        assert mail.data == b""


async def test_a_mail_to_two_of_our_addresses_has_both_and_a_repeated_one_once() -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.ask("MAIL FROM:<a@b.example>")
        for name in ("support", "nobody", "billing", "support"):
            await wire.ask(f"RCPT TO:<{name}@ours.example>")
        await wire.ask("DATA")
        assert await wire.ask("Hi\r\n.") == str(replies.ACCEPTED)
        (mail,) = station.inbox.mails
        assert mail.envelope.rcpt_to == ("support@ours.example", "billing@ours.example")


async def test_pipelined_commands_are_answered_in_order() -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.ask("EHLO c")
        transaction = (
            b"MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@ours.example>\r\n"
            b"RCPT TO:<support@ours.example>\r\nDATA\r\n"
        )
        for _ in range(2):
            await wire.say(transaction)
            answers = [await wire.hear() for _ in range(4)]
            assert [answer[:3] for answer in answers] == ["250", "550", "250", "354"]
            await wire.say(MAIL + b".\r\nRSET\r\n")
            assert await wire.hear() == str(replies.ACCEPTED)
            assert await wire.hear() == str(replies.OK)
        assert len(station.inbox.mails) == 2


async def test_a_client_that_says_all_and_listens_only_is_answered() -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.say(
            b"HELO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@ours.example>\r\nDATA\r\n"
            + MAIL
            + b".\r\n"
        )
        wire.writer.write_eof()
        answers = [await wire.hear() for _ in range(6)]
        assert answers[-2:] == [str(replies.ACCEPTED), "<closed>"]
        assert len(station.inbox.mails) == 1


async def test_a_second_mail_on_a_connection_starts_afresh() -> None:
    async with run_server() as station, station.connect() as wire:
        await wire.send_mail(MAIL)
        assert await wire.ask("DATA") == str(replies.RCPT_FIRST)
        await wire.send_mail(MAIL, "billing@ours.example")
        assert [mail.envelope.rcpt_to for mail in station.inbox.mails] == [
            ("support@ours.example",),
            ("billing@ours.example",),
        ]


@pytest.mark.parametrize(
    ("failure", "reply"),
    [
        (MailRefused(replies.BLOCKED), replies.BLOCKED),
        (MailRefused(replies.STORE_FULL), replies.STORE_FULL),
        (TooLarge(), replies.TOO_LARGE),
        (RuntimeError("disk"), replies.TRY_LATER),
        (OSError(28, "full"), replies.TRY_LATER),
        (ConnectionResetError("database went away"), replies.TRY_LATER),
        (TimeoutError(), replies.TRY_LATER),
    ],
)
async def test_what_the_store_says_becomes_a_reply(failure: Exception, reply: Reply) -> None:
    async with run_server() as station, station.connect() as wire:
        station.inbox.failure = failure
        assert await wire.send_mail(MAIL) == str(reply)
        station.inbox.failure = None
        assert await wire.send_mail(MAIL) == str(replies.ACCEPTED)
        stats = station.server.stats
        assert (stats.accepted, stats.refused) == (1, {reply.name: 1})


async def test_a_failing_index_asks_to_try_again() -> None:
    def is_ours(_address: str) -> Reply:
        raise KeyError("index")

    async with run_server(is_ours=is_ours) as station, station.connect() as wire:
        await wire.ask("EHLO c")
        await wire.ask("MAIL FROM:<a@b.example>")
        assert await wire.ask("RCPT TO:<support@ours.example>") == str(replies.TRY_LATER)
        assert await wire.ask("NOOP") == str(replies.OK)


async def test_nothing_of_a_mail_gets_into_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with run_server() as station, station.connect() as wire:
        station.inbox.failure = ValueError("INSERT failed for ana@far.example: Secretbody")
        await wire.ask("WHAT Secretword")
        assert await wire.send_mail(b"Subject: Secretsubject\r\n\r\nSecretbody\r\n") == str(
            replies.TRY_LATER
        )
    said = caplog.text
    assert "A mail could not be stored: ValueError in deliver" in said
    for secret in ("Secret", "far.example", "ours.example"):
        assert secret not in said


async def test_an_ordinary_library_gets_utf8_addresses_through() -> None:
    async with run_server() as station:
        host, port = station.server.address
        await aiosmtplib.send(
            "Subject: Grüße\r\n\r\nHallo\r\n".encode(),
            sender="andré@far.example",
            recipients=["büro@ours.example"],
            mail_options=["SMTPUTF8", "BODY=8BITMIME"],
            hostname=host,
            port=port,
        )
        (mail,) = station.inbox.mails
        assert mail.envelope.mail_from == "andré@far.example"
        assert mail.envelope.rcpt_to == ("büro@ours.example",)


async def test_stats_count_mails_bytes_refusals_and_connections() -> None:
    async with run_server() as station, station.connect() as wire, station.connect():
        await wire.send_mail(MAIL)
        await wire.ask("MAIL FROM:<a@b.example>")
        await wire.ask("RCPT TO:<nobody@ours.example>")
        stats = station.server.stats
        assert (stats.accepted, stats.bytes) == (1, len(MAIL))
        assert (stats.connections, stats.open) == (2, 2)
        assert stats.refused == {"unknown_recipient": 1}


async def test_a_port_that_is_taken_is_one_clear_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ListenFailed) as failure:
            await make_server("127.0.0.1", port).start()
    assert f"127.0.0.1:{port}: another program listens there already" in str(failure.value)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.77", "this machine has no such address"),
        ("no-such-host.invalid", "the host name cannot be resolved"),
    ],
)
async def test_an_address_that_is_not_there_is_one_clear_sentence(host: str, words: str) -> None:
    with pytest.raises(ListenFailed, match=words):
        await make_server(host, 0).start()


@pytest.mark.parametrize("host", ["localhost", "", "0.0.0.0"])
async def test_port_0_takes_one_free_port(host: str) -> None:
    server = make_server(host, 0)
    await server.start()
    try:
        assert server.address[1] > 0
        reader, writer = await asyncio.open_connection("localhost", server.address[1])
        assert (await reader.readline()).startswith(b"220 mx ESMTP")
        writer.close()
    finally:
        await server.stop(0)
    with pytest.raises(RuntimeError):
        _ = server.address


def make_server(host: str, port: int) -> SmtpServer:
    return SmtpServer(
        host=host,
        port=port,
        is_ours=lambda _address: replies.RCPT_OK,
        deliver=Inbox().deliver,
        hostname="mx",
        limits=SmtpLimits(),
    )


async def test_stopping_finishes_the_mail_in_hand_and_closes_the_others() -> None:
    async with run_server() as station, station.connect() as busy, station.connect() as idle:
        station.inbox.gate = asyncio.Event()
        await busy.begin_mail()
        await busy.say(MAIL + b".\r\n")
        await asyncio.wait_for(station.inbox.entered.wait(), 20)
        host, port = station.server.address
        stopping = asyncio.create_task(station.server.stop(20))
        assert await idle.hear() == str(replies.SHUTTING_DOWN)
        assert await idle.is_closed()
        with pytest.raises(OSError):
            await asyncio.open_connection(host, port)
        assert not stopping.done()
        station.inbox.gate.set()
        assert await busy.hear() == str(replies.ACCEPTED)
        assert await busy.hear() == str(replies.SHUTTING_DOWN)
        assert await busy.is_closed()
        await asyncio.wait_for(stopping, 20)
        assert len(station.inbox.mails) == 1


async def test_stopping_waits_no_longer_than_the_grace() -> None:
    async with run_server() as station, station.connect() as busy:
        station.inbox.gate = asyncio.Event()
        await busy.begin_mail()
        await busy.say(MAIL + b".\r\n")
        await asyncio.wait_for(station.inbox.entered.wait(), 20)
        await asyncio.wait_for(station.server.stop(0.05), 20)
        assert await busy.is_closed()
        assert station.inbox.mails == []


async def test_a_server_can_be_started_again() -> None:
    async with run_server() as station:
        await station.server.stop(0)
        await station.server.start()
        async with station.connect() as wire:
            assert await wire.send_mail(MAIL) == str(replies.ACCEPTED)
