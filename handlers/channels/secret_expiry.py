"""Client secrets of Microsoft's app registrations expire: admins hear of it weeks before."""

from __future__ import annotations

from datetime import date

from handlers.channels.connection_settings import oauth_of
from handlers.context import Context
from handlers.outbox import work
from handlers.posts import Notice, NoticeKind
from storage.queries import channels, meta

_WARN_DAYS = (21, 7, 1, 0)


async def warn_of_expiring_secrets(context: Context) -> None:
    """Tell the admins three weeks, a week, a day before, and on the day; each once."""
    today = context.clock.now().date()
    async with context.db.read() as tx:
        names = {one.id: one.name for one in await channels.list_all(tx, context.team_id)}
        dated = [
            (one.email_channel_id, choice.secret_expires)
            for one in await channels.list_connections(tx)
            if one.email_channel_id in names
            and (choice := oauth_of(one.settings))
            and choice.secret_expires
            and choice.held_by == one.direction
        ]
    for channel_id, expires in dated:
        left = (date.fromisoformat(expires) - today).days
        step = min((days for days in _WARN_DAYS if left <= days), default=None)
        if step is not None:
            await _warn_once(context, channel_id, names[channel_id], expires, step)


async def _warn_once(context: Context, channel_id: int, name: str, expires: str, step: int) -> None:
    key = f"secret-expires:{channel_id}"
    mark = f"{expires}:{step}".encode()
    facts: dict[str, object] = {"channel": name, "expires": expires}
    notice = Notice(NoticeKind.SECRET_EXPIRES, facts)
    async with context.db.write() as tx:
        if await meta.find(tx, key) == mark:
            return
        await meta.put(tx, key, mark)
        await work.notice_to_admins(tx, context.team_id, notice, now=context.clock.now())
    context.wake.deliver()
