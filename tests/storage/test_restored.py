"""Going on from a backup, on each database: nothing is sure, and no number is given again."""

from __future__ import annotations

from storage.engine import Database
from storage.queries import messages, meta, outbox, restored
from storage.records import ChannelRecord
from tests.storage.samples import NOW, add_message, add_ticket, claim, enqueue


async def test_what_waits_is_in_doubt_and_what_was_given_up_stays_so(
    db: Database, channel: ChannelRecord
) -> None:
    async with db.write() as tx:
        await enqueue(tx, 1)
    (given_up,) = await claim(db)
    async with db.write() as tx:
        await outbox.bury(tx, given_up.id, "one", "no")
        await enqueue(tx, 2)
        await restored.take_up(tx, now=NOW)
    async with db.read() as tx:
        found = {item.state: item.uncertain for item in await outbox.list_items(tx)}
        assert await restored.find_time(tx) == NOW
    assert found == {"dead": False, "ready": True}


async def test_replies_that_were_to_leave_may_have_left(
    db: Database, channel: ChannelRecord
) -> None:
    ticket = await add_ticket(db, channel)
    held = await add_message(db, ticket, state="held", details={"kept": 1})
    sent = await add_message(db, ticket, state="sent", slack_ts="9.9")
    async with db.write() as tx:
        await restored.take_up(tx, now=NOW)
        doubted = {"kept": 1, "handed_over": True, "restored": True}
        assert (await messages.get(tx, held.id)).details == doubted
        assert (await messages.get(tx, sent.id)).details == {}


async def test_neither_numbers_nor_ids_of_lost_tickets_are_given_again(
    db: Database, channel: ChannelRecord
) -> None:
    before = await add_ticket(db, channel)
    async with db.write() as tx:
        await meta.put(tx, meta.IS_A_BACKUP, b"1")
        await restored.take_up(tx, now=NOW)
        assert await meta.find(tx, meta.IS_A_BACKUP) is None
    after = await add_ticket(db, channel)
    assert after.number - before.number > 999
    assert after.id - before.id > 999
    assert (await add_ticket(db, channel)).id == after.id + 1
