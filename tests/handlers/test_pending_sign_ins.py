"""A sign-in that is not finished yet: kept sealed, for a while, and asked after by one process."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.channels.pending_sign_ins import PendingSignIn, PendingSignIns
from storage import leases
from storage.engine import Database
from tests.handlers.fixtures import StillClock, make_context
from tests.storage.conftest import POSTGRES
from tests.storage.samples import NOW, add_channel

BEGUN = {"state": "", "device": {"device_code": "secret"}, "then": []}


async def begin(pending: PendingSignIns, **values: object) -> PendingSignIn:
    kept = await pending.keep("Support", "mail", {**BEGUN, **values})
    assert kept is not None
    return kept


@pytest.fixture
async def pending(db: Database) -> PendingSignIns:
    await add_channel(db)
    return PendingSignIns(make_context(db))


async def test_what_was_begun_is_found_until_it_is_finished(pending: PendingSignIns) -> None:
    begun = await begin(pending)
    assert await pending.list() == [begun]
    assert await pending.find(lambda one: one["state"] == "") == begun
    assert await pending.forget(begun)
    assert await pending.list() == []
    assert not await pending.forget(begun), "it is finished once"
    assert not await pending.take(begun)


async def test_a_new_one_takes_the_place_of_the_last(pending: PendingSignIns) -> None:
    first, second = await begin(pending), await begin(pending, state="abc")
    assert not await pending.take(first)
    assert not await pending.forget(first)
    assert await pending.take(second)
    assert await pending.list() == [second]


async def test_what_has_expired_is_not_there(db: Database, pending: PendingSignIns) -> None:
    clock = StillClock()
    late = PendingSignIns(make_context(db, clock))
    await begin(pending)
    await pending.keep("Support", "graph", BEGUN, NOW + timedelta(minutes=15))
    clock.time = NOW + timedelta(minutes=16)
    assert [one.key.rpartition(":")[2] for one in await late.list()] == ["mail"]
    clock.time = NOW + timedelta(minutes=61)
    assert await late.list() == []


async def test_a_channel_that_there_is_not_keeps_nothing(pending: PendingSignIns) -> None:
    assert await pending.keep("Nowhere", "mail", BEGUN) is None


@POSTGRES
async def test_of_two_canals_one_asks_and_the_other_takes_over_when_it_is_gone(
    db: Database,
) -> None:
    await add_channel(db)
    clock = StillClock()
    pending, other = (PendingSignIns(make_context(db, clock, one)) for one in ("one", "two"))
    begun = await begin(pending)
    assert await pending.take(begun)
    assert not await other.take(begun)
    clock.time = NOW + timedelta(seconds=31)
    assert await other.take(begun), "nobody asked for half a minute"
    async with db.write() as tx:
        await leases.release(tx, ["two"], now=clock.time)
    assert await pending.take(begun), "it has left"
