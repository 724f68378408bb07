"""SQLite without a hop for each statement: a whole transaction in one visit to one thread.

Through the async session every statement is a message to aiosqlite's thread and back, and every
step in C hands the interpreter's lock over. Where mails arrive by the hundred that costs three
times as much as the storing itself, so the intake writes this way. Everything else uses sessions.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from storage.models.base import UtcDateTime

R = TypeVar("R")

_MOST_VALUES = 30_000
"""In one statement; SQLite takes 32,766."""


Convert = Callable[[Any], Any]
Prepared = tuple[str, list[Any]]
"""A statement and its values."""


def run_prepared(connection: sqlite3.Connection, prepared: Iterable[Prepared]) -> int:
    """Run them; returns how many rows they changed."""
    return sum(connection.execute(statement, values).rowcount for statement, values in prepared)


class SqliteWriter:
    """A connection of its own to the file at `path`, configured like those of the engine.

    `run` does not take the turn that the sessions wait for: see `storage.mail_store`.
    """

    def __init__(self, path: str, configure: Callable[[Any, object], None], timeout: float) -> None:
        self._path = path
        self._configure = configure
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, "canal-sqlite-writer")
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], R]) -> R:
        """BEGIN IMMEDIATE, work, COMMIT (durable); ROLLBACK when work raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._transact, work)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _transact(self, work: Callable[[sqlite3.Connection], R]) -> R:
        connection = self._connection or self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)
        self._configure(connection, None)
        self._connection = connection
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class BulkInsert:
    """`INSERT INTO table (columns) VALUES (…), (…) tail`, many rows a statement.

    Values are converted by the types of the table's columns, as a session would; those of the
    `plain` columns are known to need it not.
    """

    def __init__(
        self, table: Table, columns: Sequence[str], tail: str = "", *, plain: Collection[str] = ()
    ) -> None:
        dialect: Dialect = sqlite.dialect()
        self._columns = tuple(columns)
        self._convert = [
            None if name in plain else _converter(table.c[name].type, dialect) for name in columns
        ]
        self._head = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "  # noqa: S608 - ours
        self._places = f"({', '.join('?' * len(columns))})"
        self._tail = f" {tail}" if tail else ""

    def prepare(self, rows: Iterable[Mapping[str, Any]]) -> list[Prepared]:
        """All that Python has to do for these rows, so that the thread only runs SQLite."""
        prepared = []
        for batch in _batches(rows, _MOST_VALUES // len(self._columns)):
            values = [value for row in batch for value in self._values(row)]
            statement = self._head + ", ".join([self._places] * len(batch)) + self._tail
            prepared.append((statement, values))
        return prepared

    def _values(self, row: Mapping[str, Any]) -> Iterator[Any]:
        for name, convert in zip(self._columns, self._convert, strict=True):
            yield row[name] if convert is None else convert(row[name])


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    convert: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return _remembering(convert) if convert and isinstance(kind, UtcDateTime) else convert


def _remembering(convert: Convert) -> Convert:
    """`convert`, asked once for a value that many rows on end share: the time of a group."""
    last: object = None
    converted: Any = None

    def run(value: object) -> Any:
        nonlocal last, converted
        if last is None or value is not last:
            last, converted = value, convert(value)
        return converted

    return run


def _batches(rows: Iterable[Mapping[str, Any]], size: int) -> Iterator[list[Mapping[str, Any]]]:
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch
