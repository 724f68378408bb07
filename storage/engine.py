"""The database: opening it, and the two kinds of transaction.

Rules (design.md): WAL and synchronous=FULL on SQLite, because a commit answers "250 accepted" and
must survive a power cut; every writing transaction starts with BEGIN IMMEDIATE, because a deferred
one loses updates silently; and no transaction is open while a network is awaited.

On PostgreSQL several replicas write at the same time. What a writing transaction reads in order to
decide, it locks (`queries.core.Lookup`), so that the row is still like that when it writes.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import StaticPool

from storage.crypto import Vault
from storage.errors import StorageError, Unreachable
from storage.group_commit import GroupCommitter
from storage.ids import IdMaker
from storage.postgres_visits import PostgresVisits
from storage.silence import Patience, limit_silence
from storage.text import to_json
from storage.visits import Failed, Visits, Work

R = TypeVar("R")
AnyVisits = Visits | PostgresVisits
Session = AsyncSession
"""What queries take. Callers outside storage/ pass it on and know nothing of it."""

_READ_ONLY = "canal_read_only"
_BUSY_TIMEOUT_MS = 15_000
_WRITERS, _READERS = 6, 3
"""Transactions that a process has under way at PostgreSQL in visits."""
_ONE_VIEW = (
    r" -c default_transaction_isolation=repeatable\ read -c default_transaction_read_only=on"
)
_TOGETHER = 64
"""Works that share a commit at most."""
POSTGRES_OPTIONS = {
    "connect_timeout": "10",
    "application_name": "canal",
    # A database that counts bytes instead of characters would give us bytes for text.
    "client_encoding": "utf8",
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
        self.patience = Patience()
        """How long PostgreSQL may be silent when it was asked; no limit for what takes its time."""
        self.new_id = IdMaker()
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._readers = engine.execution_options(**{_READ_ONLY: True}, **_reader_options(engine))
        # SQLite has one writer; queueing here is fair and costs no busy-waiting in the driver.
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self._write_visits, self._read_visits = self._make_visits()
        self._together: GroupCommitter[Work[Any], Any] = GroupCommitter(
            self._write_together, window=0, max_items=_TOGETHER, max_bytes=1
        )

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

    async def in_write(self, work: Work[R]) -> R:
        """A writing transaction around `work`, which awaits nothing but its session.

        For what runs for every mail: it is one visit to one thread; on SQLite works that come
        together share a commit, on PostgreSQL a few are under way side by side.
        """
        if self._write_visits is None:
            async with self.write() as tx:
                return await work(tx)
        if isinstance(self._write_visits, PostgresVisits):
            return await self._write_visits.run(work)
        outcome = await self._together.submit(work)
        if isinstance(outcome, Failed):
            raise outcome.error
        return cast(R, outcome)

    async def _write_together(self, works: Sequence[Work[Any]]) -> Sequence[Any]:
        assert isinstance(self._write_visits, Visits)
        async with self._writer or nullcontext():
            return await self._write_visits.run_together(works)

    async def in_read(self, work: Work[R]) -> R:
        """A reading transaction around `work`, as `in_write`."""
        if self._read_visits is None:
            async with self.read() as tx:
                return await work(tx)
        return await self._read_visits.run(work)

    def _make_visits(self) -> tuple[AnyVisits | None, AnyVisits | None]:
        path = self.engine.url.database
        if not self.is_sqlite:
            writers = _visited_server(self.engine.url, _WRITERS)
            readers = _visited_server(self.engine.url, _READERS, _ONE_VIEW)
            for engine in (self.engine.sync_engine, writers, readers):
                limit_silence(engine, self.patience)
            return (
                PostgresVisits(
                    "canal-write",
                    writers,
                    {"vault": self.vault, "writes": True},
                    threads=_WRITERS,
                ),
                PostgresVisits(
                    "canal-read",
                    readers,
                    {"vault": self.vault, "writes": False},
                    threads=_READERS,
                ),
            )
        if not path or path.startswith((":memory:", "file:")):
            return None, None
        return (
            Visits("canal-write", _visited_engine(path), {"vault": self.vault, "writes": True}),
            Visits(
                "canal-read",
                _visited_engine(path).execution_options(**{_READ_ONLY: True}),
                {"vault": self.vault, "writes": False},
            ),
        )

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
        await self._together.stop()
        for visits in (self._write_visits, self._read_visits):
            if visits is not None:
                await visits.close()
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
    _listen(engine.sync_engine)
    return engine


def _visited_engine(path: str) -> Engine:
    """The same file, spoken to without asyncio; its one connection stays in one thread."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=StaticPool,
        json_serializer=to_json,
        connect_args={
            "timeout": _BUSY_TIMEOUT_MS / 1000,
            "isolation_level": None,
            "check_same_thread": False,
        },
    )
    _listen(engine)
    return engine


def _visited_server(url: URL, connections: int, options: str = "") -> Engine:
    """The same server, spoken to without asyncio."""
    wanted = {**POSTGRES_OPTIONS, **url.query}
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        json_serializer=to_json,
        connect_args={**wanted, "options": f"{wanted['options']}{options}"},
    )


def _listen(engine: Engine) -> None:
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _configure_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    _set_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is erased or purged is not left in the file
    cursor.execute("PRAGMA cache_size=-8192")
    cursor.close()


def _set_wal(cursor: Any) -> None:
    """Once a file is in WAL mode this only says so; SQLite does not wait for who changes it now."""
    until = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def vault_of(tx: Session) -> Vault:
    """The vault that the session's database was opened with."""
    vault = tx.info.get("vault")
    if not isinstance(vault, Vault):
        raise StorageError("this session was not opened by storage.engine.Database")
    return vault


def is_sqlite(tx: Session) -> bool:
    return tx.get_bind().dialect.name == "sqlite"
