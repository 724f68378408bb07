"""Raw mail goes after its time; what is still to be done with it, and the tickets, stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from handlers.upkeep.retention import Retention
from storage.engine import Database
from storage.models import Arrival, Message
from storage.queries import mails
from storage.records import ChannelRecord
from tests.handlers.fixtures import StillClock, make_context
from tests.storage.samples import NOW, add_message, add_ticket, arrival, raw


async def store(db: Database, channel: ChannelRecord, number: int, state: str = "filed") -> None:
    async with db.write() as tx:
        await mails.store(tx, [raw(number)], [arrival(channel, number)])
        await tx.execute(update(Arrival).where(Arrival.raw_mail_id == number).values(state=state))


async def kept(db: Database, *numbers: int) -> list[int]:
    async with db.read() as tx:
        return [one for one in numbers if await mails.find_raw(tx, one) is not None]


async def purge(db: Database, *, days: int = 30, age: float) -> int:
    clock = StillClock(NOW + timedelta(days=age))
    return await Retention(make_context(db, clock), days).run()


async def test_old_mail_is_purged_and_young_mail_stays(
    db: Database, channel: ChannelRecord
) -> None:
    await store(db, channel, 1)
    assert await purge(db, age=30) == 0
    assert await kept(db, 1) == [1]
    assert await purge(db, age=30.01) == 1
    assert await kept(db, 1) == []
    assert await purge(db, age=99) == 0


async def test_zero_days_keep_everything(db: Database, channel: ChannelRecord) -> None:
    await store(db, channel, 1)
    assert await purge(db, days=0, age=9999) == 0
    assert await kept(db, 1) == [1]


async def test_what_the_wire_knew_goes_with_it_and_the_mail_stays_known(
    db: Database, channel: ChannelRecord
) -> None:
    await store(db, channel, 1)
    await purge(db, age=99)
    async with db.write() as tx:
        assert await tx.scalar(select(Arrival.envelope)) == {}
        again = arrival(channel, 2, dedupe_key="key-1")
        assert await mails.store(tx, [raw(2)], [again]) == set()


@pytest.mark.parametrize("state", ["stored", "held", "parked"])
async def test_mail_that_is_not_filed_yet_is_never_purged(
    db: Database, channel: ChannelRecord, state: str
) -> None:
    await store(db, channel, 1, state)
    await store(db, channel, 2)
    assert await purge(db, age=9999) == 1
    assert await kept(db, 1, 2) == [1]


@pytest.mark.parametrize("state", ["confirm", "held", "sending"])
async def test_a_reply_that_has_not_left_keeps_its_bytes(
    db: Database, channel: ChannelRecord, state: str
) -> None:
    ticket = await add_ticket(db, channel)
    async with db.write() as tx:
        await mails.add_raw(tx, raw(1))
    message = await add_message(db, ticket, state=state, raw_mail_id=1)
    assert await purge(db, age=9999) == 0
    async with db.write() as tx:
        await tx.execute(update(Message).where(Message.id == message.id).values(state="sent"))
    assert await purge(db, age=9999) == 1
    assert await kept(db, 1) == []


async def test_many_are_purged_in_one_run(db: Database, channel: ChannelRecord) -> None:
    numbers = range(450)
    async with db.write() as tx:
        await mails.store(
            tx, [raw(n) for n in numbers], [arrival(channel, n, state="filed") for n in numbers]
        )
    assert await purge(db, age=31) == 450
