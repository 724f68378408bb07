"""`canal db check`: whether what is stored can be read at all, byte by byte and row by row."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import zlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Integer, LargeBinary, Table, func, select, text
from sqlalchemy.types import TypeEngine

from storage.engine import Database, Session
from storage.errors import Finding
from storage.models import Arrival, Base, RawMail
from storage.models.base import String, UtcDateTime
from storage.queries.mails import unpack

_MAILS_AT_ONCE = 50
GO_BACK = "Stop Canal, keep the file, and go back to a backup (docs/deploy.md)."


async def look_at_file(db: Database) -> list[Finding]:
    """Whether SQLite finds its own file in order; nothing to do on PostgreSQL."""
    if not db.is_sqlite:
        return []
    damage = await asyncio.to_thread(_check_file, str(db.engine.url.database))
    return (
        [] if damage == ["ok"] else [Finding(True, f"The file is damaged ({damage[0]}). {GO_BACK}")]
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
        found.append(Finding(True, f"{len(dangling)} rows point nowhere, in {tables}. {GO_BACK}"))
    return found


async def _unreadable(tx: Session, table: Table) -> list[Finding]:
    found = []
    wrong = {}
    for column in table.columns:
        name = f'"{column.name}"'
        test = _test_of(column.type).format(name)
        wrong[column.name] = f"({name} IS NOT NULL AND NOT ({test}))"
    if not await _rows_where(tx, table, " OR ".join(wrong.values())):
        return []  # one look at a large table, not one for each of its columns
    for name, condition in wrong.items():
        if bad := await _rows_where(tx, table, condition):
            where = f"{name} of {len(bad)} rows in {table.name} ({some(bad)})"
            found.append(Finding(True, f"The {where} cannot be read. {GO_BACK}"))
    return found


async def _rows_where(tx: Session, table: Table, condition: str) -> list[int]:
    query = f"SELECT rowid FROM {table.name} WHERE {condition}"  # noqa: S608 - our own names
    return [int(row[0]) for row in await tx.execute(text(query))]


def _test_of(kind: TypeEngine[Any]) -> str:
    """What holds for each value of the type; SQLite keeps whatever it is given."""
    if isinstance(kind, JSON):
        kinds = "json_type({0}) IN ('object', 'array', 'null')"
        return f"CASE WHEN json_valid({{0}}) THEN {kinds} END IS 1"
    if isinstance(kind, UtcDateTime | DateTime):
        return "datetime({}) IS NOT NULL"
    if isinstance(kind, Integer | Boolean):
        return "typeof({}) = 'integer'"
    if isinstance(kind, LargeBinary):
        return "typeof({}) = 'blob'"
    return "typeof({}) = 'text'" if isinstance(kind, String) else "TRUE"


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
        what = f"{len(damaged)} kept mails are damaged ({some(damaged)})"
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


def some(ids: Iterable[int]) -> str:
    """The first few of them, for a sentence."""
    listed = sorted(ids)
    more = ", …" if len(listed) > 3 else ""
    return "number " + ", ".join(map(str, listed[:3])) + more
