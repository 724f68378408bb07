"""Messages of tickets, their attachments and deliveries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.exc import IntegrityError

from storage.engine import Session, locking
from storage.models import Attachment, Delivery, Message, MessageIndex
from storage.records import AttachmentRecord, DeliveryRecord, MessageRecord, cut


async def add(tx: Session, values: Mapping[str, Any]) -> MessageRecord:
    row = Message(**values)
    tx.add(row)
    await tx.flush()
    return cut(MessageRecord, row)


async def add_from_slack(tx: Session, values: Mapping[str, Any]) -> MessageRecord | None:
    """An agent's message; None when this Slack message was stored before.

    Slack repeats events and sends them over any of several sockets: the unique
    (slack_channel_id, slack_ts) decides, not what we looked at before.
    """
    if await find_by_ts(tx, values["slack_channel_id"], values["slack_ts"]):
        return None
    try:
        async with tx.begin_nested():
            return await add(tx, values)
    except IntegrityError:
        return None


async def change(tx: Session, message_id: int, **values: Any) -> None:
    await tx.execute(update(Message).where(Message.id == message_id).values(**values))


async def move_state(
    tx: Session, message_id: int, sources: Collection[str], target: str, **values: Any
) -> bool:
    """An atomic change of state: False when the message was in none of `sources` any more."""
    result = await tx.execute(
        update(Message)
        .where(Message.id == message_id, Message.state.in_(list(sources)))
        .values(state=target, **values)
        .returning(Message.id)
    )
    return result.first() is not None


async def get(tx: Session, message_id: int) -> MessageRecord:
    """One message; a writing transaction keeps it as it is now from everybody else."""
    query = locking(tx, select(Message).where(Message.id == message_id))
    rows = await tx.scalars(query.execution_options(populate_existing=True))
    return cut(MessageRecord, rows.one())


async def find(tx: Session, message_id: int) -> MessageRecord | None:
    return await _find(tx, select(Message).where(Message.id == message_id))


async def find_by_ts(tx: Session, slack_channel_id: str, ts: str) -> MessageRecord | None:
    return await _find(
        tx,
        select(Message).where(Message.slack_channel_id == slack_channel_id, Message.slack_ts == ts),
    )


async def _find(tx: Session, query: Select[Any]) -> MessageRecord | None:
    fresh = locking(tx, query).execution_options(populate_existing=True)
    row = await tx.scalar(fresh)
    return cut(MessageRecord, row) if row else None


async def first_of_ticket(tx: Session, ticket_id: int) -> MessageRecord | None:
    query = select(Message).where(Message.ticket_id == ticket_id).order_by(Message.id).limit(1)
    row = await tx.scalar(query)
    return cut(MessageRecord, row) if row else None


async def list_of_ticket(
    tx: Session, ticket_id: int, *, newest_first: bool = False, limit: int = 500
) -> list[MessageRecord]:
    order = Message.id.desc() if newest_first else Message.id
    rows = await tx.scalars(
        select(Message).where(Message.ticket_id == ticket_id).order_by(order).limit(limit)
    )
    return [cut(MessageRecord, row) for row in rows]


async def list_stoppable(tx: Session, ticket_id: int, *, since: datetime) -> list[MessageRecord]:
    """Replies of the ticket that have not left yet. A forward is no message in the thread."""
    rows = await tx.scalars(
        select(Message).where(
            Message.ticket_id == ticket_id,
            Message.state.in_(["held", "confirm"]),
            Message.kind != "forward",
            Message.slack_ts.is_not(None),
            Message.created_at >= since,
        )
    )
    return [cut(MessageRecord, row) for row in rows]


async def add_attachments(
    tx: Session, message_id: int, items: Iterable[Mapping[str, Any]]
) -> list[AttachmentRecord]:
    rows = [Attachment(message_id=message_id, **item) for item in items]
    tx.add_all(rows)
    await tx.flush()
    return [cut(AttachmentRecord, row) for row in rows]


async def list_attachments(tx: Session, message_id: int) -> list[AttachmentRecord]:
    rows = await tx.scalars(
        select(Attachment).where(Attachment.message_id == message_id).order_by(Attachment.id)
    )
    return [cut(AttachmentRecord, row) for row in rows]


async def get_attachment(tx: Session, attachment_id: int) -> AttachmentRecord:
    return cut(AttachmentRecord, await tx.get_one(Attachment, attachment_id))


async def change_attachment(tx: Session, attachment_id: int, **values: Any) -> None:
    await tx.execute(update(Attachment).where(Attachment.id == attachment_id).values(**values))


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
    row = await tx.scalar(
        select(Message)
        .join(MessageIndex, MessageIndex.message_id == Message.id)
        .where(
            MessageIndex.email_channel_id == channel_id,
            MessageIndex.rfc_message_id == rfc_message_id,
            Message.direction == "outbound",
        )
    )
    return cut(MessageRecord, row) if row else None


async def has_pending_files(tx: Session, message_id: int) -> bool:
    query = select(Attachment.id).where(
        Attachment.message_id == message_id, Attachment.state == "pending"
    )
    return await tx.scalar(query.limit(1)) is not None


async def last_reply_before(tx: Session, ticket_id: int, message_id: int) -> MessageRecord | None:
    """The ticket's newest reply that left or is about to, before this message."""
    row = await tx.scalar(
        select(Message)
        .where(
            Message.ticket_id == ticket_id,
            Message.id < message_id,
            Message.direction == "outbound",
            Message.state.in_(["held", "sending", "sent"]),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return cut(MessageRecord, row) if row else None


async def forget_failures(tx: Session, message_id: int) -> None:
    """Before another try: recipients who were refused are asked again, the reached ones are not."""
    await tx.execute(
        delete(Delivery).where(Delivery.message_id == message_id, Delivery.state != "accepted")
    )
