"""What an agent does with a ticket as a whole: take it, close it, open it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from handlers.access import may_answer
from handlers.context import Context
from handlers.errors import NotFound, UserError
from handlers.outbox import work
from handlers.ports import Chat
from handlers.tickets.merged import follow, is_merged
from mail.sentences import say
from storage.engine import Session
from storage.queries import channels, mails, messages, tickets
from storage.records import DeliveryRecord, MessageRecord, TicketRecord

_REFRESH_STEPS = (
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=3650), timedelta(days=1)),
)
"""How old a waiting time is → how soon its words on the card are wrong."""


class Tickets:
    def __init__(self, context: Context, chat: Chat) -> None:
        self._context = context
        self._chat = chat

    async def take(self, ticket_id: int, user_id: str) -> TicketRecord:
        """The ticket is this agent's; pressed again by its holder, it is nobody's."""
        ticket = await self._get(ticket_id)
        holder = None if ticket.assignee_id == user_id else user_id
        return await self._change(ticket_id, user_id, assignee_id=holder)

    async def assign(self, ticket_id: int, user_id: str, assignee_id: str | None) -> TicketRecord:
        return await self._change(ticket_id, user_id, assignee_id=assignee_id)

    async def close(self, ticket_id: int, user_id: str) -> TicketRecord:
        return await self._change(
            ticket_id,
            user_id,
            status="closed",
            closed_at=self._context.clock.now(),
            card_refresh_at=None,
        )

    async def reopen(self, ticket_id: int, user_id: str) -> TicketRecord:
        """Open again; the waiting time counts from now."""
        now = self._context.clock.now()
        await self._require_unmerged(ticket_id)
        return await self._change(
            ticket_id,
            user_id,
            status="open",
            closed_at=None,
            waiting_since_at=now,
            card_refresh_at=next_refresh(now, now),
        )

    async def find(self, ticket_id: int) -> TicketRecord | None:
        async with self._context.db.read() as tx:
            return await tickets.find(tx, ticket_id)

    async def find_by_card(self, slack_channel_id: str, ts: str) -> TicketRecord | None:
        """The ticket whose card this Slack message is."""
        async with self._context.db.read() as tx:
            return await tickets.find_by_thread(tx, slack_channel_id, ts)

    async def find_message(self, message_id: int) -> tuple[TicketRecord, MessageRecord] | None:
        async with self._context.db.read() as tx:
            message = await messages.find(tx, message_id)
            if message is None:
                return None
            return await tickets.get(tx, message.ticket_id), message

    async def list_deliveries(self, message_id: int) -> Sequence[DeliveryRecord]:
        """What the servers of a reply's recipients said."""
        async with self._context.db.read() as tx:
            return await messages.list_deliveries(tx, message_id)

    async def fetch_raw(self, message_id: int, user_id: str) -> tuple[MessageRecord, bytes]:
        """The mail as it came or left.

        Raises:
            NotFound: it was purged.
        """
        found = await self.find_message(message_id)
        if found is None or found[1].raw_mail_id is None:
            raise NotFound(say("The original of this mail is not kept any more."))
        await self._require_agent(found[0], user_id)
        async with self._context.db.read() as tx:
            raw = await mails.find_raw(tx, found[1].raw_mail_id)
        if raw is None:
            raise NotFound(say("The original of this mail is not kept any more."))
        return found[1], raw

    async def refresh_waiting_times(self) -> int:
        """Update the cards whose "waiting 2 h" is not true any more; returns how many."""
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            due = await tickets.due_for_refresh(tx, now)
            for ticket in due:
                since = ticket.waiting_since_at or now
                await tickets.change(tx, ticket.id, card_refresh_at=next_refresh(since, now))
                await work.redraw_card(tx, ticket, now=now)
        if due:
            self._context.wake.deliver()
        return len(due)

    async def _get(self, ticket_id: int) -> TicketRecord:
        async with self._context.db.read() as tx:
            ticket = await tickets.find(tx, ticket_id)
        if ticket is None:
            raise NotFound(say("This ticket does not exist any more."))
        return ticket

    async def _require_unmerged(self, ticket_id: int) -> None:
        ticket = await self._get(ticket_id)
        if is_merged(ticket):
            async with self._context.db.read() as tx:
                target = await follow(tx, ticket)
            raise UserError(
                say("#{old} went into #{new}: go on there.", old=ticket.number, new=target.number)
            )

    async def _change(self, ticket_id: int, user_id: str, **values: Any) -> TicketRecord:
        await self._require_agent(await self._get(ticket_id), user_id)
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            await tickets.change(tx, ticket_id, updated_at=now, **values)
            ticket = await tickets.get(tx, ticket_id)
            await work.update_card(tx, ticket, now=now)
        self._context.wake.deliver()
        return ticket

    async def _require_agent(self, ticket: TicketRecord, user_id: str) -> None:
        async with self._context.db.read() as tx:
            channel = await channels.get(tx, ticket.email_channel_id)
        if not await may_answer(self._chat, channel, user_id):
            raise UserError(
                say(
                    "You are not an agent of {channel}. Ask an admin of Canal to add you.",
                    channel=channel.name,
                ),
                code="not_agent",
            )


def next_refresh(since: datetime, now: datetime) -> datetime:
    """When the words for this waiting time change next."""
    age = now - since
    step = next(step for limit, step in _REFRESH_STEPS if age < limit)
    return now + step


async def load_ticket(tx: Session, team_id: str, number: int) -> TicketRecord:
    """Raises NotFound when there is no such number."""
    ticket = await tickets.find_by_number(tx, team_id, number)
    if ticket is None:
        raise NotFound(say("There is no ticket #{number}.", number=number))
    return ticket
