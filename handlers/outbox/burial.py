"""Giving up aloud: what was tried too often is said in its thread and to the admins.

The item stays in the outbox, dead, until somebody presses Retry or Drop (or uses `canal outbox`).
A reply that could not be sent does not go on looking as if it would: its author is told, with the
buttons of every reply that failed.
"""

from __future__ import annotations

from datetime import datetime

from handlers.outbox import work
from handlers.outbox.work import WorkKind
from handlers.posts import Notice, NoticeKind
from storage.engine import Session
from storage.queries import messages, tickets
from storage.records import OutboxRecord

_TOLD_IN_THREAD = frozenset({WorkKind.POST_MAIL, WorkKind.UPLOAD_FILES, WorkKind.SAVE_SENT})
"""What a person in the thread would miss. A card that was not posted has no thread."""


async def tell(tx: Session, item: OutboxRecord, reason: str, *, now: datetime) -> None:
    """Whoever has to know that this item was given up."""
    if item.payload.get("admins"):
        return  # a message to the admins cannot tell of itself
    facts: dict[str, object] = {"what": item.kind, "id": item.id, "why": reason, "item": item.id}
    parked = Notice(NoticeKind.WORK_PARKED, facts)
    await work.notice_to_admins(tx, item.team_id, parked, now=now)
    message = await messages.find(tx, int(item.payload.get("message_id") or 0))
    if message is None:
        return
    ticket = await tickets.get(tx, message.ticket_id)
    if item.kind in _TOLD_IN_THREAD:
        await work.notice_in_thread(tx, ticket, parked, now=now)
    if item.kind == WorkKind.SEND_EMAIL:
        gone = bool(message.details.get("handed_over"))
        state = "unsure" if gone else "failed"
        if await messages.move_state(tx, message.id, ["held", "sending"], state, error=reason):
            kind = NoticeKind.REPLY_UNSURE if gone else NoticeKind.REPLY_FAILED
            told = {"message_id": message.id, "sentence": reason}
            notice = Notice(kind, told, mention=message.slack_user_id)
            await work.react(tx, message, now=now)
            await work.notice_in_thread(tx, ticket, notice, now=now)
