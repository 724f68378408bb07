"""Raw mail and its arrivals: stored at once in groups, filed afterwards."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, delete, func, insert, literal_column, or_, select, update

from storage.engine import Session, is_sqlite
from storage.models import Arrival, RawMail
from storage.models.base import UtcDateTime
from storage.queries.core import Records, table_of
from storage.queries.upsert import insert_new
from storage.records import ArrivalRecord

_CLAIM_LOCK = 0x46494C45  # "FILE": on PostgreSQL one replica claims at a time
_arrivals = Records(ArrivalRecord, Arrival)
_a = _arrivals.table.c
_r = table_of(RawMail).c
_NOW: Any = bindparam("now", type_=UtcDateTime())
_HOLDER: Any = bindparam("holder")
_IDS: Any = bindparam("ids", expanding=True)
_ADD_RAW = insert(table_of(RawMail))
_PACKED = select(_r.id, _r.data).where(_r.id.in_(_IDS))
_FILED_ELSEWHERE = (
    select(_a.email_channel_id)
    .where(_a.state == "stored", _a.claimed_until > _NOW, _a.claimed_by != _HOLDER)
    .distinct()
)
_DUE = (
    select(_a.id, _r.size)
    .join_from(_arrivals.table, table_of(RawMail), _r.id == _a.raw_mail_id)
    .where(
        _a.state == "stored",
        or_(_a.not_before.is_(None), _a.not_before <= _NOW),
        or_(_a.claimed_until.is_(None), _a.claimed_until <= _NOW),
        _a.email_channel_id.not_in(bindparam("busy", expanding=True)),
    )
    .order_by(_a.id)
    .limit(bindparam("most", type_=Integer()))
)
_CLAIM = (
    update(_arrivals.table)
    .where(_a.id.in_(_IDS))
    .values(
        claimed_by=_HOLDER,
        claimed_until=bindparam("until", type_=UtcDateTime()),
        attempts=_a.attempts + 1,
    )
    .returning(*_arrivals.columns)
)
_STILL_CLAIMED = (
    select(_a.id)
    .where(_a.id.in_(_IDS), _a.state == "stored", _a.claimed_by == _HOLDER)
    .order_by(_a.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class NewRaw:
    """Bytes to keep. `packed` is already compressed (`pack`), off the database's time."""

    id: int
    team_id: str
    packed: bytes
    size: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class NewArrival:
    team_id: str
    email_channel_id: int
    raw_mail_id: int
    dedupe_key: str
    source: str
    envelope: dict[str, Any]
    received_at: datetime
    quiet: bool = False
    state: str = "stored"


def pack(data: bytes) -> bytes:
    """Compress a mail. Level 1: mail is text and base64, and more costs more than it saves."""
    return zlib.compress(data, 1)


def unpack(data: bytes) -> bytes:
    return zlib.decompress(data)


async def store(tx: Session, raws: Sequence[NewRaw], arrivals: Sequence[NewArrival]) -> set[int]:
    """Store a group of mails in few statements; arrivals already known add nothing.

    Returns:
        The ids of the raw mails that were new somewhere.
    """
    known = await _known_keys(tx, arrivals)
    fresh = {
        (item.email_channel_id, item.dedupe_key): item
        for item in reversed(arrivals)
        if (item.email_channel_id, item.dedupe_key) not in known
    }
    wanted = {item.raw_mail_id for item in fresh.values()}
    if not fresh:
        return wanted
    await tx.execute(_ADD_RAW, [_raw_row(raw) for raw in raws if raw.id in wanted])
    await insert_new(tx, Arrival, [_arrival_row(item) for item in reversed(fresh.values())])
    return await _drop_unwanted(tx, wanted)


async def _drop_unwanted(tx: Session, raw_ids: set[int]) -> set[int]:
    """Another replica may have stored the same mail meanwhile: then these bytes are nobody's."""
    used = select(Arrival.raw_mail_id).where(Arrival.raw_mail_id.in_(raw_ids))
    new = set(await tx.scalars(used))
    if raw_ids - new:
        await tx.execute(delete(RawMail).where(RawMail.id.in_(raw_ids - new)))
    return new


async def _known_keys(tx: Session, arrivals: Sequence[NewArrival]) -> set[tuple[int, str]]:
    # A channel at a time: for pairs SQLite would read all that each channel ever had.
    keys: dict[int, set[str]] = defaultdict(set)
    for item in arrivals:
        keys[item.email_channel_id].add(item.dedupe_key)
    known: set[tuple[int, str]] = set()
    for channel_id, wanted in keys.items():
        query = select(Arrival.dedupe_key).where(
            Arrival.email_channel_id == channel_id, Arrival.dedupe_key.in_(wanted)
        )
        known |= {(channel_id, key) for key in await tx.scalars(query)}
    return known


def _raw_row(raw: NewRaw) -> dict[str, Any]:
    return {
        "id": raw.id,
        "team_id": raw.team_id,
        "data": raw.packed,
        "size": raw.size,
        "stored_at": raw.stored_at,
    }


