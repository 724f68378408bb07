"""A copy of one moment while Canal writes, and moving to PostgreSQL without loss or twins."""

from __future__ import annotations

import asyncio
import resource
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Table, func, insert, select, text

from storage.backup import backup
from storage.engine import Database, open_database
from storage.errors import MovedAway, StorageError, Unreachable
from storage.models import Base, RawMail
from storage.move import move, reopen
from storage.notify import Notifier
from storage.queries import channels, mails, messages, meta, outbox, tickets
from storage.startup import prepare, verify
from tests.servers.postgres import PostgresServer
from tests.storage.samples import (
    LEASE,
    NOW,
    VAULT,
    add_channel,
    add_message,
    add_ticket,
    arrival,
    break_rules,
    claim,
    enqueue,
    message_values,
    raw,
)


@pytest.fixture
async def source(sqlite_url: str) -> AsyncIterator[Database]:
    db = open_database(sqlite_url, VAULT)
    await prepare(db)
    yield db
    await db.close()


@pytest.fixture
async def target(postgres_url: str) -> AsyncIterator[Database]:
    db = open_database(postgres_url, VAULT)
    yield db
    await db.close()


async def fill(db: Database) -> None:
    """Something in every table, with what is hard: NUL, emoji, self-references, bytes, times."""
    channel = await add_channel(db, signature=[{"type": "text", "text": "Ä 😀"}])
    first = await add_ticket(db, channel, subject="nul \x00 here")
    second = await add_ticket(db, channel, linked_ticket_id=first.id, root_ts="1.2")
    message = await add_message(db, second, body=[{"text": "a\x00b"}], details={"x": [1, None]})
    async with db.write() as tx:
        await channels.set_addresses(tx, channel, [("support@acme.example", "primary")])
        await channels.set_connection(tx, channel, "in", "imap", {"n": 1}, secret={"p": "s"})
        await tickets.change(tx, first.id, suggested_ticket_id=second.id)
        await tickets.add_people(tx, first.id, [("Jo@cust.example", "Jo")])
        await tickets.index_ids(tx, channel.id, first.id, ["<a@b>"], message_id=message.id)
        await messages.add_attachments(
            tx, message.id, [{"filename": "a\x00.txt", "content_type": "text/plain"}]
        )
        await messages.save_deliveries(
            tx, message.id, [{"address": "jo@cust.example", "state": "accepted"}], now=NOW
        )
        await mails.store(tx, [raw(7, bytes(range(256)) * 10)], [arrival(channel, 7)])
        await enqueue(tx, 1, dedupe_key="card:1")
        for name, row in OTHERS.items():
            await tx.execute(insert(Base.metadata.tables[name]), row)


OTHERS = {
    "agent_signatures": {
        "team_id": "T1", "slack_user_id": "U1", "signature": [], "updated_at": NOW,
    },
    "digests": {
        "id": 1, "team_id": "T1", "slack_channel_id": "C1", "ts": None, "is_current": True,
        "folded_at": NOW,
    },
    "folded_cards": {
        "ticket_id": 1, "team_id": "T1", "digest_id": 1, "message_id": 1, "opened_at": None,
    },
    "leases": {"name": "timers", "holder": "one", "token": 3, "expires_at": NOW},
}  # fmt: skip


async def rows(db: Database, table: Table) -> list[tuple[object, ...]]:
    async with db.read() as tx:
        found = await tx.execute(select(table).order_by(*table.primary_key.columns))
        return [tuple(row) for row in found]


async def count(db: Database) -> int:
    async with db.read() as tx:
        return await tx.scalar(select(func.count()).select_from(RawMail)) or 0


async def test_a_backup_is_whole_and_only_its_owners(source: Database, tmp_path: Path) -> None:
    await fill(source)
    file = tmp_path / "copy.db"
    assert await backup(source, file) == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    copied = open_database(f"sqlite+aiosqlite:///{file}", VAULT)
    await prepare(copied)
    async with copied.write() as tx:
        assert await meta.find(tx, meta.IS_A_BACKUP), "it does not say what it is"
        await meta.forget(tx, meta.IS_A_BACKUP)
    for table in Base.metadata.sorted_tables:
        assert await rows(copied, table) == await rows(source, table)
    await copied.close()
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


async def test_a_backup_while_mail_arrives_is_of_one_moment(
    source: Database, tmp_path: Path
) -> None:
    channel = await add_channel(source)
    stored = asyncio.Event()

    async def write() -> None:
        for number in range(150):
            async with source.write() as tx:
                await mails.store(
                    tx, [raw(number * 2), raw(number * 2 + 1)],
                    [arrival(channel, number * 2), arrival(channel, number * 2 + 1)],
                )  # fmt: skip
            if number == 20:
                stored.set()

    writing = asyncio.create_task(write())
    await stored.wait()
    await backup(source, tmp_path / "copy.db")
    assert not writing.done(), "the backup waited for the writers"
    await writing
    copied = open_database(f"sqlite+aiosqlite:///{tmp_path / 'copy.db'}", VAULT)
    found = await count(copied)
    assert found % 2 == 0
    assert 40 <= found < 300
    await copied.close()


