"""The outbox: enqueue in the caller's transaction, claim with a lease, settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from storage.engine import Session
from storage.models import OutboxItem
from storage.queries.upsert import insert_new
from storage.records import OutboxRecord, cut


async def enqueue(
    tx: Session,
    *,
    team_id: str,
    kind: str,
    lane: str,
    order_key: str,
    payload: Mapping[str, Any],
    now: datetime,
    not_before: datetime | None = None,
    dedupe_key: str | None = None,
) -> None:
    """Wish for a side effect; with a `dedupe_key` that already waits, nothing is added."""
    await insert_new(
        tx,
        OutboxItem,
        [
            {
                "team_id": team_id,
                "kind": kind,
                "lane": lane,
                "order_key": order_key,
                "dedupe_key": dedupe_key,
                "payload": dict(payload),
                "state": "ready",
                "attempts": 0,
                "uncertain": False,
                "not_before": not_before or now,
                "created_at": now,
            }
        ],
    )


async def claim(
    tx: Session,
    holder: str,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    per_lane: int,
    busy_lanes: Collection[str] = (),
) -> list[OutboxRecord]:
    """Take due items: the first of each order key, at most `per_lane` of a lane, oldest first.

    An item whose claim ran out was in the hands of somebody who died: it comes back `uncertain`.
    The dedupe key is given up at the claim, so that a wish made from now on is a new one.
    """
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    for item_id, lane in await tx.execute(_due(now, busy_lanes)):
        if taken[lane] < per_lane and len(chosen) < limit:
            taken[lane] += 1
            chosen.append(item_id)
    if not chosen:
        return []
    rows = await tx.execute(
        update(OutboxItem)
        .where(OutboxItem.id.in_(chosen))
        .values(
            uncertain=or_(OutboxItem.uncertain, OutboxItem.state == "claimed"),
            state="claimed",
            claimed_by=holder,
            claimed_until=now + lease,
            attempts=OutboxItem.attempts + 1,
            dedupe_key=None,
        )
        .returning(*_COLUMNS)
        .execution_options(synchronize_session=False)
    )
    return sorted((cut(OutboxRecord, row) for row in rows), key=lambda item: item.id)


_COLUMNS = [getattr(OutboxItem, field.name) for field in fields(OutboxRecord)]
_LOOKED_AT = 512
"""Due items that one claim chooses from; lanes that are full are left out before."""


def _due(now: datetime, busy_lanes: Collection[str]) -> Any:
    earlier = aliased(OutboxItem)
    is_due = or_(
        and_(OutboxItem.state == "ready", OutboxItem.not_before <= now),
        and_(OutboxItem.state == "claimed", OutboxItem.claimed_until <= now),
    )
    first_of_its_order = ~exists().where(
        earlier.order_key == OutboxItem.order_key,
        earlier.id < OutboxItem.id,
        earlier.state != "dead",
    )
    return (
        select(OutboxItem.id, OutboxItem.lane)
        .where(is_due, first_of_its_order, OutboxItem.lane.not_in(list(busy_lanes)))
        .order_by(OutboxItem.id)
        .limit(_LOOKED_AT)
        .with_for_update(skip_locked=True, of=OutboxItem)
    )


async def done(tx: Session, item_ids: Sequence[int], holder: str) -> set[int]:
    """Delete finished items; those whose claim had passed to somebody else are left out."""
    result = await tx.execute(
        delete(OutboxItem)
        .where(OutboxItem.id.in_(item_ids), OutboxItem.claimed_by == holder)
        .returning(OutboxItem.id)
    )
    return set(result.scalars())


async def retry(
    tx: Session,
    item_id: int,
    *,
    not_before: datetime,
    error: str,
    uncertain: bool = False,
    counts: bool = True,
) -> None:
    """Back to ready; `counts` False where the attempt says nothing of the item (a rate limit)."""
    values: dict[str, Any] = {
        "state": "ready",
        "not_before": not_before,
        "last_error": error[:1000],
        "uncertain": uncertain,
        "claimed_by": None,
        "claimed_until": None,
    }
    if not counts:
        values["attempts"] = OutboxItem.attempts - 1
    await tx.execute(update(OutboxItem).where(OutboxItem.id == item_id).values(**values))


async def bury(tx: Session, item_id: int, error: str) -> None:
    """Give up: the item stays, dead, until somebody retries or drops it."""
    await tx.execute(
        update(OutboxItem)
        .where(OutboxItem.id == item_id)
        .values(state="dead", last_error=error[:1000], claimed_by=None, claimed_until=None)
    )


async def revive(tx: Session, item_id: int, *, now: datetime) -> bool:
    result = await tx.execute(
        update(OutboxItem)
        .where(OutboxItem.id == item_id, OutboxItem.state.in_(["dead", "ready"]))
        .values(state="ready", attempts=0, not_before=now)
        .returning(OutboxItem.id)
    )
    return result.first() is not None


async def drop(tx: Session, item_id: int) -> bool:
    """Forget an item that nobody works on."""
    result = await tx.execute(
        delete(OutboxItem)
        .where(OutboxItem.id == item_id, OutboxItem.state != "claimed")
        .returning(OutboxItem.id)
    )
    return result.first() is not None


async def release_claims(tx: Session, holder: str | None = None) -> None:
    """Give back claims: `holder`'s own at a clean stop; everybody's (None) at the start of a
    single-process installation, where they can only be a dead process's and thus uncertain."""
    statement = update(OutboxItem).where(OutboxItem.state == "claimed")
    if holder is not None:
        statement = statement.where(OutboxItem.claimed_by == holder)
    await tx.execute(
        statement.values(state="ready", uncertain=True, claimed_by=None, claimed_until=None)
    )


