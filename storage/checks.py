"""`canal db check`: what in a database does not fit, without changing anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storage import schema
from storage.check_bytes import GO_BACK, look_at_file, look_at_mails, look_at_rows, some
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
_MOST_NAMED = 5
LOOK = "look whether Canal runs, and at what its /readyz and its log say"
_STATES: dict[InstrumentedAttribute[str], tuple[str, ...]] = {
    Arrival.state: ("stored", "filed", "dropped", "held", "parked"),
    Ticket.status: ("open", "waiting", "closed"),
    Message.direction: ("inbound", "outbound", "note"),
    Message.state: (
        "filed", "note", "confirm", "held", "sending", "sent", "failed", "unsure", "cancelled",
    ),
    OutboxItem.state: ("ready", "claimed", "dead"),
    EmailChannel.state: ("active", "paused", "removed"),
}  # fmt: skip
_TIMES = (Ticket.opened_at, Message.created_at, Arrival.received_at, OutboxItem.created_at)
_AHEAD = timedelta(days=1)
_numbered = select(Message.id, Ticket.number).join(Ticket, Ticket.id == Message.ticket_id)
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
        for look in (
            _moved,
            _states,
            _ahead,
            _numbers,
            _lost_mail,
            _lost_replies,
            _stuck,
            _waiting,
            _orphans,
        ):
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
    if kind == "add_column":
        _kind, _schema, table, column = difference
        return f"column {column.name} of table {table} is missing"
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


async def _states(tx: Session, _now: datetime) -> list[Finding]:
    """Words that no Canal has written there."""
    found = []
    for column, known in _STATES.items():
        rows = list(await tx.scalars(select(column.class_.id).where(column.not_in(known))))
        if rows:
            where = f"{column.key} of {len(rows)} rows in {column.class_.__tablename__}"
            what = f"The {where} ({some(rows)}) is none that Canal knows."
            found.append(Finding(True, f"{what} {GO_BACK}"))
    return found


async def _ahead(tx: Session, now: datetime) -> list[Finding]:
    """Made by a machine whose clock was wrong: what follows from them will be wrong as well."""
    found = []
    for column in _TIMES:
        rows = list(await tx.scalars(select(column.class_.id).where(column > now + _AHEAD)))
        if rows:
            what = f"{len(rows)} rows in {column.class_.__tablename__} are of the future"
            found.append(Finding(False, f"{what} ({some(rows)}): look at the machines' clocks."))
    return found


async def _numbers(tx: Session, _now: datetime) -> list[Finding]:
    rows = await tx.execute(
        select(Workspace.team_id, Workspace.next_ticket_number, func.max(Ticket.number))
        .join(Ticket, Ticket.team_id == Workspace.team_id)
        .group_by(Workspace.team_id, Workspace.next_ticket_number)
    )
    return [
        Finding(
            True,
            f"The next ticket of {team} would be #{following}, but there is #{highest}. {GO_BACK}",
        )
        for team, following, highest in rows
        if following <= highest
    ]


async def _lost_mail(tx: Session, now: datetime) -> list[Finding]:
    """Filed, but neither posted nor waiting to be."""
    waiting = await _in_outbox(tx, "post_card", "post_mail")
    in_digests = select(FoldedCard.message_id).where(FoldedCard.opened_at.is_(None))
    waiting |= set(await tx.scalars(in_digests))
    rows = await tx.execute(
        _numbered.where(
            Message.direction == "inbound",
            Message.kind != "bounce",
            Message.slack_ts.is_(None),
            Message.created_at < now - _STUCK_AFTER,
        )
    )
    what = "mails were filed but never posted, and nothing waits to post them"
    return _lost(rows, waiting, what, "ask their writers to send them again")


async def _lost_replies(tx: Session, now: datetime) -> list[Finding]:
    """On its way, but nothing would send it."""
    waiting = await _in_outbox(tx, "send_email")
    rows = await tx.execute(
        _numbered.where(
            Message.state.in_(["held", "sending"]), Message.created_at < now - _STUCK_AFTER
        )
    )
    what = "replies are held, but nothing waits to send them"
    return _lost(rows, waiting, what, "write them again in their threads")


async def _in_outbox(tx: Session, *kinds: str) -> set[Any]:
    """The messages of what waits; inside JSON, which the databases spell differently."""
    payloads = await tx.scalars(select(OutboxItem.payload).where(OutboxItem.kind.in_(kinds)))
    return {payload.get("message_id") for payload in payloads if isinstance(payload, dict)}


def _lost(rows: Iterable[Any], waiting: set[Any], what: str, mend: str) -> list[Finding]:
    lost = [number for message_id, number in rows if message_id not in waiting]
    tickets = ", ".join(f"#{number}" for number in sorted(set(lost))[:_MOST_NAMED])
    return _counted(True, lost, f"{what} (in tickets {tickets}): {mend}")


async def _stuck(tx: Session, now: datetime) -> list[Finding]:
    """Claims that ended long ago: nobody looks."""
    claims = await tx.scalars(
        select(OutboxItem.id).where(
            OutboxItem.state == "claimed", OutboxItem.claimed_until < now - _STUCK_AFTER
        )
    )
    found = _counted(
        False, list(claims), "outbox items are in the hands of a Canal that is gone: start one"
    )
    due = await tx.scalars(
        select(OutboxItem.id).where(
            OutboxItem.state == "ready", OutboxItem.not_before < now - _STUCK_AFTER
        )
    )
    found += _counted(False, list(due), f"outbox items are due for more than an hour: {LOOK}")
    stored = await tx.scalars(
        select(Arrival.id).where(
            Arrival.state == "stored",
            Arrival.received_at < now - _STUCK_AFTER,
            or_(Arrival.claimed_until.is_(None), Arrival.claimed_until < now),
        )
    )
    return found + _counted(
        False, list(stored), f"mails wait to be filed for more than an hour: {LOOK}"
    )


async def _waiting(tx: Session, _now: datetime) -> list[Finding]:
    dead = list(await tx.scalars(select(OutboxItem.id).where(OutboxItem.state == "dead")))
    parked = list(await tx.scalars(select(Arrival.id).where(Arrival.state == "parked")))
    return [
        *_counted(False, dead, "outbox items were given up: see “canal outbox list”"),
        *_counted(
            False,
            parked,
            "mails could not be filed, and are kept for the next start: the log says why",
        ),
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
        *_counted(
            False,
            range(unused or 0),
            "kept mails belong to nothing: they go when CANAL_RETENTION_DAYS are over",
        ),
        *_counted(
            True, range(unposted or 0), f"mails count as filed but have no message. {GO_BACK[:-1]}"
        ),
    ]


def _counted(broken: bool, rows: list[int] | range, what: str) -> list[Finding]:
    return [Finding(broken, f"{len(rows)} {what}.")] if rows else []
