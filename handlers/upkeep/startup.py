"""What a start has to put in order before work begins."""

from __future__ import annotations

import logging
from datetime import datetime

from handlers.context import Context
from handlers.upkeep import turns
from storage import leases, notify
from storage.engine import Database
from storage.queries import mails, meta, outbox, outbox_pauses, restored
from storage.queries.meta import adopt_team

_log = logging.getLogger(__name__)
UNKNOWN_TEAM = "T00000000"
"""The team of what the command line configured before Canal had ever met its workspace."""
_CURRENT_TEAM = "current_team"


async def remember_workspace(
    context: Context, *, name: str = "", bot_user_id: str | None = None
) -> None:
    """Note which workspace this installation serves; take over what was set up before it."""
    async with context.db.write() as tx:
        await adopt_team(tx, UNKNOWN_TEAM, context.team_id)
        await meta.ensure_workspace(
            tx, context.team_id, now=context.clock.now(), name=name, bot_user_id=bot_user_id
        )
        await meta.put(tx, _CURRENT_TEAM, context.team_id.encode())


async def find_team(db: Database) -> str | None:
    """The workspace that this installation served last."""
    async with db.read() as tx:
        found = await meta.find(tx, _CURRENT_TEAM)
    return found.decode() if found else None


async def recover(context: Context, *, alone: bool) -> None:
    """Take back what a dead process had in hand.

    `alone`: this process is the only one on the database (SQLite), so every claim is a dead one's.
    With several, the claims of the others are theirs until they end (`handlers.outbox.recovery`);
    the first of them mends what a database's clock that was ahead has left. Mail that could not be
    filed is tried again: what is new may be this Canal.
    """
    async with context.db.write() as tx:
        await mails.take_up_parked(tx)
    if not alone:
        async with context.db.write() as tx:
            if not await notify.is_anybody_there(tx, but=context.holder):
                await outbox_pauses.mend_future(tx, now=context.clock.now())
        return
    async with context.db.write() as tx:
        await mails.release_claims(tx)
        await outbox.release_claims(tx)
        await outbox_pauses.mend_future(tx, now=context.clock.now())
        if await meta.find(tx, meta.IS_A_BACKUP) is not None:
            await restored.take_up(tx, now=context.clock.now())
            _log.warning(
                "this is a backup: what it held as waiting is looked for before it is done"
            )


async def go_on_from_backup(context: Context) -> None:
    """What `recover` does by itself with a backup of ours, for one that another tool made."""
    async with context.db.write() as tx:
        await restored.take_up(tx, now=context.clock.now())


async def shared_time(db: Database) -> datetime | None:
    """The time by which Canals on several machines go: their database's; None on SQLite.

    Where the database's clock was set back while others run, they go on by their own count
    (`bot.clock`), and who comes to them joins in that.
    """
    if db.is_sqlite:
        return None
    async with db.read() as tx:
        time = await notify.read_time(tx)
        renewed_until = await leases.end_of(tx, turns.NAME)
        if renewed_until is not None and await notify.is_anybody_there(tx):
            time = max(time, renewed_until - turns.DURATION)
    return time


async def leave(context: Context) -> None:
    """A clean stop: nothing stays claimed by this process, so that another goes on at once."""
    try:
        async with context.db.write() as tx:
            await mails.release_claims(tx, [context.holder])
            await leases.release(tx, [context.holder], now=context.clock.now())
    except Exception:  # noqa: BLE001 - a stop must end; claims and leases end by themselves
        _log.warning("claims could not be given back at the stop", exc_info=True)
