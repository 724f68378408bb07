"""Erasing a person who asks for it (GDPR, article 17), and saying what was erased.

Tickets stay as numbers, so that figures stay true; their words, names and addresses go. Cards in
Slack are drawn anew without them. What was posted in threads is Slack's: the threads are named, so
that a person can delete them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.context import Context
from handlers.errors import UserError
from handlers.outbox import work
from mail.document import Document
from storage.engine import Session
from storage.queries import channels, forget
from storage.records import TicketRecord

ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread in Slack that still shows what was erased here."""

    ticket: int
    slack_channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased, in numbers."""

    tickets: int
    shared_tickets: int
    messages: int
    mails: int
    files: int
    deliveries: int
    cancelled_replies: int
    threads: tuple[Thread, ...]
    still_mentioned: tuple[str, ...]
    """Tables whose text still holds the address: somebody else wrote it there."""

    @property
    def anything(self) -> bool:
        return any((self.tickets, self.shared_tickets, self.messages, self.mails, self.deliveries))


async def forget_person(context: Context, address: str) -> Forgotten:
    """Erase the person with this mail address.

    Raises:
        UserError: it is no address, or one of our own channels'.
    """
    folded = address.strip().casefold()
    if folded.count("@") != 1 or folded.startswith("@") or folded.endswith("@"):
        raise UserError(f"“{address[:80]}” is no mail address.")
    async with context.db.write() as tx:
        if await channels.address_taken(tx, folded):
            raise UserError(f"{folded} is an address of one of our own channels, not a person's.")
        done = await _erase(tx, context, folded)
    context.wake.deliver()
    return done


async def _erase(tx: Session, context: Context, address: str) -> Forgotten:
    traces = await forget.find_traces(tx, address)
    cancelled = await forget.cancel_replies(tx, traces)
    mails = await forget.erase_mails(tx, traces, address)
    files = await forget.erase_files(tx, traces, ERASED)
    deliveries = await forget.erase_deliveries(tx, traces, address)
    await forget.erase_outbox(tx, traces, address)
    await forget.erase_messages(tx, traces, address, Document.from_text(ERASED).to_json())
    await forget.erase_tickets(tx, traces, address, ERASED)
    touched = (*traces.own_tickets, *traces.other_tickets)
    for ticket in touched:
        await work.update_card(tx, ticket, now=context.clock.now())
    return Forgotten(
        tickets=len(traces.own_tickets),
        shared_tickets=len(traces.other_tickets),
        messages=len(traces.own_messages),
        mails=mails,
        files=files,
        deliveries=deliveries,
        cancelled_replies=cancelled,
        threads=_threads(touched),
        still_mentioned=tuple(await forget.is_mentioned(tx, address)),
    )


def _threads(tickets: Sequence[TicketRecord]) -> tuple[Thread, ...]:
    return tuple(
        Thread(ticket.number, ticket.slack_channel_id, ticket.root_ts)
        for ticket in tickets
        if ticket.root_ts
    )
