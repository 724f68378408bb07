"""Pauses of the outbox: what waits after a failure, and is due at once when its cause is gone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import update

from storage.engine import Session
from storage.models import Message, OutboxItem

_AHEAD = timedelta(minutes=1)


async def hurry(tx: Session, lanes: Collection[str], *, now: datetime) -> None:
    """What waits in these lanes after a failure is due now."""
    await tx.execute(
        update(OutboxItem)
        .where(
            OutboxItem.lane.in_(list(lanes)),
            OutboxItem.state == "ready",
            OutboxItem.attempts > 0,
        )
        .values(not_before=now)
    )


async def hurry_all_but(tx: Session, kinds_of_lane: Collection[str], *, now: datetime) -> None:
    """What waits after a failure is due now, but for these kinds of lane (`mail:…`)."""
    query = update(OutboxItem).where(OutboxItem.state == "ready", OutboxItem.attempts > 0)
    for kind in kinds_of_lane:
        query = query.where(OutboxItem.lane.not_like(f"{kind}:%"))
    await tx.execute(query.where(OutboxItem.not_before > now).values(not_before=now))


async def mend_future(tx: Session, *, now: datetime) -> None:
    """What was made at a time that is still to come: the machine's clock was ahead then, and has
    been set right. Nothing of it waits until that time."""
    ahead = now + _AHEAD
    await tx.execute(
        update(OutboxItem)
        .where(OutboxItem.state == "ready", OutboxItem.created_at > ahead)
        .values(not_before=now, created_at=now)
    )
    await tx.execute(
        update(Message)
        .where(Message.state == "held", Message.created_at > ahead)
        .values(send_at=now, created_at=now)
    )
