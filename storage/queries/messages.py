"""Messages of tickets, their attachments and deliveries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from storage.engine import Session
from storage.models import Attachment, Delivery, Message, MessageIndex
from storage.queries.core import Lookup, Records, table_of
from storage.records import AttachmentRecord, DeliveryRecord, MessageRecord, cut

_messages = Records(MessageRecord, Message)
_m = _messages.table.c
_BY_ID = Lookup(_messages.select().where(_m.id == bindparam("message_id")), lock=True)
_BY_TS = Lookup(
    _messages.select().where(
        _m.slack_channel_id == bindparam("slack_channel_id"), _m.slack_ts == bindparam("ts")
    ),
    lock=True,
)
_FIRST_OF_TICKET = Lookup(
    _messages.select().where(_m.ticket_id == bindparam("ticket_id")).order_by(_m.id).limit(1)
)
_attachments = Records(AttachmentRecord, Attachment)
_a = _attachments.table.c
_OF_MESSAGE = _a.message_id == bindparam("message_id")
_ATTACHMENTS = Lookup(_attachments.select().where(_OF_MESSAGE).order_by(_a.id))
_PENDING = select(_a.id).where(_OF_MESSAGE, _a.state == "pending").limit(1)


async def add(tx: Session, values: Mapping[str, Any]) -> MessageRecord:
    return await _messages.add(tx, values)


async def add_from_slack(tx: Session, values: Mapping[str, Any]) -> MessageRecord | None:
    """An agent's message; None when this Slack message was stored before.

    Slack repeats events and sends them over any of several sockets: the unique
    (slack_channel_id, slack_ts) decides, not what we looked at before.
    """
    return await _messages.add_new(tx, values, "slack_channel_id", "slack_ts")


async def change(tx: Session, message_id: int, **values: Any) -> None:
    await _messages.change(tx, message_id, values)


async def move_state(
    tx: Session, message_id: int, sources: Collection[str], target: str, **values: Any
) -> bool:
    """An atomic change of state: False when the message was in none of `sources` any more."""
    result = await tx.execute(
        update(_messages.table)
        .where(_m.id == message_id, _m.state.in_(list(sources)))
        .values(state=target, **values)
        .returning(_m.id)
    )
    return result.first() is not None


async def get(tx: Session, message_id: int) -> MessageRecord:
    """One message; a writing transaction keeps it as it is now from everybody else."""
    return await _messages.one(tx, _BY_ID, message_id=message_id)


async def find(tx: Session, message_id: int) -> MessageRecord | None:
    return await _messages.first(tx, _BY_ID, message_id=message_id)


async def find_by_ts(tx: Session, slack_channel_id: str, ts: str) -> MessageRecord | None:
    return await _messages.first(tx, _BY_TS, slack_channel_id=slack_channel_id, ts=ts)


async def find_known_ts(tx: Session, slack_channel_id: str, all_ts: Collection[str]) -> set[str]:
    """Those of these Slack messages that are stored."""
    known = select(Message.slack_ts).where(
        Message.slack_channel_id == slack_channel_id, Message.slack_ts.in_(list(all_ts))
    )
    return {ts for ts in await tx.scalars(known) if ts}


async def first_of_ticket(tx: Session, ticket_id: int) -> MessageRecord | None:
    return await _messages.first(tx, _FIRST_OF_TICKET, ticket_id=ticket_id)


async def list_of_ticket(
    tx: Session, ticket_id: int, *, newest_first: bool = False, limit: int = 500
) -> list[MessageRecord]:
    order = _m.id.desc() if newest_first else _m.id
    query = _messages.select().where(_m.ticket_id == ticket_id).order_by(order)
    return await _messages.all(tx, query.limit(limit))


async def list_stoppable(tx: Session, ticket_id: int, *, since: datetime) -> list[MessageRecord]:
    """Replies of the ticket that have not left yet. A forward is no message in the thread."""
    query = _messages.select().where(
        _m.ticket_id == ticket_id,
        _m.state.in_(["held", "confirm"]),
        _m.kind != "forward",
        _m.slack_ts.is_not(None),
        _m.created_at >= since,
    )
    return await _messages.all(tx, query)


async def list_held_after(tx: Session, ticket_id: int, slack_ts: str) -> list[MessageRecord]:
    """Replies on hold that stand below this place of the ticket's thread, the upper ones first."""
    query = _messages.select().where(
        _m.ticket_id == ticket_id, _m.state == "held", _m.slack_ts > slack_ts
    )
    return await _messages.all(tx, query.order_by(_m.slack_ts))


async def add_attachments(
    tx: Session, message_id: int, items: Iterable[Mapping[str, Any]]
) -> list[AttachmentRecord]:
    return [await _attachments.add(tx, {"message_id": message_id, **item}) for item in items]


async def list_attachments(tx: Session, message_id: int) -> list[AttachmentRecord]:
    return await _attachments.all(tx, _ATTACHMENTS, message_id=message_id)


async def change_attachment(tx: Session, attachment_id: int, **values: Any) -> None:
    await _attachments.change(tx, attachment_id, values)


async def save_deliveries(
    tx: Session, message_id: int, results: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """The newest result for each recipient replaces the one before."""
    rows = await tx.scalars(select(Delivery).where(Delivery.message_id == message_id))
    known = {row.address: row for row in rows}
    for result in results:
        row = known.get(result["address"])
        if row is None:
            tx.add(Delivery(message_id=message_id, at=now, **result))
            continue
        for key, value in result.items():
            setattr(row, key, value)
        row.at = now
    await tx.flush()


async def list_deliveries(tx: Session, message_id: int) -> list[DeliveryRecord]:
    rows = await tx.scalars(
        select(Delivery).where(Delivery.message_id == message_id).order_by(Delivery.id)
    )
    return [cut(DeliveryRecord, row) for row in rows]


async def image_hashes(tx: Session, ticket_id: int) -> frozenset[str]:
    """Hashes of the inline images that the ticket has shown already: signatures repeat them."""
    rows = await tx.scalars(
        select(Attachment.sha256)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.ticket_id == ticket_id, Attachment.inline, Attachment.sha256 != "")
    )
    return frozenset(rows)


async def find_outbound_by_rfc_id(
    tx: Session, channel_id: int, rfc_message_id: str
) -> MessageRecord | None:
    """Our own mail with this Message-ID."""
    index = table_of(MessageIndex)
    query = (
        _messages.select()
        .join(index, index.c.message_id == _m.id)
        .where(
            index.c.email_channel_id == channel_id,
            index.c.rfc_message_id == rfc_message_id,
            _m.direction == "outbound",
        )
    )
    return await _messages.first(tx, query)


async def has_pending_files(tx: Session, message_id: int) -> bool:
    return await tx.scalar(_PENDING, {"message_id": message_id}) is not None


async def last_reply_before(tx: Session, ticket_id: int, message_id: int) -> MessageRecord | None:
    """The ticket's newest reply that left or is about to, before this message."""
    query = _messages.select().where(
        _m.ticket_id == ticket_id,
        _m.id < message_id,
        _m.direction == "outbound",
        _m.state.in_(["held", "sending", "sent"]),
    )
    return await _messages.first(tx, query.order_by(_m.id.desc()).limit(1))


async def forget_failures(tx: Session, message_id: int) -> None:
    """Before another try: recipients who were refused are asked again, the reached ones are not."""
    await tx.execute(
        delete(Delivery).where(Delivery.message_id == message_id, Delivery.state != "accepted")
    )
