"""What handlers need of the outside, as small Protocols that `bot/` satisfies.

The consumer owns the port: nothing here names Slack's payloads, SMTP or IMAP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from handlers.posts import MailPost, Mark, Notice, Place, TicketCard
from mail.document import Document
from mail.smtp_results import SendResult
from storage.records import ChannelRecord


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


class Chat(Protocol):
    """Slack. Every method raises only `handlers.errors.ChatError`s."""

    async def post_card(self, card: TicketCard) -> str:
        """Post; returns the ts."""
        ...

    async def update_card(self, card: TicketCard, ts: str) -> None: ...

    async def post_mail(self, post: MailPost) -> str: ...

    async def post_notice(self, place: Place, notice: Notice) -> str: ...

    async def whisper(self, place: Place, user_id: str, notice: Notice) -> None:
        """Only that person sees it."""
        ...

    async def tell(self, user_id: str, notice: Notice) -> None:
        """A direct message."""
        ...

    async def find_post(self, place: Place, mark: Mark, since: datetime) -> str | None:
        """The ts of the post that carries `mark`, if it is there."""
        ...

    async def upload_file(
        self, place: Place, filename: str, data: bytes, *, title: str = ""
    ) -> str | None:
        """Share a file in the thread; returns Slack's file id."""
        ...

    async def set_reaction(
        self, place: Place, ts: str, *, before: str | None, after: str | None
    ) -> None: ...

    async def download(self, url: str, *, limit: int) -> bytes:
        """The bytes of a file that a person attached."""
        ...

    async def profile(self, user_id: str) -> Profile:
        """Never fails for want of an answer: then it holds the id alone."""
        ...

    async def members_of_group(self, usergroup_id: str) -> frozenset[str]: ...

    async def check_channel(self, place: Place) -> str:
        """The name of the Slack channel, if Canal is a member; else raises ChatClosed."""
        ...

    async def workspace_admins(self) -> tuple[str, ...]:
        """Admins and owners of the workspace; empty when Slack does not tell."""
        ...

    async def fetch_latest_replies(self, place: Place, since_ts: str) -> Mapping[str, str]:
        """ts of a thread's root → ts of its newest message, for roots since then."""
        ...

    async def fetch_thread(self, place: Place, since_ts: str) -> Sequence[AgentMessage]: ...


@dataclass(frozen=True, slots=True)
class OutgoingConnection:
    """How a channel's mail leaves: kind (internal, smtp, office365), settings, and secrets."""

    channel: ChannelRecord
    kind: str
    settings: Mapping[str, Any]
    secret: Mapping[str, Any]


class MailTransport(Protocol):
    """The ways mail leaves by."""

    async def send(
        self,
        connection: OutgoingConnection,
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


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried, and how it went, in a sentence."""

    ok: bool
    sentence: str


class MailboxProbe(Protocol):
    """Tries a channel's connections without moving any mail."""

    async def probe(self, direction: str, connection: OutgoingConnection) -> Sequence[Step]: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...
