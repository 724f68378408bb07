"""Workspaces and what the installation remembers about itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from storage.engine import Session
from storage.models import ChannelAddress, Connection, EmailChannel, Meta, Workspace

_CONFIG_VERSION = "config_version"


async def find(tx: Session, key: str) -> bytes | None:
    return await tx.scalar(select(Meta.value).where(Meta.key == key))


async def put(tx: Session, key: str, value: bytes) -> None:
    await tx.merge(Meta(key=key, value=value))
    await tx.flush()


async def config_version(tx: Session) -> int:
    """Grows with every change of a channel; a running Canal looks at it to notice the others'."""
    return int(await find(tx, _CONFIG_VERSION) or 0)


async def bump_config_version(tx: Session) -> None:
    await put(tx, _CONFIG_VERSION, str(await config_version(tx) + 1).encode())


async def ensure_workspace(
    tx: Session, team_id: str, *, now: datetime, name: str = "", bot_user_id: str | None = None
) -> None:
    """The workspace's row, made at first sight, its name and bot kept as Slack tells them now."""
    row = await tx.get(Workspace, team_id)
    if row is None:
        tx.add(Workspace(team_id=team_id, name=name, bot_user_id=bot_user_id, created_at=now))
    else:
        row.name, row.bot_user_id = name or row.name, bot_user_id or row.bot_user_id
    await tx.flush()


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
    statement = (
        update(Workspace)
        .where(Workspace.team_id == team_id)
        .values(next_ticket_number=Workspace.next_ticket_number + 1)
        .returning(Workspace.next_ticket_number)
    )
    return (await tx.execute(statement)).scalar_one() - 1
