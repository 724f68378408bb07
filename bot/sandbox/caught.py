"""A mail that left Canal or that somebody wrote as a customer, and how to look into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as email_policy
from email.utils import getaddresses
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class CaughtMail:
    """`direction` is "out" (it left Canal) or "in" (to Canal). `recipients` has each address with
    what the SMTP server answered for it. `data` is None for mail of an earlier run until it is
    read (`MailCatcher.read`)."""

    id: str
    direction: str
    at: float
    """Seconds since 1970."""
    mail_from: str
    rcpt_to: list[str]
    recipients: list[tuple[str, str]]
    data: bytes | None = None
    summary: Json = field(default_factory=dict)
    answered: bool = False
    read: bool = False
    _message: EmailMessage | None = None

    @property
    def message(self) -> EmailMessage:
        """The parsed mail. Raises ValueError when its bytes are not there yet."""
        if self._message is None:
            if self.data is None:
                raise ValueError(f"mail {self.id} is not read from the store yet")
            self._message = message_from_bytes(self.data, _class=EmailMessage, policy=email_policy)
        return self._message

    def header(self, name: str) -> str:
        """A header's value, unfolded and decoded; "" when it is absent or unreadable."""
        try:
            return str(self.message.get(name, ""))
        except Exception:  # noqa: BLE001 - the email package raises anything on broken headers
            return ""

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def message_id(self) -> str:
        return self.header("Message-ID").strip()

    @property
    def text(self) -> str:
        return _body(self.message, "plain")

    @property
    def html(self) -> str:
        return _body(self.message, "html")

    @property
    def attachments(self) -> list[tuple[str, bytes]]:
        """(file name, bytes) of every part that is neither the text nor the HTML."""
        return [(part_name(part), part_bytes(part)) for part in other_parts(self.message)]

    def summarize(self) -> None:
        """Keeps what a list of mails shows, so that the list needs no bytes."""
        names = getaddresses([self.header("From")])
        self.summary = {
            "from": names[0][1] if names else self.mail_from,
            "from_name": names[0][0] if names else "",
            "to": addresses(self.header("To")),
            "cc": addresses(self.header("Cc")),
            "reply_to": addresses(self.header("Reply-To")),
            "subject": self.subject,
            "snippet": " ".join((self.text or "").split())[:140],
            "files": len(list(other_parts(self.message))),
            "message_id": self.message_id,
            "in_reply_to": self.header("In-Reply-To").strip(),
        }

    def to_json(self) -> Json:
        """For the store; the bytes are a blob of their own."""
        return {
            "id": self.id,
            "direction": self.direction,
            "at": self.at,
            "mail_from": self.mail_from,
            "rcpt_to": self.rcpt_to,
            "recipients": [list(one) for one in self.recipients],
            "summary": self.summary,
            "answered": self.answered,
            "read": self.read,
        }

    @classmethod
    def from_json(cls, body: Json) -> CaughtMail:
        recipients = [(one[0], one[1]) for one in body["recipients"]]
        return cls(**{**body, "recipients": recipients})


def addresses(value: str) -> list[str]:
    """The bare addresses of an address header."""
    return [address for _, address in getaddresses([value]) if address]


def other_parts(message: EmailMessage) -> list[EmailMessage]:
    """Parts with bytes that are neither the text nor the HTML of the mail; attached mails whole."""
    try:
        bodies = {id(message.get_body((kind,))) for kind in ("plain", "html")}
    except Exception:  # noqa: BLE001 - a structure that the email package cannot walk
        bodies = set()
    found: list[EmailMessage] = []
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart":
            inner = part.get_payload()
            if isinstance(inner, list):
                waiting.extend(one for one in reversed(inner) if isinstance(one, EmailMessage))
        elif id(part) not in bodies and part is not message:
            found.append(part)
    return found


def part_name(part: EmailMessage) -> str:
    try:
        return part.get_filename() or "attachment"
    except Exception:  # noqa: BLE001 - broken headers
        return "attachment"


def part_bytes(part: EmailMessage) -> bytes:
    """The decoded bytes; an attached mail as its source."""
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    return first.as_bytes() if isinstance(first, EmailMessage) else b""


def _body(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
    except Exception:  # noqa: BLE001 - unknown charsets, broken encodings
        return ""
