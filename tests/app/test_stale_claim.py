"""A Canal that was stopped for minutes and wakes up with a reply that another has taken over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from handlers.outbox.deliver_mail import MailDelivery
from handlers.outbox.settling import ClaimLost
from mail.sending.results import SendResult
from storage.models import OutboxItem
from storage.queries import messages, outbox
from tests.app.conftest import BOTH
from tests.app.harness import Harness


class SlowTransport:
    """Takes so long up to the point of no return that somebody else has the item meanwhile."""

    def __init__(self, canal: Harness) -> None:
        self._db = canal.canal.parts.context.db
        self.sent = 0

    async def send(
        self, *_: Any, on_handover: Callable[[], Awaitable[None]], **__: Any
    ) -> SendResult:
        async with self._db.write() as tx:
            await tx.execute(update(OutboxItem).values(claimed_by="another"))
        await on_handover()
        self.sent += 1
        return SendResult(())


@BOTH
async def test_the_reply_is_left_to_the_other(canal: Harness) -> None:
    await canal.write("Hello")
    card = await canal.ticket()
    await canal.edit_channel(undo_seconds=600)
    ts = await canal.say(card, "Hello Jo")
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    await canal.idle()
    context = canal.canal.parts.context
    later = context.clock.now() + timedelta(minutes=20)
    message = await canal.find_message(ts)
    async with context.db.write() as tx:
        await tx.execute(update(OutboxItem).values(not_before=later))
        (item,) = await outbox.claim(
            tx, context.holder, now=later, lease=timedelta(hours=1), limit=1, per_lane=1
        )
        await messages.change(tx, message.id, send_at=context.clock.now())
    transport = SlowTransport(canal)
    delivery = MailDelivery(context, canal.canal.services.chat, transport)
    with pytest.raises(ClaimLost):
        await delivery.send_email(item)
    assert transport.sent == 0
    assert "handed_over" not in (await canal.find_message(ts)).details
