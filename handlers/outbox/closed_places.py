"""Slack channels that do not let Canal in: the admins hear of each once, until it is open again.

What was told is kept in the database, so that a restart does not tell it again.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.outbox import work
from handlers.posts import Notice, NoticeKind
from storage.engine import Session
from storage.queries import meta
from storage.records import OutboxRecord

_PREFIX = "told_closed:"


class ClosedPlaces:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: set[str] | None = None
        """Their keys; None before the first look into the database."""

    async def tell(self, tx: Session, item: OutboxRecord, code: str) -> None:
        """Slack refused the place of this item with `code`; the item waits."""
        if item.payload.get("admins"):
            return  # a message to the admins cannot tell of itself
        key = _key(item)
        if await meta.find(tx, key) is not None:
            return
        await meta.put(tx, key, code.encode())
        (await self._known(tx)).add(key)
        facts: dict[str, object] = {"slack_channel_id": key.removeprefix(_PREFIX), "code": code}
        notice = Notice(NoticeKind.SLACK_CHANNEL_CLOSED, facts)
        await work.notice_to_admins(tx, item.team_id, notice, now=self._context.clock.now())

    async def note_open(self, tx: Session, item: OutboxRecord) -> None:
        """Something was done there: should it close again, that is news again."""
        told = await self._known(tx)
        key = _key(item)
        if key in told:
            told.discard(key)
            await meta.forget(tx, key)

    async def _known(self, tx: Session) -> set[str]:
        if self._told is None:
            self._told = set(await meta.list_keys(tx, _PREFIX))
        return self._told


def _key(item: OutboxRecord) -> str:
    """Lanes at Slack are `kind:slack channel`."""
    return _PREFIX + item.lane.partition(":")[2]
