"""A reply on hold: what may still be changed about it until it leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers.context import Context
from handlers.outbox import work
from storage.engine import Session
from storage.queries import messages, outbox, tickets
from storage.records import ChannelRecord, MessageRecord, TicketRecord

STOPPABLE = ("held", "confirm")
"""The states in which a reply has surely not left."""


class HeldReplies:
    """Every method writes in the caller's transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def hold(
        self,
        tx: Session,
        ticket: TicketRecord,
        channel: ChannelRecord,
        message: MessageRecord,
        now: datetime,
        *,
        seconds: int,
    ) -> None:
        send_at = now + timedelta(seconds=seconds)
        await messages.change(tx, message.id, state="held", send_at=send_at)
        if message.rfc_message_id:
            await tickets.index_ids(
                tx, channel.id, ticket.id, [message.rfc_message_id], message_id=message.id
            )
        await work.send_email(tx, message, now=now, not_before=send_at)

    async def put_in_order(self, tx: Session, message: MessageRecord, now: datetime) -> None:
        """It leaves before what stands below it in the thread, also where that was heard first.

        An event that was not taken, because Canal died over it, comes again seconds later.
        """
        if message.slack_ts is None:
            return
        for below in await messages.list_held_after(tx, message.ticket_id, message.slack_ts):
            if await outbox.cancel(tx, work.send_key(below.id)):
                await work.send_email(tx, below, now=now, not_before=below.send_at or now)

    async def rewrite(
        self,
        tx: Session,
        message: MessageRecord,
        channel: ChannelRecord,
        body: list[dict[str, Any]],
    ) -> None:
        """New words, and the undo time starts anew."""
        send_at = self._context.clock.now() + timedelta(seconds=channel.undo_seconds)
        await messages.change(tx, message.id, body=body, raw_mail_id=None, send_at=send_at)
        await outbox.reschedule(tx, work.send_key(message.id), send_at)

    async def reached(self, tx: Session, message: MessageRecord) -> tuple[str, ...]:
        """Who has it although it is on hold: it waits for another try at the other recipients."""
        deliveries = await messages.list_deliveries(tx, message.id)
        return tuple(one.address for one in deliveries if one.state == "accepted")

    async def cancel(
        self, tx: Session, message: MessageRecord, reached: tuple[str, ...] = ()
    ) -> bool:
        """Either this changes the state, or the delivery did: never both.

        What reached somebody is not taken back: it failed to reach the others.
        """
        state = "failed" if reached else "cancelled"
        cancelled = await messages.move_state(tx, message.id, STOPPABLE, state)
        if cancelled:
            await outbox.cancel(tx, work.send_key(message.id))
        return cancelled

    async def show_state(self, tx: Session, message: MessageRecord, ticket: TicketRecord) -> None:
        """By the reaction; a ticket that starts with a mail of ours tells it on its card too."""
        now = self._context.clock.now()
        await work.react(tx, message, now=now)
        if message.slack_ts is not None and message.slack_ts == ticket.root_ts:
            await work.update_card(tx, ticket, now=now)

    async def become_note(self, tx: Session, message: MessageRecord) -> None:
        await outbox.cancel(tx, work.send_key(message.id))
        await messages.change(tx, message.id, direction="note", state="note")
        await work.react(tx, message, now=self._context.clock.now())
