"""Mail as it came: the raw bytes, and each arrival of them at one of our channels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, String, Text


class RawMail(Base):
    """The bytes of one mail, compressed. Ids are made by the application (`storage.ids`)."""

    __tablename__ = "raw_mails"
    __table_args__ = (
        Index(
            "ix_raw_mails_kept",
            "stored_at",
            sqlite_where=text("data IS NOT NULL"),
            postgresql_where=text("data IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    team_id: Mapped[str] = mapped_column(String(32))
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    """zlib; NULL once purged."""
    size: Mapped[int]
    stored_at: Mapped[datetime]


class Arrival(Base):
    """A mail at one email channel: stored at once, filed after. The key makes arrivals unique.

    state: stored → filed | dropped | held (channel paused) | parked (could not be filed; kept, and
    stored again at the next start).
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        UniqueConstraint("email_channel_id", "dedupe_key"),
        Index(
            "ix_arrivals_pending",
            "id",
            sqlite_where=text("state = 'stored'"),
            postgresql_where=text("state = 'stored'"),
        ),
        Index(
            "ix_arrivals_held",
            "email_channel_id",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index(
            "ix_arrivals_parked",
            "id",
            sqlite_where=text("state = 'parked'"),
            postgresql_where=text("state = 'parked'"),
        ),
        Index(
            "ix_arrivals_claimed",
            "claimed_until",
            sqlite_where=text("state = 'stored' AND claimed_until IS NOT NULL"),
            postgresql_where=text("state = 'stored' AND claimed_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    email_channel_id: Mapped[int] = mapped_column(ForeignKey("email_channels.id"))
    raw_mail_id: Mapped[int] = mapped_column(ForeignKey("raw_mails.id"), index=True)
    dedupe_key: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(8))
    """smtp, imap or replay."""
    quiet: Mapped[bool] = mapped_column(default=False)
    """An import: filed without pings."""
    envelope: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """mail_from, rcpt_to, peer, helo, tls: what the wire knew, never mixed with the headers."""
    state: Mapped[str] = mapped_column(String(8), default="stored")
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    received_at: Mapped[datetime]
