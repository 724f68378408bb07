"""What the tests of mailboxes share: a Canal whose channel lives at a Dovecot and a Postfix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import count
from typing import Any

from tests.servers.dovecot import Dovecot, running_dovecot
from tests.servers.postfix import Postfix, running_postfix

_numbers = count(1)
_USERS = 60


@dataclass
class MailHost:
    """A provider: mailboxes at `dovecot`, sending through `postfix`, which delivers to them."""

    dovecot: Dovecot
    postfix: Postfix
    _left: Iterator[str] = field(default_factory=lambda: iter(_names()))

    def new_user(self) -> str:
        """A mailbox that no other test has used; its password is "secret"."""
        return next(self._left)

    def incoming(self, user: str, **changes: Any) -> dict[str, Any]:
        """The settings of an imap connection, as they are stored."""
        return {
            "host": self.dovecot.host,
            "port": self.dovecot.tls_port,
            "security": "tls",
            "user": user,
            "ca_file": self.dovecot.ca_file,
            **changes,
        }

    def outgoing(self, user: str, **changes: Any) -> dict[str, Any]:
        return {
            "host": "localhost",
            "port": self.postfix.port,
            "security": "starttls",
            "user": user,
            "ca_file": self.postfix.ca_file,
            **changes,
        }

    def channel(self, user: str, **changes: Any) -> dict[str, Any]:
        """Fields of a channel that receives and sends at this provider, by password."""
        values = {
            "primary": user,
            "from_email": user,
            "incoming": "imap",
            "incoming_settings": self.incoming(user),
            "incoming_secret": {"password": "secret"},
            "outgoing": "smtp",
            "outgoing_settings": self.outgoing(user),
            "outgoing_secret": {"password": "secret"},
        }
        return {**values, **changes}

    def inbox(self, user: str) -> list[bytes]:
        """What lies in a mailbox's INBOX, seen or not."""
        return self.folder(user, "INBOX")

    def folder(self, user: str, name: str) -> list[bytes]:
        place = self.dovecot.maildir(user, name)
        paths = [*place.glob("new/*"), *place.glob("cur/*")]
        return [path.read_bytes() for path in sorted(paths, key=lambda one: one.name)]


def _names() -> list[str]:
    return [f"desk{number}@shop.example" for number in range(1, _USERS + 1)]


@contextmanager
def running_mail_host(**options: Any) -> Iterator[MailHost]:
    with running_dovecot(**options) as dovecot:
        for name in _names():
            dovecot.add_user(name)
        with running_postfix(dovecot) as postfix:
            yield MailHost(dovecot, postfix)


def make_mail(
    subject: str = "Help",
    text: str = "Hello, I need help.",
    *,
    to: str = "support@acme.example",
    sender: str = "Jo Miller <jo@cust.example>",
    message_id: str | None = None,
    **headers: str,
) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    mail["Message-ID"] = message_id or f"<{next(_numbers)}.mailbox@cust.example>"
    for key, value in headers.items():
        mail[key.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()
