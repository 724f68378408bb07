"""Sending, against a real SMTP server that follows a script."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
import trustme

from mail.discovery.dial import tls_context
from mail.errors import (
    AddressError,
    Ambiguous,
    ConnectFailed,
    ConnectTimeout,
    Deferred,
    HostUnknown,
    LoginFailed,
    PortRefused,
    ProtocolBroken,
    Refused,
    ServerSilent,
    TlsFailed,
    TooLarge,
)
from mail.sending.smtp import FailureReason, Outcome, Security, SmtpAccount, SmtpSender
from tests.servers.smarthost import Drop, Script, Smarthost, run_smarthost

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    """A server of a few lines on a free port; every connection is closed at the end."""
    sessions: set[asyncio.Task[None]] = set()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions.add(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has hung up
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*sessions)


MAIL = b"From: us@us.example\r\nSubject: x\r\n\r\n.a\r\n..b\r\n\r\nend\r\n"
US = "us@us.example"
PASSWORD = "s3cret-pass word%"


def account(host: Smarthost, **changes: object) -> SmtpAccount:
    plain = SmtpAccount("127.0.0.1", host.port, Security.NONE, timeout=5, data_timeout=5)
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA) -> Iterator[str]:
    with authority.cert_pem.tempfile() as path:
        yield path
    tls_context.cache_clear()


async def test_a_mail_arrives_byte_for_byte_with_a_result_for_each_recipient() -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        result = await sender.send(US, ["jo@x.example", "sam@x.example"], MAIL)
        (mail,) = host.mails
        assert mail.data == MAIL
        assert mail.sender == US
        assert mail.recipients == ("jo@x.example", "sam@x.example")
        assert [one.address for one in result.accepted] == ["jo@x.example", "sam@x.example"]
        assert result.reply == "250 Ok: queued as 4F1A2B"


async def test_a_mail_of_many_chunks_arrives_whole() -> None:
    data = b"Subject: x\r\n\r\n" + b".line of text\r\n" * 40_000
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        assert (await sender.send(US, ["jo@x.example"], data)).accepted
        assert host.mails[0].data == data


async def test_lone_line_ends_are_made_whole() -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        await sender.send(US, ["jo@x.example"], b"Subject: x\n\na\rb\n.\nc")
        assert host.mails[0].data == b"Subject: x\r\n\r\na\r\nb\r\n.\r\nc\r\n"


async def test_the_null_sender_is_sent_as_such() -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        await sender.send("", ["jo@x.example"], MAIL)
        assert host.mails[0].sender == "<>"


async def test_each_recipient_has_a_result_of_its_own() -> None:
    script = Script(
        recipients={
            "gone@x.example": "550 5.1.1 No such user here",
            "full@x.example": "452 4.2.2 Over quota",
            "grey@x.example": "450 4.7.1 Greylisted, come back",
            "many@x.example": "552 Too many recipients",
            "full-for-good@x.example": "552 5.2.2 Mailbox full",
        }
    )
    async with run_smarthost(script) as host, SmtpSender(account(host)) as sender:
        people = ["jo@x.example", *script.recipients]
        result = await sender.send(US, people, MAIL)
        assert host.mails[0].recipients == ("jo@x.example",)
        assert [(one.address, one.outcome, one.reason) for one in result.recipients] == [
            ("jo@x.example", Outcome.ACCEPTED, None),
            ("gone@x.example", Outcome.PERMANENT, FailureReason.NO_SUCH_USER),
            ("full@x.example", Outcome.TEMPORARY, FailureReason.MAILBOX_FULL),
            ("grey@x.example", Outcome.TEMPORARY, FailureReason.GREYLISTED),
            ("many@x.example", Outcome.TEMPORARY, FailureReason.TOO_MANY_RECIPIENTS),
            ("full-for-good@x.example", Outcome.PERMANENT, FailureReason.MAILBOX_FULL),
        ]
        assert result.recipients[1].codes == "550 5.1.1"
        assert result.recipients[1].text == "No such user here"


async def test_when_nobody_is_let_in_nothing_is_handed_over_and_the_connection_lives_on() -> None:
    script = Script(recipients={"gone@x.example": "550 5.1.1 No such user"})
    async with run_smarthost(script) as host, SmtpSender(account(host)) as sender:
        result = await sender.send(US, ["gone@x.example"], MAIL)
        assert (len(result.permanent), result.reply, host.mails) == (1, "", [])
        assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted
        assert host.connections == 1


@pytest.mark.parametrize(
    ("reply", "outcome", "reason"),
    [
        ("554 5.7.1 Looks like spam", Outcome.PERMANENT, FailureReason.POLICY),
        ("550 5.7.26 No DMARC alignment", Outcome.PERMANENT, FailureReason.BLOCKED),
        ("451 4.3.0 Try later", Outcome.TEMPORARY, FailureReason.BUSY),
        ("552 5.3.4 Too big", Outcome.PERMANENT, FailureReason.TOO_LARGE),
        ("421 4.7.0 Closing", Outcome.TEMPORARY, FailureReason.BUSY),
    ],
)
async def test_the_answer_to_the_mail_counts_for_everybody_let_in(
    reply: str, outcome: Outcome, reason: FailureReason
) -> None:
    script = Script(data_end=reply, recipients={"gone@x.example": "550 5.1.1 No"})
    async with run_smarthost(script) as host, SmtpSender(account(host)) as sender:
        result = await sender.send(US, ["jo@x.example", "gone@x.example"], MAIL)
        jo, gone = result.recipients
        assert (jo.outcome, jo.reason) == (outcome, reason)
        assert gone.reason is FailureReason.NO_SUCH_USER


async def test_data_refused_at_its_start_is_a_result() -> None:
    script = Script(data_start="451 4.3.2 Not now")
    async with run_smarthost(script) as host, SmtpSender(account(host)) as sender:
        result = await sender.send(US, ["jo@x.example"], MAIL)
        assert [one.codes for one in result.temporary] == ["451 4.3.2"]
        assert host.mails == []


def at(port: int) -> SmtpAccount:
    return SmtpAccount("127.0.0.1", port, Security.NONE, timeout=5, data_timeout=5)


def answering(**answers: bytes) -> Serve:
    """A server that says 250 to everything, 354 to DATA, and what is given to the verbs named.

    `dot` is its answer to a whole mail.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            verb = line[:4].strip().decode().lower()
            usual = b"354 go\r\n" if verb == "data" else b"250 fine\r\n"
            answer = answers.get(verb, usual)
            writer.write(answer)
            if answer.startswith(b"354"):
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(answers.get("dot", b"250 taken\r\n"))

    return serve


