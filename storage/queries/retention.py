"""Purging raw mail that is older than it is kept for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select, update

from storage.engine import Session
from storage.models import Arrival, Message, RawMail

_STILL_TO_DO = ("stored", "held", "parked")
_STILL_TO_SEND = ("confirm", "held", "sending")


async def purge_raw(tx: Session, *, before: datetime, limit: int) -> int:
    """Drop the bytes of some mails stored before then, with what the wire knew of their senders.

    Mails that are not filed yet, or not sent, are kept however old. The rows stay, so that a mail
    that comes a second time is still known.

    Returns:
        How many were purged; fewer than `limit` when there are no more.
    """
    query = (
        select(RawMail.id)
        .where(
            RawMail.data.is_not(None),
            RawMail.stored_at < before,
            ~exists().where(Arrival.raw_mail_id == RawMail.id, Arrival.state.in_(_STILL_TO_DO)),
            ~exists().where(Message.raw_mail_id == RawMail.id, Message.state.in_(_STILL_TO_SEND)),
        )
        .order_by(RawMail.stored_at)
        .limit(limit)
    )
    ids = list(await tx.scalars(query))
    if ids:
        await tx.execute(update(RawMail).where(RawMail.id.in_(ids)).values(data=None))
        await tx.execute(update(Arrival).where(Arrival.raw_mail_id.in_(ids)).values(envelope={}))
    return len(ids)
