"""Where and as whom mail is sent: a smarthost for everybody, or the SMTP server of one mailbox."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from mail.discovery.providers import Security

__all__ = ["Security", "SmtpAccount", "TokenSource", "is_loopback"]

TokenSource = Callable[[], Awaitable[str]]
"""Gets an OAuth2 access token that is good now."""

_DEFAULT_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """A server to send through. Secrets never show in its repr.

    Without `user` nobody logs in. With `starttls_optional` encryption is used where the server
    offers it; a password is never sent unencrypted except to this machine. Seconds: `timeout`
    bears silence, `data_timeout` the wait for the answer to a whole mail (RFC 5321 4.5.3.2.6 asks
    for ten minutes of patience).
    """

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: TokenSource | None = field(default=None, repr=False)
    verify: bool = True
    ca_file: str | None = None
    timeout: float = 30.0
    data_timeout: float = 300.0
    starttls_optional: bool = False

    @property
    def has_login(self) -> bool:
        return self.user is not None and (self.password is not None or self.token is not None)

    @property
    def local(self) -> bool:
        """Whether the server is on this machine, where no line can be listened to."""
        return is_loopback(self.host)

    @classmethod
    def from_url(cls, url: str) -> SmtpAccount:
        """`smtp[s]://[user:password@]host[:port][?verify=no&starttls=required&timeout=30]`.

        smtps is TLS from the first byte (port 465); smtp uses STARTTLS where it is offered (port
        587 with a user, else 25) and needs it before a password leaves this machine. User and
        password are percent-decoded. Raises ValueError with a sentence that never shows the URL.
        """
        parts = _split(url)
        options = {
            name: values[-1].lower()
            for name, values in parse_qs(parts.query, keep_blank_values=True).items()
        }
        unknown = set(options) - {"verify", "starttls", "timeout"}
        if unknown:
            raise ValueError(
                "The smarthost URL has an unknown option; it knows verify, starttls and timeout."
            )
        security = Security.TLS if parts.scheme == "smtps" else Security.STARTTLS
        if options.get("starttls") in {"no", "off", "never"} and security is Security.STARTTLS:
            security = Security.NONE
        user = unquote(parts.username) if parts.username else None
        port = parts.port or (25 if security is Security.STARTTLS and not user else None)
        return cls(
            host=str(parts.hostname),
            port=port or _DEFAULT_PORTS[security],
            security=security,
            user=user,
            password=unquote(parts.password or "") if user else None,
            verify=options.get("verify", "yes") not in {"no", "off", "false", "0"},
            timeout=_seconds(options.get("timeout", "30")),
            starttls_optional=security is Security.STARTTLS and "starttls" not in options,
        )


def is_loopback(host: str) -> bool:
    """Whether the name or address can only mean this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    """The parts of the URL, checked. The messages name no part of it: it may hold a password."""
    shape = "smtp://user:password@host:port or smtps://…"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ValueError(
            f"The smarthost URL cannot be read; it has the form {shape}. "
            "Write special characters in the password as %XX."
        ) from None
    if parts.scheme not in {"smtp", "smtps"}:
        raise ValueError(f"The smarthost URL must begin with smtp:// or smtps://: {shape}.")
    if not parts.hostname or port == 0 or parts.path.strip("/") or parts.fragment:
        raise ValueError(
            f"The smarthost URL has no host or too much behind it; it has the form {shape}. "
            "Write special characters in the password as %XX."
        )
    return parts


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 600:
        raise ValueError("The time-out in the smarthost URL is a number of seconds, 1 to 600.")
    return seconds