async def test_a_backup_overwrites_nothing(source: Database, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("precious")
    with pytest.raises(StorageError, match="exists already"):
        await backup(source, file)
    assert file.read_text() == "precious"
    with pytest.raises(StorageError, match="cannot be written"):
        await backup(source, tmp_path / "no such folder" / "copy.db")


@pytest.mark.postgres
async def test_a_backup_that_finds_no_room_leaves_nothing_behind(
    source: Database, tmp_path: Path
) -> None:
    await fill(source)
    folder = tmp_path / "small"
    folder.mkdir()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, limit[1]))
    try:
        with pytest.raises(StorageError, match=r"copy\.db cannot be written"):
            await backup(source, folder / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list(folder.iterdir()) == []


async def test_postgresql_is_backed_up_by_its_own_tools(target: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="pg_dump"):
        await backup(target, tmp_path / "copy.db")


@pytest.mark.postgres
async def test_everything_is_moved_and_nothing_twice(source: Database, target: Database) -> None:
    await fill(source)
    filled = {table.name for table in Base.metadata.sorted_tables if await rows(source, table)}
    assert filled == set(Base.metadata.tables), "a table that the test does not fill"
    moved = await move(source, target)
    assert await reopen(source), "it is marked as moved"
    assert {one.table: one.rows for one in moved} == {
        table.name: len(await rows(source, table)) for table in Base.metadata.sorted_tables
    }
    for table in Base.metadata.sorted_tables:
        assert await rows(target, table) == await rows(source, table), table.name
    assert await prepare(target) == await prepare(source)


@pytest.mark.postgres
async def test_nothing_goes_on_where_everything_was_moved_from(
    source: Database, target: Database, postgres_server: PostgresServer
) -> None:
    await fill(source)
    await move(source, target)
    with pytest.raises(MovedAway, match=r"moved to postgresql://127\.0\.0\.1:\d+/canal_"):
        await prepare(source)
    with pytest.raises(MovedAway):
        await verify(source)
    again = open_database(postgres_server.create_database(), VAULT)
    await move(source, again)
    await prepare(again)
    await again.close()
    assert await reopen(source)
    await prepare(source)
    assert not await reopen(source)


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_target_that_could_not_hold_every_text_is_refused(
    source: Database, postgres_server: PostgresServer, encoding: str
) -> None:
    name = f"of_{encoding.lower()}"
    postgres_server.execute(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
    )
    narrow = open_database(postgres_server.url(name), VAULT)
    with pytest.raises(Unreachable, match=f"has the encoding {encoding}"):
        await move(source, narrow)
    await narrow.close()


@pytest.mark.postgres
async def test_a_target_with_somebody_elses_tables_is_refused(
    source: Database, target: Database
) -> None:
    async with target.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE messages (x int)"))
    with pytest.raises(Unreachable, match='"messages" already exists'):
        await move(source, target)


@pytest.mark.postgres
async def test_what_a_killed_canal_had_in_hand_waits_for_nobody_at_the_new_place(
    source: Database, target: Database
) -> None:
    await fill(source)
    assert len(await claim(source, "killed")) == 1
    async with source.write() as tx:
        assert await mails.claim(tx, "killed", now=NOW, lease=LEASE, limit=1)
    await move(source, target)
    (item,) = await claim(target, "new")
    assert item.uncertain, "it may have been done"
    async with target.write() as tx:
        assert await mails.claim(tx, "new", now=NOW, lease=LEASE, limit=1)


@pytest.mark.postgres
async def test_ids_are_counted_on_after_the_move(source: Database, target: Database) -> None:
    await fill(source)
    await move(source, target)
    async with target.read() as tx:
        channel = (await channels.list_all(tx))[0]
    ticket = await add_ticket(target, channel)
    assert ticket.number == 3
    message = await add_message(target, ticket, slack_ts="9.9")
    async with target.write() as tx:
        await enqueue(tx, 5)
        secret = await channels.open_secret(tx, channel, "in")
    assert message.id == 2
    assert secret == {"p": "s"}


@pytest.mark.postgres
async def test_numbers_of_outbox_items_that_are_gone_are_not_given_again_after_the_move(
    source: Database, target: Database
) -> None:
    async with source.write() as tx:
        await enqueue(tx, 1)
    async with source.write() as tx:
        last = (await outbox.list_items(tx))[-1].id
        assert await outbox.drop(tx, last)
    await move(source, target)
    async with target.write() as tx:
        await enqueue(tx, 2)
        assert (await outbox.list_items(tx))[-1].id > last


@pytest.mark.postgres
async def test_a_target_that_is_not_empty_is_refused(source: Database, target: Database) -> None:
    await prepare(target)
    with pytest.raises(StorageError, match="not empty"):
        await move(source, target)


@pytest.mark.postgres
async def test_a_target_on_which_canal_runs_is_refused(source: Database, target: Database) -> None:
    there = Notifier(target, "one", lambda _name: None, names=())
    await there.start()
    with pytest.raises(StorageError, match="runs on the target"):
        await move(source, target)
    await there.stop()


@pytest.mark.postgres
async def test_what_cannot_be_moved_leaves_the_target_empty(
    source: Database, target: Database
) -> None:
    await fill(source)
    break_rules(source, "UPDATE messages SET ticket_id = 999")
    with pytest.raises(StorageError, match="Nothing was copied"):
        await move(source, target)
    for table in Base.metadata.sorted_tables:
        assert await rows(target, table) == []
    break_rules(source, "UPDATE messages SET ticket_id = 2")
    assert await move(source, target)


@pytest.mark.postgres
async def test_many_rows_go_in_batches(source: Database, target: Database) -> None:
    channel = await add_channel(source)
    ticket = await add_ticket(source, channel)
    async with source.write() as tx:
        await mails.store(tx, [raw(n) for n in range(30)], [arrival(channel, n) for n in range(30)])
        for number in range(1203):
            await messages.add(tx, message_values(ticket, slack_ts=f"1.{number}"))
    moved = {one.table: one.rows for one in await move(source, target)}
    assert (moved["messages"], moved["raw_mails"]) == (1203, 30)
