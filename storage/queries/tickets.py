"""Tickets, the people on them, and the index that finds a ticket by Message-ID."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from storage.engine import Session, is_sqlite
from storage.models import MessageIndex, Ticket, TicketPerson
from storage.queries.core import Lookup, Records, table_of
from storage.queries.meta import take_ticket_number
from storage.queries.upsert import insert_new
from storage.records import TicketRecord

_tickets = Records(TicketRecord, Ticket)
_t = _tickets.table.c
_UNFINISHED = ("open", "waiting")
"""What is not closed, named: an index finds these, and not what is unequal to something."""
_BY_ID = Lookup(_tickets.select().where(_t.id == bindparam("ticket_id")), lock=True)
_HIGHEST = select(func.max(_t.id))
_BY_THREAD = Lookup(
    _tickets.select().where(
        _t.slack_channel_id == bindparam("slack_channel_id"), _t.root_ts == bindparam("root_ts")
    )
)
_COUNT_OF_CUSTOMER = (
    select(func.count())
    .select_from(_tickets.table)
    .where(
        _t.email_channel_id == bindparam("channel_id"),
        _t.customer_address == bindparam("address"),
        _t.id <= bindparam("until"),
    )
)
_person = table_of(TicketPerson).c
_IS_PERSON = select(_person.id).where(
    _person.ticket_id == bindparam("ticket_id"), _person.address == bindparam("address")
)
_known = table_of(MessageIndex).c
_BY_RFC_IDS = (
    select(_known.rfc_message_id, _known.ticket_id, _known.message_id)
    .where(
        _known.email_channel_id == bindparam("channel_id"),
        _known.rfc_message_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(_known.id.desc())
)
_LONGEST_ID = 998
"""Bytes: RFC 5322's longest line, and what an index of PostgreSQL takes."""


@dataclass(frozen=True, slots=True)
class IndexHit:
    """A Message-ID that a ticket of the channel knows."""

    rfc_message_id: str
    ticket_id: int
    message_id: int | None


async def add(tx: Session, team_id: str, values: Mapping[str, Any]) -> TicketRecord:
    """A new ticket under the workspace's next number.

    PostgreSQL counts ids in a sequence; SQLite's are kept from falling behind the numbers, which
    jump where an id may have been given before (`queries.restored`).
    """
    number = await take_ticket_number(tx, team_id)
    row = {"team_id": team_id, "number": number, **values}
    if is_sqlite(tx):
        row["id"] = max(number, (await tx.scalar(_HIGHEST) or 0) + 1)
    return await _tickets.add(tx, row)


async def change(tx: Session, ticket_id: int, **values: Any) -> None:
    await _tickets.change(tx, ticket_id, values)


async def change_and_get(tx: Session, ticket_id: int, **values: Any) -> TicketRecord:
    """The ticket with its new values, as it is now and stays until this transaction ends."""
    return await _tickets.change_and_get(tx, ticket_id, values)


async def get(tx: Session, ticket_id: int) -> TicketRecord:
    """One ticket; a writing transaction keeps it as it is now from everybody else."""
    return await _tickets.one(tx, _BY_ID, ticket_id=ticket_id)


async def find(tx: Session, ticket_id: int) -> TicketRecord | None:
    return await _tickets.first(tx, _BY_ID, ticket_id=ticket_id)


async def find_by_number(tx: Session, team_id: str, number: int) -> TicketRecord | None:
    query = _tickets.select().where(_t.team_id == team_id, _t.number == number)
    return await _tickets.first(tx, query)


async def find_by_thread(tx: Session, slack_channel_id: str, root_ts: str) -> TicketRecord | None:
    """The ticket whose card is that message. A ts is unique in its Slack channel only."""
    return await _tickets.first(tx, _BY_THREAD, slack_channel_id=slack_channel_id, root_ts=root_ts)


async def list_linked(tx: Session, ticket_id: int) -> list[TicketRecord]:
    """The tickets that name this one as the one they come from."""
    query = _tickets.select().where(_t.linked_ticket_id == ticket_id)
    return await _tickets.all(tx, query.order_by(_t.id.desc()).limit(100))


async def find_many(tx: Session, ticket_ids: Collection[int]) -> dict[int, TicketRecord]:
    found = await _tickets.all(tx, _tickets.select().where(_t.id.in_(list(ticket_ids))))
    return {ticket.id: ticket for ticket in found}


async def list_unfinished(
    tx: Session, *, team_id: str, limit: int = 1000, slack_channel_id: str | None = None
) -> list[TicketRecord]:
    """Tickets that are not closed and have a thread, most recently changed first."""
    query = _tickets.select().where(
        _t.team_id == team_id, _t.status.in_(_UNFINISHED), _t.root_ts.is_not(None)
    )
    if slack_channel_id is not None:
        query = query.where(_t.slack_channel_id == slack_channel_id)
    return await _tickets.all(tx, query.order_by(_t.updated_at.desc()).limit(limit))


async def count_of_customer(tx: Session, channel_id: int, address: str, *, until: int) -> int:
    """How many tickets the customer has, up to and with the ticket `until`."""
    of_customer = {"channel_id": channel_id, "address": address, "until": until}
    return await tx.scalar(_COUNT_OF_CUSTOMER, of_customer) or 0


async def latest_of_customer(tx: Session, channel_id: int, address: str) -> TicketRecord | None:
    """The customer's newest ticket in the channel. `address` is folded."""
    query = _tickets.select().where(
        _t.email_channel_id == channel_id, _t.customer_address == address
    )
    return await _tickets.first(tx, query.order_by(_t.id.desc()).limit(1))


async def due_for_refresh(tx: Session, now: datetime, limit: int = 100) -> list[TicketRecord]:
    """Tickets whose card shows a waiting time that is no longer true."""
    due = _tickets.select().where(_t.card_refresh_at <= now)
    query = due.order_by(_t.card_refresh_at).limit(limit)
    return await _tickets.all(tx, Lookup(query, lock=True))


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
    person = {"ticket_id": ticket_id, "address": address.casefold()}
    return await tx.scalar(_IS_PERSON, person) is not None


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
    rows = await tx.execute(_BY_RFC_IDS, {"channel_id": channel_id, "ids": list(ids)})
    place = {rfc_id: index for index, rfc_id in enumerate(ids)}
    hits = [IndexHit(*row) for row in rows]
    return sorted(hits, key=lambda hit: place[hit.rfc_message_id])
