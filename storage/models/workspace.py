"""The workspace, what this installation remembers about itself, and who does what (leases)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, String


class Workspace(Base):
    """A Slack workspace. Tickets are numbered per workspace, from `next_ticket_number`."""

    __tablename__ = "workspaces"

    team_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    bot_user_id: Mapped[str | None] = mapped_column(String(32))
    next_ticket_number: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Meta(Base):
    """Key and value: the canary of the secret key, the signing key, the configuration version."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class Lease(Base):
    """Who alone may do a thing until when. `token` grows with every holder (fencing)."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    token: Mapped[int] = mapped_column(default=1)
    expires_at: Mapped[datetime]
