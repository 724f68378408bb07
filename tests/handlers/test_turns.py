"""Timers' work is done by one replica, and a dead one's work is taken over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from handlers.context import WAKE_NAMES, Context
from handlers.outbox.recovery import SURE_AFTER, Recovery
from handlers.tokens import Tokens
from handlers.upkeep.startup import leave, shared_time
from handlers.upkeep.turns import DURATION, NAME, Turns
from storage import leases, notify
from storage.engine import Database, open_database
from storage.notify import Notifier
from storage.queries import mails, outbox
from storage.startup import prepare
from tests.storage.samples import VAULT, add_channel, arrival, claim, enqueue, raw
from tests.storage.test_notify import wait_until_gone

POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class FixedClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


Make = Callable[[str], Context]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    db = open_database(database_url, VAULT)
    await prepare(db)
    yield db
    await db.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def make(db: Database, clock: FixedClock) -> Make:
    def make_one(holder: str) -> Context:
        return Context(db, clock, Tokens(b"key"), "in.example", "T1", holder)

    return make_one


@POSTGRES
async def test_one_has_the_turn_and_another_takes_it_over(make: Make, clock: FixedClock) -> None:
    one, two = Turns(make("one")), Turns(make("two"))
    assert not one.is_ours()
    assert (await one.renew(), await two.renew()) == (True, False)
    assert (one.is_ours(), two.is_ours()) == (True, False)
    assert timedelta(seconds=30) >= DURATION
    clock.time += DURATION
    assert (await two.renew(), await one.renew()) == (True, False)
    assert (one.is_ours(), two.is_ours()) == (False, True)


@SQLITE
async def test_a_lone_process_always_has_the_turn(make: Make) -> None:
    turns = Turns(make("one"))
    assert turns.is_ours()
    assert await turns.renew()


async def test_a_clean_stop_hands_everything_over_at_once(make: Make) -> None:
    one, two = make("one"), make("two")
    async with one.db.write() as tx:
        await leases.acquire(tx, NAME, "one", now=one.clock.now(), duration=DURATION)
    await leave(one)
    async with two.db.write() as tx:
        assert await leases.acquire(tx, NAME, "two", now=two.clock.now(), duration=DURATION) == 2


@POSTGRES
async def test_the_work_of_one_that_died_is_taken_back_after_some_seconds(
    make: Make, clock: FixedClock
) -> None:
    one, two = make("one"), make("two")
    db = one.db
    there = Notifier(db, "one", lambda _name: None, names=WAKE_NAMES)
    await there.start()
    async with db.write() as tx:
        await enqueue(tx, 1)
        await leases.acquire(tx, NAME, "one", now=one.clock.now(), duration=DURATION)
    (item,) = await claim(db, "one")
    recovery = Recovery(two)
    assert [await recovery.run() for _ in range(3)] == [set(), set(), set()]
    await there.stop()
    await wait_until_gone(db, "one")
    assert await recovery.run() == set()
    clock.time += SURE_AFTER
    assert await recovery.run() == {"one"}
    assert two.wake.outbox.is_set()
    async with db.write() as tx:
        found = await outbox.find(tx, item.id)
        assert found is not None
        assert (found.state, found.uncertain) == ("ready", True)
        assert await leases.acquire(tx, NAME, "two", now=two.clock.now(), duration=DURATION) == 2


@POSTGRES
async def test_mail_that_one_that_died_was_filing_waits_for_nothing(make: Make) -> None:
    """Filing is a transaction: whoever lives after all finds that it is another's now."""
    two = make("two")
    channel = await add_channel(two.db)
    start = partial(mails.claim, now=two.clock.now(), lease=timedelta(minutes=5), limit=1)
    async with two.db.write() as tx:
        await mails.store(tx, [raw(1), raw(2)], [arrival(channel, 1), arrival(channel, 2)])
        (first,) = await start(tx, "one")
        assert await start(tx, "two") == []
    assert await Recovery(two).run() == set()
    assert two.wake.filing.is_set()
    async with two.db.write() as tx:
        assert [one.id for one in await start(tx, "two")] == [first.id]
        assert await mails.still_claimed(tx, [first.id], "one") == set()


@POSTGRES
async def test_who_comes_back_meanwhile_keeps_its_work(make: Make, clock: FixedClock) -> None:
    one, two = make("one"), make("two")
    db = one.db
    async with db.write() as tx:
        await enqueue(tx, 1)
    await claim(db, "one")
    recovery = Recovery(two)
    await recovery.run()
    back = Notifier(db, "one", lambda _name: None, names=WAKE_NAMES)
    await back.start()
    clock.time += SURE_AFTER
    assert [await recovery.run() for _ in range(2)] == [set(), set()]
    await back.stop()
    await wait_until_gone(db, "one")
    assert await recovery.run() == set()


async def test_nobody_takes_its_own_work_for_a_dead_ones(make: Make) -> None:
    one = make("one")
    async with one.db.write() as tx:
        await enqueue(tx, 1)
    await claim(one.db, "one")
    recovery = Recovery(one)
    assert [await recovery.run() for _ in range(3)] == [set(), set(), set()]


@POSTGRES
async def test_who_comes_later_goes_by_the_count_of_those_who_run(
    make: Make, database_url: str
) -> None:
    """The database's clock was set back by an hour while one of them ran."""
    one = make("one")
    async with one.db.write() as tx:
        ahead = await notify.read_time(tx) + timedelta(hours=1)
        await leases.acquire(tx, NAME, "one", now=ahead, duration=DURATION)
    alone = await shared_time(one.db)
    there = Notifier(one.db, "one", lambda _name: None, names=WAKE_NAMES)
    await there.start()
    beside = await shared_time(one.db)
    await there.stop()
    assert alone is not None
    assert alone < ahead - timedelta(minutes=59)
    assert beside == ahead
