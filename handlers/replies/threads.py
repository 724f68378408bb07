"""Slack threads and messages, and what they are to us: found even while they are being noted."""

from __future__ import annotations

import asyncio

from handlers.context import Context
from handlers.errors import HandlerError
from handlers.outbox import work
from storage.engine import Session
from storage.queries import channels, messages, outbox, tickets
from storage.records import ChannelRecord, MessageRecord, TicketRecord

_CARD_STEP = 0.05
_CARD_PATIENCE = 36
"""Steps: 1.8 s, within the three seconds that Slack waits."""
_POST_PATIENCE = 16


class TicketNotReady(HandlerError):  # noqa: N818 - it names the case
    """The card of this thread is still being posted; the event has to come again."""


class Threads:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def find_ticket(
        self, slack_channel_id: str, thread_ts: str
    ) -> tuple[TicketRecord, ChannelRecord] | None:
        """The thread's ticket; None for a thread that is none of ours.

        An agent can be quicker than the commit that notes the card's ts: while a card of this
        Slack channel is on its way, an unknown thread is waited for, and the event refused (Slack
        sends it again) rather than taken for somebody else's.
        """
        lane = work.slack_lane(slack_channel_id)

        async def look(tx: Session) -> tuple[TicketRecord, ChannelRecord] | bool:
            # Asked first: what is no longer on its way has been committed by now.
            pending = await outbox.is_on_its_way(tx, work.WorkKind.POST_CARD, lane)
            ticket = await tickets.find_by_thread(tx, slack_channel_id, thread_ts)
            if ticket is None:
                return pending
            return ticket, await channels.get(tx, ticket.email_channel_id)

        for _ in range(_CARD_PATIENCE):
            found = await self._context.db.in_read(look)
            if not isinstance(found, bool):
                return found
            if not found:
                return None
            await asyncio.sleep(_CARD_STEP)
        raise TicketNotReady

    async def find_message(self, slack_channel_id: str, ts: str) -> MessageRecord | None:
        """The stored message behind a Slack message; a post of ours may be noted in a moment."""
        for _ in range(_POST_PATIENCE):
            found = await self._context.db.in_read(
                lambda tx: messages.find_by_ts(tx, slack_channel_id, ts)
            )
            if found is not None:
                return found
            await asyncio.sleep(_CARD_STEP)
        return None
