"""Mail as it came: stored once, claimed by one, settled by whoever still has it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from storage.engine import Database
from storage.mail_store import MailStore
from storage.models import Arrival, RawMail
from storage.queries import channels, mails
from storage.records import ArrivalRecord, ChannelRecord
from tests.storage.conftest import Open
from tests.storage.samples import LEASE, NOW, after, arrival, raw


async def store(db: Database, channel: ChannelRecord, *numbers: int) -> set[int]:
    async with db.write() as tx:
        return await mails.store(
            tx, [raw(number) for number in numbers], [arrival(channel, n) for n in numbers]
        )


async def claim(
    db: Database, holder: str = "one", seconds: float = 0, limit: int = 32
) -> list[int]:
    return [item.raw_mail_id for item in await claim_records(db, holder, seconds, limit)]


async def claim_records(
    db: Database, holder: str = "one", seconds: float = 0, limit: int = 32
) -> list[ArrivalRecord]:
    async with db.write() as tx:
        return await mails.claim(tx, holder, now=after(seconds), lease=LEASE, limit=limit)


async def count(db: Database, table: type[Arrival] | type[RawMail]) -> int:
    async with db.read() as tx:
        return await tx.scalar(select(func.count()).select_from(table)) or 0


async def test_a_group_is_stored_and_found_again(db: Database, channel: ChannelRecord) -> None:
    data = b"Subject: \xff\x00 all bytes\r\n\r\n" + bytes(range(256))
    async with db.write() as tx:
        await mails.store(tx, [raw(7, data)], [arrival(channel, 7)])
    async with db.read() as tx:
        assert await mails.find_raw(tx, 7) == data
        assert await mails.find_raw(tx, 8) is None


async def test_a_second_arrival_makes_nothing(db: Database, channel: ChannelRecord) -> None:
    assert await store(db, channel, 1) == {1}
    async with db.write() as tx:
        again = arrival(channel, 2, dedupe_key="key-1")
        assert await mails.store(tx, [raw(2)], [again]) == set()
    assert (await count(db, Arrival), await count(db, RawMail)) == (1, 1)


async def test_twins_in_one_group_make_one(db: Database, channel: ChannelRecord) -> None:
    twins = [arrival(channel, number, dedupe_key="same") for number in (1, 2, 3)]
    async with db.write() as tx:
        assert await mails.store(tx, [raw(1), raw(2), raw(3)], twins) == {1}
    assert (await count(db, Arrival), await count(db, RawMail)) == (1, 1)


async def test_a_mail_to_two_channels_is_kept_once_and_arrives_twice(
    db: Database, channel: ChannelRecord, other: ChannelRecord
) -> None:
    async with db.write() as tx:
        both = [arrival(channel, 1), arrival(other, 1)]
        assert await mails.store(tx, [raw(1)], both) == {1}
    assert (await count(db, Arrival), await count(db, RawMail)) == (2, 1)


async def test_a_mail_known_to_one_channel_is_new_to_the_other(
    db: Database, channel: ChannelRecord, other: ChannelRecord
) -> None:
    await store(db, channel, 1)
    async with db.write() as tx:
        both = [arrival(one, 2, dedupe_key="key-1") for one in (channel, other)]
        assert await mails.store(tx, [raw(2)], both) == {2}
    assert (await count(db, Arrival), await count(db, RawMail)) == (2, 2)


async def test_the_same_mail_at_two_replicas_at_once_is_stored_once(
    open_db: Open, channel: ChannelRecord
) -> None:
    stores = [MailStore(open_db()) for _ in range(3)]

    async def take(mail_store: MailStore, number: int) -> bool:
        twin = arrival(channel, number, dedupe_key=f"same-{number % 20}")
        return number in await mail_store.store([raw(number)], [twin])

    new = await asyncio.gather(*(take(stores[n % 3], n) for n in range(60)))
    assert sum(new) == 20
    assert (await count(open_db(), Arrival), await count(open_db(), RawMail)) == (20, 20)
    for mail_store in stores:
        await mail_store.close()


async def test_the_oldest_are_claimed_first_and_by_one_only(
    db: Database, channel: ChannelRecord
) -> None:
    await store(db, channel, 3, 1, 2)
    assert await claim(db, limit=2) == [3, 1]
    assert await claim(db, limit=2) == [2]
    assert await claim(db) == []


async def test_a_claim_ends_with_its_lease(db: Database, channel: ChannelRecord) -> None:
    await store(db, channel, 1)
    first = await claim_records(db)
    assert await claim(db, "two", LEASE.total_seconds() - 1) == []
    second = await claim_records(db, "two", LEASE.total_seconds())
    assert (first[0].attempts, second[0].attempts) == (1, 2)
    async with db.write() as tx:
        assert await mails.still_claimed(tx, [second[0].id], "one") == set()
        assert await mails.still_claimed(tx, [second[0].id], "two") == {second[0].id}


async def test_a_channel_is_filed_for_by_one_at_a_time(
    db: Database, channel: ChannelRecord, other: ChannelRecord
) -> None:
    """Else a mail and the answer to it could be filed side by side and not find each other."""
    await store(db, channel, 1, 2)
    await store(db, other, 3)
    assert await claim(db, "one", limit=1) == [1]
    assert await claim(db, "two") == [3]
    assert await claim(db, "one") == [2]
    assert await claim(db, "two", LEASE.total_seconds()) == [1, 2, 3]


async def test_racing_claims_share_nothing_and_split_no_channel(
    open_db: Open, channel: ChannelRecord, other: ChannelRecord
) -> None:
    databases = [open_db() for _ in range(3)]
    await store(databases[0], channel, *range(100))
    await store(databases[0], other, *range(100, 200))
    claimed = await asyncio.gather(
        *(
            claim_records(database, f"holder {number}", limit=8)
            for number, database in enumerate(databases * 4)
        )
    )
    ids = [item.id for batch in claimed for item in batch]
    assert len(ids) == len(set(ids))
    holders = [{item.email_channel_id for item in batch} for batch in claimed if batch]
    assert sum(len(one) for one in holders) == len(set().union(*holders))


async def test_settled_arrivals_are_not_claimed_again(db: Database, channel: ChannelRecord) -> None:
    await store(db, channel, 1, 2, 3, 4)
    items = await claim_records(db)
    async with db.write() as tx:
        for item, state in zip(items, ("filed", "dropped", "held", "parked"), strict=True):
            await mails.settle(tx, item.id, state, reason="why")
        assert await mails.still_claimed(tx, [item.id for item in items], "one") == set()
    assert await claim(db, seconds=3600) == []
    async with db.read() as tx:
        assert await mails.count_states(tx) == {"filed": 1, "dropped": 1, "held": 1, "parked": 1}


async def test_what_was_held_comes_after_the_resume(db: Database, channel: ChannelRecord) -> None:
    await store(db, channel, 1)
    (item,) = await claim_records(db)
    async with db.write() as tx:
        await mails.settle(tx, item.id, "held", reason="paused")
    async with db.write() as tx:
        assert await channels.release_held(tx, channel.id) == 1
        assert await channels.release_held(tx, channel.id) == 0
    assert await claim(db) == [1]


async def test_what_was_postponed_comes_when_it_is_due(
    db: Database, channel: ChannelRecord
) -> None:
    await store(db, channel, 1)
    (item,) = await claim_records(db)
    async with db.write() as tx:
        await mails.postpone(tx, item.id, after(60), "x" * 5000)
    assert await claim(db, seconds=59) == []
    assert await claim(db, seconds=60) == [1]


@pytest.mark.parametrize(("holders", "left"), [(None, [1, 2]), (["one"], [1]), (["none"], [])])
async def test_claims_are_given_back(
    db: Database,
    channel: ChannelRecord,
    other: ChannelRecord,
    holders: list[str] | None,
    left: list[int],
) -> None:
    await store(db, channel, 1)
    assert await claim(db, "one") == [1]
    await store(db, other, 2)
    assert await claim(db, "two") == [2]
    async with db.write() as tx:
        assert await mails.list_holders(tx) == {"one", "two"}
        await mails.release_claims(tx, holders)
    assert await claim(db, "three") == left


async def test_the_dedupe_key_counts_for_each_channel_alone(
    db: Database, channel: ChannelRecord, other: ChannelRecord
) -> None:
    await store(db, channel, 1)
    async with db.write() as tx:
        twin = arrival(other, 2, dedupe_key="key-1", received_at=NOW)
        assert await mails.store(tx, [raw(2)], [twin]) == {2}
