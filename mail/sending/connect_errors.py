"""A sentence for everything that can keep a connection for sending from coming about."""

from __future__ import annotations

import errno
import socket
import ssl

import aiosmtplib

from mail.discovery.untrusted import why_untrusted
from mail.errors import (
    ConnectFailed,
    ConnectTimeout,
    HostUnknown,
    MailError,
    PortRefused,
    ProtocolBroken,
    ServerAway,
    ServerSilent,
    TlsFailed,
)
from mail.sending.account import SmtpAccount
from mail.sending.errors import quote_reply
from mail.sentences import say

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
    where = _where(account)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _tls_error(account, cause)
        if isinstance(cause, socket.gaierror):
            return _name_error(account, cause)
    if any(_is_refused(cause) for cause in causes):
        return PortRefused(
            say(
                "{host} does not accept connections on port {port}. Check the port and the "
                "encryption that goes with it.",
                host=account.host,
                port=account.port,
            )
        )
    if (found := _no_greeting(account, error, causes)) is not None:
        return found
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return ConnectTimeout(
            say(
                "{host} did not answer on port {port}. Check host and port; a firewall may be in "
                "the way.",
                host=account.host,
                port=account.port,
            )
        )
    last = next((c for c in reversed(causes) if isinstance(c, OSError) and c.strerror), None)
    reason = f": {last.strerror}" if last else ""
    return ConnectFailed(say("{where} could not be reached{reason}.", where=where, reason=reason))


def _no_greeting(
    account: SmtpAccount, error: BaseException, causes: list[BaseException]
) -> MailError | None:
    """Connected, but what is there does not begin as a mail server that has time for us."""
    where = _where(account)
    if isinstance(error, aiosmtplib.SMTPConnectResponseError):
        kind = ConnectFailed if error.code >= 500 else ServerAway
        return kind(
            say(
                "{where} does not take mail now: {quote}.",
                where=where,
                quote=quote_reply(account, error),
            )
        )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return ProtocolBroken(
            say("What answers at {where} is no mail server. Check the port.", where=where)
        )
    if any(isinstance(c, aiosmtplib.SMTPServerDisconnected) for c in causes):
        return ConnectFailed(
            say(
                "{where} closed the connection at once. Check that port and encryption belong "
                "together and that the server lets this machine in.",
                where=where,
            )
        )
    if isinstance(error, TimeoutError) and "ready message" in str(error):
        return ServerSilent(
            say(
                "{where} accepted the connection but said nothing. Check that port and "
                "encryption belong together.",
                where=where,
            )
        )
    return None


def starttls_error(account: SmtpAccount, error: BaseException) -> MailError:
    """Why encryption could not be switched on."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return _tls_error(account, cause)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return TlsFailed(
            say(
                "{host} refused to switch encryption on: {quote}.",
                host=account.host,
                quote=quote_reply(account, error),
            )
        )
    return TlsFailed(
        say(
            "{host} broke the connection off while encryption was being switched on.",
            host=account.host,
        )
    )


def no_encryption(account: SmtpAccount) -> TlsFailed:
    """The server offers none where it is needed."""
    return TlsFailed(
        say(
            "{host} offers no encryption on port {port}, so the password was not sent. Use the "
            "port that the server has "
            "for TLS (465) or STARTTLS (587).",
            host=account.host,
            port=account.port,
        )
    )


def _where(account: SmtpAccount) -> str:
    return say("{host}, port {port},", host=account.host, port=account.port)


def _tls_error(account: SmtpAccount, error: ssl.SSLError) -> MailError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailed(
            say(
                "The certificate of {host} cannot be trusted: {why}. Check the host name, "
                "or have the certificate of the server put right.",
                host=account.host,
                why=why_untrusted(error),
            )
        )
    if error.reason in _NOT_TLS:
        return ProtocolBroken(
            say(
                "{host} does not speak TLS on port {port}. Choose STARTTLS for this port, or the "
                "port that is meant for TLS.",
                host=account.host,
                port=account.port,
            )
        )
    reason = (error.reason or "handshake failed").replace("_", " ").lower()
    return TlsFailed(
        say(
            "No encrypted connection to {host}, port {port}: {reason}.",
            host=account.host,
            port=account.port,
            reason=reason,
        )
    )


def _name_error(account: SmtpAccount, error: socket.gaierror) -> HostUnknown:
    if error.errno == socket.EAI_AGAIN:
        return HostUnknown(
            say(
                "The name {host} could not be looked up: the name server does not answer, or "
                "there is no such host. Check the host name.",
                host=account.host,
            )
        )
    return HostUnknown(
        say("There is no mail server called {host}. Check the host name.", host=account.host)
    )


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
