"""Errors of the mail layer.

MailError
├── AddressError            an address that no mail can be sent to
├── ComposeError            a mail that cannot be written (a header that would be injected into)
├── TooLarge                the mail is larger than the server takes
└── WireError               talking to a mail server failed
    ├── ConnectFailed       no connection: name, route, port, time-out
    ├── TlsFailed           the certificate or the TLS handshake
    ├── LoginFailed         the server refused user, password or token
    ├── Refused             a permanent answer (5xx, NO)
    ├── Deferred            a temporary answer (4xx): try again later
    └── Ambiguous           the connection was lost after the mail was handed over

The axis is what the caller should do, not which library raised. The docstring of a class is its
default message; every message is a sentence for the person who has to act on it.
"""

from __future__ import annotations


class MailError(Exception):
    """Something went wrong with a mail."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().partition("\n")[0])


class AddressError(MailError):
    """This is not an address that mail can be sent to."""


class ComposeError(MailError):
    """The mail could not be written."""


class TooLarge(MailError):  # noqa: N818 - it names the case
    """The mail is larger than the server accepts."""


class WireError(MailError):
    """Talking to the mail server failed."""


class ConnectFailed(WireError):  # noqa: N818
    """The mail server could not be reached."""


class TlsFailed(WireError):  # noqa: N818
    """The mail server's certificate could not be verified."""


class LoginFailed(WireError):  # noqa: N818
    """The mail server refused the user name or the password."""


class Refused(WireError):  # noqa: N818
    """The mail server refused this for good."""


class Deferred(WireError):  # noqa: N818
    """The mail server asked to try again later."""


class Ambiguous(WireError):  # noqa: N818
    """The connection was lost after the mail was handed over: it may have left."""
