"""Tickets, the people on them, and the index that finds a ticket by Message-ID."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from storage.engine import Session, locking
from storage.models import MessageIndex, Ticket, TicketPerson
from storage.queries.meta import take_ticket_number
from storage.queries.upsert import insert_new
from storage.records import TicketRecord, cut

_LONGEST_ID = 998
"""Bytes: RFC 5322's longest line, and what an index of PostgreSQL takes."""


@dataclass(frozen=True, slots=True)
class IndexHit:
    """A Message-ID that a ticket of the channel knows."""

    rfc_message_id: str
    ticket_id: int
    message_id: int | None


async def add(tx: Session, team_id: str, values: Mapping[str, Any]) -> TicketRecord:
    """A new ticket under the workspace's next number."""
    row = Ticket(team_id=team_id, number=await take_ticket_number(tx, team_id), **values)
    tx.add(row)
    await tx.flush()
    return cut(TicketRecord, row)


async def change(tx: Session, ticket_id: int, **values: Any) -> None:
    await tx.execute(update(Ticket).where(Ticket.id == ticket_id).values(**values))


async def get(tx: Session, ticket_id: int) -> TicketRecord:
    """One ticket; a writing transaction keeps it as it is now from everybody else."""
    query = locking(tx, select(Ticket).where(Ticket.id == ticket_id))
    rows = await tx.scalars(query.execution_options(populate_existing=True))
    return cut(TicketRecord, rows.one())


async def find(tx: Session, ticket_id: int) -> TicketRecord | None:
    query = locking(tx, select(Ticket).where(Ticket.id == ticket_id))
    row = await tx.scalar(query.execution_options(populate_existing=True))
    return cut(TicketRecord, row) if row else None


async def find_by_number(tx: Session, team_id: str, number: int) -> TicketRecord | None:
    row = await tx.scalar(select(Ticket).where(Ticket.team_id == team_id, Ticket.number == number))
    return cut(TicketRecord, row) if row else None


async def find_by_thread(tx: Session, slack_channel_id: str, root_ts: str) -> TicketRecord | None:
    """The ticket whose card is that message. A ts is unique in its Slack channel only."""
    row = await tx.scalar(
        select(Ticket).where(Ticket.slack_channel_id == slack_channel_id, Ticket.root_ts == root_ts)
    )
    return cut(TicketRecord, row) if row else None


async def list_linked(tx: Session, ticket_id: int) -> list[TicketRecord]:
    """The tickets that name this one as the one they come from."""
    query = select(Ticket).where(Ticket.linked_ticket_id == ticket_id)
    rows = await tx.scalars(query.order_by(Ticket.id.desc()).limit(100))
    return [cut(TicketRecord, row) for row in rows]


async def find_many(tx: Session, ticket_ids: Collection[int]) -> dict[int, TicketRecord]:
    rows = await tx.scalars(select(Ticket).where(Ticket.id.in_(list(ticket_ids))))
    return {row.id: cut(TicketRecord, row) for row in rows}


async def list_unfinished(tx: Session, *, team_id: str, limit: int = 1000) -> list[TicketRecord]:
    """Tickets that are not closed and have a thread, most recently changed first."""
    query = select(Ticket).where(
        Ticket.team_id == team_id, Ticket.status != "closed", Ticket.root_ts.is_not(None)
    )
    rows = await tx.scalars(query.order_by(Ticket.updated_at.desc()).limit(limit))
    return [cut(TicketRecord, row) for row in rows]


async def count_of_customer(tx: Session, channel_id: int, address: str, *, until: int) -> int:
    """How many tickets the customer has, up to and with the ticket `until`."""
    query = select(func.count()).where(
        Ticket.email_channel_id == channel_id,
        Ticket.customer_address == address,
        Ticket.id <= until,
    )
    return await tx.scalar(query) or 0


async def latest_of_customer(tx: Session, channel_id: int, address: str) -> TicketRecord | None:
    """The customer's newest ticket in the channel. `address` is folded."""
    query = select(Ticket).where(
        Ticket.email_channel_id == channel_id, Ticket.customer_address == address
    )
    row = await tx.scalar(query.order_by(Ticket.id.desc()).limit(1))
    return cut(TicketRecord, row) if row else None


async def due_for_refresh(tx: Session, now: datetime, limit: int = 100) -> list[TicketRecord]:
    """Tickets whose card shows a waiting time that is no longer true."""
    due = select(Ticket).where(Ticket.card_refresh_at <= now)
    query = due.order_by(Ticket.card_refresh_at).limit(limit)
    rows = await tx.scalars(locking(tx, query))
    return [cut(TicketRecord, row) for row in rows]


async def add_people(tx: Session, ticket_id: int, people: Iterable[tuple[str, str]]) -> None:
    """(address, name) pairs; addresses are stored folded, known ones left as they are."""
    unique = {address.casefold(): name for address, name in people if address}
    await insert_new(
        tx,
        TicketPerson,
        [
            {"ticket_id": ticket_id, "address": address[:320], "name": name}
            for address, name in unique.items()
        ],
    )


async def is_person_of(tx: Session, ticket_id: int, address: str) -> bool:
    query = select(TicketPerson.id).where(
        TicketPerson.ticket_id == ticket_id, TicketPerson.address == address.casefold()
    )
    return await tx.scalar(query) is not None


async def index_ids(
    tx: Session,
    channel_id: int,
    ticket_id: int,
    ids: Iterable[str],
    *,
    message_id: int | None = None,
) -> None:
    """Remember Message-IDs of a ticket; what is known already stays as it is."""
    rows = [
        {
            "email_channel_id": channel_id,
            "rfc_message_id": rfc_id,
            "ticket_id": ticket_id,
            "message_id": message_id,
        }
        for rfc_id in dict.fromkeys(ids)
        if len(rfc_id.encode(errors="replace")) <= _LONGEST_ID
    ]
    await insert_new(tx, MessageIndex, rows)


async def find_by_ids(tx: Session, channel_id: int, ids: Sequence[str]) -> list[IndexHit]:
    """What the channel knows of these Message-IDs, in the order of `ids`."""
    if not ids:
        return []
    rows = await tx.scalars(
        select(MessageIndex)
        .where(
            MessageIndex.email_channel_id == channel_id,
            MessageIndex.rfc_message_id.in_(list(ids)),
        )
        .order_by(MessageIndex.id.desc())
    )
    place = {rfc_id: index for index, rfc_id in enumerate(ids)}
    hits = [IndexHit(row.rfc_message_id, row.ticket_id, row.message_id) for row in rows]
    return sorted(hits, key=lambda hit: place[hit.rfc_message_id])
