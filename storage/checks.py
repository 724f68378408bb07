"""`canal db check`: what in a database does not fit, without changing anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select, text
from sqlalchemy.exc import DBAPIError

from storage import schema
from storage.engine import Database, Session
from storage.models import Arrival, Message, OutboxItem, RawMail, Ticket, Workspace
from storage.queries import meta
from storage.secrets import list_unreadable
from storage.startup import MOVED_TO

_STUCK_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """`broken`: something is wrong. Else it only wants somebody's attention."""

    broken: bool
    sentence: str


Look = Callable[[Session, datetime], Awaitable[list[Finding]]]


async def find_problems(db: Database, *, now: datetime) -> list[Finding]:
    """Everything that does not fit, what is broken first. The database must be migrated."""
    found = await _schema(db)
    if db.is_sqlite:
        found += await _sqlite(db)
    async with db.read() as tx:
        found += await _secrets(tx)
        for look in (_moved, _numbers, _lost_mail, _lost_replies, _stuck, _waiting, _orphans):
            found += await look(tx, now)
    return sorted(found, key=lambda finding: not finding.broken)


async def _schema(db: Database) -> list[Finding]:
    async with db.engine.connect() as connection:
        differences = await connection.run_sync(schema.differences)
    return [
        Finding(True, f"The schema differs from this version's: {str(one)[:200]}.")
        for one in differences
    ]


async def _sqlite(db: Database) -> list[Finding]:
    found = []
    async with db.read() as tx:
        try:
            damage = [str(row[0]) for row in await tx.execute(text("PRAGMA integrity_check"))]
        except DBAPIError as error:
            damage = [str(error.orig)]
        if damage != ["ok"]:
            found.append(Finding(True, f"The file is damaged: {damage[0][:200]}. Use a backup."))
            return found
        dangling = list(await tx.execute(text("PRAGMA foreign_key_check")))
    tables = sorted({str(row[0]) for row in dangling})
    if tables:
        found.append(Finding(True, f"{len(dangling)} rows point nowhere, in {', '.join(tables)}."))
    return found


async def _secrets(tx: Session) -> list[Finding]:
    return [
        Finding(True, f"The secret of {place} cannot be opened with CANAL_SECRET_KEY.")
        for place in await list_unreadable(tx)
    ]


async def _moved(tx: Session, _now: datetime) -> list[Finding]:
    place = await meta.find(tx, MOVED_TO)
    return [Finding(False, f"It was moved to {place.decode()}, and is not used.")] if place else []


async def _numbers(tx: Session, _now: datetime) -> list[Finding]:
    rows = await tx.execute(
        select(Workspace.team_id, Workspace.next_ticket_number, func.max(Ticket.number))
        .join(Ticket, Ticket.team_id == Workspace.team_id)
        .group_by(Workspace.team_id, Workspace.next_ticket_number)
    )
    return [
        Finding(True, f"The next ticket of {team} would be #{following}, but there is #{highest}.")
        for team, following, highest in rows
        if following <= highest
    ]


async def _lost_mail(tx: Session, now: datetime) -> list[Finding]:
    """Filed, but neither posted nor waiting to be."""
    # Ids inside JSON are compared in Python: the databases spell that differently.
    waiting = {
        payload.get("message_id")
        for payload in await tx.scalars(
            select(OutboxItem.payload).where(OutboxItem.kind.in_(["post_card", "post_mail"]))
        )
    }
    ids = await tx.scalars(
        select(Message.id).where(
            Message.direction == "inbound",
            Message.kind != "bounce",
            Message.slack_ts.is_(None),
            Message.created_at < now - _STUCK_AFTER,
        )
    )
    lost = [one for one in ids if one not in waiting]
    return _counted(True, lost, "mails were filed but never posted, and nothing waits to post them")


async def _lost_replies(tx: Session, now: datetime) -> list[Finding]:
    """On its way, but nothing would send it."""
    waiting = {
        payload.get("message_id")
        for payload in await tx.scalars(
            select(OutboxItem.payload).where(OutboxItem.kind == "send_email")
        )
    }
    ids = await tx.scalars(
        select(Message.id).where(
            Message.state.in_(["held", "sending"]), Message.created_at < now - _STUCK_AFTER
        )
    )
    lost = [one for one in ids if one not in waiting]
    return _counted(True, lost, "replies are held, but nothing waits to send them")


async def _stuck(tx: Session, now: datetime) -> list[Finding]:
    """Claims that ended long ago: nobody looks."""
    claims = await tx.scalars(
        select(OutboxItem.id).where(
            OutboxItem.state == "claimed", OutboxItem.claimed_until < now - _STUCK_AFTER
        )
    )
    found = _counted(False, list(claims), "outbox items are in the hands of a Canal that is gone")
    due = await tx.scalars(
        select(OutboxItem.id).where(
            OutboxItem.state == "ready", OutboxItem.not_before < now - _STUCK_AFTER
        )
    )
    found += _counted(False, list(due), "outbox items are due for more than an hour")
    stored = await tx.scalars(
        select(Arrival.id).where(
            Arrival.state == "stored",
            Arrival.received_at < now - _STUCK_AFTER,
            or_(Arrival.claimed_until.is_(None), Arrival.claimed_until < now),
        )
    )
    return found + _counted(False, list(stored), "mails wait to be filed for more than an hour")


async def _waiting(tx: Session, _now: datetime) -> list[Finding]:
    dead = list(await tx.scalars(select(OutboxItem.id).where(OutboxItem.state == "dead")))
    parked = list(await tx.scalars(select(Arrival.id).where(Arrival.state == "parked")))
    return [
        *_counted(False, dead, "outbox items were given up: see “canal outbox list”"),
        *_counted(False, parked, "mails could not be filed; they are kept"),
    ]


async def _orphans(tx: Session, _now: datetime) -> list[Finding]:
    unused = await tx.scalar(
        select(func.count()).where(
            RawMail.data.is_not(None),
            ~exists().where(Arrival.raw_mail_id == RawMail.id),
            ~exists().where(Message.raw_mail_id == RawMail.id),
        )
    )
    unposted = await tx.scalar(
        select(func.count()).where(and_(Arrival.state == "filed", Arrival.message_id.is_(None)))
    )
    return [
        *_counted(False, range(unused or 0), "kept mails belong to nothing"),
        *_counted(True, range(unposted or 0), "mails count as filed but have no message"),
    ]


def _counted(broken: bool, rows: list[int] | range, what: str) -> list[Finding]:
    return [Finding(broken, f"{len(rows)} {what}.")] if rows else []
