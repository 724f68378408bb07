"""Mails of a flood (`handlers.mail_in.flood`), shown when somebody asks for them."""

from __future__ import annotations

from handlers.context import Context
from handlers.outbox import work
from handlers.ports import Chat
from handlers.tickets.moves import get_for_agent
from storage.queries import messages

_MOST_SHOWN = 200


class Muted:
    def __init__(self, context: Context, chat: Chat) -> None:
        self._context = context
        self._chat = chat

    async def show(self, ticket_id: int, user_id: str) -> int:
        """Post what was held back in this ticket, oldest first; returns how many."""
        ticket = await get_for_agent(self._context, self._chat, ticket_id, user_id)
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            found = await messages.list_of_ticket(tx, ticket.id, limit=5000)
            muted = [one for one in found if one.details.get("muted") and one.slack_ts is None]
            for message in muted[:_MOST_SHOWN]:
                details = {key: one for key, one in message.details.items() if key != "muted"}
                await messages.change(tx, message.id, details=details)
                await work.post_mail(tx, ticket, message.id, now=now)
        self._context.wake.deliver()
        return len(muted[:_MOST_SHOWN])
