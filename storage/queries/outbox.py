"""The outbox: enqueue in the caller's transaction, claim with a lease, settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update

from storage.engine import Session, is_sqlite
from storage.models import OutboxItem
from storage.models.base import UtcDateTime
from storage.queries.core import Records
from storage.queries.upsert import insert_new, insert_or_keep
from storage.records import OutboxRecord, cut

_outbox = Records(OutboxRecord, OutboxItem)
_o = _outbox.table.c
_LOOKED_AT = 512
"""Due items that one claim chooses from; lanes that are full are left out before."""
_NOW: Any = bindparam("now", type_=UtcDateTime())
_IDS: Any = bindparam("ids", expanding=True)
_BUSY: Any = bindparam("busy", expanding=True)
_HOLDER: Any = bindparam("holder")
_IS_DUE = or_(
    and_(_o.state == "ready", _o.not_before <= _NOW),
    and_(_o.state == "claimed", _o.claimed_until <= _NOW),
)
_earlier = _outbox.table.alias("earlier")
_IS_FIRST_OF_ITS_ORDER = ~exists().where(
    _earlier.c.order_key == _o.order_key,
    _earlier.c.id < _o.id,
    _earlier.c.state != "dead",
)
_DUE = (
    select(_o.id, _o.lane)
    .where(_IS_DUE, _IS_FIRST_OF_ITS_ORDER, _o.lane.not_in(_BUSY))
    .order_by(_o.id)
    .limit(_LOOKED_AT)
)
_LOCK = (
    select(_o.id).where(_o.id.in_(_IDS), _IS_DUE).order_by(_o.id).with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_outbox.table)
    .where(_o.id.in_(_IDS))
    .values(
        uncertain=or_(_o.uncertain, _o.state == "claimed"),
        state="claimed",
        claimed_by=_HOLDER,
        claimed_until=bindparam("until", type_=UtcDateTime()),
        attempts=_o.attempts + 1,
        dedupe_key=None,
    )
    .returning(*_outbox.columns)
)
_DONE = delete(_outbox.table).where(_o.id.in_(_IDS), _o.claimed_by == _HOLDER).returning(_o.id)
_CLAIMED_BY = (
    select(_o.id)
    .where(_o.id == bindparam("item_id"), _o.claimed_by == _HOLDER)
    .with_for_update(read=True)
)
_NEXT_DUE = select(
    select(func.min(_o.not_before))
    .where(_o.state == "ready", _o.lane.not_in(_BUSY), _IS_FIRST_OF_ITS_ORDER)
    .scalar_subquery(),
    select(func.min(_o.claimed_until)).where(_o.state == "claimed").scalar_subquery(),
)


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
    row = {
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
    if dedupe_key is None:
        await insert_new(tx, OutboxItem, [row])
    else:
        await insert_or_keep(tx, OutboxItem, row, unique="dedupe_key")


async def claim(
    tx: Session,
    holder: str,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    per_lane: int,
    busy_lanes: Collection[str] = (),
    is_limited: Callable[[str], bool] = lambda _lane: False,
) -> list[OutboxRecord]:
    """Take due items: the first of each order key, at most `per_lane` of a lane, oldest first.

    Of a limited lane one: what waits there stays where it can be folded.

    An item whose claim ran out was in the hands of somebody who died: it comes back `uncertain`.
    The dedupe key is given up at the claim, so that a wish made from now on is a new one.
    """
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    for item_id, lane in await tx.execute(_DUE, {"now": now, "busy": list(busy_lanes)}):
        if taken[lane] < (1 if is_limited(lane) else per_lane) and len(chosen) < limit:
            taken[lane] += 1
            chosen.append(item_id)
    if chosen and not is_sqlite(tx):
        chosen = await _lock(tx, chosen, now)
    if not chosen:
        return []
    claim = {"ids": chosen, "holder": holder, "until": now + lease}
    rows = await tx.execute(_CLAIM, claim)
    return sorted((OutboxRecord(*row) for row in rows), key=lambda item: item.id)


async def _lock(tx: Session, item_ids: Sequence[int], now: datetime) -> list[int]:
    """Those that no other replica has taken since they were looked at."""
    return list(await tx.scalars(_LOCK, {"ids": list(item_ids), "now": now}))


async def renew(tx: Session, item_ids: Collection[int], holder: str, until: datetime) -> None:
    """Keep what takes longer than a lease."""
    await tx.execute(
        update(OutboxItem)
        .where(OutboxItem.id.in_(list(item_ids)), OutboxItem.claimed_by == holder)
        .values(claimed_until=until)
    )


async def is_claimed_by(tx: Session, item_id: int, holder: str) -> bool:
    """Whether it is still in this holder's hands; nobody takes it over before `tx` ends."""
    return await tx.scalar(_CLAIMED_BY, {"item_id": item_id, "holder": holder}) is not None


