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
from mail.mime.addresses import ascii_domain, canonical_address, is_valid_address, split_subaddress
from storage.engine import Session
from storage.queries import channels, digests, forget
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
    mentioned_in: tuple[int, ...]
    """The numbers of the tickets in whose messages it is, the first few."""
    similar: tuple[str, ...]
    """Addresses that differ in the +detail only: perhaps the same person, and not erased."""

    @property
    def anything(self) -> bool:
        return any((self.tickets, self.shared_tickets, self.messages, self.mails, self.deliveries))


async def forget_person(context: Context, address: str) -> Forgotten:
    """Erase the person with this mail address.

    Raises:
        UserError: it is no address, or one of our own channels'.
    """
    folded = canonical_address(address)
    if not is_valid_address(folded):
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
    mails = await forget.erase_mails(tx, traces, address, _on_the_wire(address))
    files = await forget.erase_files(tx, traces, ERASED)
    deliveries = await forget.erase_deliveries(tx, traces, address)
    await forget.erase_outbox(tx, traces, address)
    await forget.erase_messages(tx, traces, address, Document.from_text(ERASED).to_json())
    await forget.erase_tickets(tx, traces, address, ERASED)
    touched = (*traces.own_tickets, *traces.other_tickets)
    now = context.clock.now()
    for ticket in touched:
        await work.redraw_card(tx, ticket, now=now)
    for digest in await digests.list_digests_of(tx, [ticket.id for ticket in touched]):
        await work.show_digest(tx, digest.id, now=now)
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
        mentioned_in=tuple(await forget.list_mentioning(tx, address)),
        similar=await _similar(tx, address),
    )


def _on_the_wire(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}"


async def _similar(tx: Session, address: str) -> tuple[str, ...]:
    base, _, domain = split_subaddress(address)
    found = await forget.list_details(tx, base, domain)
    return tuple(sorted(one for one in found if one != address))


def _threads(tickets: Sequence[TicketRecord]) -> tuple[Thread, ...]:
    return tuple(
        Thread(ticket.number, ticket.slack_channel_id, ticket.root_ts)
        for ticket in tickets
        if ticket.root_ts
    )
