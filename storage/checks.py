"""`canal db check`: what in a database does not fit, without changing anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select

from storage import schema
from storage.check_bytes import look_at_file, look_at_mails, look_at_rows
from storage.engine import Database, Session
from storage.errors import Finding
from storage.models import (
    Arrival,
    EmailChannel,
    FoldedCard,
    Message,
    OutboxItem,
    RawMail,
    Ticket,
    Workspace,
)
from storage.queries import meta
from storage.secrets import list_unreadable
from storage.startup import MOVED_TO, REQUIRED

_STUCK_AFTER = timedelta(hours=1)
_NAMES = select(EmailChannel.uid, EmailChannel.name)


Look = Callable[[Session, datetime], Awaitable[list[Finding]]]


async def find_problems(db: Database, *, now: datetime) -> list[Finding]:
    """Everything that does not fit, what is broken first. The database must be migrated."""
    for look_first in (look_at_file, _schema, look_at_rows):
        if found := await look_first(db):
            return found  # what else it says cannot be trusted, or not be read
    found = await look_at_mails(db)
    async with db.read() as tx:
        found += await _secrets(tx)
        for look in (_moved, _numbers, _lost_mail, _lost_replies, _stuck, _waiting, _orphans):
            found += await look(tx, now)
    return sorted(found, key=lambda finding: not finding.broken)


async def _schema(db: Database) -> list[Finding]:
    async with db.engine.connect() as connection:
        differences = await connection.run_sync(schema.differences)
    sentence = "The schema differs from this version's: {}. Go back to a backup (docs/deploy.md)."
    return [Finding(True, sentence.format(_in_words(one))) for one in differences]


def _in_words(difference: Any) -> str:
    """One of alembic's differences: what it would do to mend it."""
    kind, thing = difference[:2] if isinstance(difference, tuple) else ("", difference)
    if kind in ("add_table", "add_index", "add_constraint"):
        return f"{kind.removeprefix('add_')} {thing.name} is missing"
    return str(difference)[:200]


async def _secrets(tx: Session) -> list[Finding]:
    names = {f"connection:{uid}": name for uid, name in await tx.execute(_NAMES)}
    found = []
    for place in await list_unreadable(tx):
        channel, _, direction = place.rpartition(":")
        if channel in names:
            what = f"The {direction}going" if direction == "out" else "The incoming"
            what += f" password or token of “{names[channel]}”"
            mend = "give it anew with “canal channels edit” or “canal channels login”"
        else:
            what, mend = f"The secret “{place}”", "bring back the key that made it"
        found.append(Finding(True, f"{what} cannot be opened with CANAL_SECRET_KEY: {mend}."))
    for key in REQUIRED:
        if await meta.find(tx, key) is None:
            what = f"The secret “{key}” is gone, and would be made anew at the next start"
            found.append(Finding(True, f"{what}: go back to a backup."))
    return found


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
    in_digests = select(FoldedCard.message_id).where(FoldedCard.opened_at.is_(None))
    waiting |= set(await tx.scalars(in_digests))
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
