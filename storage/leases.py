"""Leases: one holder at a time for what may be done only once, with a fencing token."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update

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
    """Whether nobody took the lease over since; an expired one that nobody took still counts."""
    query = select(Lease.name).where(
        Lease.name == name, Lease.holder == holder, Lease.token == token
    )
    return await tx.scalar(query) is not None


async def hold(tx: Session, tokens: Mapping[str, int], holder: str) -> set[str]:
    """Which of these leases (name → fencing token) the holder has; nobody can take them over
    before this transaction ends."""
    if not tokens:
        return set()
    query = (
        select(Lease.name, Lease.token)
        .where(Lease.name.in_(tokens), Lease.holder == holder)
        .order_by(Lease.name)
        .with_for_update(read=True)
    )
    return {name for name, token in await tx.execute(query) if tokens[name] == token}


async def acquire_many(
    tx: Session, names: Collection[str], holder: str, *, now: datetime, duration: timedelta
) -> dict[str, int]:
    """Take or renew several; gives the fencing token of each that is held now."""
    if not names:
        return {}
    until = now + duration
    await insert_new(
        tx,
        Lease,
        # In one order everywhere, so that two machines never wait for each other in a circle.
        [
            {"name": name, "holder": holder, "token": 1, "expires_at": until}
            for name in sorted(names)
        ],
    )
    await tx.execute(
        update(Lease)
        .where(Lease.name.in_(names), Lease.holder != holder, Lease.expires_at <= now)
        .values(holder=holder, token=Lease.token + 1, expires_at=until)
    )
    result = await tx.execute(
        update(Lease)
        .where(Lease.name.in_(names), Lease.holder == holder)
        .values(expires_at=until)
        .returning(Lease.name, Lease.token)
    )
    return {str(name): int(token) for name, token in result}


async def release_names(tx: Session, names: Collection[str], holder: str, *, now: datetime) -> None:
    """Give these back, those that the holder has."""
    await tx.execute(
        update(Lease).where(Lease.name.in_(names), Lease.holder == holder).values(expires_at=now)
    )


async def release(tx: Session, holders: Collection[str], *, now: datetime) -> None:
    """Give all of their leases back at once; the rows stay, so that tokens go on growing."""
    await tx.execute(
        update(Lease)
        .where(Lease.holder.in_(list(holders)), Lease.expires_at > now)
        .values(expires_at=now)
    )


async def end_of(tx: Session, name: str) -> datetime | None:
    """Until when the lease is held or was held; None where nobody ever had it."""
    return await tx.scalar(select(Lease.expires_at).where(Lease.name == name))


async def list_holders(tx: Session, *, now: datetime) -> set[str]:
    """Who holds a lease now."""
    return set(await tx.scalars(select(Lease.holder).where(Lease.expires_at > now).distinct()))
