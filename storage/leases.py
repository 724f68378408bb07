"""Leases: one holder at a time for what may be done only once, with a fencing token."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, select, update

from storage.engine import Session
from storage.models import Lease
from storage.queries.upsert import insert_new


async def acquire(
    tx: Session, name: str, holder: str, *, now: datetime, duration: timedelta
) -> int | None:
    """Take or renew the lease.

    Returns:
        The fencing token (it grows with every change of holder), or None while another holds it.
    """
    await insert_new(
        tx,
        Lease,
        [{"name": name, "holder": holder, "token": 1, "expires_at": now + duration}],
    )
    await tx.execute(
        update(Lease)
        .where(Lease.name == name, Lease.holder != holder, Lease.expires_at <= now)
        .values(holder=holder, token=Lease.token + 1, expires_at=now + duration)
    )
    result = await tx.execute(
        update(Lease)
        .where(Lease.name == name, Lease.holder == holder)
        .values(expires_at=now + duration)
        .returning(Lease.token)
    )
    row = result.first()
    return int(row[0]) if row else None


async def still_held(tx: Session, name: str, holder: str, token: int) -> bool:
    """Whether a write guarded by the token may go on."""
    query = select(Lease.name).where(
        Lease.name == name, and_(Lease.holder == holder, Lease.token == token)
    )
    return await tx.scalar(query) is not None


async def release(tx: Session, holder: str, *, now: datetime) -> None:
    """Give all of the holder's leases back at once; the rows stay, so that tokens go on growing."""
    await tx.execute(update(Lease).where(Lease.holder == holder).values(expires_at=now))
