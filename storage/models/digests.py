"""Digests: one post in a flooded Slack channel that stands for many cards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, String


class Digest(Base):
    """One digest post. At most one of a Slack channel is current: the one that others join."""

    __tablename__ = "digests"
    __table_args__ = (
        Index(
            "uq_digests_current",
            "slack_channel_id",
            unique=True,
            sqlite_where=text("is_current = 1"),
            postgresql_where=text("is_current"),
        ),
        Index("ix_digests_post", "slack_channel_id", "ts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    slack_channel_id: Mapped[str] = mapped_column(String(32))
    ts: Mapped[str | None] = mapped_column(String(32))
    is_current: Mapped[bool] = mapped_column(default=True)
    folded_at: Mapped[datetime]
    """When the last card was folded into it."""


class FoldedCard(Base):
    """A ticket that a digest lists; its card is posted once somebody opens it there, or once
    something else happens to the ticket."""

    __tablename__ = "folded_cards"
    __table_args__ = (Index("ix_folded_cards_digest_id", "digest_id", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32))
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    opened_at: Mapped[datetime | None]
    """Since when its card is posted, or on its way."""
