"""Email channels, their addresses and connections."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, func, literal_column, null, select, update

from storage.engine import Session, vault_of
from storage.models import Arrival, ChannelAddress, Connection, EmailChannel, Ticket
from storage.queries.core import Lookup, Records
from storage.queries.meta import bump_config_version
from storage.records import AddressRecord, ChannelRecord, ConnectionRecord, cut

_channels = Records(ChannelRecord, EmailChannel)
_BY_ID = Lookup(_channels.select().where(_channels.table.c.id == bindparam("channel_id")))
_BY_ID_LOCKED = Lookup(_BY_ID.plain, lock=True)


def name_key(name: str) -> str:
    """What two spellings of one channel name share."""
    return " ".join(name.casefold().split())


async def add(tx: Session, values: Mapping[str, Any], *, now: datetime) -> ChannelRecord:
    """A new channel; `values` are the columns of EmailChannel that the caller decides."""
    row = EmailChannel(
        **values,
        uid=secrets.token_hex(16),
        name_key=name_key(values["name"]),
        created_at=now,
        updated_at=now,
    )
    tx.add(row)
    await tx.flush()
    await bump_config_version(tx)
    return cut(ChannelRecord, row)


async def change(
    tx: Session, channel_id: int, values: Mapping[str, Any], *, now: datetime
) -> ChannelRecord:
    row = await tx.get_one(EmailChannel, channel_id)
    for key, value in values.items():
        setattr(row, key, value)
    if "name" in values:
        row.name_key = name_key(values["name"])
    if row.state == "removed":
        row.name_key = f"{name_key(row.name)[:90]} (removed {row.id})"
    row.updated_at = now
    await tx.flush()
    await bump_config_version(tx)
    return cut(ChannelRecord, row)


async def get(tx: Session, channel_id: int) -> ChannelRecord:
    return await _channels.one(tx, _BY_ID, channel_id=channel_id)


async def get_locked(tx: Session, channel_id: int) -> ChannelRecord:
    """The channel as it is now and stays until this writing transaction ends."""
    return await _channels.one(tx, _BY_ID_LOCKED, channel_id=channel_id)


async def find_by_name(tx: Session, team_id: str, name: str) -> ChannelRecord | None:
    row = await tx.scalar(
        select(EmailChannel).where(
            EmailChannel.team_id == team_id,
            EmailChannel.name_key == name_key(name),
            EmailChannel.state != "removed",
        )
    )
    return cut(ChannelRecord, row) if row else None


async def list_all(tx: Session, team_id: str | None = None) -> list[ChannelRecord]:
    """The channels that are not removed, by name."""
    query = select(EmailChannel).where(EmailChannel.state != "removed")
    if team_id is not None:
        query = query.where(EmailChannel.team_id == team_id)
    rows = await tx.scalars(query.order_by(EmailChannel.name_key))
    return [cut(ChannelRecord, row) for row in rows]


async def set_addresses(
    tx: Session, channel: ChannelRecord, addresses: Iterable[tuple[str, str]]
) -> None:
    """Replace the channel's (address, kind) pairs; addresses are stored folded."""
    await tx.execute(delete(ChannelAddress).where(ChannelAddress.email_channel_id == channel.id))
    seen: dict[str, str] = {}
    for address, kind in addresses:
        seen.setdefault(address.casefold(), kind)
    tx.add_all(
        ChannelAddress(
            team_id=channel.team_id, email_channel_id=channel.id, address=address, kind=kind
        )
        for address, kind in seen.items()
    )
    await tx.flush()


async def list_addresses(tx: Session, channel_id: int | None = None) -> list[AddressRecord]:
    """The addresses of the channels that are not removed."""
    query = (
        select(ChannelAddress)
        .join(EmailChannel, EmailChannel.id == ChannelAddress.email_channel_id)
        .where(EmailChannel.state != "removed")
        .order_by(ChannelAddress.id)
    )
    if channel_id is not None:
        query = query.where(ChannelAddress.email_channel_id == channel_id)
    return [cut(AddressRecord, row) for row in await tx.scalars(query)]


async def address_taken(tx: Session, address: str) -> bool:
    query = select(ChannelAddress.id).where(ChannelAddress.address == address.casefold())
    return await tx.scalar(query.limit(1)) is not None


async def set_connection(
    tx: Session,
    channel: ChannelRecord,
    direction: str,
    kind: str,
    settings: Mapping[str, Any],
    *,
    secret: Mapping[str, Any] | None = None,
) -> ConnectionRecord:
    """Make or replace one direction; `secret` None keeps what is stored."""
    row = await _connection(tx, channel.id, direction)
    if row is None:
        row = Connection(
            team_id=channel.team_id,
            email_channel_id=channel.id,
            direction=direction,
            kind=kind,
            settings={},
            cursor={},
        )
        tx.add(row)
    if row.kind != kind:
        row.secret = None
    row.kind, row.settings = kind, dict(settings)
    if secret is not None:
        row.secret = vault_of(tx).seal(_place(channel, direction), dict(secret))
    await tx.flush()
    return cut(ConnectionRecord, row)


async def open_secret(tx: Session, channel: ChannelRecord, direction: str) -> dict[str, Any]:
    """The connection's secrets in clear; empty when there are none."""
    row = await _connection(tx, channel.id, direction)
    if row is None or row.secret is None:
        return {}
    return dict(vault_of(tx).open(_place(channel, direction), row.secret))


