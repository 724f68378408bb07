"""Cards that wait in a flooded lane, and the digests that they are folded into."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select, update

from storage.engine import Session
from storage.models import Digest, FoldedCard, OutboxItem, Ticket
from storage.queries.core import Records, table_of
from storage.queries.upsert import insert_new
from storage.records import DigestRecord, FoldedRecord

_digests = Records(DigestRecord, Digest)
_folded = Records(FoldedRecord, FoldedCard)
_d = _digests.table.c
_f = _folded.table.c
_o = table_of(OutboxItem).c
_MOST_AT_ONCE = 2000
_other = table_of(OutboxItem).alias("other")
_FOLDABLE = (
    select(_o.id, _o.payload)
    .where(
        _o.lane == bindparam("lane"),
        _o.kind == "post_card",
        _o.state == "ready",
        ~_o.uncertain,
        _o.payload["foldable"].as_boolean(),
        ~exists().where(_other.c.order_key == _o.order_key, _other.c.id != _o.id),
    )
    .order_by(_o.id)
    .limit(_MOST_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_BRING_UP = (
    update(_folded.table)
    .where(_f.ticket_id.in_(bindparam("tickets", expanding=True)), _f.opened_at.is_(None))
    .values(opened_at=bindparam("now", type_=_f.opened_at.type))
    .returning(*_folded.columns)
)


@dataclass(frozen=True, slots=True)
class WaitingCard:
    """A wish in the outbox whose card may be folded."""

    item_id: int
    ticket_id: int
    message_id: int


async def list_foldable(tx: Session, lane: str) -> list[WaitingCard]:
    """Cards of new tickets that wait in the lane, and nothing else of their tickets does.

    What may have been posted already is none of them. They are the transaction's own until it
    ends.
    """
    rows = await tx.execute(_FOLDABLE, {"lane": lane})
    return [WaitingCard(one, made["ticket_id"], made["message_id"]) for one, made in rows]


async def lock_tickets(tx: Session, ticket_ids: Collection[int]) -> set[int]:
    """Those of these tickets that nobody else is changing; nobody can, until the end of this."""
    of_them = select(Ticket.id).where(Ticket.id.in_(list(ticket_ids))).order_by(Ticket.id)
    return set(await tx.scalars(of_them.with_for_update(skip_locked=True, key_share=True)))


async def find_current(tx: Session, slack_channel_id: str) -> DigestRecord | None:
    query = _digests.select().where(_d.slack_channel_id == slack_channel_id, _d.is_current)
    return await _digests.first(tx, query)


async def begin(
    tx: Session, team_id: str, slack_channel_id: str, *, now: datetime, stale_before: datetime
) -> DigestRecord:
    """The Slack channel's current digest from now on; another Canal's, if it was quicker."""
    await tx.execute(
        update(Digest)
        .where(
            Digest.slack_channel_id == slack_channel_id,
            Digest.is_current,
            Digest.folded_at < stale_before,
        )
        .values(is_current=False)
    )
    row = {
        "team_id": team_id,
        "slack_channel_id": slack_channel_id,
        "is_current": True,
        "folded_at": now,
    }
    await insert_new(tx, Digest, [row])
    found = await find_current(tx, slack_channel_id)
    assert found is not None
    return found


async def fold(
    tx: Session, digest: DigestRecord, waiting: Sequence[WaitingCard], *, now: datetime
) -> None:
    """The wishes go, and the digest lists their tickets instead."""
    ids = [card.item_id for card in waiting]
    await tx.execute(delete(OutboxItem).where(OutboxItem.id.in_(ids)))
    rows = [
        {
            "ticket_id": card.ticket_id,
            "team_id": digest.team_id,
            "digest_id": digest.id,
            "message_id": card.message_id,
            "opened_at": None,
        }
        for card in waiting
    ]
    await insert_new(tx, FoldedCard, rows)
    await tx.execute(update(Digest).where(Digest.id == digest.id).values(folded_at=now))


async def bring_up(
    tx: Session, ticket_ids: Collection[int], *, now: datetime
) -> list[FoldedRecord]:
    """Those of these tickets that were folded until now, in the order of their tickets."""
    values: dict[str, Any] = {"tickets": list(ticket_ids), "now": now}
    rows = await tx.execute(_BRING_UP, values)
    return sorted((FoldedRecord(*row) for row in rows), key=lambda one: one.ticket_id)


async def find(tx: Session, digest_id: int) -> DigestRecord | None:
    return await _digests.first(tx, _digests.select().where(_d.id == digest_id))


async def is_digest(tx: Session, slack_channel_id: str, ts: str) -> bool:
    """Whether that Slack message is a digest."""
    query = select(_d.id).where(_d.slack_channel_id == slack_channel_id, _d.ts == ts)
    return await tx.scalar(query.limit(1)) is not None


async def set_ts(tx: Session, digest_id: int, ts: str | None) -> None:
    await _digests.change(tx, digest_id, {"ts": ts})


async def list_digests_of(tx: Session, ticket_ids: Collection[int]) -> list[DigestRecord]:
    """Every digest that lists one of these tickets."""
    theirs = select(_f.digest_id).where(_f.ticket_id.in_(list(ticket_ids)))
    return await _digests.all(tx, _digests.select().where(_d.id.in_(theirs)).order_by(_d.id))


async def list_folded(
    tx: Session, digest_id: int, *, offset: int = 0, limit: int = _MOST_AT_ONCE
) -> list[FoldedRecord]:
    """What the digest lists, in the order of the tickets."""
    query = _folded.select().where(_f.digest_id == digest_id).order_by(_f.ticket_id)
    return await _folded.all(tx, query.offset(offset).limit(limit))


async def list_unopened(tx: Session, digest_id: int) -> list[FoldedRecord]:
    query = _folded.select().where(_f.digest_id == digest_id, _f.opened_at.is_(None))
    return await _folded.all(tx, query.order_by(_f.ticket_id))


async def count(tx: Session, digest_id: int) -> tuple[int, int, int]:
    """How many the digest lists, how many of these are not opened, and how many come before the
    first of these."""
    waits = _f.opened_at.is_(None)
    first = select(func.min(_f.ticket_id)).where(_f.digest_id == digest_id, waits)
    query = select(
        func.count(),
        func.count().filter(waits),
        func.count().filter(_f.ticket_id < first.scalar_subquery()),
    ).where(_f.digest_id == digest_id)
    total, unopened, before = (await tx.execute(query)).one()
    return total, unopened, before
