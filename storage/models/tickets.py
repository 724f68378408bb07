"""Tickets and what is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, String, Text


class Ticket(Base):
    """One customer conversation = one Slack thread, whose root is the ticket card."""

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("team_id", "number"),
        UniqueConstraint("slack_channel_id", "root_ts"),
        Index(
            "ix_tickets_card_refresh_at",
            "card_refresh_at",
            sqlite_where=text("card_refresh_at IS NOT NULL"),
            postgresql_where=text("card_refresh_at IS NOT NULL"),
        ),
        Index("ix_tickets_customer", "email_channel_id", "customer_address"),
        Index(
            "ix_tickets_linked_ticket_id",
            "linked_ticket_id",
            sqlite_where=text("linked_ticket_id IS NOT NULL"),
            postgresql_where=text("linked_ticket_id IS NOT NULL"),
        ),
        Index("ix_tickets_status", "team_id", "status", "updated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    email_channel_id: Mapped[int] = mapped_column(ForeignKey("email_channels.id"))
    subject: Mapped[str] = mapped_column(Text, default="")
    customer_name: Mapped[str] = mapped_column(Text, default="")
    customer_address: Mapped[str] = mapped_column(String(320), default="")
    participants: Mapped[list[Any]] = mapped_column(default=list)
    """Who gets the replies: [{role: to|cc|bcc, address, name}], ours left out."""
    status: Mapped[str] = mapped_column(String(8), default="open")
    assignee_id: Mapped[str | None] = mapped_column(String(32))
    slack_channel_id: Mapped[str] = mapped_column(String(32))
    root_ts: Mapped[str | None] = mapped_column(String(32))
    last_seen_ts: Mapped[str | None] = mapped_column(String(32))
    """The newest Slack message of the thread that was handled (backfill starts here)."""
    linked_ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    suggested_ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    """A mail seemed to belong there but its sender was no participant: offered as a link."""
    opened_at: Mapped[datetime]
    waiting_since_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    card_refresh_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class TicketPerson(Base):
    """Everybody who was ever on a ticket; decides who may join it by a known Message-ID."""

    __tablename__ = "ticket_people"
    __table_args__ = (UniqueConstraint("ticket_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    address: Mapped[str] = mapped_column(String(320), index=True)
    name: Mapped[str] = mapped_column(Text, default="")


class Message(Base):
    """One entry of a ticket: inbound, outbound or note.

    outbound state: confirm → held → sending → sent | failed | unsure; or cancelled.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("slack_channel_id", "slack_ts"),
        Index("ix_messages_ticket_id", "ticket_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    email_channel_id: Mapped[int] = mapped_column(ForeignKey("email_channels.id"))
    direction: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(12), default="message")
    state: Mapped[str] = mapped_column(String(12), default="filed")
    rfc_message_id: Mapped[str | None] = mapped_column(Text)
    author_name: Mapped[str] = mapped_column(Text, default="")
    author_address: Mapped[str] = mapped_column(String(320), default="")
    slack_user_id: Mapped[str | None] = mapped_column(String(32))
    slack_channel_id: Mapped[str | None] = mapped_column(String(32))
    slack_ts: Mapped[str | None] = mapped_column(String(32))
    """Inbound: Canal's post. Outbound and note: the agent's own message."""
    reaction: Mapped[str | None] = mapped_column(String(64))
    """The one of ⏳ ✅ ❌ 🔒 that Slack shows now, as far as we know."""
    subject: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[list[Any]] = mapped_column(default=list)
    visible: Mapped[list[Any] | None]
    """Inbound: the part written this time, where it differs from the whole."""
    folded_lines: Mapped[int] = mapped_column(default=0)
    recipients: Mapped[list[Any]] = mapped_column(default=list)
    references: Mapped[list[Any]] = mapped_column(default=list)
    raw_mail_id: Mapped[int | None] = mapped_column(ForeignKey("raw_mails.id"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Small facts for the post: defects, verification, a forward found, what failed."""
    error: Mapped[str | None] = mapped_column(Text)
    send_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MessageIndex(Base):
    """Every Message-ID seen in any message of a channel, ours and theirs, to find the ticket by."""

    __tablename__ = "message_index"
    __table_args__ = (
        UniqueConstraint("email_channel_id", "rfc_message_id", "ticket_id"),
        Index("ix_message_index_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email_channel_id: Mapped[int] = mapped_column(ForeignKey("email_channels.id"))
    rfc_message_id: Mapped[str] = mapped_column(String(998))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))


class Attachment(Base):
    """A file of a message. Inbound bytes stay in the raw mail, outbound ones at Slack till sent."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    part_index: Mapped[int] = mapped_column(default=0)
    filename: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(default=0)
    inline: Mapped[bool] = mapped_column(default=False)
    content_id: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    slack_file_id: Mapped[str | None] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(Text)
    """Outbound: where Slack lets the bot download it."""
    state: Mapped[str] = mapped_column(String(12), default="pending")
    error: Mapped[str | None] = mapped_column(Text)


class Delivery(Base):
    """What became of a reply at one recipient."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("message_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    address: Mapped[str] = mapped_column(String(320))
    state: Mapped[str] = mapped_column(String(12))
    """accepted, temporary, permanent or bounced."""
    code: Mapped[int | None]
    status: Mapped[str | None] = mapped_column(String(16))
    reply: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
