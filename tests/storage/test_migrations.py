"""The schema that migrations make is the one that the models describe, on both databases."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage import schema
from storage.crypto import Vault
from storage.engine import Database, open_database
from storage.errors import NewerDatabase, Unreachable, WrongKey
from storage.startup import prepare, verify
from tests.storage.samples import VAULT, add_channel, add_message, add_ticket


async def differences(db: Database) -> list[object]:
    async with db.engine.connect() as connection:
        return await connection.run_sync(schema.differences)


async def test_migrations_make_what_the_models_describe(database_url: str) -> None:
    db = open_database(database_url, VAULT)
    await schema.upgrade(db)
    assert await differences(db) == []
    await db.close()


async def test_a_missing_column_would_be_noticed(database_url: str) -> None:
    db = open_database(database_url, VAULT)
    await schema.upgrade(db)
    async with db.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE leases DROP COLUMN token"))
    assert await differences(db) != []
    await db.close()


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    db = open_database(database_url, VAULT)
    first = await prepare(db)
    assert await prepare(db) == first
    assert await schema.look(db) == schema.head_revision()
    await db.close()


async def test_migrations_by_several_canals_that_start_together(database_url: str) -> None:
    """They take turns, and agree on the key that signs addresses."""
    several = [open_database(database_url, VAULT) for _ in range(4)]
    keys = await asyncio.gather(*(prepare(db) for db in several))
    assert len(set(keys)) == 1
    assert await differences(several[0]) == []
    for db in several:
        await db.close()


async def test_a_database_of_a_newer_canal_is_refused_by_its_migration(database_url: str) -> None:
    db = open_database(database_url, VAULT)
    await prepare(db)
    async with db.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase):
        await prepare(db)
    with pytest.raises(NewerDatabase):
        await verify(db)
    await db.close()


@pytest.mark.parametrize(
    ("serves", "runs"), [("9999:0001", True), ("9999:9999", False), ("0001:0001", False)]
)
async def test_a_canal_before_the_newest_runs_beside_it_while_migrations_only_expand(
    database_url: str, serves: str, runs: bool
) -> None:
    """The next version has added a table and a column; its migration says whom it serves."""
    db = open_database(database_url, VAULT)
    key = await prepare(db)
    async with db.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY)"))
        await connection.execute(text("ALTER TABLE tickets ADD COLUMN tomorrow INTEGER DEFAULT 0"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await connection.execute(
            text("UPDATE meta SET value = :serves WHERE key = 'schema_serves'"),
            {"serves": serves.encode()},
        )
    if not runs:
        with pytest.raises(NewerDatabase):
            await prepare(db)
    else:
        assert await prepare(db) == key
        await verify(db)
        ticket = await add_ticket(db, await add_channel(db))
        await add_message(db, ticket)
    await db.close()


def test_a_migration_that_contracts_says_so() -> None:
    """Whoever drops or renames something raises SERVES with it; the first revision makes all."""
    folder = Path(schema.__file__).parent / "migrations" / "versions"
    contracting = [
        path.name[:4]
        for path in folder.glob("[0-9]*.py")
        if re.search(r"op\.(drop_|rename_|alter_column)", _upgrades_of(path))
    ]
    assert schema.head_revision() >= schema.SERVES
    assert all(revision <= schema.SERVES for revision in contracting)


def _upgrades_of(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("def upgrade")[2].partition("def down")[0]


async def test_another_secret_key_is_refused_before_anything_is_changed(database_url: str) -> None:
    db = open_database(database_url, VAULT)
    await prepare(db)
    await db.close()
    other = open_database(database_url, Vault(["QW5vdGhlcl9rZXlfZm9yX3RoZV90ZXN0c18zMmJ5dGU="]))
    with pytest.raises(WrongKey):
        await prepare(other)
    with pytest.raises(WrongKey):
        await verify(other)
    await other.close()


async def test_looking_at_an_empty_database_makes_nothing(database_url: str) -> None:
    db = open_database(database_url, VAULT)
    await verify(db)
    async with db.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: sync.dialect.get_table_names(sync))
    assert names == []
    await db.close()


async def test_a_database_that_is_not_there_is_one_sentence() -> None:
    db = open_database("postgresql+psycopg://nobody:secret@127.0.0.1:1/none", VAULT)
    with pytest.raises(Unreachable) as told:
        await prepare(db)
    assert "127.0.0.1:1" in str(told.value)
    assert "secret" not in str(told.value)
    await db.close()


@pytest.mark.parametrize(
    ("words", "code", "advice"),
    [
        ("disk I/O error", sqlite3.SQLITE_IOERR, "disk is full"),
        ("database or disk is full", sqlite3.SQLITE_FULL, "disk is full"),
        ("database is locked", sqlite3.SQLITE_BUSY, "another program"),
        ("unable to open database file", sqlite3.SQLITE_CANTOPEN, "canal.db"),
        ("attempt to write a readonly database", sqlite3.SQLITE_READONLY, "canal.db"),
        ("file is not a database", sqlite3.SQLITE_NOTADB, "backup"),
    ],
)
def test_a_file_that_cannot_be_opened_says_what_to_do(
    sqlite_url: str, words: str, code: int, advice: str
) -> None:
    cause = sqlite3.OperationalError(words)
    cause.sqlite_errorcode = code
    error = schema.unusable(open_database(sqlite_url, VAULT), DBAPIError("", None, cause))
    assert words in str(error)
    assert advice in str(error)
