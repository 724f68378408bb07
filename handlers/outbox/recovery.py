"""Taking over from replicas that died, without waiting for their leases to end.

Mail that it was filing is filed by another at once: filing is a transaction that looks whether it
is still the claim's. A process that lost its connection to the database for a moment is not dead:
only who stays away for some seconds is, and by then its own calls have long ended. What it had in
hand comes back as uncertain, so that it is looked for before it is done again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from handlers.context import Context
from storage import leases, notify
from storage.queries import mails, outbox

_log = logging.getLogger(__name__)
SURE_AFTER = timedelta(seconds=4)


class Recovery:
    """`run` is a timer's work, a few seconds apart. With SQLite there is nobody else."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gone_since: dict[str, datetime] = {}

    async def run(self) -> set[str]:
        """Returns whose work was taken back."""
        if self._context.db.is_sqlite:
            return set()
        now = self._context.clock.now()
        gone = await self._find_gone(now)
        self._gone_since = {one: self._gone_since.get(one, now) for one in gone}
        dead = {one for one, since in self._gone_since.items() if now - since >= SURE_AFTER}
        if gone:
            await self._take_back(gone, dead, now)
        return dead

    async def _find_gone(self, now: datetime) -> set[str]:
        async with self._context.db.read() as tx:
            busy = await outbox.list_holders(tx) | await mails.list_holders(tx)
            busy |= await leases.list_holders(tx, now=now)
            return await notify.find_gone(tx, busy - {self._context.holder})

    async def _take_back(self, gone: Collection[str], dead: Collection[str], now: datetime) -> None:
        async with self._context.db.write() as tx:
            await mails.release_claims(tx, gone)
            if dead:
                await outbox.release_claims(tx, dead)
                await leases.release(tx, dead, now=now)
        self._context.wake.file()
        if dead:
            _log.warning("took over from %d Canal that died", len(dead))
            self._context.wake.deliver()
