"""Records that are wanted together, in one statement: what is posted for every mail."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from storage.engine import Session
from storage.models import Message, Ticket
from storage.queries.core import Records
from storage.records import MessageRecord, TicketRecord

_messages = Records(MessageRecord, Message)
_tickets = Records(TicketRecord, Ticket)
_t, _m = _tickets.table.c, _messages.table.c
_OF_TICKET = len(_tickets.columns)
_WITH_TICKET = (
    select(*_tickets.columns, *_messages.columns)
    .join_from(_messages.table, _tickets.table, _t.id == _m.ticket_id)
    .where(_m.id == bindparam("message_id"))
)


async def message_with_ticket(tx: Session, message_id: int) -> tuple[TicketRecord, MessageRecord]:
    """A message and the ticket that it belongs to, for reading: nothing is locked."""
    row = (await tx.execute(_WITH_TICKET, {"message_id": message_id})).one()
    return TicketRecord(*row[:_OF_TICKET]), MessageRecord(*row[_OF_TICKET:])
