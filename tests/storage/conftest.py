"""Databases for the storage tests: each test that takes `db` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage.engine import Database, open_database
from storage.records import ChannelRecord
from tests.servers.postgres import PostgresServer
from tests.storage.samples import VAULT, add_channel

Open = Callable[[], Database]
POSTGRES = pytest.mark.parametrize(
    "prepared_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
"""For what SQLite, with its one writer at a time, cannot do."""
SQLITE = pytest.mark.parametrize("prepared_url", ["sqlite"], indirect=True)
"""For what PostgreSQL lets nobody do."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def prepared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without rows."""
    if request.param == "sqlite":
        path = tmp_path / "canal.db"
        shutil.copy(request.getfixturevalue("prepared_sqlite"), path)
        return f"sqlite+aiosqlite:///{path}"
    template = request.getfixturevalue("prepared_postgres")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.create_database(template=template)


@pytest.fixture
async def open_db(prepared_url: str) -> AsyncIterator[Open]:
    """Opens the test's database, as often as there are processes to play."""
    opened: list[Database] = []

    def open_one() -> Database:
        opened.append(open_database(prepared_url, VAULT))
        return opened[-1]

    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture
async def db(open_db: Open) -> Database:
    return open_db()


@pytest.fixture
async def channel(db: Database) -> ChannelRecord:
    return await add_channel(db)


@pytest.fixture
async def other(db: Database) -> ChannelRecord:
    return await add_channel(db, "Other")
