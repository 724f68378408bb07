"""How the connections fare, and who hears of it: admins once when one fails, once when it works.

A single failure is noted and shown, no more. After three in a row, or when it has gone on for a
quarter of an hour, the admins are told the cause; the note in `told_at` keeps that to once, on
however many machines Canal runs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from handlers.channels.connection_settings import oauth_of
from handlers.context import Context
from handlers.outbox import work
from handlers.posts import Notice, NoticeKind
from mail.sentences import restored, taken_apart
from storage.engine import Session
from storage.queries import channels
from storage.records import ChannelRecord, ConnectionRecord

TELL_AFTER = timedelta(minutes=15)
TELL_FAILURES = 3
_NO_NEWS = timedelta(seconds=5)


async def note_success(tx: Session, channel_id: int, direction: str, *, now: datetime) -> None:
    """It worked; whoever was told that it fails hears that it works again."""
    await note_successes(tx, [channel_id], direction, now=now)


async def note_successes(
    tx: Session, channel_ids: Collection[int], direction: str, *, now: datetime
) -> None:
    """The same for many at once."""
    for record in await channels.note_successes(tx, channel_ids, direction, now=now):
        channel = await channels.get(tx, record.email_channel_id)
        await channels.set_told(tx, record.id, None)
        facts: dict[str, object] = {"channel": channel.name, "direction": direction}
        notice = Notice(NoticeKind.CONNECTION_WORKS, facts)
        await work.notice_to_admins(tx, channel.team_id, notice, now=now)


async def note_failure(
    tx: Session,
    channel_id: int,
    direction: str,
    error: str,
    *,
    now: datetime,
    reconnect: bool = False,
) -> None:
    """It failed, for the reason that `error` gives as a sentence.

    `reconnect`: only a person who signs in anew can mend it, so waiting is no use.
    """
    await channels.note_failure(tx, channel_id, direction, error, now=now, parts=taken_apart(error))
    record = await channels.find_connection(tx, channel_id, direction)
    if record is not None and (reconnect or is_worth_telling(record, now)):
        await _tell(tx, record, now=now, reconnect=reconnect)


async def tell_of_long_failures(context: Context) -> None:
    """Those that fail for a quarter of an hour with few attempts: a timer looks for them."""
    now = context.clock.now()
    async with context.db.read() as tx:
        found = [one for one in await channels.list_failing(tx) if is_worth_telling(one, now)]
    if not found:
        return
    async with context.db.write() as tx:
        for one in found:
            fresh = await channels.find_connection(tx, one.email_channel_id, one.direction)
            if fresh is not None and is_worth_telling(fresh, now):
                await _tell(tx, fresh, now=now, reconnect=False)
    context.wake.deliver()


def is_known_to_work(record: ConnectionRecord, now: datetime) -> bool:
    """Whether a success now would be no news."""
    fresh = record.last_ok_at is not None and now - record.last_ok_at < _NO_NEWS
    return fresh and record.failures == 0 and record.told_at is None


def is_worth_telling(record: ConnectionRecord, now: datetime) -> bool:
    """Whether the admins should hear of this connection now."""
    if record.told_at is not None or record.failing_since is None:
        return False
    return record.failures >= TELL_FAILURES or now - record.failing_since >= TELL_AFTER


def why_failing(record: ConnectionRecord) -> str:
    """What went wrong last, for the reader's language; "" for nothing."""
    return restored(record.last_error or "", record.last_error_parts)


def state_of(channel: ChannelRecord, record: ConnectionRecord) -> str:
    """One word for lists and metrics: paused, down, new or up. Canal's own side is always up."""
    if channel.state != "active":
        return "paused"
    if record.failing_since is not None:
        return "down"
    if record.kind != "internal" and record.last_ok_at is None:
        return "new"
    return "up"


async def _tell(tx: Session, record: ConnectionRecord, *, now: datetime, reconnect: bool) -> None:
    if record.told_at is not None:
        return
    channel = await channels.get(tx, record.email_channel_id)
    if channel.state != "active":
        return
    facts: dict[str, object] = {
        "channel": channel.name,
        "channel_id": channel.id,
        "direction": record.direction,
        "since": f"{record.failing_since or now:%Y-%m-%d %H:%M} UTC",
        "why": why_failing(record),
        "reconnect": reconnect and oauth_of(record.settings) is not None,
    }
    await work.notice_to_admins(
        tx, channel.team_id, Notice(NoticeKind.CONNECTION_FAILS, facts), now=now
    )
    await channels.set_told(tx, record.id, now)