async def open_secrets(
    tx: Session, of: Iterable[ChannelRecord], direction: str
) -> dict[int, dict[str, Any]]:
    """Channel id → the secrets of one direction in clear, for many channels at once."""
    by_id = {channel.id: channel for channel in of}
    rows = await tx.execute(
        select(Connection.email_channel_id, Connection.secret).where(
            Connection.direction == direction, Connection.secret.is_not(None)
        )
    )
    vault = vault_of(tx)
    return {
        channel_id: dict(vault.open(_place(by_id[channel_id], direction), sealed))
        for channel_id, sealed in rows
        if channel_id in by_id and sealed
    }


async def save_secret(
    tx: Session, channel: ChannelRecord, direction: str, secret: Mapping[str, Any]
) -> None:
    sealed = vault_of(tx).seal(_place(channel, direction), dict(secret))
    await tx.execute(_of(channel.id, direction).values(secret=sealed))


async def list_connections(tx: Session, channel_id: int | None = None) -> list[ConnectionRecord]:
    query = select(Connection).order_by(Connection.id)
    if channel_id is not None:
        query = query.where(Connection.email_channel_id == channel_id)
    return [cut(ConnectionRecord, row) for row in await tx.scalars(query)]


async def find_connection(tx: Session, channel_id: int, direction: str) -> ConnectionRecord | None:
    row = await _connection(tx, channel_id, direction)
    if row is None:
        return None
    await tx.refresh(row)  # updates go past the session
    return cut(ConnectionRecord, row)


async def list_failing(tx: Session) -> list[ConnectionRecord]:
    """Connections that fail and nobody was told of yet."""
    query = select(Connection).where(
        Connection.failing_since.is_not(None), Connection.told_at.is_(None)
    )
    return [cut(ConnectionRecord, row) for row in await tx.scalars(query)]


async def save_cursor(
    tx: Session, channel_id: int, direction: str, cursor: Mapping[str, Any]
) -> None:
    await tx.execute(_of(channel_id, direction).values(cursor=dict(cursor)))


async def save_cursors(
    tx: Session, direction: str, cursors: Mapping[int, Mapping[str, Any]]
) -> None:
    """Channel id → cursor, for many channels in one statement."""
    if not cursors:
        return
    table = cast(Table, Connection.__table__)
    statement = (
        update(table)
        .where(table.c.email_channel_id == bindparam("of_channel"))
        .where(table.c.direction == direction)
        .values(cursor=bindparam("new_cursor", type_=table.c.cursor.type))
    )
    connection = await tx.connection()
    await connection.execute(
        statement,
        [{"of_channel": key, "new_cursor": dict(value)} for key, value in cursors.items()],
    )


async def note_successes(
    tx: Session, channel_ids: Collection[int], direction: str, *, now: datetime
) -> list[ConnectionRecord]:
    """Many that worked. Gives those, as they were, of which the admins know that they failed."""
    mine = (Connection.email_channel_id.in_(channel_ids), Connection.direction == direction)
    told = await tx.scalars(select(Connection).where(*mine, Connection.told_at.is_not(None)))
    records = [cut(ConnectionRecord, row) for row in told]
    await tx.execute(
        update(Connection)
        .where(*mine)
        .values(
            last_ok_at=now, failing_since=None, failures=0, last_error=None, last_error_parts=null()
        )
        .execution_options(synchronize_session=False)
    )
    return records


async def note_success(tx: Session, channel_id: int, direction: str, *, now: datetime) -> None:
    await note_successes(tx, [channel_id], direction, now=now)


async def note_failure(
    tx: Session,
    channel_id: int,
    direction: str,
    error: str,
    *,
    now: datetime,
    parts: dict[str, Any] | None = None,
) -> None:
    """`parts`: by which the sentence `error` can be said in another language."""
    await tx.execute(
        _of(channel_id, direction).values(
            failing_since=func.coalesce(Connection.failing_since, now),
            failures=Connection.failures + 1,
            last_error=error[:1000],
            last_error_parts=null() if parts is None else parts,
        )
    )


async def set_told(tx: Session, connection_id: int, told_at: datetime | None) -> None:
    """When the admins were told that this connection fails; None once they heard it works."""
    await tx.execute(
        update(Connection).where(Connection.id == connection_id).values(told_at=told_at)
    )


async def count_tickets(tx: Session, channel_id: int) -> int:
    query = select(func.count()).select_from(Ticket).where(Ticket.email_channel_id == channel_id)
    return await tx.scalar(query) or 0


async def release_held(tx: Session, channel_id: int) -> int:
    """Mails that came while the channel was paused are filed now; returns how many."""
    result = await tx.execute(
        update(Arrival)
        .where(Arrival.email_channel_id == channel_id, Arrival.state == literal_column("'held'"))
        .values(state="stored", reason=None)
        .returning(Arrival.id)
    )
    return len(result.all())


def _place(channel: ChannelRecord, direction: str) -> str:
    return f"connection:{channel.uid}:{direction}"


def _of(channel_id: int, direction: str) -> Any:
    return update(Connection).where(
        Connection.email_channel_id == channel_id, Connection.direction == direction
    )


async def _connection(tx: Session, channel_id: int, direction: str) -> Connection | None:
    return await tx.scalar(
        select(Connection).where(
            Connection.email_channel_id == channel_id, Connection.direction == direction
        )
    )