async def next_due_at(tx: Session, busy_lanes: Collection[str] = ()) -> datetime | None:
    """When the earliest waiting item of a free lane becomes due."""
    return await tx.scalar(
        select(func.min(OutboxItem.not_before)).where(
            OutboxItem.state == "ready", OutboxItem.lane.not_in(list(busy_lanes))
        )
    )


async def reschedule(tx: Session, dedupe_key: str, not_before: datetime) -> bool:
    """Move a waiting item; False when it is not waiting any more."""
    result = await tx.execute(
        update(OutboxItem)
        .where(OutboxItem.dedupe_key == dedupe_key, OutboxItem.state == "ready")
        .values(not_before=not_before)
        .returning(OutboxItem.id)
    )
    return result.first() is not None


async def cancel(tx: Session, dedupe_key: str) -> bool:
    """Take a waiting item back; False when it is not waiting any more."""
    result = await tx.execute(
        delete(OutboxItem)
        .where(OutboxItem.dedupe_key == dedupe_key, OutboxItem.state == "ready")
        .returning(OutboxItem.id)
    )
    return result.first() is not None


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


async def is_on_its_way(tx: Session, kind: str, lane: str) -> bool:
    """Whether an item of this kind may have taken effect without that being recorded yet."""
    query = select(OutboxItem.id).where(
        OutboxItem.kind == kind,
        OutboxItem.lane == lane,
        or_(OutboxItem.state == "claimed", OutboxItem.uncertain),
    )
    return await tx.scalar(query.limit(1)) is not None


async def find(tx: Session, item_id: int) -> OutboxRecord | None:
    row = await tx.get(OutboxItem, item_id)
    return cut(OutboxRecord, row) if row else None


async def list_items(
    tx: Session, *, state: str | None = None, limit: int = 200
) -> list[OutboxRecord]:
    query = select(OutboxItem).order_by(OutboxItem.id).limit(limit)
    if state:
        query = query.where(OutboxItem.state == state)
    return [cut(OutboxRecord, row) for row in await tx.scalars(query)]


async def depth(tx: Session) -> dict[tuple[str, str], tuple[int, datetime]]:
    """(kind, state) → how many, and since when the oldest waits."""
    rows = await tx.execute(
        select(
            OutboxItem.kind, OutboxItem.state, func.count(), func.min(OutboxItem.created_at)
        ).group_by(OutboxItem.kind, OutboxItem.state)
    )
    return {(kind, state): (count, oldest) for kind, state, count, oldest in rows}