@pytest.mark.parametrize(
    "answers",
    [
        {"data": b"250 fine\r\n"},
        {"mail": b"250 fine\r\n250 fine\r\n"},
        {"rcpt": b"250 fine\r\n250 fine\r\n"},
        {"data": b"354 go\r\n250 taken\r\n", "dot": b"554 no\r\n"},
    ],
)
async def test_a_server_that_answers_out_of_turn_has_not_taken_the_mail(
    answers: dict[str, bytes],
) -> None:
    async with serving(answering(**answers)) as port, SmtpSender(at(port)) as sender:
        with pytest.raises(Deferred, match="out of turn"):
            await sender.send(US, ["jo@x.example"], MAIL)


async def test_an_answer_to_the_mail_that_is_neither_yes_nor_no_is_ambiguous() -> None:
    async with serving(answering(dot=b"354 more\r\n")) as port, SmtpSender(at(port)) as sender:
        with pytest.raises(Ambiguous):
            await sender.send(US, ["jo@x.example"], MAIL)


async def test_a_sender_that_may_not_send_is_refused_with_a_sentence() -> None:
    script = Script(sender="553 5.7.60 Not allowed to send as this sender")
    async with run_smarthost(script) as host, SmtpSender(account(host)) as sender:
        with pytest.raises(Refused, match=r"does not let us send as us@us\.example \(553 5\.7\.60"):
            await sender.send(US, ["jo@x.example"], MAIL)
        with pytest.raises(Refused):
            await sender.probe(US)


