"""Who may have one of the pool's threads: a server that hangs must not hold them all.

Connecting has a share of its own, and a host that has let somebody wait until the time-out gets one
thread at a time until it answers again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Slot:
    """`hung` is set by the holder when the server did not answer in time."""

    hung: bool = False


class HostGate:
    """Hands out slots. Belongs to one event loop."""

    def __init__(self, *, connecting: int) -> None:
        self._connecting = asyncio.Semaphore(connecting)
        self._suspects: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def slot(self, host: str, *, connecting: bool) -> AsyncIterator[Slot]:
        """A turn at talking to `host`; waits while others have theirs."""
        slot = Slot()
        async with AsyncExitStack() as stack:
            while not await self._enter(stack, host, connecting):
                await stack.aclose()
            answered = False
            try:
                yield slot
                answered = True
            finally:
                if slot.hung:
                    self._suspects.setdefault(host, asyncio.Lock())
                elif answered:
                    self._suspects.pop(host, None)

    async def _enter(self, stack: AsyncExitStack, host: str, connecting: bool) -> bool:
        """Take the locks. False when the host came or ceased to be suspect while we waited."""
        suspect = self._suspects.get(host)
        if suspect is not None:
            await stack.enter_async_context(suspect)
        if connecting:
            await stack.enter_async_context(self._connecting)
        return self._suspects.get(host) is suspect
