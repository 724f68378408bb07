"""Work that only the next version knows, while this one runs beside it, waits for that one."""

from __future__ import annotations

from datetime import timedelta

from handlers.outbox.settling import Settle
from handlers.outbox.work import WorkKind
from handlers.outbox.worker import OutboxWorker
from storage.engine import Database
from storage.queries import outbox
from storage.records import ChannelRecord, OutboxRecord
from tests.handlers.fixtures import StillClock, make_context
from tests.storage.samples import NOW, enqueue


async def test_it_is_given_back_however_often_and_never_given_up(
    db: Database, channel: ChannelRecord
) -> None:
    done: list[str] = []

    async def deliver(item: OutboxRecord) -> Settle | None:
        done.append(item.kind)
        return None

    clock = StillClock()
    worker = OutboxWorker(make_context(db, clock), {WorkKind.NOTICE: deliver})
    async with db.write() as tx:
        await enqueue(tx, 1, kind="of_tomorrow")
        await enqueue(tx, 2, kind="notice", payload={"admins": True})
    for _ in range(12):
        await worker.drain(until_empty=False)
        clock.time += timedelta(seconds=11)
    await worker.stop(1)
    assert done == ["notice"]
    async with db.read() as tx:
        (left,) = await outbox.list_items(tx)
    assert (left.kind, left.state, left.uncertain) == ("of_tomorrow", "ready", False)
    assert left.attempts == 12
    assert left.not_before > NOW
