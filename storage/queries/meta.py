"""Workspaces and what the installation remembers about itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from storage.engine import Session
from storage.models import ChannelAddress, Connection, EmailChannel, Meta, Workspace
from storage.queries.core import table_of
from storage.queries.upsert import insert_new, put_row

_CONFIG_VERSION = "config_version"
IS_A_BACKUP = "is_a_backup"
"""There in a copy that `canal db backup` made, until a Canal has begun to work on it."""
_w = table_of(Workspace)
_COUNT_UP = (
    update(_w)
    .where(_w.c.team_id == bindparam("of_team"))
    .values(next_ticket_number=_w.c.next_ticket_number + 1)
    .returning(_w.c.next_ticket_number)
)


async def find(tx: Session, key: str) -> bytes | None:
    return await tx.scalar(select(Meta.value).where(Meta.key == key))


async def put(tx: Session, key: str, value: bytes) -> None:
    await put_row(tx, Meta, {"key": key, "value": value}, unique=["key"])


async def put_once(tx: Session, key: str, value: bytes) -> bytes:
    """Store the value unless there is one; returns the one that is there now.

    Of two processes that start together on an empty database, one wins and both use its value.
    """
    await insert_new(tx, Meta, [{"key": key, "value": value}])
    found = await find(tx, key)
    assert found is not None
    return found


async def forget(tx: Session, key: str) -> None:
    await tx.execute(delete(Meta).where(Meta.key == key))


async def list_keys(tx: Session, prefix: str) -> list[str]:
    return list(await tx.scalars(select(Meta.key).where(Meta.key.startswith(prefix))))


async def config_version(tx: Session) -> int:
    """Grows with every change of a channel; a running Canal looks at it to notice the others'."""
    return int(await find(tx, _CONFIG_VERSION) or 0)


async def bump_config_version(tx: Session) -> None:
    await insert_new(tx, Meta, [{"key": _CONFIG_VERSION, "value": b"0"}])
    row = select(Meta.value).where(Meta.key == _CONFIG_VERSION).with_for_update()
    version = int(await tx.scalar(row) or 0)
    await put(tx, _CONFIG_VERSION, str(version + 1).encode())


async def ensure_workspace(
    tx: Session, team_id: str, *, now: datetime, name: str = "", bot_user_id: str | None = None
) -> None:
    """The workspace's row, made at first sight, its name and bot kept as Slack tells them now."""
    row = {"team_id": team_id, "name": "", "next_ticket_number": 1, "created_at": now}
    await insert_new(tx, Workspace, [row])
    known = {"name": name, "bot_user_id": bot_user_id}
    values = {key: value for key, value in known.items() if value}
    if values:
        await tx.execute(update(Workspace).where(Workspace.team_id == team_id).values(**values))


async def adopt_team(tx: Session, placeholder: str, team_id: str) -> None:
    """Give what was set up before the workspace was known to the workspace."""
    moved = False
    for table in (EmailChannel, ChannelAddress, Connection):
        result = await tx.execute(
            update(table)
            .where(table.team_id == placeholder)
            .values(team_id=team_id)
            .returning(table.id)
        )
        moved = result.first() is not None or moved
    if moved:
        await bump_config_version(tx)


async def take_ticket_number(tx: Session, team_id: str) -> int:
    """The next number, counted up in the caller's transaction."""
    return int((await tx.execute(_COUNT_UP, {"of_team": team_id})).scalar_one()) - 1
