"""How much waits in the outbox, for those who watch it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from storage.engine import Session
from storage.models import OutboxItem


async def depth(tx: Session) -> dict[tuple[str, str], tuple[int, datetime]]:
    """(kind, state) → how many, and since when the oldest waits."""
    rows = await tx.execute(
        select(
            OutboxItem.kind, OutboxItem.state, func.count(), func.min(OutboxItem.created_at)
        ).group_by(OutboxItem.kind, OutboxItem.state)
    )
    return {(kind, state): (count, oldest) for kind, state, count, oldest in rows}
