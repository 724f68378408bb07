"""A sentence for everything that can go wrong while a mail is sent; none holds a password.

Libraries' exceptions come in, the classes of `mail.errors` go out. What the sentence says follows
from the exception's class and the server's codes.
"""

from __future__ import annotations

from base64 import b64encode

import aiosmtplib

from mail.discovery.providers import Hint, all_providers
from mail.errors import (
    AddressError,
    Deferred,
    LoginFailed,
    LoginLater,
    MailError,
    Refused,
    TooLarge,
)
from mail.sending.account import SmtpAccount
from mail.sending.results import FailureReason, Outcome, classify, split_reply
from mail.sentences import say, together


def login_error(account: SmtpAccount, error: aiosmtplib.SMTPResponseException) -> MailError:
    """Why the server did not let us in: for now, or for good, with the provider's own advice."""
    codes, words = _codes_and_words(account, error)
    said = f"{codes}: {words}"
    enhanced, _ = split_reply(error.message)
    outcome, _ = classify(error.code, enhanced)
    if outcome is Outcome.TEMPORARY and error.code != 334:
        return LoginLater(
            say(
                "{host} cannot check the password now ({codes}: {words}).",
                host=account.host,
                codes=codes,
                words=words,
            )
        )
    hint = _hint(account) if not account.token else None
    refused = (
        say("{host} refused the access token ({said}).", host=account.host, said=said)
        if account.token
        else say(
            "{host} refused this user name or password ({said}).", host=account.host, said=said
        )
    )
    return LoginFailed(together([refused, str(hint)]) if hint else refused)


def no_login_offered(account: SmtpAccount) -> LoginFailed:
    """There is no AUTH that we could use."""
    return LoginFailed(
        say(
            "{host} offers no way to log in on port {port}. Check the port, or leave user name "
            "and password empty.",
            host=account.host,
            port=account.port,
        )
    )


def sender_error(
    account: SmtpAccount, sender: str, error: aiosmtplib.SMTPResponseException
) -> MailError:
    """Why MAIL FROM was refused."""
    codes, words = _codes_and_words(account, error)
    enhanced, _ = split_reply(error.message)
    outcome, reason = classify(error.code, enhanced)
    said = f"{codes}: {words}" if words else codes
    if outcome is Outcome.TEMPORARY:
        return Deferred(
            say("{host} asked to try again later ({said}).", host=account.host, said=said)
        )
    if reason is FailureReason.AUTH:
        return LoginFailed(
            say("{host} wants a user name and a password ({said}).", host=account.host, said=said)
        )
    if reason is FailureReason.TOO_LARGE:
        return TooLarge(
            say("The mail is larger than {host} accepts ({said}).", host=account.host, said=said)
        )
    return Refused(
        say(
            "{host} does not let us send as {sender} ({said}).",
            host=account.host,
            sender=sender or "<>",
            said=said,
        )
    )


def too_large(account: SmtpAccount, size: int, limit: int) -> TooLarge:
    """The mail is over the server's SIZE. Attachments grow by a third on their way, so say it."""
    return TooLarge(
        say(
            "The mail is {size} with its files, and {host} takes at most {limit}. Send "
            "fewer or smaller files.",
            size=_megabytes(size),
            host=account.host,
            limit=_megabytes(limit),
        )
    )


def needs_smtputf8(account: SmtpAccount, address: str) -> AddressError:
    """An international address, and a server that does not know of them."""
    return AddressError(
        say(
            "{host} cannot send to or from {address}: it does not support addresses with letters "
            "like these before the @ (SMTPUTF8).",
            host=account.host,
            address=address,
        )
    )


def lost(account: SmtpAccount, kind: type[Deferred] = Deferred) -> Deferred:
    """The connection broke before the whole mail was handed over: nothing was accepted."""
    return kind(say("{host} broke the connection off before it had the mail.", host=account.host))


def out_of_turn(account: SmtpAccount) -> Deferred:
    """Answers that we did not ask for, before the whole mail was handed over."""
    return Deferred(
        say(
            "{host} answers out of turn, so the mail was not handed over. Check what stands "
            "between Canal and the mail server.",
            host=account.host,
        )
    )


def server_words(account: SmtpAccount, text: str) -> str:
    """The server's text, should it repeat a secret, without it."""
    secrets = [account.password or ""]
    if account.user and account.password:
        plain = f"\0{account.user}\0{account.password}".encode()
        secrets += [b64encode(account.password.encode()).decode(), b64encode(plain).decode()]
    for secret in secrets:
        if len(secret) >= 3:
            text = text.replace(secret, "…")
    return text


def _codes_and_words(
    account: SmtpAccount, error: aiosmtplib.SMTPResponseException
) -> tuple[str, str]:
    enhanced, words = split_reply(server_words(account, error.message))
    return f"{error.code} {enhanced}" if enhanced else str(error.code), words[:200].rstrip(".")


def quote_reply(account: SmtpAccount, error: aiosmtplib.SMTPResponseException) -> str:
    codes, words = _codes_and_words(account, error)
    return f"{codes} {words}".strip()


def _hint(account: SmtpAccount) -> Hint | None:
    """What the provider of this server says about passwords."""
    for provider in all_providers():
        server = provider.smtp
        if server is None or server.host != account.host.lower():
            continue
        if not account.local or server.port == account.port:  # many a server is on this machine
            return provider.app_password
    return None


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size < 100_000_000 else f"{size // 1_000_000} MB"
