"""A sentence for everything that can go wrong while a mail is sent; none holds a password.

Libraries' exceptions come in, the classes of `mail.errors` go out. What the sentence says follows
from the exception's class and the server's codes.
"""

from __future__ import annotations

import errno
import socket
import ssl
from base64 import b64encode

import aiosmtplib

from mail.discovery.providers import Hint, all_providers
from mail.errors import (
    AddressError,
    ConnectFailed,
    ConnectTimeout,
    Deferred,
    HostUnknown,
    LoginFailed,
    MailError,
    PortRefused,
    ProtocolBroken,
    Refused,
    ServerSilent,
    TlsFailed,
    TooLarge,
)
from mail.sending.account import SmtpAccount
from mail.sending.results import FailureReason, Outcome, classify, split_reply

_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
}


def connect_error(account: SmtpAccount, error: BaseException) -> MailError:
    """Why no connection came about (name, route, port, TLS, or no SMTP server behind it)."""
    causes = list(_causes(error))
    where = f"{account.host}, port {account.port},"
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _tls_error(account, cause)
        if isinstance(cause, socket.gaierror):
            return _name_error(account, cause)
    if any(_is_refused(cause) for cause in causes):
        return PortRefused(
            f"{account.host} does not accept connections on port {account.port}."
            " Check the port and the encryption that goes with it."
        )
    if isinstance(error, aiosmtplib.SMTPConnectResponseError):
        return Deferred(f"{where} does not take mail now: {_quote(account, error)}.")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return ProtocolBroken(f"What answers at {where} is no mail server. Check the port.")
    if any(isinstance(c, aiosmtplib.SMTPServerDisconnected) for c in causes):
        return ConnectFailed(
            f"{where} closed the connection at once. Check that port and encryption belong together"
            " and that the server lets this machine in."
        )
    if isinstance(error, TimeoutError) and "ready message" in str(error):
        return ServerSilent(
            f"{where} accepted the connection but said nothing."
            " Check that port and encryption belong together."
        )
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return ConnectTimeout(
            f"{account.host} did not answer on port {account.port}. Check host and port;"
            " a firewall may be in the way."
        )
    last = next((c for c in reversed(causes) if isinstance(c, OSError) and c.strerror), None)
    reason = f": {last.strerror}" if last else ""
    return ConnectFailed(f"{where} could not be reached{reason}.")


def starttls_error(account: SmtpAccount, error: BaseException) -> MailError:
    """Why encryption could not be switched on."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return _tls_error(account, cause)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return TlsFailed(
            f"{account.host} refused to switch encryption on: {_quote(account, error)}."
        )
    return TlsFailed(
        f"{account.host} broke the connection off while encryption was being switched on."
    )


def no_encryption(account: SmtpAccount) -> TlsFailed:
    """The server offers none where it is needed."""
    kept = ", so the password was not sent" if account.has_login else ""
    return TlsFailed(
        f"{account.host} offers no encryption on port {account.port}{kept}."
        " Use the port that the server has for TLS (465) or STARTTLS (587)."
    )


def login_error(account: SmtpAccount, error: aiosmtplib.SMTPResponseException) -> MailError:
    """Why the server did not let us in: for now, or for good, with the provider's own advice."""
    what = "the access token" if account.token else "this user name or password"
    codes, words = _codes_and_words(account, error)
    enhanced, _ = split_reply(error.message)
    outcome, _ = classify(error.code, enhanced)
    if outcome is Outcome.TEMPORARY and error.code != 334:
        return Deferred(f"{account.host} cannot check the password now ({codes}): {words}")
    hint = _hint(account) if not account.token else None
    advice = f" {hint}" if hint else ""
    return LoginFailed(f"{account.host} refused {what} ({codes}: {words}).{advice}")


def no_login_offered(account: SmtpAccount) -> LoginFailed:
    """There is no AUTH that we could use."""
    return LoginFailed(
        f"{account.host} offers no way to log in on port {account.port}."
        " Check the port, or leave user name and password empty."
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
        return Deferred(f"{account.host} asked to try again later ({said}).")
    if reason is FailureReason.AUTH:
        return LoginFailed(f"{account.host} wants a user name and a password ({said}).")
    if reason is FailureReason.TOO_LARGE or error.code == 552:
        return TooLarge(f"The mail is larger than {account.host} accepts ({said}).")
    return Refused(
        f"{account.host} does not let us send as {sender or 'the empty sender'} ({said})."
    )


def too_large(account: SmtpAccount, size: int, limit: int) -> TooLarge:
    """The mail is over the server's SIZE. Attachments grow by a third on their way, so say it."""
    return TooLarge(
        f"The mail is {_megabytes(size)} with its files, and {account.host} takes at most"
        f" {_megabytes(limit)}. Send fewer or smaller files."
    )


def needs_smtputf8(account: SmtpAccount, address: str) -> AddressError:
    """An international address, and a server that does not know of them."""
    return AddressError(
        f"{account.host} cannot send to or from {address}: it does not support addresses with"
        " letters like these before the @ (SMTPUTF8)."
    )


def lost(account: SmtpAccount) -> Deferred:
    """The connection broke before the whole mail was handed over: nothing was accepted."""
    return Deferred(f"{account.host} broke the connection off before it had the mail.")


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


def _quote(account: SmtpAccount, error: aiosmtplib.SMTPResponseException) -> str:
    codes, words = _codes_and_words(account, error)
    return f"{codes} {words}".strip()


def _hint(account: SmtpAccount) -> Hint | None:
    """What the provider of this server says about passwords."""
    for provider in all_providers():
        if provider.smtp and provider.smtp.host == account.host.lower():
            return provider.app_password
    return None


def _tls_error(account: SmtpAccount, error: ssl.SSLError) -> MailError:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".") or "it could not be verified"
        return TlsFailed(
            f"The certificate of {account.host} cannot be trusted: {why[:1].lower()}{why[1:]}."
            " Check the host name, or have the certificate of the server put right."
        )
    if error.reason in _NOT_TLS:
        return ProtocolBroken(
            f"{account.host} does not speak TLS on port {account.port}. Choose STARTTLS for this"
            " port, or the port that is meant for TLS."
        )
    reason = (error.reason or "handshake failed").replace("_", " ").lower()
    return TlsFailed(f"No encrypted connection to {account.host}, port {account.port}: {reason}.")


def _name_error(account: SmtpAccount, error: socket.gaierror) -> HostUnknown:
    if error.errno == socket.EAI_AGAIN:
        return HostUnknown(
            f"The name {account.host} could not be looked up: the name server does not answer,"
            " or there is no such host. Check the host name."
        )
    return HostUnknown(f"There is no mail server called {account.host}. Check the host name.")


def _is_refused(error: BaseException) -> bool:
    """Refused by one address of the host, or by each of several ("Multiple exceptions: …")."""
    if isinstance(error, ConnectionRefusedError):
        return True
    return isinstance(error, OSError) and f"[Errno {errno.ECONNREFUSED}]" in str(error)


def _causes(error: BaseException | None) -> list[BaseException]:
    """The exception and what it came from."""
    chain: list[BaseException] = []
    while error is not None and len(chain) < 10:
        chain.append(error)
        error = error.__cause__
    return chain


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size < 100_000_000 else f"{size // 1_000_000} MB"
