"""Looking for a mail among what has arrived at a channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from storage.engine import Session
from storage.models import Arrival, RawMail
from storage.queries.mails import unpack

_MOST = 200


async def list_raw_since(tx: Session, channel_id: int, since: datetime) -> list[bytes]:
    """The bytes of the newest mails that arrived at the channel since then, newest first."""
    query = (
        select(RawMail.data)
        .join(Arrival, Arrival.raw_mail_id == RawMail.id)
        .where(
            # The time finds few mails, the channel all that it ever had: "+ 0" leaves it no index.
            Arrival.email_channel_id + 0 == channel_id,
            RawMail.data.is_not(None),
            RawMail.stored_at >= since,
        )
        .order_by(RawMail.stored_at.desc(), Arrival.id.desc())
        .limit(_MOST)
    )
    return [unpack(packed) for packed in await tx.scalars(query) if packed is not None]
