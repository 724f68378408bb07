"""One holder at a time, and a token that tells an old holder from the present one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from storage import leases
from storage.engine import Database
from tests.storage.conftest import Open
from tests.storage.samples import after

DURATION = timedelta(seconds=30)


async def acquire(
    db: Database, holder: str, seconds: float = 0, name: str = "imap:1"
) -> int | None:
    async with db.write() as tx:
        return await leases.acquire(tx, name, holder, now=after(seconds), duration=DURATION)


async def still_held(db: Database, holder: str, token: int) -> bool:
    async with db.write() as tx:
        return await leases.still_held(tx, "imap:1", holder, token)


async def test_one_has_it_until_it_ends(db: Database) -> None:
    assert await acquire(db, "one") == 1
    assert await acquire(db, "two", 29) is None
    assert await acquire(db, "two", 30) == 2
    assert await acquire(db, "one", 31) is None


async def test_the_holder_renews_under_the_same_token(db: Database) -> None:
    assert await acquire(db, "one") == 1
    assert await acquire(db, "one", 20) == 1
    assert await acquire(db, "two", 49) is None
    assert await acquire(db, "two", 50) == 2


async def test_who_lost_it_is_told_by_the_token(db: Database) -> None:
    await acquire(db, "one")
    assert await still_held(db, "one", 1)
    await acquire(db, "two", 60)
    assert not await still_held(db, "one", 1)
    assert await still_held(db, "two", 2)


async def test_who_takes_it_back_has_a_new_token(db: Database) -> None:
    await acquire(db, "one")
    await acquire(db, "two", 60)
    assert await acquire(db, "one", 120) == 3
    assert not await still_held(db, "one", 1)


async def test_a_clean_stop_hands_it_over_at_once_and_the_token_goes_on_growing(
    db: Database,
) -> None:
    await acquire(db, "one")
    await acquire(db, "one", name="imap:2")
    async with db.write() as tx:
        assert await leases.list_holders(tx, now=after(1)) == {"one"}
        await leases.release(tx, ["one"], now=after(1))
        assert await leases.list_holders(tx, now=after(1)) == set()
    assert await acquire(db, "two", 1) == 2
    assert await acquire(db, "three", 1, name="imap:2") == 2


async def test_different_leases_have_different_holders(db: Database) -> None:
    assert await acquire(db, "one") == 1
    assert await acquire(db, "two", name="imap:2") == 1


async def test_many_who_ask_at_once_get_one_holder(open_db: Open) -> None:
    databases = [open_db() for _ in range(3)]
    for _ in range(5):
        tokens = await asyncio.gather(
            *(acquire(databases[n % 3], f"holder {n}", name="timer") for n in range(12))
        )
        assert len([token for token in tokens if token is not None]) == 1
        async with databases[0].write() as tx:
            await leases.release(tx, [f"holder {n}" for n in range(12)], now=after(0))
