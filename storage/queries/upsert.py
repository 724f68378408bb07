"""INSERT … ON CONFLICT, spelled alike for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from storage.engine import Session, is_sqlite
from storage.models import Base
from storage.queries.core import insert_or_nothing, table_of


async def insert_new(tx: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that collide with no unique constraint; the others are already there."""
    if rows:
        await tx.execute(insert_or_nothing(is_sqlite(tx), table_of(table)), list(rows))


async def put_row(
    tx: Session, table: type[Base], row: Mapping[str, Any], *, unique: Sequence[str]
) -> None:
    """Insert the row, or give the one with the same `unique` columns these values.

    Either way the row is this transaction's until it ends: on PostgreSQL nobody else can change
    or claim it before what else the transaction wrote is visible to them.
    """
    statement = _insert(tx)(table).values(dict(row))
    new = {name: statement.excluded[name] for name in row}
    await tx.execute(statement.on_conflict_do_update(index_elements=list(unique), set_=new))


async def insert_or_keep(
    tx: Session, table: type[Base], row: Mapping[str, Any], *, unique: str
) -> None:
    """Insert the row, or leave the one with the same `unique` column as it is, but locked.

    Until the transaction ends nobody takes that row for done: what it was wished for is part of
    this transaction, and not yet to be seen by others.
    """
    await tx.execute(_insert_or_touch(is_sqlite(tx), table, unique), dict(row))


@cache
def _insert_or_touch(sqlite_speaks: bool, table: type[Base], unique: str) -> Any:
    insert = sqlite.insert if sqlite_speaks else postgresql.insert
    statement = insert(table_of(table))
    same = {unique: statement.excluded[unique]}
    return statement.on_conflict_do_update(index_elements=[unique], set_=same)


def _insert(tx: Session) -> Any:
    return sqlite.insert if is_sqlite(tx) else postgresql.insert
