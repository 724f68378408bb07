"""Tickets that went into others: how they are told, and where they lead.

A merged ticket is closed, and the ticket it might have belonged to is the one it is linked to.
"""

from __future__ import annotations

from storage.engine import Session
from storage.queries import tickets
from storage.records import TicketRecord

_MOST_HOPS = 20


def is_merged(ticket: TicketRecord) -> bool:
    linked = ticket.linked_ticket_id
    return linked is not None and linked == ticket.suggested_ticket_id


async def follow(tx: Session, ticket: TicketRecord) -> TicketRecord:
    """The ticket itself, or the one that everything of it went into."""
    for _ in range(_MOST_HOPS):
        if not is_merged(ticket) or ticket.linked_ticket_id is None:
            break
        target = await tickets.find(tx, ticket.linked_ticket_id)
        if target is None:
            break
        ticket = target
    return ticket
