"""A database that fails says nothing of what was in hand: that is not given up for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.filing import FilingWorker
from handlers.outbox.settling import Settle
from handlers.outbox.work import WorkKind
from handlers.outbox.worker import OutboxWorker
from handlers.upkeep.startup import recover
from storage.engine import Database, open_database
from storage.queries import mails, meta, outbox
from storage.records import ChannelRecord, OutboxRecord
from tests.handlers.fixtures import StillClock, make_context
from tests.storage.conftest import POSTGRES
from tests.storage.samples import NOW, TEAM, VAULT, arrival, enqueue, raw

_FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON tickets EXECUTE FUNCTION full_disk()
"""


async def test_work_whose_database_is_away_is_tried_again_however_often(
    db: Database, channel: ChannelRecord
) -> None:
    url = (
        "sqlite+aiosqlite:////nowhere/x.db"
        if db.is_sqlite
        else "postgresql+psycopg://127.0.0.1:1/x"
    )
    away = open_database(url, VAULT)

    async def deliver(item: OutboxRecord) -> Settle | None:
        async with away.read() as tx:
            await tx.execute(text("SELECT 1"))
        return None

    clock = StillClock()
    worker = OutboxWorker(make_context(db, clock), {WorkKind.NOTICE: deliver})
    async with db.write() as tx:
        await enqueue(tx, 1, kind="notice", payload={"admins": True})
    for _ in range(15):
        await worker.drain(until_empty=False)
        clock.time += timedelta(minutes=6)
    await worker.stop(1)
    await away.close()
    async with db.read() as tx:
        (left,) = await outbox.list_items(tx)
    assert (left.state, left.uncertain) == ("ready", True)


@POSTGRES
async def test_a_mail_that_finds_no_room_in_the_database_is_filed_when_there_is_some(
    db: Database, channel: ChannelRecord
) -> None:
    clock = StillClock()
    context = make_context(db, clock)
    worker = FilingWorker(context, AddressIndex(db, TEAM))
    async with db.write() as tx:
        await tx.execute(text(_FULL))
        await meta.ensure_workspace(tx, TEAM, now=NOW)
        await mails.store(tx, [raw(1)], [arrival(channel, 1)])
    for _ in range(8):
        with pytest.raises(DBAPIError, match="no space left"):
            await worker.file_waiting()
        clock.time += timedelta(minutes=6)
    async with db.write() as tx:
        await tx.execute(text("DROP TRIGGER full_disk ON tickets"))
    assert await worker.file_waiting() == 1
    async with db.read() as tx:
        assert await mails.count_states(tx) == {"filed": 1}


async def test_a_mail_that_could_not_be_filed_is_tried_again_by_the_next_start(
    db: Database, channel: ChannelRecord
) -> None:
    context = make_context(db)
    async with db.write() as tx:
        await meta.ensure_workspace(tx, TEAM, now=NOW)
        await mails.store(tx, [raw(1)], [arrival(channel, 1)])
        (parked,) = await mails.claim(tx, "gone", now=NOW, lease=timedelta(minutes=1), limit=1)
        await mails.settle(tx, parked.id, "parked", reason="KeyError")
    worker = FilingWorker(context, AddressIndex(db, TEAM))
    assert await worker.file_waiting() == 0
    await recover(context, alone=db.is_sqlite)
    assert await worker.file_waiting() == 1
    async with db.read() as tx:
        assert await mails.count_states(tx) == {"filed": 1}
