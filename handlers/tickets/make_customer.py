"""An agent decides that the writer of a forwarded mail is the customer."""

from __future__ import annotations

from typing import Any

from handlers.context import Context
from handlers.errors import NotFound, UserError
from handlers.mail_in.original_sender import original_of, original_participants
from handlers.outbox import work
from handlers.ports import Chat
from handlers.tickets.moves import get_for_agent
from mail.mime.subjects import strip_prefixes
from mail.sentences import say
from storage.queries import messages, tickets
from storage.records import TicketRecord


class OriginalSenders:
    def __init__(self, context: Context, chat: Chat) -> None:
        self._context = context
        self._chat = chat

    async def make_customer(self, message_id: int, user_id: str) -> TicketRecord:
        """ "Make Jo the customer": answers of the ticket go to the writer of the forwarded mail."""
        async with self._context.db.read() as tx:
            message = await messages.find(tx, message_id)
        if message is None:
            raise NotFound(say("This mail does not exist any more."))
        await get_for_agent(self._context, self._chat, message.ticket_id, user_id)
        original = original_of(message)
        if original is None:
            raise UserError(say("Nobody but its sender is named in this mail."))
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            message = await messages.get(tx, message_id)
            details = {key: one for key, one in message.details.items() if key != "offer_customer"}
            await messages.change(tx, message.id, details={**details, "original": True})
            values: dict[str, Any] = {
                "customer_name": original.name[:255],
                "customer_address": original.key[:320],
                "participants": original_participants(original),
                "updated_at": now,
            }
            subject = strip_prefixes(message.details["forwarded"].get("subject") or "")
            if subject:
                values["subject"] = subject[:500]
            await tickets.change(tx, message.ticket_id, **values)
            await tickets.add_people(tx, message.ticket_id, [(original.address, original.name)])
            ticket = await tickets.get(tx, message.ticket_id)
            await work.update_card(tx, ticket, now=now)
        self._context.wake.deliver()
        return ticket
