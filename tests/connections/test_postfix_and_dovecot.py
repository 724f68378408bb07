"""A mail's whole way over real servers: submitted to Postfix, delivered, read from Dovecot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from mail.discovery.providers import Security
from mail.errors import LoginFailed, TooLarge
from mail.imap.watch import ImapWatcher, WatchedAccount, WatchTiming
from mail.sending.account import SmtpAccount
from mail.sending.smtp import SmtpSender
from tests.connections.collector import Collector
from tests.servers.dovecot import Dovecot, running_dovecot
from tests.servers.postfix import Postfix, running_postfix

pytestmark = [pytest.mark.dovecot, pytest.mark.postfix]

JO = "jo@shop.example"
ANN = "ann@shop.example"


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Dovecot, Postfix]]:
    with running_dovecot() as dovecot:
        for user in (JO, ANN):
            dovecot.add_user(user)
        dovecot.oauth.tokens["jos-token"] = JO
        with running_postfix(dovecot, size_limit=100_000) as postfix:
            yield dovecot, postfix


def account(postfix: Postfix, security: Security, **changes: object) -> SmtpAccount:
    values: dict[str, object] = {
        "host": "localhost",
        "port": postfix.tls_port if security is Security.TLS else postfix.port,
        "security": security,
        "user": JO,
        "password": "secret",
        "ca_file": postfix.ca_file,
    }
    return SmtpAccount(**(values | changes))  # type: ignore[arg-type]


def mail(subject: str, size: int = 0) -> bytes:
    message = EmailMessage()
    message["From"] = JO
    message["To"] = ANN
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject}@shop.example>"
    message.set_content("Hello\n" + ("y" * 70 + "\n") * (size // 71))
    return message.as_bytes()


async def _token() -> str:
    return "jos-token"


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize("changes", [{}, {"password": None, "token": _token}])
async def test_a_mail_is_sent_delivered_announced_and_fetched(
    both: tuple[Dovecot, Postfix], security: Security, changes: dict[str, object]
) -> None:
    dovecot, postfix = both
    collector = Collector()
    watcher = ImapWatcher(
        collector.on_mails, collector.on_health, threads=2, timing=WatchTiming(settle=0.2)
    )
    watcher.add(WatchedAccount("ann", dovecot.settings(ANN)))
    await collector.until(lambda: len(collector.batches) == 1)
    async with SmtpSender(account(postfix, security, **changes)) as sender:
        result = await sender.send(JO, [ANN], mail("whole-way"))
    assert [one.address for one in result.accepted] == [ANN]
    await collector.until_mails(1)
    await watcher.stop()
    data = collector.bodies()[0]
    assert b"Message-ID: <whole-way@shop.example>" in data
    assert b"Delivered-To: ann@shop.example" in data


async def test_each_recipient_has_a_result_of_its_own(both: tuple[Dovecot, Postfix]) -> None:
    _, postfix = both
    recipients = [ANN, "reject550@shop.example", "defer450@shop.example", "nobody@shop.example"]
    async with SmtpSender(account(postfix, Security.TLS)) as sender:
        result = await sender.send(JO, recipients, mail("mixed"))
    assert [one.code for one in result.recipients] == [250, 550, 450, 550]
    assert [one.address for one in result.accepted] == [ANN]


async def test_a_wrong_password_and_a_mail_too_large(both: tuple[Dovecot, Postfix]) -> None:
    _, postfix = both
    async with SmtpSender(account(postfix, Security.TLS, password="wrong")) as sender:
        with pytest.raises(LoginFailed) as caught:
            await sender.send(JO, [ANN], mail("no"))
        assert "wrong" not in str(caught.value).replace("is wrong", "")
    async with SmtpSender(account(postfix, Security.TLS)) as sender:
        with pytest.raises(TooLarge):
            await sender.send(JO, [ANN], mail("large", 200_000))


def test_postfix_alone_takes_mail_for_everybody() -> None:
    with running_postfix() as postfix:

        async def send() -> None:
            one = account(postfix, Security.STARTTLS, user=None, password=None)
            async with SmtpSender(one) as sender:
                await sender.send(JO, ["x@y.example"], mail("open"))

        asyncio.run(send())
        [data] = postfix.wait_for_mails("x@y.example")
    assert b"Subject: open" in data
