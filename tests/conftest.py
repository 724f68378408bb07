"""What every test gets: a clean environment, and databases when it asks for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.postgres import PostgresServer, running_postgres

OURS = ("CANAL_", "SLACK_")
# Whether an example is slow says more of the machine's other work than of our code.
settings.register_profile("canal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("canal")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run; every test makes its own database in it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'canal.db'}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url.rpartition("/")[2])


@pytest.fixture(scope="module")
def module_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database for all tests of a module."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url.rpartition("/")[2])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The async URL of an empty database: the test runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: migrating each one anew would take most of the time."""
    path = tmp_path_factory.mktemp("prepared") / "canal.db"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def prepared_postgres(postgres_server: PostgresServer) -> str:
    """A migrated database to copy."""
    url = postgres_server.create_database("canal_prepared")
    _migrate(url)
    return "canal_prepared"


def _migrate(url: str) -> None:
    from storage.engine import open_database  # not every test needs a database
    from storage.startup import prepare
    from tests.storage.samples import VAULT

    async def main() -> None:
        db = open_database(url, VAULT)
        await prepare(db)
        await db.close()

    asyncio.run(main())