async def test_a_sender_over_its_quota_is_not_told_that_the_mail_is_too_large() -> None:
    script = Script(sender="552 5.2.2 Over quota")
    async with run_smarthost(script) as host, SmtpSender(account(host)) as sender:
        with pytest.raises(Refused, match=r"\(552 5\.2\.2: Over quota\)"):
            await sender.send(US, ["jo@x.example"], MAIL)


async def test_a_sender_refused_for_now_is_deferred() -> None:
    script = Script(sender="451 4.7.1 Slow down")
    async with run_smarthost(script) as host, SmtpSender(account(host)) as sender:
        with pytest.raises(Deferred, match=r"try again later \(451 4\.7\.1: Slow down\)"):
            await sender.send(US, ["jo@x.example"], MAIL)


@pytest.mark.parametrize("drop", [Drop.AT_MAIL, Drop.AT_RCPT, Drop.AT_DATA])
async def test_a_connection_lost_before_the_final_dot_is_safe_to_retry(drop: Drop) -> None:
    async with run_smarthost(Script(drops=[drop])) as host, SmtpSender(account(host)) as sender:
        with pytest.raises(Deferred, match="broke the connection off before it had the mail"):
            await sender.send(US, ["jo@x.example"], MAIL)
        assert host.mails == []
        assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted


async def test_a_connection_lost_after_the_final_dot_is_ambiguous() -> None:
    async with (
        run_smarthost(Script(drops=[Drop.AFTER_DATA])) as host,
        SmtpSender(account(host)) as sender,
    ):
        with pytest.raises(Ambiguous, match="may have left"):
            await sender.send(US, ["jo@x.example"], MAIL)
        assert len(host.mails) == 1


async def test_silence_after_the_final_dot_is_ambiguous() -> None:
    async with (
        run_smarthost(Script(silent_after_data=True)) as host,
        SmtpSender(account(host, data_timeout=0.2)) as sender,
    ):
        with pytest.raises(Ambiguous):
            await sender.send(US, ["jo@x.example"], MAIL)


async def test_a_big_mail_cut_in_the_middle_is_safe_to_retry() -> None:
    data = b"Subject: x\r\n\r\n" + b"line of text\r\n" * 2_000_000
    async with (
        run_smarthost(Script(drops=[Drop.IN_DATA]), size=50_000_000) as host,
        SmtpSender(account(host)) as sender,
    ):
        with pytest.raises(Deferred):
            await sender.send(US, ["jo@x.example"], data)


