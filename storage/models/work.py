"""The outbox: pending side effects at Slack and at mail servers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, String, Text


class OutboxItem(Base):
    """One side effect, written in the transaction that wants it, deleted when it is done.

    state: ready → claimed → (deleted) | ready (back-off) | dead (gave up aloud).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_order", "order_key", "id"),
        Index("ix_outbox_due", "state", "not_before"),
        Index(
            "ix_outbox_uncertain",
            "lane",
            sqlite_where=text("uncertain = 1"),
            postgresql_where=text("uncertain"),
        ),
        Index(
            "ix_outbox_dead",
            "id",
            sqlite_where=text("state = 'dead'"),
            postgresql_where=text("state = 'dead'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Never given again: a button under an old notice names its item by it."""
    team_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(24))
    lane: Mapped[str] = mapped_column(String(64))
    """What is limited together: a Slack channel, a connection. One slow lane delays no other."""
    order_key: Mapped[str] = mapped_column(String(64))
    """Items with the same key are done one after the other, oldest first."""
    dedupe_key: Mapped[str | None] = mapped_column(String(120))
    """While an item with this key waits, a second wish for the same thing adds nothing."""
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(8), default="ready")
    attempts: Mapped[int] = mapped_column(default=0)
    uncertain: Mapped[bool] = mapped_column(default=False)
    """An earlier attempt may have taken effect: look before doing it again."""
    not_before: Mapped[datetime]
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
