from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from storage.crypto import Vault
from storage.engine import Database, open_database
from storage.mail_store import MailStore
from storage.models import Arrival, RawMail
from storage.queries import channels, mails
from storage.queries.mails import NewArrival, NewRaw
from storage.sqlite_writer import SqliteWriter
from storage.startup import prepare

NOW = datetime(2026, 11, 22, 21, 0, 0, tzinfo=UTC)  # no microseconds: they are written all the same


async def make_database(folder: Path) -> Database:
    db = open_database(f"sqlite+aiosqlite:///{folder / 'canal.db'}", Vault([_key()]))
    await prepare(db)
    async with db.write() as tx:
        for name in ("Support", "Billing"):
            values = {
                "team_id": "T1",
                "name": name,
                "slack_channel_id": "C01",
                "primary_address": f"{name}@ours.example",
                "from_email": f"{name}@ours.example",
            }
            await channels.add(tx, values, now=NOW)
    return db


def _key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await make_database(tmp_path)
    yield database
    await database.close()


@pytest.fixture
async def store(db: Database) -> AsyncIterator[MailStore]:
    mail_store = MailStore(db)
    yield mail_store
    await mail_store.close()


def make_raw(number: int) -> NewRaw:
    return NewRaw(number, "T1", mails.pack(b"mail %d" % number), 7, NOW)


def make_arrival(number: int, channel: int = 1, key: str | None = None) -> NewArrival:
    return NewArrival(
        "T1",
        channel,
        number,
        key or f"key {number}",
        "smtp",
        {"mail_from": "ana@far.example", "rcpt_to": ["süpport@ours.example"]},
        NOW.replace(microsecond=number),
        quiet=number % 2 == 0,
    )


GROUPS: list[tuple[list[NewRaw], list[NewArrival]]] = [
    ([make_raw(1)], [make_arrival(1)]),
    ([make_raw(2), make_raw(3)], [make_arrival(2), make_arrival(2, 2), make_arrival(3)]),
    # A second arrival of 1 in the same channel, of 2 in a new one, and twins within a group.
    (
        [make_raw(4), make_raw(5), make_raw(6), make_raw(7)],
        [
            make_arrival(4, 1, "key 1"),
            make_arrival(5, 2, "key 3"),
            make_arrival(6, 1, "twin"),
            make_arrival(7, 1, "twin"),
        ],
    ),
]


async def read_all(db: Database) -> tuple[list[Any], list[Any]]:
    async with db.read() as tx:
        raws = await tx.execute(select(RawMail.__table__).order_by(RawMail.id))
        arrivals = await tx.execute(
            select(Arrival.__table__).order_by(Arrival.email_channel_id, Arrival.dedupe_key)
        )
        drop_id = [tuple(row)[1:] for row in arrivals]
        return [tuple(row) for row in raws], drop_id


async def test_the_short_way_stores_what_the_session_stores(
    db: Database, store: MailStore, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = await make_database(tmp_path / "other")
    for raws, arrivals in GROUPS:
        new = await store.store(raws, arrivals)
        async with other.write() as tx:
            assert new == await mails.store(tx, raws, arrivals)
    assert await read_all(db) == await read_all(other)
    assert new == {5, 6}
    await other.close()


async def test_what_was_stored_is_found_and_claimed(db: Database, store: MailStore) -> None:
    await store.store(*GROUPS[0])
    async with db.read() as tx:
        assert await mails.find_raw(tx, 1) == b"mail 1"
        arrival = (await tx.scalars(select(Arrival))).one()
        assert arrival.envelope["rcpt_to"] == ["süpport@ours.example"]
        assert arrival.received_at == NOW.replace(microsecond=1)
        assert (arrival.state, arrival.quiet) == ("stored", False)


async def test_a_group_that_fails_leaves_nothing_behind(db: Database, store: MailStore) -> None:
    raws, arrivals = GROUPS[0]
    with pytest.raises(sqlite3.IntegrityError):
        await store.store(raws, [*arrivals, make_arrival(99)])  # no such raw mail
    assert await read_all(db) == ([], [])
    assert await store.store(raws, arrivals) == {1}


async def test_more_rows_than_one_statement_takes(db: Database, store: MailStore) -> None:
    arrivals = [make_arrival(1, 1, f"key {number}") for number in range(7000)]
    assert await store.store([make_raw(1)], arrivals) == {1}
    assert len((await read_all(db))[1]) == 7000


async def test_sessions_and_the_short_way_take_turns(db: Database, store: MailStore) -> None:
    async def add_channel(number: int) -> None:
        async with db.write() as tx:
            await mails.add_raw(tx, make_raw(1000 + number))
            await asyncio.sleep(0)

    await asyncio.gather(
        *(store.store([make_raw(n)], [make_arrival(n)]) for n in range(1, 30)),
        *(add_channel(n) for n in range(30)),
    )
    assert len((await read_all(db))[0]) == 59


async def test_a_database_that_is_no_plain_file_is_written_through_sessions(
    tmp_path: Path,
) -> None:
    url = f"sqlite+aiosqlite:///file:{tmp_path / 'uri.db'}?uri=true"
    db = open_database(url, Vault([_key()]))
    await prepare(db)
    store = MailStore(db)
    assert store._writer is None
    assert await store.store([make_raw(1)], []) == set()
    await store.close()
    await db.close()


async def test_a_writer_is_durable_and_closes_twice(tmp_path: Path) -> None:
    seen: list[Any] = []

    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous=FULL")

    writer = SqliteWriter(str(tmp_path / "x.db"), configure, 1)
    await writer.run(lambda c: seen.append(c.execute("PRAGMA synchronous").fetchone()[0]))
    assert seen == [2]
    await writer.close()


async def test_the_store_flushes_each_commit(store: MailStore) -> None:
    await store.store(*GROUPS[0])
    assert store._writer is not None
    pragma = await store._writer.run(lambda c: c.execute("PRAGMA synchronous").fetchone()[0])
    mode = await store._writer.run(lambda c: c.execute("PRAGMA journal_mode").fetchone()[0])
    assert (pragma, mode) == (2, "wal")
