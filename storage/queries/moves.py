"""Moving messages between tickets, with all that leads to them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select, update

from storage.engine import Session
from storage.models import Attachment, Message, MessageIndex, TicketPerson
from storage.queries.upsert import insert_new


async def move_message(tx: Session, message_id: int, ticket_id: int) -> None:
    """Into another ticket; the ids that stand for this message lead there from now on."""
    await tx.execute(update(Message).where(Message.id == message_id).values(ticket_id=ticket_id))
    rows = await tx.execute(
        delete(MessageIndex)
        .where(MessageIndex.message_id == message_id)
        .returning(MessageIndex.email_channel_id, MessageIndex.rfc_message_id)
    )
    await insert_new(
        tx,
        MessageIndex,
        [
            {
                "email_channel_id": row[0],
                "rfc_message_id": row[1],
                "ticket_id": ticket_id,
                "message_id": message_id,
            }
            for row in rows.all()
        ],
    )


async def move_all(tx: Session, source_id: int, target_id: int) -> None:
    """Everything of a ticket: its messages, its Message-IDs, its people."""
    await tx.execute(
        update(Message).where(Message.ticket_id == source_id).values(ticket_id=target_id)
    )
    rows = await tx.execute(
        delete(MessageIndex)
        .where(MessageIndex.ticket_id == source_id)
        .returning(
            MessageIndex.email_channel_id, MessageIndex.rfc_message_id, MessageIndex.message_id
        )
    )
    found = sorted(rows.all(), key=lambda row: row[2] is None)
    await insert_new(
        tx,
        MessageIndex,
        [
            {
                "email_channel_id": row[0],
                "rfc_message_id": row[1],
                "ticket_id": target_id,
                "message_id": row[2],
            }
            for row in found
        ],
    )
    people = await tx.execute(
        select(TicketPerson.address, TicketPerson.name).where(TicketPerson.ticket_id == source_id)
    )
    await insert_new(
        tx,
        TicketPerson,
        [{"ticket_id": target_id, "address": row[0], "name": row[1]} for row in people.all()],
    )


async def take_from_slack(tx: Session, message_ids: Collection[int]) -> None:
    """The messages are to be posted anew, with their files."""
    ids = list(message_ids)
    await tx.execute(
        update(Message)
        .where(Message.id.in_(ids))
        .values(slack_channel_id=None, slack_ts=None, reaction=None)
    )
    await tx.execute(
        update(Attachment)
        .where(Attachment.message_id.in_(ids), Attachment.state.in_(["shared", "refused"]))
        .values(state="pending", slack_file_id=None, error=None)
    )


async def forget_references(
    tx: Session, channel_id: int, ticket_id: int, ids: Collection[str]
) -> None:
    """Ids that a ticket knew only because a mail referred to them."""
    await tx.execute(
        delete(MessageIndex).where(
            MessageIndex.email_channel_id == channel_id,
            MessageIndex.ticket_id == ticket_id,
            MessageIndex.message_id.is_(None),
            MessageIndex.rfc_message_id.in_(list(ids)),
        )
    )


async def forget_people(tx: Session, ticket_id: int, addresses: Collection[str]) -> None:
    """They may no longer join the ticket by a Message-ID. Addresses are folded."""
    await tx.execute(
        delete(TicketPerson).where(
            TicketPerson.ticket_id == ticket_id, TicketPerson.address.in_(list(addresses))
        )
    )
