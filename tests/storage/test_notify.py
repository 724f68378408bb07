"""Replicas wake each other, and know who died."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import notify
from storage.engine import Database, open_database
from storage.notify import Notifier
from tests.storage.samples import VAULT

pytestmark = pytest.mark.postgres
NAMES = ("filing", "outbox")
STAY = """
import asyncio, sys
from tests.storage.test_notify import stay
asyncio.run(stay(sys.argv[1], sys.argv[2]))
"""


async def stay(url: str, holder: str) -> None:
    """A process that is there until it is killed."""
    db = open_database(url, VAULT)
    await Notifier(db, holder, lambda _name: None, names=NAMES).start()
    print("there", flush=True)
    await asyncio.Event().wait()


class Ear:
    """One process's notifier and what it heard."""

    def __init__(self, db: Database, holder: str) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.notifier = Notifier(db, holder, self.heard.put_nowait, names=NAMES)

    async def hear(self) -> str:
        return await asyncio.wait_for(self.heard.get(), 10)


Listen = Callable[[str], Ear]


@pytest.fixture
async def pg(postgres_url: str) -> AsyncIterator[Database]:
    db = open_database(postgres_url, VAULT)
    yield db
    await db.close()


@pytest.fixture
async def ears(pg: Database) -> AsyncIterator[list[Ear]]:
    made = [Ear(pg, "one"), Ear(pg, "two")]
    for ear in made:
        await ear.notifier.start()
    yield made
    for ear in made:
        await ear.notifier.stop()


async def gone(db: Database, *holders: str) -> set[str]:
    async with db.read() as tx:
        return await notify.find_gone(tx, holders)


async def wait_until_gone(db: Database, holder: str) -> None:
    async with asyncio.timeout(10):
        while holder not in await gone(db, holder):
            await asyncio.sleep(0.02)  # PostgreSQL tells nobody that a connection ended


async def test_one_wakes_the_other_and_not_itself(ears: list[Ear]) -> None:
    one, two = ears
    one.notifier.tell("outbox")
    assert await two.hear() == "outbox"
    two.notifier.tell("filing")
    assert await one.hear() == "filing"
    assert one.heard.empty()
    assert two.heard.empty()


async def test_many_calls_make_few_wake_ups(ears: list[Ear]) -> None:
    one, two = ears
    for _ in range(500):
        one.notifier.tell("outbox")
    one.notifier.tell("filing")
    assert {await two.hear(), await two.hear()} == {"outbox", "filing"}
    assert two.heard.qsize() <= 1


async def test_a_command_wakes_all(pg: Database, ears: list[Ear]) -> None:
    async with pg.write() as tx:
        await notify.notify(tx, "outbox")
        await notify.notify(tx, "something else")
    assert [await ear.hear() for ear in ears] == ["outbox", "outbox"]


async def test_nothing_is_told_of_what_was_rolled_back(pg: Database, ears: list[Ear]) -> None:
    async def fail() -> None:
        async with pg.write() as tx:
            await notify.notify(tx, "filing")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    ears[0].notifier.tell("outbox")
    assert await ears[1].hear() == "outbox"


async def test_a_lost_connection_is_opened_anew_and_nothing_is_missed(
    pg: Database, ears: list[Ear]
) -> None:
    one, two = ears
    async with pg.write() as tx:
        await tx.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE :lock"),
            {"lock": "SELECT pg_try_advisory_lock%"},
        )
    assert {await one.hear(), await one.hear()} == set(NAMES)
    assert {await two.hear(), await two.hear()} == set(NAMES)
    one.notifier.tell("outbox")
    assert await two.hear() == "outbox"
    assert await gone(pg, "one", "two") == set()


async def test_who_is_there_and_who_never_was(pg: Database, ears: list[Ear]) -> None:
    assert await gone(pg, "one", "two", "three") == {"three"}
    await ears[0].notifier.stop()
    await wait_until_gone(pg, "one")
    assert await gone(pg, "two") == set()


async def test_a_killed_process_is_known_to_be_gone(pg: Database, postgres_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STAY, postgres_url, "victim"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"there\n"
    assert await gone(pg, "victim") == set()
    process.kill()
    await process.wait()
    await wait_until_gone(pg, "victim")


async def test_whether_anybody_is_there(pg: Database) -> None:
    async def is_anybody_there() -> bool:
        async with pg.read() as tx:
            return await notify.is_anybody_there(tx)

    assert not await is_anybody_there()
    ear = Ear(pg, "one")
    await ear.notifier.start()
    assert await is_anybody_there()
    await ear.notifier.stop()
    await wait_until_gone(pg, "one")
    assert not await is_anybody_there()


async def test_with_sqlite_there_is_nobody_to_wake(sqlite_url: str) -> None:
    db = open_database(sqlite_url, VAULT)
    ear = Ear(db, "one")
    await ear.notifier.start()
    ear.notifier.tell("outbox")
    await ear.notifier.stop()
    assert ear.heard.empty()
    await db.close()
