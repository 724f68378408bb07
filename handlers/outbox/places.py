"""Slack channels that can be posted to again: what waited for them is due now."""

from __future__ import annotations

from handlers.context import Context
from handlers.outbox.closed_places import NOT_AT_SLACK
from handlers.outbox.work import slack_lane
from storage.queries import outbox_pauses


class Places:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def on_available(self, slack_channel_id: str) -> None:
        """Unarchived, or Canal was invited (back)."""
        now = self._context.clock.now()
        lanes = [
            slack_lane(slack_channel_id),
            *(f"{kind}:{slack_channel_id}" for kind in ("update", "files", "react", "read")),
        ]
        async with self._context.db.write() as tx:
            await outbox_pauses.hurry(tx, lanes, now=now)
        self._context.wake.deliver()

    async def on_slack_back(self) -> None:
        """Slack answers again after a while: nothing waits out the pause after its last failure."""
        async with self._context.db.write() as tx:
            await outbox_pauses.hurry_all_but(tx, NOT_AT_SLACK, now=self._context.clock.now())
        self._context.wake.deliver()
