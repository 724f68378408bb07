"""The outbox: every side effect once, in order, by one worker at a time."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from storage.engine import Database
from storage.models import OutboxItem
from storage.queries import outbox, outbox_depth, outbox_pauses
from storage.records import OutboxRecord
from tests.storage.conftest import POSTGRES, Open
from tests.storage.samples import LEASE, NOW, after, claim, enqueue

EXPIRED = after(LEASE.total_seconds())


async def add(db: Database, *numbers: int, **values: object) -> None:
    async with db.write() as tx:
        for number in numbers:
            await enqueue(tx, number, **values)


def numbers(items: Sequence[OutboxRecord]) -> list[int]:
    return [item.payload["number"] for item in items]


async def done(db: Database, items: Sequence[OutboxRecord], holder: str = "one") -> set[int]:
    async with db.write() as tx:
        return await outbox.done(tx, [item.id for item in items], holder)


async def retry(db: Database, item: OutboxRecord, holder: str = "one", **values: object) -> bool:
    options = {"not_before": NOW, "error": "why", **values}
    async with db.write() as tx:
        return await outbox.retry(tx, item.id, holder, **options)  # type: ignore[arg-type]


async def listed(db: Database) -> list[OutboxRecord]:
    async with db.read() as tx:
        return await outbox.list_items(tx)


async def test_what_is_due_is_claimed_oldest_first(db: Database) -> None:
    await add(db, 1, 2, 3)
    await add(db, 4, not_before=after(10))
    assert numbers(await claim(db)) == [1, 2, 3]
    assert numbers(await claim(db, now=after(10))) == [4]
    assert await claim(db, now=after(20)) == []


async def test_the_number_of_an_item_that_is_gone_is_not_given_again(db: Database) -> None:
    """A button under an old notice, and a command typed a little late, mean that item only."""
    await add(db, 1)
    (gone,) = await claim(db)
    await done(db, [gone])
    await add(db, 2)
    assert [item.id > gone.id for item in await listed(db)] == [True]


async def test_items_of_one_order_are_done_one_after_the_other(db: Database) -> None:
    for number in (1, 2, 3):
        await add(db, number, order_key="thread:7")
    await add(db, 4, order_key="thread:8")
    first = await claim(db)
    assert numbers(first) == [1, 4]
    assert await claim(db) == []
    await done(db, first)
    second = await claim(db)
    assert numbers(second) == [2]
    await retry(db, second[0], not_before=after(60))
    assert await claim(db) == []
    assert numbers(await claim(db, now=after(60))) == [2]


async def test_what_was_given_up_holds_up_nothing(db: Database) -> None:
    await add(db, 1, 2, order_key="thread:7")
    (first,) = await claim(db)
    async with db.write() as tx:
        assert await outbox.bury(tx, first.id, "one", "no use")
    assert numbers(await claim(db)) == [2]


async def test_a_lane_gets_no_more_than_its_share_and_delays_no_other(db: Database) -> None:
    await add(db, *range(100), lane="slack:flooded")
    await add(db, 100, lane="slack:quiet")
    assert numbers(await claim(db, per_lane=4, limit=1000)) == [0, 1, 2, 3, 100]


async def test_a_claim_has_a_limit(db: Database) -> None:
    for number in range(20):
        await add(db, number, lane=f"slack:{number}")
    assert numbers(await claim(db, limit=7)) == list(range(7))


async def test_busy_lanes_are_left_out(db: Database) -> None:
    await add(db, 1, lane="slack:full")
    await add(db, 2, lane="slack:free")
    assert numbers(await claim(db, busy_lanes=["slack:full"])) == [2]
    assert numbers(await claim(db)) == [1]


async def test_when_the_next_is_due(db: Database) -> None:
    async def next_due(*busy: str) -> object:
        async with db.read() as tx:
            return await outbox.next_due_at(tx, busy)

    assert await next_due() is None
    await add(db, 1, not_before=after(20), lane="slack:a")
    await add(db, 2, not_before=after(30), lane="slack:b")
    assert await next_due() == after(20)
    assert await next_due("slack:a") == after(30)
    assert await next_due("slack:a", "slack:b") is None


async def test_a_claim_that_will_end_is_waited_for(db: Database) -> None:
    """Else nobody would look at what a dead replica had in hand while nothing else is due."""
    await add(db, 1)
    await claim(db)
    async with db.read() as tx:
        assert await outbox.next_due_at(tx) == EXPIRED


async def test_a_claim_that_ran_out_comes_back_as_uncertain(db: Database) -> None:
    await add(db, 1)
    (first,) = await claim(db, "one")
    assert (first.uncertain, first.attempts) == (False, 1)
    assert await claim(db, "two", now=after(LEASE.total_seconds() - 1)) == []
    (second,) = await claim(db, "two", now=EXPIRED)
    assert (second.id, second.uncertain, second.attempts) == (first.id, True, 2)


async def test_who_lost_the_claim_changes_nothing_any_more(db: Database) -> None:
    await add(db, 1)
    (item,) = await claim(db, "slow")
    await claim(db, "quick", now=EXPIRED)
    assert await done(db, [item], "slow") == set()
    assert not await retry(db, item, "slow")
    async with db.write() as tx:
        assert not await outbox.bury(tx, item.id, "slow", "no")
    assert await done(db, [item], "quick") == {item.id}
    assert await listed(db) == []


async def test_a_renewed_claim_does_not_run_out(db: Database) -> None:
    await add(db, 1)
    (item,) = await claim(db, "one")
    async with db.write() as tx:
        await outbox.renew(tx, [item.id], "two", after(9999))
        await outbox.renew(tx, [item.id], "one", after(1000))
    assert await claim(db, "two", now=after(999)) == []
    assert len(await claim(db, "two", now=after(1000))) == 1


async def test_given_back_claims_are_uncertain_and_the_others_stay(db: Database) -> None:
    await add(db, 1)
    await claim(db, "one")
    await add(db, 2)
    await claim(db, "two")
    async with db.write() as tx:
        assert await outbox.list_holders(tx) == {"one", "two"}
        await outbox.release_claims(tx, ["one"])
    (item,) = await claim(db, "three")
    assert (item.payload["number"], item.uncertain) == (1, True)
    async with db.write() as tx:
        await outbox.release_claims(tx)
    assert numbers(await claim(db, "three")) == [1, 2]


async def test_a_retry_keeps_its_doubt_only_when_told(db: Database) -> None:
    await add(db, 1)
    (item,) = await claim(db)
    await retry(db, item, uncertain=True, error="x" * 3000)
    (item,) = await claim(db)
    assert (item.uncertain, item.attempts, len(item.last_error or "")) == (True, 2, 1000)
    await retry(db, item, counts=False)
    (item,) = await claim(db)
    assert (item.uncertain, item.attempts) == (False, 2)


async def test_a_wish_that_waits_already_adds_nothing(db: Database) -> None:
    await add(db, 1, dedupe_key="card:1")
    await add(db, 2, dedupe_key="card:1", not_before=after(60), lane="other")
    (item,) = await listed(db)
    assert (item.payload, item.lane, item.not_before) == ({"number": 1}, "slack:C1", NOW)


async def test_a_wish_made_during_the_work_is_a_new_one(db: Database) -> None:
    """The card that is being drawn may not show what has changed since."""
    await add(db, 1, dedupe_key="card:1")
    items = await claim(db)
    await add(db, 2, dedupe_key="card:1")
    await done(db, items)
    assert numbers(await claim(db)) == [2]


@POSTGRES
async def test_a_wish_is_not_done_before_what_it_was_made_for_is_visible(open_db: Open) -> None:
    """A repeated wish adds no row, so the row that waits already has to wait for its commit."""
    one, two = open_db(), open_db()
    await add(one, 1, dedupe_key="card:1")
    async with one.write() as tx:
        await enqueue(tx, 2, dedupe_key="card:1")
        assert await claim(two) == []
    assert numbers(await claim(two)) == [1]


async def test_a_waiting_item_is_moved_and_taken_back(db: Database) -> None:
    await add(db, 1, dedupe_key="send:1", not_before=after(10))
    async with db.write() as tx:
        assert await outbox.reschedule(tx, "send:1", after(30))
        assert not await outbox.reschedule(tx, "send:2", after(30))
    assert await claim(db, now=after(29)) == []
    async with db.write() as tx:
        assert await outbox.cancel(tx, "send:1")
        assert not await outbox.cancel(tx, "send:1")
    assert await listed(db) == []


async def test_what_is_in_hand_cannot_be_taken_back_or_dropped(db: Database) -> None:
    await add(db, 1, dedupe_key="send:1")
    (item,) = await claim(db)
    async with db.write() as tx:
        assert not await outbox.cancel(tx, "send:1")
        assert not await outbox.reschedule(tx, "send:1", after(30))
        assert not await outbox.drop(tx, item.id)
        assert not await outbox.revive(tx, item.id, now=NOW)
    assert len(await listed(db)) == 1


async def test_the_dead_are_revived_or_dropped(db: Database) -> None:
    await add(db, 1, 2)
    items = await claim(db)
    async with db.write() as tx:
        for item in items:
            assert await outbox.bury(tx, item.id, "one", "msg_too_long")
    assert await claim(db, now=after(99999)) == []
    async with db.write() as tx:
        assert [one.state for one in await outbox.list_items(tx, state="dead")] == ["dead", "dead"]
        assert await outbox.revive(tx, items[0].id, now=after(5))
        assert await outbox.drop(tx, items[1].id)
        assert not await outbox.drop(tx, items[1].id)
        found = await outbox.find(tx, items[0].id)
        assert found is not None
        assert (found.state, found.attempts, found.not_before) == ("ready", 0, after(5))
        assert await outbox.find(tx, items[1].id) is None


async def test_what_waits_after_a_failure_is_hurried(db: Database) -> None:
    await add(db, 1, lane="mail:1")
    await add(db, 2, lane="mail:1", not_before=after(600))
    (item,) = await claim(db)
    await retry(db, item, not_before=after(300))
    async with db.write() as tx:
        await outbox_pauses.hurry(tx, ["mail:1"], now=after(1))
    assert numbers(await claim(db, now=after(1))) == [1]


async def test_what_may_be_on_its_way(db: Database) -> None:
    async def is_on_its_way() -> bool:
        async with db.read() as tx:
            return await outbox.is_on_its_way(tx, "post_mail", "slack:C1")

    await add(db, 1)
    assert not await is_on_its_way()
    (item,) = await claim(db)
    assert await is_on_its_way()
    await retry(db, item, uncertain=True)
    assert await is_on_its_way()
    await done(db, await claim(db))
    assert not await is_on_its_way()


async def test_the_depth_by_kind_and_state(db: Database) -> None:
    await add(db, 1, kind="react")
    await add(db, 2, 3, now=after(5))
    async with db.read() as tx:
        assert await outbox_depth.depth(tx) == {
            ("react", "ready"): (1, NOW),
            ("post_mail", "ready"): (2, after(5)),
        }


async def test_racing_workers_do_everything_once_and_in_order(open_db: Open) -> None:
    """Three processes, several workers each: no item twice, no order key out of turn."""
    databases = [open_db() for _ in range(3)]
    async with databases[0].write() as tx:
        for number in range(240):
            await enqueue(tx, number, order_key=f"thread:{number % 24}", lane=f"lane:{number % 5}")
    in_hand: Counter[str] = Counter()
    finished: dict[str, list[int]] = defaultdict(list)

    async def work(database: Database, holder: str) -> None:
        empty = 0
        while empty < 20:
            items = await claim(database, holder, limit=10, per_lane=3)
            empty = 0 if items else empty + 1
            for item in items:
                in_hand[item.order_key] += 1
                assert in_hand[item.order_key] == 1, "two of one order at the same time"
            await asyncio.sleep(0.002)
            for item in items:
                finished[item.order_key].append(item.payload["number"])
                in_hand[item.order_key] -= 1
            if items:
                assert await done(database, items, holder) == {item.id for item in items}

    await asyncio.gather(*(work(databases[n % 3], f"holder {n}") for n in range(6)))
    assert sum(map(len, finished.values())) == 240
    assert all(each == sorted(each) for each in finished.values())
    async with databases[0].read() as tx:
        assert list(await tx.scalars(select(OutboxItem.id))) == []
