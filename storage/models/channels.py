"""Email channels, their addresses and their connections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, String, Text


class EmailChannel(Base):
    """An address that customers write to, mapped to one Slack channel."""

    __tablename__ = "email_channels"
    __table_args__ = (UniqueConstraint("team_id", "name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32), index=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    """Random and permanent: what encrypted secrets are bound to."""
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(120))
    """The name folded for comparison; a removed channel's gets its id appended."""
    slack_channel_id: Mapped[str] = mapped_column(String(32), index=True)
    state: Mapped[str] = mapped_column(String(16), default="active")
    incoming: Mapped[str] = mapped_column(String(16), default="internal")
    outgoing: Mapped[str] = mapped_column(String(16), default="internal")
    primary_address: Mapped[str] = mapped_column(String(320))
    inbound_address: Mapped[str | None] = mapped_column(String(320))
    from_name: Mapped[str] = mapped_column(String(255), default="")
    from_email: Mapped[str] = mapped_column(String(320))
    copy_to: Mapped[str | None] = mapped_column(String(320))
    copy_as_bcc: Mapped[bool] = mapped_column(default=True)
    signature: Mapped[list[Any] | None]
    """A Document as JSON, like every formatted text in this database."""
    footer: Mapped[list[Any] | None]
    quote: Mapped[str] = mapped_column(String(8), default="last")
    forward_opens_ticket: Mapped[bool] = mapped_column(default=False)
    reply_mode: Mapped[str] = mapped_column(String(8), default="auto")
    undo_seconds: Mapped[int] = mapped_column(default=10)
    reopen_days: Mapped[int] = mapped_column(default=30)
    agents: Mapped[list[Any]] = mapped_column(default=list)
    """Slack user and usergroup ids that may answer; empty: all who are in the Slack channel."""
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ChannelAddress(Base):
    """The index of our addresses, by which RCPT is answered and our own addresses are told."""

    __tablename__ = "channel_addresses"
    __table_args__ = (
        UniqueConstraint("email_channel_id", "address"),
        Index("ix_channel_addresses_address", "address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    email_channel_id: Mapped[int] = mapped_column(ForeignKey("email_channels.id"))
    address: Mapped[str] = mapped_column(String(320))
    kind: Mapped[str] = mapped_column(String(16))


class Connection(Base):
    """One direction of a channel: where mail is read from or sent through, and how it fares."""

    __tablename__ = "connections"
    __table_args__ = (UniqueConstraint("email_channel_id", "direction"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    email_channel_id: Mapped[int] = mapped_column(ForeignKey("email_channels.id"))
    direction: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(16))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Passwords and tokens, encrypted (`storage.crypto`)."""
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """IMAP: UIDVALIDITY and the last UID taken."""
    last_ok_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    """In English."""
    last_error_parts: Mapped[dict[str, Any] | None]
    """Template and values of `last_error`, by which it is said in another language."""
    told_at: Mapped[datetime | None]


class AgentSignature(Base):
    """An agent's own signature, for the workspace (no channel) or for one channel."""

    __tablename__ = "agent_signatures"
    __table_args__ = (UniqueConstraint("team_id", "slack_user_id", "email_channel_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    slack_user_id: Mapped[str] = mapped_column(String(32))
    email_channel_id: Mapped[int | None] = mapped_column(ForeignKey("email_channels.id"))
    signature: Mapped[list[Any]]
    updated_at: Mapped[datetime]
