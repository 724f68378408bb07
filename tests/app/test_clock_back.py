"""The machine's clock was an hour ahead and is set right: nothing waits for an hour, none twice."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from storage.models import Message, OutboxItem, Ticket
from tests.app.conftest import BOTH
from tests.app.harness import Harness

_HOUR = timedelta(hours=1)


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
