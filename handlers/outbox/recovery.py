"""Taking over from replicas that died, without waiting for their leases to end.

A process that lost its connection to the database for a moment is not dead: only who is gone at
two looks in a row is, and by then its own calls have long ended. What it had in hand comes back as
uncertain, so that it is looked for before it is done again.
"""

from __future__ import annotations

import logging

from handlers.context import Context
from storage import leases, notify
from storage.queries import mails, outbox

_log = logging.getLogger(__name__)


class Recovery:
    """`run` is a timer's work, a few seconds apart. With SQLite there is nobody else."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._suspects: set[str] = set()

    async def run(self) -> set[str]:
        """Returns whose work was taken back."""
        if self._context.db.is_sqlite:
            return set()
        gone = await self._find_gone()
        dead, self._suspects = gone & self._suspects, gone
        if dead:
            await self._take_back(dead)
        return dead

    async def _find_gone(self) -> set[str]:
        now = self._context.clock.now()
        async with self._context.db.read() as tx:
            busy = await outbox.list_holders(tx) | await mails.list_holders(tx)
            busy |= await leases.list_holders(tx, now=now)
            return await notify.find_gone(tx, busy - {self._context.holder})

    async def _take_back(self, dead: set[str]) -> None:
        async with self._context.db.write() as tx:
            await mails.release_claims(tx, dead)
            await outbox.release_claims(tx, dead)
            await leases.release(tx, dead, now=self._context.clock.now())
        _log.warning("took over from %d Canal that died", len(dead))
        self._context.wake.file()
        self._context.wake.deliver()
