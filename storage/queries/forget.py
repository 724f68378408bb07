"""Erasing a person: the words, names and addresses go, the rows stay as numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, cast, delete, func, or_, select, update

from storage.engine import Session
from storage.models import (
    Arrival,
    Attachment,
    Base,
    Delivery,
    Message,
    MessageIndex,
    OutboxItem,
    RawMail,
    Ticket,
    TicketPerson,
    base,
)
from storage.records import TicketRecord, cut

Blank = list[dict[str, Any]]


_WITH_PEOPLE = (Ticket, TicketPerson, Message, Attachment, Delivery, Arrival, OutboxItem)
_MOST_NAMED = 20
LOOKED_AT = tuple(table.__tablename__ for table in _WITH_PEOPLE)
"""Tables whose text is searched for an address at the end."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Where a person is found."""

    own_tickets: tuple[TicketRecord, ...]
    """The person is their customer: everything in them is about the person."""
    other_tickets: tuple[TicketRecord, ...]
    """The person was on them beside others: only what the person wrote or got goes."""
    own_messages: frozenset[int]
    """To be erased as a whole."""
    other_messages: frozenset[int]
    """In which the person is one of several recipients."""


async def find_traces(tx: Session, address: str) -> Traces:
    """All of a person with this address, which is folded."""
    own = await _tickets(tx, Ticket.customer_address == address)
    own_ids = [ticket.id for ticket in own]
    on_them = select(TicketPerson.ticket_id).where(TicketPerson.address == address)
    others = await _tickets(tx, Ticket.id.in_(on_them), Ticket.id.not_in(own_ids))
    other_ids = [ticket.id for ticket in others]
    wrote = func.lower(Message.author_address) == address
    erased = set(
        await tx.scalars(
            select(Message.id).where(
                or_(Message.ticket_id.in_(own_ids), Message.ticket_id.in_(other_ids) & wrote)
            )
        )
    )
    rows = await tx.execute(
        select(Message.id, Message.recipients).where(
            Message.ticket_id.in_(other_ids), Message.id.not_in(erased)
        )
    )
    got = {one for one, recipients in rows if _names(recipients, address)}
    return Traces(tuple(own), tuple(others), frozenset(erased), frozenset(got))


async def erase_tickets(tx: Session, traces: Traces, address: str, blank: str) -> int:
    """Subjects and names of the person's tickets; the address in all; returns people's rows."""
    for ticket in traces.own_tickets:
        values = {"subject": blank, "customer_name": "", "customer_address": "", "participants": []}
        await tx.execute(update(Ticket).where(Ticket.id == ticket.id).values(**values))
    for ticket in traces.other_tickets:
        left = _without(ticket.participants, address)
        await tx.execute(update(Ticket).where(Ticket.id == ticket.id).values(participants=left))
    own = [ticket.id for ticket in traces.own_tickets]
    return await _delete(
        tx, TicketPerson, or_(TicketPerson.address == address, TicketPerson.ticket_id.in_(own))
    )


async def erase_messages(tx: Session, traces: Traces, address: str, blank: Blank) -> None:
    """Words, names and addresses of what the person wrote or what was written to the person."""
    mine = Message.id.in_(traces.own_messages)
    await tx.execute(
        update(Message)
        .where(mine)
        .values(
            subject="",
            body=blank,
            visible=None,
            author_name="",
            author_address="",
            recipients=[],
            references=[],
            rfc_message_id=None,
            details={},
            error=None,
            folded_lines=0,
        )
    )
    rows = await tx.execute(
        select(Message.id, Message.recipients).where(Message.id.in_(traces.other_messages))
    )
    for message_id, recipients in rows.all():
        left = _without(recipients, address)
        await tx.execute(update(Message).where(Message.id == message_id).values(recipients=left))
    await _delete(tx, MessageIndex, MessageIndex.message_id.in_(traces.own_messages))
    own = [ticket.id for ticket in traces.own_tickets]
    await _delete(tx, MessageIndex, MessageIndex.ticket_id.in_(own))


async def cancel_replies(tx: Session, traces: Traces) -> int:
    """Replies to the person that have not left will not leave; returns how many."""
    result = await tx.execute(
        update(Message)
        .where(Message.id.in_(traces.own_messages), Message.state.in_(["confirm", "held"]))
        .values(state="cancelled")
        .returning(Message.id)
    )
    return len(result.all())


async def erase_files(tx: Session, traces: Traces, blank: str) -> int:
    """Names and places of the files; returns how many."""
    result = await tx.execute(
        update(Attachment)
        .where(Attachment.message_id.in_(traces.own_messages))
        .values(
            filename=blank,
            content_id=None,
            summary="",
            sha256="",
            url=None,
            error=None,
            state="folded",
        )
        .returning(Attachment.id)
    )
    return len(result.all())


