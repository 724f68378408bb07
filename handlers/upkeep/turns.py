"""Whose turn it is to do what needs doing once, on however many machines Canal runs.

One process holds the lease `timers` and does all timers' work; it renews the lease long before it
ends. When it dies another has it within 25 seconds (sooner: `handlers.outbox.recovery`).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from handlers.context import Context
from storage import leases

NAME = "timers"
DURATION = timedelta(seconds=25)
RENEW_EVERY = 8.0
_MARGIN = 5.0
"""Seconds before the lease's end from which it is not relied on."""


class Turns:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._until = 0.0

    async def renew(self) -> bool:
        """A timer's work: take the lease or keep it. True when it is this process's turn."""
        if self._context.db.is_sqlite:
            return True
        asked_at = asyncio.get_running_loop().time()
        async with self._context.db.write() as tx:
            token = await leases.acquire(
                tx, NAME, self._context.holder, now=self._context.clock.now(), duration=DURATION
            )
        self._until = asked_at + DURATION.total_seconds() - _MARGIN if token else 0.0
        return token is not None

    def is_ours(self) -> bool:
        """Whether this process does the timers' work now. A lone process always does."""
        if self._context.db.is_sqlite:
            return True
        return asyncio.get_running_loop().time() < self._until
