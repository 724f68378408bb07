"""The database: opening it, and the two kinds of transaction.

Rules (design.md): WAL and synchronous=FULL on SQLite, because a commit answers "250 accepted" and
must survive a power cut; every writing transaction starts with BEGIN IMMEDIATE, because a deferred
one loses updates silently; and no transaction is open while a network is awaited.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from storage.crypto import Vault
from storage.errors import StorageError, Unreachable
from storage.ids import IdMaker

Session = AsyncSession
"""What queries take. Callers outside storage/ pass it on and know nothing of it."""

_READ_ONLY = "canal_read_only"
_BUSY_TIMEOUT_MS = 15_000


class Database:
    """One database with its vault. Build with `open_database`, end with `close`."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        self.new_id = IdMaker()
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._readers = engine.execution_options(**{_READ_ONLY: True})
        # SQLite has one writer; queueing here is fair and costs no busy-waiting in the driver.
        self._writer = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """A writing transaction: commits at the end, rolls back on any error."""
        if self._writer is None:
            async with self._session(self.engine) as tx:
                yield tx
            return
        async with self._writer, self._session(self.engine) as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A reading transaction: one consistent view, never waits for a writer on SQLite."""
        async with self._session(self._readers) as tx:
            yield tx

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[Session]:
        async with (
            AsyncSession(engine, expire_on_commit=False, info={"vault": self.vault}) as session,
            session.begin(),
        ):
            yield session

    async def close(self) -> None:
        await self.engine.dispose()


def open_database(url: str, vault: Vault, *, pool_size: int = 8) -> Database:
    """A Database for a SQLAlchemy URL (`sqlite+aiosqlite:///…` or `postgresql+psycopg://…`).

    Nothing is connected yet; `storage.startup.prepare` does that.

    Raises:
        Unreachable: the URL cannot be read or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            engine = _sqlite_engine(url, pool_size)
        else:
            engine = create_async_engine(url, pool_size=pool_size, pool_pre_ping=True)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise Unreachable(
            "CANAL_DATABASE_URL is not a database that Canal knows: use sqlite+aiosqlite:///FILE, "
            "or postgresql+psycopg://USER:PASSWORD@HOST/NAME with the extra canal[postgres]."
        ) from error
    return Database(engine, vault)


def _sqlite_engine(url: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000, "isolation_level": None},
    )
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-32768")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def vault_of(tx: Session) -> Vault:
    """The vault that the session's database was opened with."""
    vault = tx.info.get("vault")
    if not isinstance(vault, Vault):
        raise StorageError("this session was not opened by storage.engine.Database")
    return vault
