"""Agents' own signatures: for one channel, or for the whole workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from storage.engine import Session
from storage.models import AgentSignature
from storage.records import ChannelRecord


async def find(tx: Session, channel: ChannelRecord, user_id: str) -> list[dict[str, Any]] | None:
    """The one for this channel, else the one for the workspace, else None."""
    rows = await tx.scalars(
        select(AgentSignature)
        .where(
            AgentSignature.team_id == channel.team_id,
            AgentSignature.slack_user_id == user_id,
            AgentSignature.email_channel_id.is_(None)
            | (AgentSignature.email_channel_id == channel.id),
        )
        .order_by(AgentSignature.email_channel_id.is_(None))
    )
    row = rows.first()
    return list(row.signature) if row else None


async def find_own(
    tx: Session, team_id: str, user_id: str, channel_id: int | None
) -> list[dict[str, Any]] | None:
    """The one that was saved for exactly this channel, or (None) for the workspace."""
    row = await tx.scalar(
        select(AgentSignature).where(
            AgentSignature.team_id == team_id,
            AgentSignature.slack_user_id == user_id,
            AgentSignature.email_channel_id.is_(None)
            if channel_id is None
            else AgentSignature.email_channel_id == channel_id,
        )
    )
    return list(row.signature) if row else None


async def save(
    tx: Session,
    team_id: str,
    user_id: str,
    channel_id: int | None,
    signature: list[dict[str, Any]] | None,
    *,
    now: datetime,
) -> None:
    """Replace it; None removes it, so that the channel's is used again."""
    await tx.execute(
        delete(AgentSignature).where(
            AgentSignature.team_id == team_id,
            AgentSignature.slack_user_id == user_id,
            AgentSignature.email_channel_id.is_(None)
            if channel_id is None
            else AgentSignature.email_channel_id == channel_id,
        )
    )
    if signature:
        tx.add(
            AgentSignature(
                team_id=team_id,
                slack_user_id=user_id,
                email_channel_id=channel_id,
                signature=signature,
                updated_at=now,
            )
        )
    await tx.flush()