async def done(tx: Session, item_ids: Sequence[int], holder: str) -> set[int]:
    """Delete finished items; those whose claim had passed to somebody else are left out."""
    return set(await tx.scalars(_DONE, {"ids": list(item_ids), "holder": holder}))


async def retry(
    tx: Session,
    item_id: int,
    holder: str,
    *,
    not_before: datetime,
    error: str,
    uncertain: bool = False,
    counts: bool = True,
    order_key: str | None = None,
) -> bool:
    """Back to ready; `counts` False where the attempt says nothing of the item (a rate limit).
    With an `order_key`, what was behind it waits for it no more.
    False when the claim had passed to somebody else, who decides now.
    """
    values: dict[str, Any] = {
        "state": "ready",
        "not_before": not_before,
        "last_error": error[:1000],
        "uncertain": uncertain,
        "claimed_by": None,
        "claimed_until": None,
        "order_key": order_key or OutboxItem.order_key,
    }
    if not counts:
        values["attempts"] = OutboxItem.attempts - 1
    return await _change_claimed(tx, item_id, holder, values)


async def bury(tx: Session, item_id: int, holder: str, error: str) -> bool:
    """Give up: the item stays, dead, until somebody retries or drops it. False as in `retry`."""
    values = {
        "state": "dead",
        "last_error": error[:1000],
        "claimed_by": None,
        "claimed_until": None,
    }
    return await _change_claimed(tx, item_id, holder, values)


async def _change_claimed(
    tx: Session, item_id: int, holder: str, values: Mapping[str, Any]
) -> bool:
    result = await tx.execute(
        update(OutboxItem)
        .where(OutboxItem.id == item_id, OutboxItem.claimed_by == holder)
        .values(**values)
        .returning(OutboxItem.id)
    )
    return result.first() is not None


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


async def release_claims(tx: Session, holders: Collection[str] | None = None) -> None:
    """Give back what these holders had in hand; None: everybody's, at the start of a
    single-process installation, where claims can only be a dead process's. All is uncertain."""
    statement = update(OutboxItem).where(OutboxItem.state == "claimed")
    if holders is not None:
        statement = statement.where(OutboxItem.claimed_by.in_(list(holders)))
    await tx.execute(
        statement.values(state="ready", uncertain=True, claimed_by=None, claimed_until=None)
    )


async def release_all_but(tx: Session, holder: str, kept: Collection[int]) -> None:
    """Give back what the holder has claimed and does not know of, or could not record.

    It was the database that failed: that counts as no attempt.
    """
    await tx.execute(
        update(OutboxItem)
        .where(
            OutboxItem.state == "claimed",
            OutboxItem.claimed_by == holder,
            OutboxItem.id.not_in(list(kept)),
        )
        .values(
            state="ready",
            uncertain=True,
            attempts=OutboxItem.attempts - 1,
            claimed_by=None,
            claimed_until=None,
        )
    )


async def list_holders(tx: Session) -> set[str]:
    """Who has items in hand."""
    query = select(OutboxItem.claimed_by).where(OutboxItem.state == "claimed").distinct()
    return {holder for holder in await tx.scalars(query) if holder}


async def next_due_at(tx: Session, busy_lanes: Collection[str] = ()) -> datetime | None:
    """When the earliest waiting item of a free lane becomes due, or the earliest claim ends."""
    row = (await tx.execute(_NEXT_DUE, {"busy": list(busy_lanes)})).one()
    return min((at for at in row if at is not None), default=None)


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


async def is_on_its_way(tx: Session, kind: str, lane: str) -> bool:
    """Whether an item of this kind may have taken effect without that being recorded yet."""
    of_them = select(OutboxItem.id).where(OutboxItem.kind == kind, OutboxItem.lane == lane)
    claimed = of_them.where(OutboxItem.state == "claimed")
    in_doubt = of_them.where(OutboxItem.uncertain)
    return await tx.scalar(claimed.union_all(in_doubt).limit(1)) is not None


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
