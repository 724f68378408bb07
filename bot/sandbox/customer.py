"""Writes mail as a customer's mail program would, and hands it to Canal's SMTP server."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr

from bot.sandbox.caught import CaughtMail, addresses
from bot.sandbox.errors import SandboxError
from bot.sandbox.ids import new_secret


@dataclass(frozen=True, slots=True)
class Letter:
    """What a customer typed; empty fields are taken from the mail that it answers."""

    from_: str
    from_name: str
    to: Sequence[str] | str
    cc: Sequence[str] | str
    subject: str
    text: str
    html: str | None
    files: Sequence[tuple[str, bytes]]
    answered: CaughtMail | None
    reply_all: bool
    quote: bool
    headers: Sequence[tuple[str, str]]


async def deliver(letter: Letter, server: tuple[str, int], mail_id: str, now: float) -> CaughtMail:
    """Composes and sends. Raises SandboxError with a sentence."""
    message = compose_letter(letter, now)
    sender = addresses(str(message["From"]))[0]
    recipients = addresses(", ".join(str(message.get(name, "")) for name in ("To", "Cc")))
    data = message.as_bytes(policy=SMTP_POLICY.clone(utf8=not _is_ascii(sender, recipients)))
    answers = await _send(server, sender, recipients, data)
    return CaughtMail(
        id=mail_id,
        direction="in",
        at=now,
        mail_from=sender,
        rcpt_to=[address for address, reply in answers if reply.startswith("250")],
        recipients=answers,
        data=data,
        read=True,
    )


def compose_letter(letter: Letter, now: float) -> EmailMessage:
    """The mail as it goes on the wire. Raises SandboxError when it has no sender or recipient."""
    answered = letter.answered
    sender, to, cc = letter.from_.strip(), _listed(letter.to), _listed(letter.cc)
    if answered is not None:
        sender = sender or next(iter(answered.rcpt_to), "")
        to = to or addresses(answered.header("Reply-To")) or addresses(answered.header("From"))
        if letter.reply_all:
            cc = cc or _others(answered, sender, to)
    if not sender or "@" not in sender:
        raise SandboxError("Say who writes: an email address in From.")
    if not to:
        raise SandboxError("Say whom to write to: an email address in To.")
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        _set_headers(message, letter, sender, to, cc, now)
    except (ValueError, IndexError) as error:
        raise SandboxError(f"A header cannot be written: {error}.") from error
    _set_body(message, letter)
    return message


def _set_headers(
    message: EmailMessage, letter: Letter, sender: str, to: list[str], cc: list[str], now: float
) -> None:
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["From"] = formataddr((letter.from_name, sender)) if letter.from_name else sender
    message["To"] = ", ".join(to)
    if cc:
        message["Cc"] = ", ".join(cc)
    subject, answered = letter.subject, letter.answered
    if answered is not None:
        subject = subject or _re(answered.subject)
        if answered.message_id:
            before = answered.header("References").split()
            message["In-Reply-To"] = answered.message_id
            message["References"] = " ".join([*before[-20:], answered.message_id])
    message["Subject"] = subject
    message["Message-ID"] = f"<{new_secret(20)}@{sender.rpartition('@')[2]}>"
    for name, value in letter.headers:
        del message[name]
        message[name] = value


def _set_body(message: EmailMessage, letter: Letter) -> None:
    text = letter.text
    if letter.quote and letter.answered is not None:
        text = f"{text.rstrip()}\n\n{_quoted(letter.answered)}"
    message.set_content(text if text.endswith("\n") else text + "\n")
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    for name, data in letter.files:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)


async def _send(
    server: tuple[str, int], sender: str, recipients: list[str], data: bytes
) -> list[tuple[str, str]]:
    """(address, reply) of each; those whom Canal does not know have servers of their own."""
    import aiosmtplib

    client = aiosmtplib.SMTP(hostname=server[0], port=server[1], timeout=30, start_tls=None)
    try:
        async with client:
            options = ["SMTPUTF8"] if not _is_ascii(sender, recipients) else []
            refused, reply = await client.sendmail(sender, recipients, data, mail_options=options)
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        raise SandboxError(
            f"Canal does not take mail for {first.recipient}: {first.code} {first.message}"
        ) from error
    except aiosmtplib.SMTPResponseException as error:
        raise SandboxError(f"Canal refused the mail: {error.code} {error.message}") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise SandboxError(f"Canal's SMTP server did not take the mail: {error}") from error
    answers = []
    for address in recipients:
        if address in refused:
            answers.append((address, f"{refused[address][0]} {refused[address][1]}"))
        else:
            answers.append((address, f"250 {reply}"))
    return answers


def _listed(value: Sequence[str] | str) -> list[str]:
    """Addresses as typed ("a@x, b@y") or one by one; a name beside the address is kept."""
    items = value.replace(";", ",").split(",") if isinstance(value, str) else value
    return [item.strip() for item in items if item.strip()]


def _others(answered: CaughtMail, sender: str, to: list[str]) -> list[str]:
    """Everybody else on the mail, for an answer to all."""
    known = {sender.lower(), *(address.lower() for address in to)}
    known |= {address.lower() for address in addresses(answered.header("From"))}
    everybody = addresses(f"{answered.header('To')}, {answered.header('Cc')}")
    return [address for address in everybody if address.lower() not in known]


def _re(subject: str) -> str:
    return subject if subject[:3].lower() == "re:" else f"Re: {subject}"


def _quoted(answered: CaughtMail) -> str:
    lines = answered.text.rstrip().splitlines()
    date = answered.header("Date")
    head = f"{f'On {date}, ' if date else ''}{answered.header('From')} wrote:"
    return "\n".join([head, *(f"> {line}" for line in lines)])


def _is_ascii(sender: str, recipients: list[str]) -> bool:
    return sender.isascii() and all(address.isascii() for address in recipients)
