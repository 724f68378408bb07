"""`canal db check`: whether what is stored can be read at all, byte by byte and row by row."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import zlib
from collections.abc import Iterable

from sqlalchemy import JSON, DateTime, Table, func, select, text

from storage.engine import Database, Session
from storage.errors import Finding
from storage.models import Arrival, Base, RawMail
from storage.models.base import UtcDateTime
from storage.queries.mails import unpack

_MAILS_AT_ONCE = 50
_GO_BACK = "Stop Canal, keep the file, and go back to a backup (docs/deploy.md)."


async def look_at_file(db: Database) -> list[Finding]:
    """Whether SQLite finds its own file in order; nothing to do on PostgreSQL."""
    if not db.is_sqlite:
        return []
    damage = await asyncio.to_thread(_check_file, str(db.engine.url.database))
    return (
        []
        if damage == ["ok"]
        else [Finding(True, f"The file is damaged ({damage[0]}). {_GO_BACK}")]
    )


def _check_file(path: str) -> list[str]:
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    except sqlite3.Error as error:
        return [str(error)]


async def look_at_rows(db: Database) -> list[Finding]:
    """Rows that point nowhere or hold what is no value. PostgreSQL lets nobody make such rows."""
    if not db.is_sqlite:
        return []
    found = []
    async with db.read() as tx:
        dangling = [str(row[0]) for row in await tx.execute(text("PRAGMA foreign_key_check"))]
        for table in Base.metadata.sorted_tables:
            found += await _unreadable(tx, table)
    if dangling:
        tables = ", ".join(sorted(set(dangling)))
        found.append(Finding(True, f"{len(dangling)} rows point nowhere, in {tables}. {_GO_BACK}"))
    return found


async def _unreadable(tx: Session, table: Table) -> list[Finding]:
    found = []
    for column in table.columns:
        name = f'"{column.name}"'
        if isinstance(column.type, JSON):
            is_good = f"json_valid({name})"
        elif isinstance(column.type, UtcDateTime | DateTime):
            is_good = f"datetime({name}) IS NOT NULL"
        else:
            continue
        rows = await tx.execute(
            text(
                f"SELECT rowid FROM {table.name} "  # noqa: S608 - our own names
                f"WHERE {name} IS NOT NULL AND NOT ({is_good})"
            )
        )
        if bad := [int(row[0]) for row in rows]:
            where = f"{column.name} of {len(bad)} rows in {table.name} ({_some(bad)})"
            found.append(Finding(True, f"The {where} cannot be read. {_GO_BACK}"))
    return found


async def look_at_mails(db: Database) -> list[Finding]:
    """Raw mails whose bytes are damaged, or gone although they are still to be read."""
    damaged: list[int] = []
    last = -1
    while True:
        query = select(RawMail.id, RawMail.data).where(RawMail.id > last, RawMail.data.is_not(None))
        async with db.read() as tx:
            rows = (await tx.execute(query.order_by(RawMail.id).limit(_MAILS_AT_ONCE))).all()
        damaged += [mail_id for mail_id, data in rows if data is None or not _is_whole(data)]
        if len(rows) < _MAILS_AT_ONCE:
            break
        last = rows[-1].id
    waiting = Arrival.state.in_(["stored", "held", "parked"])
    async with db.read() as tx:
        gone = await tx.scalar(
            select(func.count())
            .select_from(Arrival)
            .join(RawMail, RawMail.id == Arrival.raw_mail_id)
            .where(waiting, RawMail.data.is_(None))
        )
    found = []
    if damaged:
        what = f"{len(damaged)} kept mails are damaged ({_some(damaged)})"
        found.append(
            Finding(True, f"{what}: what is still to be read of them is in a backup only.")
        )
    if gone:
        what = f"{gone} mails wait to be filed, but their bytes are gone"
        found.append(Finding(True, f"{what}: go back to a backup, or ask for them again."))
    return found


def _is_whole(data: bytes) -> bool:
    try:
        unpack(data)
    except zlib.error:
        return False
    return True


def _some(ids: Iterable[int]) -> str:
    """The first few of them, for a sentence."""
    listed = sorted(ids)
    more = ", …" if len(listed) > 3 else ""
    return "number " + ", ".join(map(str, listed[:3])) + more
