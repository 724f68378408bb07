"""The machine's clock was an hour ahead and is set right: nothing waits for an hour, none twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.app import Canal
from bot.clock import SystemClock
from bot.config.secret_key import new_key
from bot.config.settings import load_settings
from storage.engine import Session
from storage.models import Message, OutboxItem, Ticket
from storage.queries import outbox
from storage.records import OutboxRecord
from tests.app.conftest import BOTH
from tests.app.harness import Harness

_HOUR = timedelta(hours=1)
KEY = {"CANAL_SECRET_KEY": new_key()}


async def test_work_from_the_future_is_done_now(canal: Harness) -> None:
    """Canal stopped with a reply on hold and a card to update, both written by the wrong clock."""
    await canal.write("Hello")
    card = await canal.ticket()
    await canal.edit_channel(undo_seconds=600)
    ts = await canal.say(card, "Hello Jo")
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    context = canal.canal.parts.context
    async with context.db.write() as tx:
        for table, column in ((OutboxItem, "not_before"), (Message, "send_at")):
            later = {column: context.clock.now() + _HOUR, "created_at": context.clock.now() + _HOUR}
            await tx.execute(update(table).values(later))
        await tx.execute(update(Ticket).values(updated_at=context.clock.now() + _HOUR))
    await canal.stop_canal()
    await canal.start_canal()
    await canal.wait_reaction(ts, "white_check_mark")
    assert len(canal.catcher.mails) == 1


@BOTH
async def test_a_running_canal_does_not_notice(canal: Harness) -> None:
    clock = canal.canal._clock
    wall = clock._wall
    await canal.write("Before", message_id="<one@clock.example>")
    card = await canal.ticket()
    clock._wall = lambda: wall() - _HOUR
    await canal.write("After", headers={"In-Reply-To": "<one@clock.example>"})
    await canal.sandbox.wait_for(lambda: canal.replies(card))
    ts = await canal.say(card, "Hello Jo")
    await canal.wait_reaction(ts, "white_check_mark")
    clock._wall = wall
    await canal.write("Right again", headers={"In-Reply-To": "<one@clock.example>"})
    await canal.sandbox.wait_for(lambda: len(canal.replies(card)) == 3)
    await canal.idle()
    assert (len(canal.roots()), len(canal.catcher.mails)) == (1, 1)


@pytest.mark.postgres
async def test_a_machine_whose_clock_is_ahead_sends_nothing_early(
    tmp_path: Path, postgres_url: str
) -> None:
    """Two Canals on one PostgreSQL: an hour ahead would be the end of every hold."""
    right = Harness(tmp_path / "right", env={"CANAL_DATABASE_URL": postgres_url, **KEY})
    await right.start()
    await right.add_channel(undo_seconds=600)
    ahead = Canal(load_settings({**right.environment(), "CANAL_DATA_DIR": str(tmp_path / "ahead")}))
    ahead._clock = SystemClock(lambda: datetime.now(UTC) + _HOUR)
    try:
        await ahead.start()
        assert abs(ahead.parts.context.clock.now() - datetime.now(UTC)) < timedelta(seconds=10)
        await right.write("Hello")
        card = await right.ticket()
        ts = await right.say(card, "Hello Jo")
        await right.wait_reaction(ts, "hourglass_flowing_sand")
        ahead.parts.context.wake.deliver()
        await right.idle()
        async with ahead.parts.context.db.write() as tx:
            assert await claim(tx, ahead) == []
        assert right.catcher.mails == []
    finally:
        await ahead.stop()
        await right.stop()


async def claim(tx: Session, canal: Canal) -> list[OutboxRecord]:
    """What this Canal would take in hand now."""
    now = canal.parts.context.clock.now()
    return await outbox.claim(
        tx, "test", now=now, lease=timedelta(minutes=5), limit=99, per_lane=99
    )


@pytest.mark.postgres
@pytest.mark.parametrize("canal", ["postgres"], indirect=True)
async def test_the_first_on_postgresql_mends_what_the_databases_clock_left(canal: Harness) -> None:
    await canal.write("Hello")
    card = await canal.ticket()
    await canal.edit_channel(undo_seconds=600)
    ts = await canal.say(card, "Hello Jo")
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    context = canal.canal.parts.context
    later = context.clock.now() + _HOUR
    async with context.db.write() as tx:
        await tx.execute(update(OutboxItem).values(not_before=later, created_at=later))
        await tx.execute(update(Message).values(send_at=later, created_at=later))
    await canal.stop_canal()
    await canal.start_canal()
    await canal.wait_reaction(ts, "white_check_mark")
