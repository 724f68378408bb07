"""Statements that are built once and give records: for the queries that run for every mail.

Building a statement costs several times as much as running it, and an ORM object as much again as
the record that is cut from it. So what runs for every mail speaks to the tables themselves, with
bound parameters. Tables read and written this way are never loaded as ORM objects: a session would
go on giving the object that it knows, whatever an update said meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Column, Select, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.engine import Session, is_sqlite
from storage.models import Base

R = TypeVar("R")


def table_of(entity: type[Base]) -> Table:
    return cast(Table, entity.__table__)


@cache
def insert_or_nothing(sqlite_speaks: bool, table: Table, *unique: str) -> Any:
    """INSERT … ON CONFLICT DO NOTHING."""
    insert_for = sqlite.insert if sqlite_speaks else postgresql.insert
    return insert_for(table).on_conflict_do_nothing(index_elements=unique or None)


class Records(Generic[R]):
    """A table's rows as records of one kind; the record's fields are columns of the table."""

    def __init__(self, record: type[R], entity: type[Base]) -> None:
        self.table = table_of(entity)
        self.columns: list[Column[Any]] = [
            self.table.c[field.name]
            for field in fields(record)  # type: ignore[arg-type]
        ]
        self._record = record
        self._insert = insert(self.table).returning(*self.columns)
        self._changes: dict[tuple[object, ...], Any] = {}

    def select(self) -> Select[Any]:
        """All columns of the record."""
        return select(*self.columns)

    async def first(self, tx: Session, query: Lookup | Select[Any], **parameters: Any) -> R | None:
        row = (await tx.execute(_choose(tx, query), parameters)).first()
        return None if row is None else self._record(*row)

    async def one(self, tx: Session, query: Lookup | Select[Any], **parameters: Any) -> R:
        return self._record(*(await tx.execute(_choose(tx, query), parameters)).one())

    async def all(self, tx: Session, query: Lookup | Select[Any], **parameters: Any) -> list[R]:
        return [self._record(*row) for row in await tx.execute(_choose(tx, query), parameters)]

    async def add(self, tx: Session, values: Mapping[str, Any]) -> R:
        return self._record(*(await tx.execute(self._insert, dict(values))).one())

    async def add_new(self, tx: Session, values: Mapping[str, Any], *unique: str) -> R | None:
        """None when the row collides with a unique constraint: then it is there already."""
        statement = insert_or_nothing(is_sqlite(tx), self.table, *unique).returning(*self.columns)
        row = (await tx.execute(statement, dict(values))).first()
        return None if row is None else self._record(*row)

    async def change(self, tx: Session, row_id: int, values: Mapping[str, Any]) -> None:
        """Give one row new values; nothing where there are none."""
        if values:
            await tx.execute(self._change(tuple(sorted(values))), _new(row_id, values))

    async def change_and_get(self, tx: Session, row_id: int, values: Mapping[str, Any]) -> R:
        """The same, and the whole row as it is then."""
        statement = self._change(tuple(sorted(values)), *self.columns)
        return self._record(*(await tx.execute(statement, _new(row_id, values))).one())

    def _change(self, names: tuple[str, ...], *returned: Column[Any]) -> Any:
        key = (bool(returned), *names)
        statement = self._changes.get(key)
        if statement is None:
            bound: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            mine = self.table.c.id == bindparam("row_id")
            statement = update(self.table).where(mine).values(bound)
            statement = statement.returning(*returned) if returned else statement
            self._changes[key] = statement
        return statement


def _new(row_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"row_id": row_id, **{f"new_{name}": value for name, value in values.items()}}


class Lookup:
    """A query built once; with `lock`, a writing transaction keeps the rows that it decides by.

    PostgreSQL locks them (SQLite's writers are alone anyway); foreign keys may still point at them
    meanwhile. Reading transactions lock nothing.
    """

    def __init__(self, query: Select[Any], *, lock: bool = False) -> None:
        self.plain = query
        self.in_write = query.with_for_update(key_share=True) if lock else query


def _choose(tx: Session, query: Lookup | Select[Any]) -> Select[Any]:
    if isinstance(query, Lookup):
        return query.in_write if tx.info.get("writes") else query.plain
    return query
