"""The database: opening it, and the two kinds of transaction.

Rules (design.md): WAL and synchronous=FULL on SQLite, because a commit answers "250 accepted" and
must survive a power cut; every writing transaction starts with BEGIN IMMEDIATE, because a deferred
one loses updates silently; and no transaction is open while a network is awaited.

On PostgreSQL several replicas write at the same time. What a writing transaction reads in order to
decide, it locks (`locking`), so that the row is still like that when it writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from storage.crypto import Vault
from storage.errors import StorageError, Unreachable
from storage.ids import IdMaker
from storage.text import to_json

T = TypeVar("T", bound=Select[Any])
Session = AsyncSession
"""What queries take. Callers outside storage/ pass it on and know nothing of it."""

_READ_ONLY = "canal_read_only"
_BUSY_TIMEOUT_MS = 15_000
POSTGRES_OPTIONS = {
    "connect_timeout": "10",
    "application_name": "canal",
    # A replica that hangs, or whose network is cut, must not hold rows against the others.
    "options": "-c idle_in_transaction_session_timeout=60s -c lock_timeout=30s",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""libpq's; the URL's own query wins."""


class Database:
    """One database with its vault. Build with `open_database`, end with `close`."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        self.new_id = IdMaker()
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._readers = engine.execution_options(**{_READ_ONLY: True}, **_reader_options(engine))
        # SQLite has one writer; queueing here is fair and costs no busy-waiting in the driver.
        self._writer = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """A writing transaction: commits at the end, rolls back on any error."""
        if self._writer is None:
            async with self._session(self.engine, writes=True) as tx:
                yield tx
            return
        async with self._writer, self._session(self.engine, writes=True) as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A reading transaction: one consistent view, never waits for a writer on SQLite."""
        async with self._session(self._readers) as tx:
            yield tx

    @asynccontextmanager
    async def _session(
        self, engine: AsyncEngine, *, writes: bool = False
    ) -> AsyncIterator[Session]:
        info = {"vault": self.vault, "writes": writes}
        async with (
            AsyncSession(engine, expire_on_commit=False, info=info) as session,
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
            engine = _postgres_engine(url, pool_size)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise Unreachable(
            "CANAL_DATABASE_URL is not a database that Canal knows: use sqlite+aiosqlite:///FILE, "
            "or postgresql+psycopg://USER:PASSWORD@HOST/NAME with the extra canal[postgres]."
        ) from error
    return Database(engine, vault)


def _reader_options(engine: AsyncEngine) -> dict[str, Any]:
    """One consistent view on PostgreSQL too, which by default gives every statement its own."""
    if engine.dialect.name == "sqlite":
        return {}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _postgres_engine(url: str, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool_size,
        pool_pre_ping=True,
        json_serializer=to_json,
        connect_args={**POSTGRES_OPTIONS, **make_url(url).query},
    )


def _sqlite_engine(url: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        json_serializer=to_json,
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


def locking(tx: Session, query: T) -> T:
    """The query of a writing transaction that decides by what it reads.

    PostgreSQL locks the rows (SQLite's writers are alone anyway); foreign keys may still point at
    them meanwhile. Reading transactions lock nothing.
    """
    return query.with_for_update(key_share=True) if tx.info.get("writes") else query


def is_sqlite(tx: Session) -> bool:
    return tx.get_bind().dialect.name == "sqlite"
