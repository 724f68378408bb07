"""Moving an installation to another database, whole or not at all.

One transaction reads the source and one writes the target: what is copied is of one moment, and a
failure leaves the target as empty as it was. Tables go in the order of their foreign keys; a column
that points into its own table is filled in afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from storage.engine import Database, Session, is_sqlite
from storage.errors import StorageError
from storage.models import Base
from storage.notify import is_anybody_there
from storage.queries import mails, meta, outbox
from storage.schema import upgrade
from storage.startup import MOVED_TO

_BATCH_ROWS = 500
_MAILS_AT_ONCE = 8
"""A mail can have 50 MB, and so many are in memory."""
_BATCH_BYTES = 16 * 1024 * 1024
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """How many rows of a table were copied."""

    table: str
    rows: int


async def move(
    source: Database, target: Database, *, tell: Callable[[Moved], None] = lambda _moved: None
) -> list[Moved]:
    """Copy everything; `tell` hears of each table. Nothing may run on either of them meanwhile.

    The source is marked as moved away, so that no Canal goes on there by mistake.

    Raises:
        StorageError: the target is not empty or in use, or did not take what the source has.
    """
    await upgrade(source)
    await upgrade(target)
    await _refuse_used(target)
    moved = []
    try:
        async with source.read() as reader, target.write() as writer:
            for table in Base.metadata.sorted_tables:
                moved.append(await _move_table(reader, writer, table))
                tell(moved[-1])
            await _verify(reader, writer, moved)
            await meta.forget(writer, MOVED_TO)
            # Nobody runs: what is claimed was in the hands of a Canal that died.
            await mails.release_claims(writer)
            await outbox.release_claims(writer)
    except DBAPIError as error:
        cause = str(error.orig).strip().partition("\n")[0]
        raise StorageError(f"Nothing was copied: {cause}") from error
    async with source.write() as tx:
        await meta.put(tx, MOVED_TO, _name(target).encode())
    return moved


async def reopen(db: Database) -> bool:
    """Take the mark of a move away. False when there was none."""
    async with db.write() as tx:
        was_moved = await meta.find(tx, MOVED_TO) is not None
        await meta.forget(tx, MOVED_TO)
    return was_moved


def _name(db: Database) -> str:
    """The database as it may be shown: without user and password."""
    url = db.engine.url
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database}"


async def _refuse_used(target: Database) -> None:
    async with target.read() as tx:
        if not target.is_sqlite and await is_anybody_there(tx):
            raise StorageError("A Canal runs on the target database: stop it first.")
        for table in Base.metadata.sorted_tables:
            if (await tx.execute(select(text("1")).select_from(table).limit(1))).first():
                raise StorageError(
                    f"The target database is not empty (there are rows in {table.name}): "
                    "make a new one."
                )


async def _move_table(reader: Session, writer: Session, table: Table) -> Moved:
    own = _columns_into_itself(table)
    count = 0
    links: list[Row] = []
    async for batch in _batches(reader, table):
        links += [
            {"of": row["id"], **{name: row[name] for name in own}}
            for row in batch
            if any(row[name] is not None for name in own)
        ]
        await writer.execute(insert(table), [{**row, **dict.fromkeys(own)} for row in batch])
        count += len(batch)
    for link in links:
        values = {name: link[name] for name in own}
        await writer.execute(update(table).where(table.c.id == link["of"]).values(values))
    await _set_counter(reader, writer, table)
    return Moved(table.name, count)


def _columns_into_itself(table: Table) -> list[str]:
    return [key.parent.name for key in table.foreign_keys if key.column.table is table]


async def _batches(reader: Session, table: Table) -> AsyncIterator[list[Row]]:
    """All rows by primary key, in batches of bounded rows and bytes."""
    keys = list(table.primary_key.columns)
    at_once = _MAILS_AT_ONCE if "data" in table.c else _BATCH_ROWS
    query = select(table).order_by(*keys).execution_options(yield_per=at_once)
    rows = await reader.stream(query)
    batch: list[Row] = []
    size = 0
    async for row in rows.mappings():
        batch.append(dict(row))
        size += sum(len(value) for value in row.values() if isinstance(value, bytes))
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _set_counter(reader: Session, writer: Session, table: Table) -> None:
    """PostgreSQL counts ids with sequences, which inserted ids do not move."""
    column = table.autoincrement_column
    if column is None or writer.get_bind().dialect.name != "postgresql":
        return
    highest = await writer.scalar(select(func.max(column)))
    highest = max(highest or 0, await _last_given(reader, table))
    if highest:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        await writer.execute(select(func.setval(sequence, highest)))


async def _last_given(reader: Session, table: Table) -> int:
    """The last id of a table that gives none again, also where its row is gone."""
    if not (is_sqlite(reader) and table.dialect_options["sqlite"]["autoincrement"]):
        return 0
    query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return await reader.scalar(query, {"name": table.name}) or 0


async def _verify(reader: Session, writer: Session, moved: list[Moved]) -> None:
    for table, one in zip(Base.metadata.sorted_tables, moved, strict=True):
        there = await writer.scalar(select(func.count()).select_from(table))
        here = await reader.scalar(select(func.count()).select_from(table))
        if not one.rows == here == there:
            raise StorageError(
                f"Nothing was copied: {table.name} has {here} rows here and {there} there."
            )
