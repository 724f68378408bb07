"""Transactions: nothing lost between workers and processes, and durable when committed."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage.engine import Database, open_database
from storage.errors import Unreachable
from storage.models import Workspace
from storage.queries import channels, messages, meta, tickets
from tests.storage.conftest import POSTGRES, Open
from tests.storage.samples import (
    KEY,
    NOW,
    TEAM,
    VAULT,
    add_channel,
    add_message,
    add_ticket,
    message_values,
)

WORKERS, ROUNDS = 8, 50
COUNT_UP = """
import asyncio, sys
from tests.storage.test_engine import count_up
asyncio.run(count_up(sys.argv[1], int(sys.argv[2])))
"""


async def count_up(url: str, rounds: int) -> None:
    """Read the counter, give way, write one more: the pattern that loses updates."""
    db = open_database(url, VAULT)
    await count_up_in(db, rounds)
    await db.close()


async def count_up_in(db: Database, rounds: int) -> None:
    query = select(Workspace.next_ticket_number).where(Workspace.team_id == TEAM)
    for _ in range(rounds):
        async with db.write() as tx:
            number = await tx.scalar(query.with_for_update())
            await asyncio.sleep(0)
            await tx.execute(update(Workspace).values(next_ticket_number=(number or 0) + 1))


async def start_counter(db: Database) -> None:
    async with db.write() as tx:
        await meta.ensure_workspace(tx, TEAM, now=NOW)
        await tx.execute(update(Workspace).values(next_ticket_number=0))


async def counted(db: Database) -> int | None:
    async with db.read() as tx:
        return await tx.scalar(select(Workspace.next_ticket_number))


async def test_workers_lose_no_update(db: Database) -> None:
    await start_counter(db)
    await asyncio.gather(*(count_up_in(db, ROUNDS) for _ in range(WORKERS)))
    assert await counted(db) == WORKERS * ROUNDS


async def test_two_engines_on_one_database_lose_no_update(open_db: Open) -> None:
    one, two = open_db(), open_db()
    await start_counter(one)
    await asyncio.gather(*(count_up_in(db, ROUNDS) for db in (one, two, one, two)))
    assert await counted(one) == 4 * ROUNDS


async def test_two_processes_lose_no_update(db: Database, prepared_url: str) -> None:
    await start_counter(db)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", COUNT_UP, prepared_url, str(ROUNDS), cwd=Path(__file__).parents[2]
        )
        for _ in range(2)
    ]
    await asyncio.gather(count_up_in(db, ROUNDS), *(process.wait() for process in processes))
    assert [process.returncode for process in processes] == [0, 0]
    assert await counted(db) == 3 * ROUNDS


async def test_ticket_numbers_have_no_gap_and_no_twin(open_db: Open) -> None:
    one, two = open_db(), open_db()
    channel = await add_channel(one)
    made = await asyncio.gather(*(add_ticket(db, channel) for db in (one, two) * 20))
    assert sorted(ticket.number for ticket in made) == list(range(1, 41))


async def test_every_connection_of_sqlite_is_durable_and_minds_foreign_keys(
    sqlite_url: str,
) -> None:
    db = open_database(sqlite_url, VAULT)

    async def pragmas() -> list[object]:
        async with db.write() as tx:
            names = ("journal_mode", "synchronous", "foreign_keys")
            return [await tx.scalar(text(f"PRAGMA {name}")) for name in names]

    async with db.read() as held:  # so that the next one is another connection
        await held.execute(text("SELECT 1"))
        assert await pragmas() == ["wal", 2, 1]
    assert await pragmas() == ["wal", 2, 1]
    await db.close()


async def test_a_foreign_key_that_points_nowhere_is_refused(db: Database) -> None:
    channel = await add_channel(db)
    ticket = await add_ticket(db, channel)
    with pytest.raises(IntegrityError):
        await add_message(db, ticket, ticket_id=ticket.id + 1)


async def test_an_error_rolls_everything_back(db: Database) -> None:
    async def fail() -> None:
        async with db.write() as tx:
            await channels.change(tx, 1, {"name": "Changed"}, now=NOW)
            raise RuntimeError

    await add_channel(db)
    with pytest.raises(RuntimeError):
        await fail()
    async with db.read() as tx:
        assert (await channels.get(tx, 1)).name == "Support"


async def test_reading_sees_one_moment_and_keeps_nobody_waiting(open_db: Open) -> None:
    one, two = open_db(), open_db()
    await start_counter(one)
    async with one.read() as tx:
        before = await tx.scalar(select(Workspace.next_ticket_number))
        await count_up_in(two, 1)
        assert await tx.scalar(select(Workspace.next_ticket_number)) == before
    assert await counted(one) == 1


async def test_a_reading_transaction_cannot_write_on_postgresql(postgres_url: str) -> None:
    db = open_database(postgres_url, VAULT)
    with pytest.raises(DBAPIError, match="read-only"):
        async with db.read() as tx:
            await tx.execute(text("CREATE TABLE t (id int)"))
    await db.close()


async def test_what_a_writer_read_stays_until_it_wrote(open_db: Open) -> None:
    """Cancel and send decide by the message's state: the second waits and sees the first's."""
    one, two = open_db(), open_db()
    message = await add_message(one, await add_ticket(one, await add_channel(one)))
    states: list[str] = []

    async def take(db: Database, state: str) -> None:
        async with db.write() as tx:
            found = await messages.get(tx, message.id)
            states.append(found.state)
            await asyncio.sleep(0.05)
            if found.state == "held":
                await messages.change(tx, message.id, state=state)

    await asyncio.gather(take(one, "cancelled"), take(two, "sending"))
    assert states[0] == "held"
    assert states[1] in ("cancelled", "sending")


@POSTGRES
async def test_a_locked_ticket_can_still_get_messages(open_db: Open) -> None:
    one, two = open_db(), open_db()
    ticket = await add_ticket(one, await add_channel(one))
    async with one.write() as tx:
        await tickets.get(tx, ticket.id)
        async with asyncio.timeout(5), two.write() as other:
            await messages.add(other, message_values(ticket))


async def test_times_come_back_as_they_went(db: Database) -> None:
    east = datetime.fromisoformat("2026-03-02T12:00:00.123456+05:30")
    await add_channel(db)
    async with db.write() as tx:
        await channels.change(tx, 1, {}, now=east)
    async with db.read() as tx:
        found = (await channels.get(tx, 1)).updated_at
    assert found == east
    assert str(found) == "2026-03-02 06:30:00.123456+00:00"


async def test_a_naive_time_is_refused(db: Database) -> None:
    with pytest.raises(Exception, match="naive"):
        async with db.write() as tx:
            await meta.ensure_workspace(tx, "T2", now=datetime(2026, 1, 1))


@pytest.mark.parametrize("nasty", ["a\x00b", "half \ud83d pair", "\x00", "\\u0000 stays", "😀"])
async def test_no_character_keeps_a_row_out(db: Database, nasty: str) -> None:
    good = nasty.replace("\x00", "").replace("\ud83d", "\ufffd")
    ticket = await add_ticket(db, await add_channel(db), subject=nasty)
    message = await add_message(
        db, ticket, author_name=nasty, details={nasty: [nasty, 1]}, body=[{"text": nasty}]
    )
    async with db.read() as tx:
        found = await messages.get(tx, message.id)
        assert (await tickets.get(tx, ticket.id)).subject == good
    assert found.author_name == good
    assert found.details == {good: [good, 1]}
    assert found.body == [{"text": good}]


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", "oracle+none://", ""])
def test_a_database_that_canal_does_not_know_is_one_sentence(url: str) -> None:
    with pytest.raises(Unreachable, match="CANAL_DATABASE_URL"):
        open_database(url, VAULT)


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    from storage.startup import prepare

    (tmp_path / "canal.db").write_bytes(b"this is no database at all" * 100)
    db = open_database(f"sqlite+aiosqlite:///{tmp_path / 'canal.db'}", VAULT)
    with pytest.raises(Unreachable, match=r"canal\.db cannot be opened"):
        await prepare(db)
    await db.close()


def test_the_key_of_the_tests_never_shows() -> None:
    assert KEY not in repr(VAULT)


async def test_a_file_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    """SQLite itself does not wait when a new file is put into WAL mode."""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO t VALUES (1)")
    end = threading.Timer(0.1, other.execute, ["COMMIT"])
    end.start()
    db = open_database(f"sqlite+aiosqlite:///{path}", VAULT)
    async with db.read() as tx:
        assert await tx.scalar(text("SELECT x FROM t")) == 1
    await db.close()
    end.join()
    other.close()
