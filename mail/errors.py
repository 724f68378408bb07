"""Errors of the mail layer.

MailError
├── AddressError            an address that no mail can be sent to
├── ComposeError            a mail that cannot be written (a header that would be injected into)
├── TooLarge                the mail is larger than the server takes
├── ListenFailed            our own SMTP server cannot listen
├── MailRefused             our own SMTP server refuses a mail (mail/smtp_server/replies.py)
└── WireError               talking to a mail server failed
    ├── ConnectFailed       no connection: name, route, port, time-out
    │   ├── HostUnknown     the name does not exist
    │   ├── PortRefused     nothing listens on that port
    │   └── ConnectTimeout  nobody answers: a firewall, or the wrong host
    ├── TlsFailed           the certificate or the TLS handshake
    ├── ServerSilent        connected, but the server does not answer (any more)
    ├── ConnectionCut       the server hung up in the middle
    ├── ProtocolBroken      what answers does not speak the protocol
    ├── LoginFailed         the server refused user, password or token
    │   ├── AppMissing      no app to sign in with is known
    │   ├── DeadGrant       the OAuth grant has ended: a person has to connect again
    │   └── DeviceCodeBlocked  a rule forbids device codes: sign in by browser instead
    ├── FolderMissing       the mailbox has no folder of that name
    ├── Refused             a permanent answer (5xx, NO)
    ├── Deferred            a temporary answer (4xx): try again later
    │   └── ServerAway      … that concerns every mail, not this one
    │       └── LoginLater  … and comes of too many logins, perhaps
    └── Ambiguous           the connection was lost after the mail was handed over

The axis is what the caller should do, not which library raised. The docstring of a class is its
default message; every message is a sentence for the person who has to act on it. `field` names the
field of a connection form that the sentence belongs to ("" where it is no field's fault).
"""

from __future__ import annotations


class MailError(Exception):
    """Something went wrong with a mail."""

    field: str = ""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().partition("\n")[0])


class AddressError(MailError):
    """This is not an address that mail can be sent to."""


class ComposeError(MailError):
    """The mail could not be written."""


class TooLarge(MailError):  # noqa: N818 - it names the case
    """The mail is larger than the server accepts."""


class ListenFailed(MailError):  # noqa: N818
    """Canal cannot receive mail on this address."""


class WireError(MailError):
    """Talking to the mail server failed."""


class ConnectFailed(WireError):  # noqa: N818
    """The mail server could not be reached."""

    field = "host"


class HostUnknown(ConnectFailed):
    """There is no mail server of that name."""


class PortRefused(ConnectFailed):
    """The mail server does not listen on that port."""

    field = "port"


class ConnectTimeout(ConnectFailed):
    """The mail server did not answer: wrong host or port, or a firewall in between."""


class TlsFailed(WireError):  # noqa: N818
    """The mail server's certificate could not be verified."""

    field = "security"


class ServerSilent(WireError):  # noqa: N818
    """The mail server accepted the connection but does not answer."""

    field = "port"


class ConnectionCut(WireError):  # noqa: N818
    """The mail server closed the connection."""


class ProtocolBroken(WireError):  # noqa: N818
    """What answers on that port is no mail server of this kind."""

    field = "port"


class LoginFailed(WireError):  # noqa: N818
    """The mail server refused the user name or the password."""

    field = "password"


class DeadGrant(LoginFailed):
    """The permission to use this mailbox has ended: connect it again."""


class AppMissing(LoginFailed):
    """The app to sign in with is not known: enter its client ID."""


class DeviceCodeBlocked(LoginFailed):
    """A rule of your organisation blocks sign-in by code. Sign in by browser instead."""


class FolderMissing(WireError):  # noqa: N818
    """The mailbox has no folder of that name."""

    field = "folder"


class Refused(WireError):  # noqa: N818
    """The mail server refused this for good."""


class Deferred(WireError):  # noqa: N818
    """The mail server asked to try again later."""

    def __init__(self, message: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the server wants us to wait, where it says so."""


class ServerAway(Deferred):
    """The mail server takes no mail at all for now."""


class LoginLater(ServerAway):
    """The mail server cannot check the password now."""


class Ambiguous(WireError):  # noqa: N818
    """The connection was lost after the mail was handed over: it may have left."""
