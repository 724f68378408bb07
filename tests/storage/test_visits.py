"""Transactions as one visit: what they promise on both databases, and shared commits on SQLite."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from storage import postgres_visits
from storage.engine import Database, Session
from storage.errors import StorageError
from storage.queries import meta
from storage.queries.mails import find_raw
from tests.storage.conftest import POSTGRES, SQLITE, Open
from tests.storage.samples import raw


async def put(db: Database, key: str) -> None:
    await db.in_write(lambda tx: meta.put(tx, key, b"1"))


async def keys(db: Database) -> set[str]:
    return set(await db.in_read(lambda tx: meta.list_keys(tx, "visit:")))


async def test_what_a_visit_wrote_is_there_for_everybody_when_it_returns(open_db: Open) -> None:
    await put(open_db(), "visit:a")
    assert await keys(open_db()) == {"visit:a"}


async def test_a_visit_that_fails_writes_nothing_and_says_why(db: Database) -> None:
    async def write_and_fail(tx: Session) -> None:
        await meta.put(tx, "visit:a", b"1")
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await db.in_write(write_and_fail)
    assert await keys(db) == set()


async def test_one_that_fails_takes_nothing_of_its_neighbours_back(db: Database) -> None:
    async def write_and_fail(tx: Session) -> None:
        await meta.put(tx, "visit:bad", b"1")
        raise LookupError

    works = [put(db, f"visit:{n}") for n in range(20)]
    works.insert(7, db.in_write(write_and_fail))
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    assert [type(one) for one in outcomes if one is not None] == [LookupError]
    assert await keys(db) == {f"visit:{n}" for n in range(20)}


async def test_each_sees_what_those_before_it_wrote(db: Database) -> None:
    async def count_up(tx: Session) -> None:
        count = int(await meta.find(tx, "visit:count") or 0)
        await meta.put(tx, "visit:count", str(count + 1).encode())

    await db.in_write(count_up)
    if db.is_sqlite:
        await asyncio.gather(*(db.in_write(count_up) for _ in range(50)))
        assert await db.in_read(lambda tx: meta.find(tx, "visit:count")) == b"51"


async def test_visits_and_sessions_take_turns(db: Database) -> None:
    async def by_session(number: int) -> None:
        async with db.write() as tx:
            await meta.put(tx, f"visit:session{number}", b"1")

    both = [work for n in range(20) for work in (put(db, f"visit:{n}"), by_session(n))]
    await asyncio.gather(*both)
    assert len(await keys(db)) == 40


@SQLITE
async def test_visits_that_come_together_share_a_commit(db: Database) -> None:
    await put(db, "visit:first")
    commits: list[object] = []
    assert db._write_visits is not None
    event.listen(db._write_visits._engine, "commit", commits.append)
    await asyncio.gather(*(put(db, f"visit:{n}") for n in range(60)))
    assert len(await keys(db)) == 61
    assert len(commits) <= 3


@SQLITE
async def test_a_transaction_can_wait_for_nothing_but_its_database(db: Database) -> None:
    async def wait_for_the_network(tx: Session) -> None:
        await meta.put(tx, "visit:a", b"1")
        await asyncio.sleep(0)

    with pytest.raises(StorageError, match="awaited something else"):
        await db.in_write(wait_for_the_network)
    assert await keys(db) == set()


async def test_the_orm_can_be_used_in_a_visit(db: Database) -> None:
    from storage.models import RawMail

    new = raw(1)

    async def add(tx: Session) -> None:
        tx.add(
            RawMail(
                id=new.id,
                team_id=new.team_id,
                data=new.packed,
                size=new.size,
                stored_at=new.stored_at,
            )
        )
        await tx.flush()

    await db.in_write(add)
    assert await db.in_read(lambda tx: find_raw(tx, new.id)) is not None


@POSTGRES
async def test_visits_go_side_by_side_on_postgresql(db: Database) -> None:
    """One that waits for a row lets the others pass."""
    await put(db, "visit:locked")
    done = asyncio.Event()

    async def wait_for_the_row(tx: Session) -> None:
        await meta.put(tx, "visit:locked", b"2")

    async with db.write() as tx:
        await meta.put(tx, "visit:locked", b"1")
        waiting = asyncio.create_task(db.in_write(wait_for_the_row))
        waiting.add_done_callback(lambda _task: done.set())
        await put(db, "visit:beside")
        assert await keys(db) == {"visit:locked", "visit:beside"}
        assert not done.is_set()
    await waiting


@POSTGRES
async def test_a_server_that_was_started_anew_is_met_again_by_the_next_visit(db: Database) -> None:
    await put(db, "visit:a")
    assert await keys(db) == {"visit:a"}
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    async with db.write() as tx:
        await tx.execute(text(f"{others} AND datname = current_database()"))
    await put(db, "visit:b")
    assert await keys(db) == {"visit:a", "visit:b"}


@POSTGRES
async def test_what_was_under_way_when_the_server_went_is_not_repeated(db: Database) -> None:
    times = 0

    async def be_cut_off(tx: Session) -> None:
        nonlocal times
        times += 1
        await meta.put(tx, "visit:a", b"1")
        await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DBAPIError):
        await db.in_write(be_cut_off)
    assert times == 1
    assert await keys(db) == set()


@POSTGRES
async def test_a_close_does_not_wait_for_a_server_that_hangs(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_visits, "_END_SECONDS", 0.2)
    hanging = asyncio.create_task(db.in_write(lambda tx: tx.execute(text("SELECT pg_sleep(30)"))))
    await keys(db)
    async with asyncio.timeout(5):
        await db.close()
    hanging.cancel()


@POSTGRES
async def test_the_end_waits_for_what_nobody_waits_for_any_more(db: Database) -> None:
    began, may_end = threading.Event(), threading.Event()

    async def work(tx: Session) -> None:
        await meta.put(tx, "visit:a", b"1")
        began.set()
        may_end.wait()

    visit = asyncio.create_task(db.in_write(work))
    await asyncio.to_thread(began.wait)
    visit.cancel()
    closing = asyncio.create_task(db.close())
    done, _ = await asyncio.wait({closing, visit}, timeout=0.3)
    assert done == {visit}
    may_end.set()
    await closing


@POSTGRES
async def test_one_that_hangs_is_left_behind_and_closes_its_connection_when_it_ends(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_visits, "_END_SECONDS", 0.05)
    began, may_end = threading.Event(), threading.Event()

    async def work(tx: Session) -> None:
        await meta.put(tx, "visit:a", b"1")
        began.set()
        may_end.wait()

    visit = asyncio.create_task(db.in_write(work))
    await asyncio.to_thread(began.wait)
    visits = db._write_visits
    assert isinstance(visits, postgres_visits.PostgresVisits)
    pool = visits._engine.pool
    assert isinstance(pool, QueuePool)
    await db.close()
    assert not visit.done()
    may_end.set()
    await visit
    for thread in visits._threads:
        await asyncio.to_thread(thread.join)
    assert (pool.checkedout(), pool.checkedin()) == (0, 0)
