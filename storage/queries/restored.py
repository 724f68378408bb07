"""Going on from a backup: the world knows of things that the database has forgotten.

What it holds as still to be done may have been done, and the tickets that were made since are in
Slack and in customers' mailboxes, with numbers and signed tokens that must never be given again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from storage.engine import Session, is_sqlite
from storage.models import Message, OutboxItem, Ticket, Workspace
from storage.queries import meta

_RESTORED_AT = "restored_at"
_LEAST_JUMP = 1000


async def take_up(tx: Session, *, now: datetime) -> None:
    """Put in doubt what was to be done, and begin new tickets well after any that were lost."""
    await tx.execute(update(OutboxItem).where(OutboxItem.state != "dead").values(uncertain=True))
    await _doubt_replies(tx)
    await _jump(tx)
    await meta.forget(tx, meta.IS_A_BACKUP)
    await meta.put(tx, _RESTORED_AT, now.isoformat().encode())


async def find_time(tx: Session) -> datetime | None:
    """When Canal last went on from a backup."""
    said = await meta.find(tx, _RESTORED_AT)
    return datetime.fromisoformat(said.decode()) if said else None


async def _doubt_replies(tx: Session) -> None:
    """Their authors are asked, as after a connection that was lost when a mail was handed over."""
    rows = await tx.execute(
        select(Message.id, Message.details).where(Message.state.in_(["held", "sending"]))
    )
    for message_id, details in rows.all():
        # What the agent's message shows by now is not known either.
        doubtful = {**details, "handed_over": True, "restored": True}
        await tx.execute(update(Message).where(Message.id == message_id).values(details=doubtful))


async def _jump(tx: Session) -> None:
    following = Workspace.next_ticket_number
    for team_id, number in (await tx.execute(select(Workspace.team_id, following))).all():
        jumped = number + max(_LEAST_JUMP, number // 10)
        of_team = update(Workspace).where(Workspace.team_id == team_id)
        await tx.execute(of_team.values(next_ticket_number=jumped))
    if is_sqlite(tx):
        return  # there a ticket's id follows its number: queries.tickets.add
    for table in (Ticket, Message):
        highest = await tx.scalar(select(func.max(table.id))) or 0
        sequence = func.pg_get_serial_sequence(table.__tablename__, "id")
        jumped = highest + max(_LEAST_JUMP, highest // 10)
        await tx.execute(select(func.setval(sequence, jumped)))
