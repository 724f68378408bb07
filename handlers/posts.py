"""What Canal wants Slack to show, in the help desk's words; `bot/slack` turns it into blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mail.document import Document
from mail.model import Address


class TicketStatus(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    """Answered; the customer's turn."""
    CLOSED = "closed"


class Reaction(StrEnum):
    """The four states of an agent's own message, the same everywhere."""

    PENDING = "hourglass_flowing_sand"
    SENT = "white_check_mark"
    FAILED = "x"
    NOTE = "lock"


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of a mail as the card names it; `problem` where Slack does not have it."""

    name: str
    size: int
    summary: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where to post. `thread_ts` None is the Slack channel itself."""

    slack_channel_id: str
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Ids hidden in a post, by which it is found again when the answer to a post was lost."""

    ticket_id: int
    message_id: int

    @property
    def key(self) -> str:
        return f"canal-{self.ticket_id}-{self.message_id}"


@dataclass(frozen=True, slots=True)
class TicketLink:
    """Another ticket; `place` is its card, where it has one."""

    number: int
    ticket_id: int
    place: Place | None = None
    url: str = ""
    """Filled in by whoever posts."""


@dataclass(frozen=True, slots=True)
class ForwardFacts:
    """What a card says of the forward that its ticket started with."""

    of: TicketLink | None
    people: tuple[Address, ...]
    mails: int
    state: str


@dataclass(frozen=True, slots=True)
class SenderMark:
    """Whether the sender is who the mail says (`mail.auth`): a verdict, and why."""

    verdict: str
    domain: str
    dkim: str
    spf: str


@dataclass(frozen=True, slots=True)
class MailText:
    """The readable part of a mail, as a card or a post shows it."""

    body: Document
    folded_lines: int = 0
    files: tuple[FileLine, ...] = ()
    defects: tuple[str, ...] = ()
    sender: SenderMark | None = None


@dataclass(frozen=True, slots=True)
class TicketCard:
    """The thread's root: one message kept true with updates."""

    place: Place
    mark: Mark
    number: int
    channel_name: str
    subject: str
    customer: Address
    text: MailText
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    nth_ticket: int = 1
    status: TicketStatus = TicketStatus.OPEN
    assignee_id: str | None = None
    waiting_since_at: datetime | None = None
    closed_at: datetime | None = None
    suggested: TicketLink | None = None
    linked: TicketLink | None = None
    merged_into: TicketLink | None = None
    """Everything of it is there now; nothing can be done with this one."""
    forward_allowed: bool = False
    forward: ForwardFacts | None = None
    original: Address | None = None
    """The writer of a mail that staff forwarded: may be made the customer."""
    staff: Address | None = None
    """A colleague who began this from their own mail client."""
    forwarder: Address | None = None
    """Who forwarded the mail of this customer to us."""
    reply_to: tuple[Address, ...] = ()
    """Who gets the next reply, by role."""
    reply_cc: tuple[Address, ...] = ()
    reply_bcc: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class MailPost:
    """A customer's further mail, in the thread."""

    place: Place
    mark: Mark
    author: Address
    text: MailText
    kind: str = "message"
    is_customer: bool = True
    is_new_person: bool = False
    forward_allowed: bool = False
    subject: str | None = None
    """Only where it differs from the ticket's."""


@dataclass(frozen=True, slots=True)
class DigestLine:
    """A ticket that a digest lists; `place` is its card, once it is there."""

    ticket_id: int
    number: int
    subject: str
    sender: Address
    is_opened: bool = False
    place: Place | None = None
    url: str = ""
    """Filled in by whoever posts."""


@dataclass(frozen=True, slots=True)
class DigestPost:
    """Tickets that came too many at once for a card each; some of them, from `offset` on."""

    place: Place
    mark: Mark
    digest_id: int
    total: int
    unopened: int
    offset: int
    lines: tuple[DigestLine, ...]


class NoticeKind(StrEnum):
    """Every sentence that Canal says by itself in Slack has a kind; bot/slack/texts.py words it."""

    FILES_MISSING = "files_missing"
    REPLY_FAILED = "reply_failed"
    REPLY_UNSURE = "reply_unsure"
    REPLY_HELD = "reply_held"
    REPLY_REFUSED = "reply_refused"
    REPLY_CANCELLED = "reply_cancelled"
    ALREADY_SENT = "already_sent"
    TICKET_CLOSED_REPLY = "ticket_closed_reply"
    CONFIRM_REPLY = "confirm_reply"
    BOUNCED = "bounced"
    DELAYED = "delayed"
    COMPLAINED = "complained"
    NO_RECIPIENT = "no_recipient"
    SLACK_CHANNEL_CLOSED = "slack_channel_closed"
    WORK_PARKED = "work_parked"
    CONNECTION_FAILS = "connection_fails"
    CONNECTION_WORKS = "connection_works"
    FORWARDING_CONFIRMATION = "forwarding_confirmation"
    SECRET_EXPIRES = "secret_expires"  # noqa: S105 - a name
    FLOOD = "flood"
    MOVED = "moved"
    MOVED_OUT = "moved_out"
    MERGED_IN = "merged_in"
    MERGED_THREAD = "merged_thread"
    FORWARDED = "forwarded"
    FORWARD_HELD = "forward_held"
    BACKFILL_OFFER = "backfill_offer"
    HELP = "help"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class Notice:
    """A line of Canal's own. `facts` fill the sentence; `mention` is pinged."""

    kind: NoticeKind
    facts: dict[str, object] = field(default_factory=dict)
    mention: str | None = None
    mark: Mark | None = None
