"""What handlers need of the outside, as small Protocols that `bot/` satisfies.

The consumer owns the port: nothing here names Slack's payloads, SMTP or IMAP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from handlers.posts import DigestPost, MailPost, Mark, Notice, Place, TicketCard
from mail.connections import ImapCursor
from mail.document import Document
from mail.senders.domain import Finding
from mail.sending.results import SendResult
from storage.records import ChannelRecord, ConnectionRecord

if TYPE_CHECKING:
    from mail.discovery.autodiscover import Discovered  # takes half a second to import


@dataclass(frozen=True, slots=True)
class Profile:
    """A person of the workspace, as far as Slack tells."""

    user_id: str
    name: str = ""
    title: str = ""
    email: str = ""
    is_admin: bool = False
    is_guest: bool = False
    """A guest or somebody of another workspace (Slack Connect)."""
    is_bot: bool = False
    locale: str | None = None
    timezone: str | None = None
    is_known: bool = True
    """False where Slack would tell more, but could not be asked now."""


@dataclass(frozen=True, slots=True)
class SlackFile:
    """A file that an agent attached to a message."""

    file_id: str
    name: str
    content_type: str
    size: int
    url: str


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """A message that a person wrote in a ticket's thread."""

    team_id: str
    slack_channel_id: str
    ts: str
    thread_ts: str
    user_id: str
    document: Document
    plain: str
    starts_with_mention: bool = False
    files: tuple[SlackFile, ...] = ()

    @property
    def said_at(self) -> datetime:
        """The moment that is in the ts."""
        try:
            return datetime.fromtimestamp(float(self.ts), UTC)
        except (ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(0, UTC)


class Chat(Protocol):
    """Slack. Every method raises only `handlers.errors.ChatError`s."""

    async def post_card(self, card: TicketCard) -> str:
        """Post; returns the ts."""
        ...

    async def update_card(self, card: TicketCard, ts: str) -> None: ...

    async def post_mail(self, post: MailPost) -> str: ...

    async def post_digest(self, post: DigestPost) -> str: ...

    async def update_digest(self, post: DigestPost, ts: str) -> None: ...

    async def post_notice(self, place: Place, notice: Notice) -> str: ...

    async def update_notice(self, place: Place, ts: str, notice: Notice) -> None:
        """Put a notice in the place of an earlier post of ours."""
        ...

    async def whisper(self, place: Place, user_id: str, notice: Notice) -> None:
        """Only that person sees it."""
        ...

    async def tell(self, user_id: str, notice: Notice) -> None:
        """A direct message."""
        ...

    async def find_post(self, place: Place, mark: Mark, since: datetime) -> str | None:
        """The ts of the post that carries `mark`, if it is there."""
        ...

    async def find_link(self, place: Place) -> str | None:
        """A web address that opens the thread; None where Slack gives none."""
        ...

    async def upload_file(
        self,
        place: Place,
        filename: str,
        data: bytes,
        *,
        title: str = "",
        on_share: Callable[[str], Awaitable[None]] | None = None,
    ) -> str:
        """Share a file in the thread; returns Slack's file id.

        `on_share` is awaited with that id right before the one step that shows the file: what dies
        after it may have been shared, and `find_file` tells.
        """
        ...

    async def find_file(self, place: Place, file_id: str, since: datetime) -> bool:
        """Whether this file is in the thread."""
        ...

    async def set_reaction(
        self, place: Place, ts: str, *, before: str | None, after: str | None
    ) -> None: ...

    async def download(self, url: str, *, limit: int) -> bytes:
        """The bytes of a file that a person attached."""
        ...

    async def look_up_file(self, file_id: str) -> SlackFile:
        """A file that came with its id alone: one of another workspace (Slack Connect)."""
        ...

    async def profile(self, user_id: str) -> Profile:
        """Never fails for want of an answer: then it holds the id alone."""
        ...

    async def members_of_group(self, usergroup_id: str) -> frozenset[str]:
        """Raises ChatUnavailable where they are not known and cannot be asked for now."""
        ...

    async def check_channel(self, place: Place) -> str:
        """The name of the Slack channel, if Canal is a member; else raises ChatClosed."""
        ...

    async def workspace_admins(self) -> tuple[str, ...]:
        """Admins and owners of the workspace; empty where Slack never tells them."""
        ...

    async def fetch_latest_replies(self, place: Place, since_ts: str) -> Mapping[str, str]:
        """ts of a thread's root → ts of its newest message, for roots since then."""
        ...

    async def fetch_thread(self, place: Place, since_ts: str) -> Sequence[AgentMessage]: ...


@dataclass(frozen=True, slots=True)
class MailConnection:
    """One direction of a channel: its kind, settings and secrets (`channels.connection_settings`).

    `channel_id` is None while the channel is not saved yet. `sender` is the channel's From address,
    `inbound_address` where Canal's own SMTP server takes mail for it.
    """

    channel_id: int | None
    direction: str
    kind: str
    settings: Mapping[str, Any]
    secret: Mapping[str, Any] = field(repr=False)
    sender: str = ""
    inbound_address: str = ""

    @classmethod
    def of(
        cls, channel: ChannelRecord, record: ConnectionRecord, secret: Mapping[str, Any]
    ) -> MailConnection:
        return cls(
            channel.id,
            record.direction,
            record.kind,
            record.settings,
            secret,
            channel.from_email,
            channel.inbound_address or "",
        )


class MailTransport(Protocol):
    """The ways mail leaves by."""

    async def send(
        self,
        connection: MailConnection,
        *,
        sender: str,
        recipients: Sequence[str],
        data: bytes,
        on_handover: Callable[[], Awaitable[None]],
    ) -> SendResult:
        """Hand one mail over.

        `on_handover` is awaited right before the step after which a lost connection leaves it
        open whether the mail was taken.

        Raises:
            mail.errors.MailError: see its tree for what is safe to repeat.
        """
        ...


class SentFolder(Protocol):
    """The folder for sent mail in a channel's mailbox."""

    async def append_sent(
        self, connection: MailConnection, data: bytes, message_id: str | None
    ) -> None:
        """File the mail there, unless it is there already. Raises mail.errors.MailError."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried, and how it went, in a sentence.

    `field` names the field of the channel form that a failure belongs to, where it is one's fault;
    `why` is the failure alone, for that field.
    """

    ok: bool
    sentence: str
    field: str = ""
    why: str = ""


class MailboxProbe(Protocol):
    """Tries a channel's connections without moving any mail."""

    async def probe(self, connection: MailConnection) -> Sequence[Step]:
        """Within 20 seconds, whatever the server does. Never raises for the server's sake."""
        ...


class MailboxLook(Protocol):
    """Looks into a mailbox for mails that came after a point; leaves no trace there."""

    async def fetch_since(
        self, connection: MailConnection, cursor: ImapCursor | None
    ) -> tuple[ImapCursor | None, Sequence[bytes]]:
        """The mails after `cursor` (None: none of what is there) and where it ends now.

        Raises mail.errors.MailError.
        """
        ...


class DomainCheck(Protocol):
    """SPF, DKIM and DMARC (`mail.sender_domain.check_sender_domain`)."""

    async def __call__(self, address: str, received: bytes | None) -> Sequence[Finding]: ...


class ServerFinder(Protocol):
    """Finds the mail servers of an address (`mail.autodiscover`)."""

    async def find(self, address: str) -> Discovered: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...
