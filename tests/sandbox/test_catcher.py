"""The mail catcher: what it keeps, how it refuses, and letters of customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from bot.sandbox import MailCatcher, SandboxError


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    caught = MailCatcher()
    await caught.start()
    yield caught
    await caught.stop()


@pytest.fixture
async def canal(catcher: MailCatcher) -> AsyncIterator[MailCatcher]:
    """Stands where Canal's own SMTP server would: what customers write ends up here."""
    server = MailCatcher()
    await server.start()
    catcher.canal_smtp = ("127.0.0.1", server.port)
    yield server
    await server.stop()


def letter(to: str = "jo@x.example", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Acme <support@us.example>"
    message["To"] = to
    message["Subject"] = "Re: Hello"
    message["Message-ID"] = "<1@us.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Hello Jo,\nhere it is.\n")
    message.add_alternative("<p>Hello Jo</p>", subtype="html")
    message.add_attachment(b"pdf", maintype="application", subtype="pdf", filename="a.pdf")
    return message


async def send(catcher: MailCatcher, message: EmailMessage, *to: str) -> list[str]:
    """Sends through the catcher; returns those that were refused."""
    recipients = list(to) or [message["To"]]
    refused, _ = await aiosmtplib.send(
        message, recipients=recipients, hostname="127.0.0.1", port=catcher.port
    )
    return list(refused)


async def test_a_mail_is_kept_as_it_came(catcher: MailCatcher) -> None:
    await send(catcher, letter(), "jo@x.example", "sam@x.example")
    [mail] = await catcher.wait_for_mails(1)
    assert (mail.mail_from, mail.rcpt_to) == (
        "support@us.example",
        ["jo@x.example", "sam@x.example"],
    )
    assert (mail.subject, mail.message_id) == ("Re: Hello", "<1@us.example>")
    assert mail.text.startswith("Hello Jo,")
    assert "<p>" in mail.html
    assert mail.attachments == [("a.pdf", b"pdf")]
    assert mail.data is not None
    assert b"Subject: Re: Hello\r\n" in mail.data


async def test_one_recipient_is_refused_and_the_other_served(catcher: MailCatcher) -> None:
    catcher.refuse("jo@x.example", "550 5.1.1 no such user")
    refused = await send(catcher, letter(), "jo@x.example", "sam@x.example")
    assert refused == ["jo@x.example"]
    [mail] = catcher.mails
    assert mail.rcpt_to == ["sam@x.example"]
    assert mail.recipients[0] == ("jo@x.example", "550 5.1.1 no such user")


async def test_a_temporary_refusal_ends(catcher: MailCatcher) -> None:
    catcher.refuse("*@x.example", "451 4.3.0 later", times=1)
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(catcher, letter())
    await send(catcher, letter())
    assert len(catcher.mails) == 1


async def test_a_whole_mail_is_refused_after_data(catcher: MailCatcher) -> None:
    catcher.refuse("jo@x.example", "554 5.7.1 spam", at="DATA")
    with pytest.raises(aiosmtplib.SMTPDataError):
        await send(catcher, letter())
    assert catcher.mails == []
    catcher.accept_all()
    await send(catcher, letter())
    assert len(catcher.mails) == 1


@pytest.mark.parametrize("keep", [True, False])
async def test_it_hangs_up_after_data(catcher: MailCatcher, keep: bool) -> None:
    catcher.drop(keep=keep)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(catcher, letter())
    assert len(catcher.mails) == int(keep)


async def test_a_customer_writes(catcher: MailCatcher, canal: MailCatcher) -> None:
    sent = await catcher.send_as_customer(
        from_="jo@x.example",
        from_name="Jo Müller",
        to="support@in.example, Sales <sales@in.example>",
        cc=["sam@x.example"],
        subject="Grüße",
        text="Hello",
        html="<b>Hello</b>",
        files=[("a.txt", b"abc")],
    )
    [arrived] = canal.mails
    assert arrived.mail_from == "jo@x.example"
    assert arrived.rcpt_to == ["support@in.example", "sales@in.example", "sam@x.example"]
    assert arrived.header("From") == "Jo Müller <jo@x.example>"
    assert (arrived.subject, arrived.message_id) == ("Grüße", sent.message_id)
    assert sent.message_id.endswith("@x.example>")
    assert arrived.attachments == [("a.txt", b"abc")]
    assert (sent.direction, catcher.mails) == ("in", [])


async def test_a_customer_answers_a_mail_that_left(
    catcher: MailCatcher, canal: MailCatcher
) -> None:
    message = letter(
        Reply_To="support+42.abc@in.example",
        References="<0@x.example>",
        Cc="sam@x.example",
        Date="Sun, 22 Nov 2026 20:00:00 +0000",
    )
    await send(catcher, message, "jo@x.example", "sam@x.example")
    [left] = catcher.mails
    await catcher.send_as_customer(text="Thanks", reply_to_mail=left, reply_all=True, quote=True)
    [answer] = canal.mails
    assert answer.mail_from == "jo@x.example"
    assert answer.header("To") == "support+42.abc@in.example"
    assert answer.header("Cc") == "sam@x.example"
    assert answer.header("In-Reply-To") == "<1@us.example>"
    assert answer.header("References").split() == ["<0@x.example>", "<1@us.example>"]
    assert answer.subject == "Re: Hello"
    assert answer.text.startswith("Thanks\n\nOn ")
    assert "> Hello Jo," in answer.text
    assert left.answered is True


async def test_addresses_that_canal_does_not_know_have_servers_of_their_own(
    catcher: MailCatcher, canal: MailCatcher
) -> None:
    canal.refuse("friend@else.example", "550 5.1.1 unknown")
    sent = await catcher.send_as_customer(
        from_="jo@x.example", to=["support@in.example", "friend@else.example"], text="x"
    )
    assert sent.rcpt_to == ["support@in.example"]
    canal.refuse("support@in.example", "550 5.1.1 unknown")
    with pytest.raises(SandboxError, match=r"does not take mail for support@in\.example: 550"):
        await catcher.send_as_customer(from_="jo@x.example", to="support@in.example", text="x")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"to": "support@in.example"}, "Say who writes"),
        ({"from_": "jo@x.example"}, "Say whom to write to"),
        ({"from_": "jo@x.example", "to": "a@x.example", "subject": "a\nb: c"}, "header"),
    ],
)
async def test_what_no_mail_program_would_send(
    catcher: MailCatcher, canal: MailCatcher, fields: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SandboxError, match=sentence):
        await catcher.send_as_customer(text="x", **fields)  # type: ignore[arg-type]
    assert canal.mails == []


async def test_without_canal_a_customer_hears_why(catcher: MailCatcher) -> None:
    with pytest.raises(SandboxError, match="not running"):
        await catcher.send_as_customer(from_="jo@x.example", to="a@x.example", text="x")
    catcher.canal_smtp = ("127.0.0.1", 1)
    with pytest.raises(SandboxError, match="did not take the mail"):
        await catcher.send_as_customer(from_="jo@x.example", to="a@x.example", text="x")


async def test_a_broken_mail_is_kept_all_the_same(catcher: MailCatcher) -> None:
    broken = b"Subject: =?nope?x?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe\r\n"
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=catcher.port)
    async with client:
        await client.sendmail("a@us.example", ["jo@x.example"], broken)
    [mail] = catcher.mails
    assert mail.data == broken
    assert mail.summary["files"] == 0
