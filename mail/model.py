"""The words of mail: frozen values that the other modules of `mail/` take and return.

They hold what a mail says, never what Canal thinks of it (that is `handlers/`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mail.document import Document


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox of RFC 5322: display name (may be empty) and addr-spec, Unicode, not folded."""

    address: str
    name: str = ""

    @property
    def key(self) -> str:
        """What two spellings of one mailbox share: lower case, as people and providers treat it."""
        return self.address.strip().casefold()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].casefold()

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Envelope:
    """SMTP MAIL FROM and RCPT TO, beside the headers and never mixed with them.

    `mail_from` is "" for the null reverse-path of bounces, None where the wire has no envelope
    (IMAP, a file).
    """

    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail as a wire hands it over: the bytes as they came, and what the wire knows of it."""

    data: bytes
    envelope: Envelope = field(default_factory=Envelope)
    peer: str | None = None
    """IP address of the SMTP client."""
    helo: str | None = None
    tls: str | None = None
    """TLS version of the session, None when it was in clear."""
    problem: str | None = None
    """A sentence where the wire could not get the whole mail."""


class MailKind(StrEnum):
    """What sort of mail it is; decides how quietly it is filed."""

    MESSAGE = "message"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    FEEDBACK = "feedback"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """One part with bytes. `index` finds it again in the raw mail (`mail.parse.read_attachment`).

    `filename` is clean (no path, no control characters, never empty); `size` counts decoded bytes.
    """

    index: int
    filename: str
    content_type: str
    size: int
    inline: bool = False
    content_id: str | None = None
    """Without angle brackets."""
    sha256: str = ""
    summary: str = ""
    """A line for people: date and place of an invitation, From and Subject of an attached mail."""


class BounceAction(StrEnum):
    """RFC 3464 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class BounceRecipient:
    address: str
    action: BounceAction = BounceAction.FAILED
    status: str | None = None
    """Enhanced status code of RFC 3463, such as 5.1.1."""
    diagnostic: str | None = None


@dataclass(frozen=True, slots=True)
class Bounce:
    recipients: tuple[BounceRecipient, ...] = ()
    original_message_id: str | None = None
    """Message-ID of the mail that bounced, in angle brackets like every id here."""
    complaint: bool = False
    """It arrived, and its reader called it spam."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that somebody forwarded by hand, as far as it can be told."""

    from_: Address
    date: datetime | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """Everything that reading a mail yields. Message-IDs keep their angle brackets."""

    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    kind: MailKind = MailKind.MESSAGE
    document: Document = field(default_factory=Document)
    """The whole text with its formatting."""
    visible: Document = field(default_factory=Document)
    """What the writer wrote this time: quoted history and signature folded away in an answer, the
    whole text of a mail that says nowhere that it answers one."""
    folded_lines: int = 0
    """How many lines `visible` leaves out."""
    text: str = ""
    """The whole text, plain."""
    visible_text: str = ""
    """The writer's own words, plain, folded also where the mail does not say that it answers."""
    html_present: bool = False
    attachments: tuple[MailAttachment, ...] = ()
    bounce: Bounce | None = None
    forwarded: Forwarded | None = None
    is_forward: bool = False
    """Looks like a mail forwarded by hand (subject prefix or a forward block)."""
    marker: str | None = None
    """The hidden body marker that Canal put into a mail that this one quotes (`mail.compose`)."""
    list_id: str | None = None
    language: str | None = None
    """What it is written in, such as `de` or `pt-BR`, as far as its words tell."""
    defects: tuple[str, ...] = ()
    """Plain sentences: what was wrong with the mail and how it was read all the same."""