async def test_an_early_refusal_in_the_middle_of_the_mail_is_the_result() -> None:
    """A server may answer before the end; the mail is not sent on into the void."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for reply in (b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await reader.readline()
            writer.write(reply)
        await reader.read(1000)
        writer.write(b"552 5.3.4 That is enough\r\n")
        await writer.drain()
        await reader.read()

    async with serving(serve) as port:
        to = SmtpAccount("127.0.0.1", port, Security.NONE, timeout=5)
        async with SmtpSender(to) as sender:
            data = b"Subject: x\r\n\r\n" + b"line of text\r\n" * 2_000_000
            result = await sender.send(US, ["jo@x.example"], data)
            assert result.permanent[0].reason is FailureReason.TOO_LARGE


async def test_connections_are_used_again() -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        for _ in range(5):
            await sender.send(US, ["jo@x.example"], MAIL)
        assert {mail.connection for mail in host.mails} == {1}


async def test_a_connection_takes_a_bounded_number_of_mails() -> None:
    async with run_smarthost() as host, SmtpSender(account(host), mails_per_connection=2) as sender:
        for _ in range(5):
            await sender.send(US, ["jo@x.example"], MAIL)
        assert [mail.connection for mail in host.mails] == [1, 1, 2, 2, 3]


async def test_many_mails_at_once_share_the_allowed_connections() -> None:
    async with run_smarthost() as host, SmtpSender(account(host), max_connections=2) as sender:
        sends = [sender.send(US, [f"{n}@x.example"], MAIL) for n in range(20)]
        results = await asyncio.gather(*sends)
        assert all(result.accepted for result in results)
        assert len(host.mails) == 20
        assert host.connections == 2


async def test_idle_connections_are_ended() -> None:
    async with run_smarthost() as host, SmtpSender(account(host), idle_seconds=0.05) as sender:
        await sender.send(US, ["jo@x.example"], MAIL)
        await host.wait_until_no_connection()
        await sender.send(US, ["jo@x.example"], MAIL)
        assert host.connections == 2


async def test_a_server_that_was_restarted_meanwhile_is_not_noticed() -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        await sender.send(US, ["jo@x.example"], MAIL)
        host.hang_up()
        assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted
        assert host.connections == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
async def test_421_on_an_old_connection_means_a_new_one(verb: str) -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        await sender.send(US, ["jo@x.example"], MAIL)
        host.script.closing.append(verb)
        assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted
        assert (host.connections, len(host.mails)) == (2, 2)


async def test_421_on_a_new_connection_is_deferred() -> None:
    async with run_smarthost(Script(closing=["MAIL"])) as host, SmtpSender(account(host)) as sender:
        with pytest.raises(Deferred):
            await sender.send(US, ["jo@x.example"], MAIL)


async def test_a_cancelled_send_does_not_spoil_the_next() -> None:
    async with (
        run_smarthost(Script(silent_after_data=True)) as host,
        SmtpSender(account(host), max_connections=1) as sender,
    ):
        task = asyncio.ensure_future(sender.send(US, ["jo@x.example"], MAIL))
        await asyncio.wait_for(host.arrived.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        host.script.silent_after_data = False
        assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted


async def test_a_mail_over_the_servers_size_is_never_begun() -> None:
    async with run_smarthost(size=2000) as host, SmtpSender(account(host)) as sender:
        with pytest.raises(TooLarge, match=r"takes at most 0\.0 MB|files"):
            await sender.send(US, ["jo@x.example"], MAIL + b"x" * 3000)
        assert host.mails == []
        assert (await sender.probe()).size_limit == 2000


async def test_the_size_is_announced() -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        await sender.send(US, ["jo@x.example"], MAIL)
        assert host.mails[0].options == (f"SIZE={len(MAIL)}",)


async def test_an_international_domain_is_sent_as_punycode() -> None:
    async with run_smarthost(smtputf8=False) as host, SmtpSender(account(host)) as sender:
        result = await sender.send(US, ["jo@bücher.example"], MAIL)
        assert host.mails[0].recipients == ("jo@xn--bcher-kva.example",)
        assert result.accepted[0].address == "jo@bücher.example"


async def test_an_international_address_goes_by_smtputf8() -> None:
    async with run_smarthost() as host, SmtpSender(account(host)) as sender:
        await sender.send(US, ["pelé@x.example"], MAIL)
        assert host.mails[0].recipients == ("pelé@x.example",)
        assert "SMTPUTF8" in host.mails[0].options


async def test_an_international_address_without_smtputf8_is_a_sentence() -> None:
    async with run_smarthost(smtputf8=False) as host, SmtpSender(account(host)) as sender:
        with pytest.raises(AddressError, match=r"pelé@x\.example.*SMTPUTF8"):
            await sender.send(US, ["jo@x.example", "pelé@x.example"], MAIL)
        assert host.mails == []


@pytest.mark.parametrize("bad", ["", "jo", "jo@x\r\nDATA", "a b@x.example", "<jo@x.example>"])
async def test_an_address_that_is_none_never_reaches_the_wire(bad: str) -> None:
    sender = SmtpSender(SmtpAccount("127.0.0.1", 1))
    with pytest.raises(AddressError):
        await sender.send(US, [bad], MAIL)


async def test_a_mail_without_recipients_is_refused() -> None:
    with pytest.raises(AddressError, match="no recipient"):
        await SmtpSender(SmtpAccount("127.0.0.1", 1)).send(US, [], MAIL)


# Encryption and login


async def test_tls_from_the_first_byte(server_tls: ssl.SSLContext, ca_file: str) -> None:
    async with run_smarthost(tls=server_tls) as host:
        to = account(host, security=Security.TLS, ca_file=ca_file)
        async with SmtpSender(to) as sender:
            assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted
            assert str((await sender.probe()).tls).startswith("TLSv1.")


async def test_starttls_and_a_password(server_tls: ssl.SSLContext, ca_file: str) -> None:
    script = Script(passwords={"us": PASSWORD})
    async with run_smarthost(script, starttls=server_tls, auth_without_tls=False) as host:
        to = account(
            host, security=Security.STARTTLS, ca_file=ca_file, user="us", password=PASSWORD
        )
        async with SmtpSender(to) as sender:
            assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted
            assert host.mails[0].user == "us"
            found = await sender.probe(US)
            assert found.logged_in
            assert found.auth == ("login", "plain")


async def test_an_untrusted_certificate_is_refused(server_tls: ssl.SSLContext) -> None:
    async with run_smarthost(tls=server_tls) as host:
        with pytest.raises(TlsFailed, match=r"certificate of 127\.0\.0\.1 cannot be trusted"):
            await SmtpSender(account(host, security=Security.TLS)).probe()
        unverified = account(host, security=Security.TLS, verify=False)
        assert (await SmtpSender(unverified).probe()).tls
    async with run_smarthost(starttls=server_tls) as host:
        with pytest.raises(TlsFailed, match="cannot be trusted"):
            await SmtpSender(account(host, security=Security.STARTTLS)).probe()


async def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, ca_file: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mail.other.example").configure_cert(context)
    async with run_smarthost(tls=context) as host:
        with pytest.raises(TlsFailed, match=r"made out to another (name|address)"):
            await SmtpSender(account(host, security=Security.TLS, ca_file=ca_file)).probe()


async def test_starttls_that_is_not_offered_is_a_sentence() -> None:
    async with run_smarthost() as host:
        to = account(host, security=Security.STARTTLS)
        with pytest.raises(TlsFailed, match="offers no encryption on port"):
            await SmtpSender(to).probe()


async def test_a_password_never_leaves_this_machine_unencrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script(passwords={"us": PASSWORD})
    async with run_smarthost(script) as host:
        to = account(host, user="us", password=PASSWORD)
        monkeypatch.setattr(SmtpAccount, "local", property(lambda _: False))
        with pytest.raises(TlsFailed, match="the password was not sent"):
            await SmtpSender(to).probe()
        assert host.attempts == []


async def test_tls_on_a_port_that_has_none_is_a_sentence() -> None:
    async with run_smarthost() as host:
        with pytest.raises(ProtocolBroken, match="does not speak TLS"):
            await SmtpSender(account(host, security=Security.TLS)).probe()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_each_password_mechanism_logs_in(mechanism: str) -> None:
    script = Script(passwords={"us@us.example": PASSWORD})
    async with run_smarthost(script, mechanisms=(mechanism,)) as host:
        to = account(host, user="us@us.example", password=PASSWORD)
        async with SmtpSender(to) as sender:
            await sender.send(US, ["jo@x.example"], MAIL)
        assert host.mails[0].user == "us@us.example"
        assert host.attempts == [mechanism]


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_token_logs_in(mechanism: str) -> None:
    async def token() -> str:
        return "ya29.token"

    async with (
        run_smarthost(Script(tokens={"ya29.token"}), mechanisms=(mechanism,)) as host,
        SmtpSender(account(host, user="us@us.example", token=token)) as sender,
    ):
        await sender.send(US, ["jo@x.example"], MAIL)
        assert host.mails[0].user == "us@us.example"


async def test_a_refused_token_is_a_failed_login() -> None:
    async def token() -> str:
        return "expired-token"

    async with run_smarthost(mechanisms=("XOAUTH2",)) as host:
        with pytest.raises(LoginFailed, match=r"refused the access token \(535 5\.7\.8"):
            await SmtpSender(account(host, user="us", token=token)).probe()


async def test_a_wrong_password_is_tried_once_and_never_shown() -> None:
    script = Script(auth_error=f"535 5.7.8 Wrong password {PASSWORD} for you")
    async with run_smarthost(script) as host:
        with pytest.raises(LoginFailed, match=r"refused this user name or password") as caught:
            await SmtpSender(account(host, user="us", password=PASSWORD)).probe()
        assert PASSWORD not in str(caught.value)
        assert PASSWORD not in repr(account(host, user="us", password=PASSWORD))
        assert len(host.attempts) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("535 5.7.8 Wrong", LoginFailed),
        ("454 4.7.0 Too many login attempts, please try again later", Deferred),
    ],
)
async def test_after_a_failed_login_other_mails_leave_the_server_alone_for_a_while(
    answer: str, kind: type[Exception]
) -> None:
    async with run_smarthost(Script(passwords={"us": "new"}, auth_error=answer)) as host:
        async with SmtpSender(account(host, user="us", password="old")) as sender:
            for _ in range(5):
                with pytest.raises(kind, match=answer.split()[1]):
                    await sender.send(US, ["jo@x.example"], MAIL)
        assert len(host.attempts) == 1


async def test_a_password_that_works_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail.sending.login._FIRST_PAUSE", 0.0)
    script = Script(passwords={"us": "new"})
    async with (
        run_smarthost(script) as host,
        SmtpSender(account(host, user="us", password="old")) as sender,
    ):
        with pytest.raises(LoginFailed):
            await sender.send(US, ["jo@x.example"], MAIL)
        script.passwords["us"] = "old"
        assert (await sender.send(US, ["jo@x.example"], MAIL)).accepted


async def test_a_server_on_this_machine_is_not_taken_for_a_providers() -> None:
    async with run_smarthost(Script(passwords={"us": "new"})) as host:
        with pytest.raises(LoginFailed) as caught:
            await SmtpSender(account(host, user="us", password="old")).probe()
    assert "Proton" not in str(caught.value)


async def test_a_login_that_fails_for_now_is_deferred() -> None:
    script = Script(auth_error="454 4.7.0 Temporary authentication failure")
    async with run_smarthost(script) as host:
        with pytest.raises(Deferred, match="cannot check the password now"):
            await SmtpSender(account(host, user="us", password="x")).probe()


async def test_a_server_without_logins_is_a_sentence() -> None:
    async with run_smarthost(Script(without={"AUTH", "250-AUTH", "PLAIN", "LOGIN"})) as host:
        with pytest.raises(LoginFailed, match="offers no way to log in"):
            await SmtpSender(account(host, user="us", password="x")).probe()


# No connection at all


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(PortRefused, match=f"does not accept connections on port {port}"):
                await SmtpSender(SmtpAccount(host, port)).probe()


async def test_an_unknown_host_is_named() -> None:
    with pytest.raises(HostUnknown, match=r"nowhere\.invalid.*Check the host name"):
        await SmtpSender(SmtpAccount("nowhere.invalid")).probe()


async def test_a_server_that_hangs_up_at_once() -> None:
    async with run_smarthost(Script(drops=[Drop.AT_CONNECT])) as host:
        with pytest.raises((ConnectFailed, Deferred)):
            await SmtpSender(account(host)).probe()


async def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for security in Security:
            to = SmtpAccount("127.0.0.1", port, security, timeout=0.2)
            with pytest.raises((ServerSilent, ConnectTimeout)):
                await SmtpSender(to).probe()


async def test_something_that_is_no_mail_server() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read(1)

    async with serving(serve) as port:
        with pytest.raises(ProtocolBroken, match="is no mail server"):
            await SmtpSender(SmtpAccount("127.0.0.1", port, Security.NONE, timeout=2)).probe()


async def test_a_server_that_takes_no_mail_now_is_deferred() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 4.3.2 Overloaded\r\n")
        await writer.drain()
        await reader.read(1)

    async with serving(serve) as port:
        with pytest.raises(Deferred, match=r"421 4\.3\.2 Overloaded"):
            await SmtpSender(SmtpAccount("127.0.0.1", port, Security.NONE, timeout=2)).probe()