def _arrival_row(item: NewArrival) -> dict[str, Any]:
    return {
        "team_id": item.team_id,
        "email_channel_id": item.email_channel_id,
        "raw_mail_id": item.raw_mail_id,
        "dedupe_key": item.dedupe_key,
        "source": item.source,
        "quiet": item.quiet,
        "envelope": item.envelope,
        "state": item.state,
        "attempts": 0,
        "received_at": item.received_at,
    }


async def add_raw(tx: Session, raw: NewRaw) -> None:
    await tx.execute(_ADD_RAW, _raw_row(raw))


async def find_raw(tx: Session, raw_mail_id: int) -> bytes | None:
    """The mail's bytes; None when they were purged."""
    packed = await tx.scalar(select(RawMail.data).where(RawMail.id == raw_mail_id))
    return None if packed is None else unpack(packed)


async def find_packed(tx: Session, raw_mail_ids: Collection[int]) -> dict[int, bytes]:
    """The bytes of several mails, still compressed (`unpack`); purged ones are left out."""
    rows = await tx.execute(_PACKED, {"ids": list(raw_mail_ids)})
    return {row[0]: row[1] for row in rows if row[1] is not None}


async def claim(
    tx: Session,
    holder: str,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    max_bytes: int = 16 * 1024 * 1024,
) -> list[ArrivalRecord]:
    """Take the oldest stored arrivals for filing; nobody else gets them until the lease ends.

    At most `limit`, and no more than come to `max_bytes` of mail; a larger one comes alone.

    A channel that another holder is filing for is left to it: a mail and the answer to it, filed
    by two replicas at once, would not find each other.
    """
    if not is_sqlite(tx):
        await tx.execute(select(func.pg_advisory_xact_lock(_CLAIM_LOCK)))
    busy = list(await tx.scalars(_FILED_ELSEWHERE, {"now": now, "holder": holder}))
    due = await tx.execute(_DUE, {"now": now, "busy": busy, "most": limit})
    ids = _within(max_bytes, [(row[0], row[1]) for row in due])
    if not ids:
        return []
    claim = {"ids": ids, "holder": holder, "until": now + lease}
    rows = await tx.execute(_CLAIM, claim)
    return sorted((ArrivalRecord(*row) for row in rows), key=lambda arrival: arrival.id)


def _within(max_bytes: int, items: Iterable[tuple[int, int]]) -> list[int]:
    ids: list[int] = []
    for item_id, size in items:
        max_bytes -= size
        if ids and max_bytes < 0:
            break
        ids.append(item_id)
    return ids


async def still_claimed(tx: Session, arrival_ids: Sequence[int], holder: str) -> set[int]:
    """Those that are still `holder`'s to file, and stay so until the transaction ends.

    A claim can run out while a mail is read; then somebody else has filed it, or will.
    """
    mine = {"ids": list(arrival_ids), "holder": holder}
    return set(await tx.scalars(_STILL_CLAIMED, mine))


async def settle(
    tx: Session,
    arrival_id: int,
    state: str,
    *,
    reason: str | None = None,
    message_id: int | None = None,
) -> None:
    """The arrival's outcome: filed, dropped, held or parked."""
    outcome = {"state": state, "reason": reason, "message_id": message_id}
    await _arrivals.change(tx, arrival_id, {**outcome, "claimed_by": None, "claimed_until": None})


async def postpone(tx: Session, arrival_id: int, not_before: datetime, reason: str) -> None:
    """Filing failed for a passing reason: try again later."""
    await tx.execute(
        update(Arrival)
        .where(Arrival.id == arrival_id)
        .values(not_before=not_before, reason=reason[:1000], claimed_by=None, claimed_until=None)
    )


async def take_up_parked(tx: Session) -> None:
    """What could not be filed is stored again, to be tried once more."""
    await tx.execute(
        update(Arrival)
        .where(Arrival.state == literal_column("'parked'"))  # a value would not use the index
        .values(state="stored", not_before=None, claimed_by=None, claimed_until=None)
    )


async def release_claims(tx: Session, holders: Collection[str] | None = None) -> None:
    """Give back what these holders (or, for None, anybody) had claimed."""
    statement = update(Arrival).where(Arrival.state == "stored", Arrival.claimed_until.is_not(None))
    if holders is not None:
        statement = statement.where(Arrival.claimed_by.in_(list(holders)))
    await tx.execute(statement.values(claimed_by=None, claimed_until=None))


async def list_holders(tx: Session) -> set[str]:
    """Who has arrivals in hand."""
    query = select(Arrival.claimed_by).where(
        Arrival.state == "stored", Arrival.claimed_until.is_not(None)
    )
    return {holder for holder in await tx.scalars(query.distinct()) if holder}


async def count_states(tx: Session) -> dict[str, int]:
    rows = await tx.execute(select(Arrival.state, func.count()).group_by(Arrival.state))
    return {row[0]: row[1] for row in rows}
