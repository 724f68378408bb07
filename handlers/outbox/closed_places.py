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
_EVERYWHERE = "*"
_TOKEN_CODES = frozenset({
    "account_inactive", "invalid_auth", "token_revoked", "token_expired", "not_authed",
    "team_access_not_granted", "org_login_required",
})  # fmt: skip
"""The whole workspace is closed: one message for all its Slack channels, when it is open again."""


NOT_AT_SLACK = ("mail", "sent")
"""Kinds of lane that have nothing to do with Slack."""


class ClosedPlaces:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: set[str] | None = None
        """Their keys; None before the first look into the database."""
        self.everywhere: str | None = None
        """The code by which Slack last kept us out of the whole workspace."""

    async def tell(self, tx: Session, item: OutboxRecord, code: str) -> None:
        """Slack refused the place of this item with `code`; the item waits."""
        if item.payload.get("admins"):
            return  # a message to the admins cannot tell of itself
        is_everywhere = code in _TOKEN_CODES
        if is_everywhere:
            self.everywhere = code
        key = _PREFIX + _EVERYWHERE if is_everywhere else _key(item)
        if await meta.find(tx, key) is not None:
            return
        await meta.put(tx, key, code.encode())
        (await self._known(tx)).add(key)
        where = "" if is_everywhere else key.removeprefix(_PREFIX)
        facts: dict[str, object] = {"slack_channel_id": where, "code": code}
        notice = Notice(NoticeKind.SLACK_CHANNEL_CLOSED, facts)
        await work.notice_to_admins(tx, item.team_id, notice, now=self._context.clock.now())

    async def note_open(self, tx: Session, item: OutboxRecord) -> None:
        """Something was done there: should it close again, that is news again."""
        if item.payload.get("admins") and not item.payload.get("user_id"):
            return  # so far it only became a wish for each of them
        told = await self._known(tx)
        keys = {_key(item)}
        if item.lane.partition(":")[0] not in NOT_AT_SLACK:
            self.everywhere = None
            keys.add(_PREFIX + _EVERYWHERE)
        for key in keys & told:
            told.discard(key)
            await meta.forget(tx, key)

    async def _known(self, tx: Session) -> set[str]:
        if self._told is None:
            self._told = set(await meta.list_keys(tx, _PREFIX))
        return self._told


def _key(item: OutboxRecord) -> str:
    """Lanes at Slack are `kind:slack channel`."""
    return _PREFIX + item.lane.partition(":")[2]