async def erase_mails(tx: Session, traces: Traces, address: str, *also: str) -> int:
    """The bytes of all mails from and to the person, filed or not; returns how many.

    `also`: the address as envelopes may spell it (its domain in ASCII).
    """
    everything = traces.own_messages | traces.other_messages
    raw_ids = set(await tx.scalars(select(Message.raw_mail_id).where(Message.id.in_(everything))))
    wrote = func.lower(Arrival.envelope["mail_from"].as_string()).in_([address, *also])
    arrived = await tx.execute(
        select(Arrival.id, Arrival.raw_mail_id).where(
            or_(Arrival.message_id.in_(traces.own_messages), wrote)
        )
    )
    arrivals = arrived.all()
    raw_ids |= {row.raw_mail_id for row in arrivals}
    waits = select(Arrival.raw_mail_id).where(Arrival.state.in_(["stored", "held", "parked"]))
    await tx.execute(
        update(Arrival)
        .where(Arrival.raw_mail_id.in_(raw_ids), Arrival.raw_mail_id.in_(waits))
        .values(state="dropped", reason="Erased.", claimed_by=None, claimed_until=None)
    )
    await tx.execute(
        update(Arrival).where(Arrival.raw_mail_id.in_(raw_ids)).values(envelope={}, reason=None)
    )
    result = await tx.execute(
        update(RawMail)
        .where(RawMail.id.in_(raw_ids), RawMail.data.is_not(None))
        .values(data=None)
        .returning(RawMail.id)
    )
    return len(result.all())


async def erase_deliveries(tx: Session, traces: Traces, address: str) -> int:
    return await _delete(
        tx,
        Delivery,
        or_(
            func.lower(Delivery.address) == address,
            Delivery.message_id.in_(traces.own_messages),
        ),
    )


async def erase_outbox(tx: Session, traces: Traces, address: str) -> int:
    """What waits to be said or sent about the person."""
    own = {ticket.id for ticket in traces.own_tickets}
    rows = await tx.execute(select(OutboxItem.id, OutboxItem.kind, OutboxItem.payload))
    doomed = [
        item_id
        for item_id, kind, payload in rows
        if kind != "update_card"
        and (
            payload.get("message_id") in traces.own_messages
            or payload.get("ticket_id") in own
            or address in str(payload).casefold()
        )
    ]
    return await _delete(tx, OutboxItem, OutboxItem.id.in_(doomed))


async def is_mentioned(tx: Session, address: str) -> list[str]:
    """Tables that still hold the address somewhere in their text: for a last look."""
    found = []
    for table in _WITH_PEOPLE:
        query = select(func.count()).select_from(table).where(_mentions(table, address))
        if await tx.scalar(query):
            found.append(table.__tablename__)
    return found


async def list_mentioning(tx: Session, address: str) -> list[int]:
    """The numbers of tickets whose messages still hold the address, at most twenty."""
    query = (
        select(Ticket.number)
        .join(Message, Message.ticket_id == Ticket.id)
        .where(_mentions(Message, address))
    )
    return list(await tx.scalars(query.distinct().order_by(Ticket.number).limit(_MOST_NAMED)))


async def list_details(tx: Session, base_part: str, domain: str) -> set[str]:
    """The addresses of people that are this local part, or it with a +detail, at the domain."""
    known = TicketPerson.address
    detailed = known.like(f"{_literally(base_part)}+%@{_literally(domain)}", escape="!")
    return set(
        await tx.scalars(select(known).where(or_(known == f"{base_part}@{domain}", detailed)))
    )


def _mentions(table: type[Base], address: str) -> ColumnElement[bool]:
    pattern = f"%{_literally(address)}%"
    texts = [
        func.lower(cast(column, String)).like(pattern, escape="!")
        for column in table.__table__.columns
        if isinstance(column.type, base.String | JSON)
    ]
    return or_(*texts)


def _literally(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


async def _tickets(tx: Session, *where: ColumnElement[bool]) -> list[TicketRecord]:
    rows = await tx.scalars(select(Ticket).where(*where).order_by(Ticket.id))
    return [cut(TicketRecord, row) for row in rows]


async def _delete(tx: Session, table: type[Base], where: ColumnElement[bool]) -> int:
    key = table.__mapper__.primary_key[0]
    result = await tx.execute(delete(table).where(where).returning(key))
    return len(result.all())


def _names(people: Collection[dict[str, Any]], address: str) -> bool:
    return any(str(one.get("address", "")).casefold() == address for one in people)


def _without(people: Collection[dict[str, Any]], address: str) -> Blank:
    return [one for one in people if str(one.get("address", "")).casefold() != address]
