"""Raw mail is kept for a time, and then its bytes go; tickets and their words stay."""

from __future__ import annotations

import logging
from datetime import timedelta

from handlers.context import Context
from storage.queries import retention

_log = logging.getLogger(__name__)
_AT_ONCE = 200


class Retention:
    """`run` is a timer's work. `days` 0 keeps everything."""

    def __init__(self, context: Context, days: int) -> None:
        self._context = context
        self._days = days

    async def run(self) -> int:
        """Purge what is too old, some at a time so that nobody waits long; returns how many."""
        if not self._days:
            return 0
        before = self._context.clock.now() - timedelta(days=self._days)
        purged = 0
        while True:
            async with self._context.db.write() as tx:
                count = await retention.purge_raw(tx, before=before, limit=_AT_ONCE)
            purged += count
            if count < _AT_ONCE:
                break
        if purged:
            _log.info("purged %d mails older than %d days", purged, self._days)
        return purged
