"""Commits of things that arrive together, in one transaction.

A durable commit costs one flush to the disk, however much is in it. While one commit runs, what
arrives waits and makes the next one; on a quiet day a thing is committed alone, `window` seconds
after it came. One commit runs at a time.

    submit ──▶ waiting ──window or full──▶ commit(batch) ──▶ outcome of each
                                               └─ error ──▶ each alone, one after the other
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class CommitterStopped(RuntimeError):  # noqa: N818 - it names the case
    """Nothing is committed any more: Canal is stopping."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    item: T
    size: int
    since: float
    outcome: asyncio.Future[R]


class GroupCommitter(Generic[T, R]):
    """`commit(items)` makes one transaction of all items and returns the outcome of each, in order.

    Where it raises for several items, each is committed alone, so that one that cannot be stored
    does not fail its neighbours; that goes on for `retry_seconds`, then the rest gets the error too
    (a database that is down is not asked once an item). `window`: seconds that the first of a batch
    waits for others. `max_items`, `max_bytes` (by `size_of`) bound a batch; an item larger than
    `max_bytes` goes alone. Belongs to one event loop.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        window: float,
        max_items: int,
        max_bytes: int,
        size_of: Callable[[T], int] = lambda _item: 0,
        retry_seconds: float = 30.0,
    ) -> None:
        self._commit = commit
        self._window = window
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._retry_seconds = retry_seconds
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._bytes = 0
        self._full: asyncio.Future[None] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._stopped = False

    async def submit(self, item: T) -> R:
        """Returns the outcome once it is committed; raises what `commit` raised for this item.

        A caller that is cancelled before the commit began takes the item back; after that the item
        is committed all the same.
        """
        if self._stopped:
            raise CommitterStopped(CommitterStopped.__doc__)
        loop = asyncio.get_running_loop()
        entry = _Waiting[T, R](item, self._size_of(item), loop.time(), loop.create_future())
        self._waiting.append(entry)
        self._bytes += entry.size
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        elif self._full is not None and self._is_full() and not self._full.done():
            self._full.set_result(None)
        try:
            return await entry.outcome
        except asyncio.CancelledError:
            self._take_back(entry)
            raise

    async def stop(self) -> None:
        """Take nothing more; returns when all that waits is committed or has failed."""
        self._stopped = True
        if self._full is not None and not self._full.done():
            self._full.set_result(None)
        if self._worker is not None:
            await asyncio.wait([self._worker])

    def _take_back(self, entry: _Waiting[T, R]) -> None:
        if entry in self._waiting:
            self._waiting.remove(entry)
            self._bytes -= entry.size

    def _is_full(self) -> bool:
        return len(self._waiting) >= self._max_items or self._bytes >= self._max_bytes

    async def _work(self) -> None:
        batch: list[_Waiting[T, R]] = []
        try:
            while self._waiting:
                await self._gather()
                batch = self._take()
                if batch:
                    await self._commit_batch(batch)
        finally:
            self._worker = None
            for entry in [*batch, *self._waiting]:  # only if this task itself was cancelled
                entry.outcome.cancel()
            self._waiting.clear()
            self._bytes = 0

    async def _gather(self) -> None:
        """Wait until the first item is as old as the window, or the batch is full."""
        loop = asyncio.get_running_loop()
        left = self._waiting[0].since + self._window - loop.time()
        if left <= 0 or self._stopped or self._is_full():
            return
        self._full = loop.create_future()
        timer = loop.call_later(left, _set, self._full)
        try:
            await self._full
        finally:
            timer.cancel()
            self._full = None

    def _take(self) -> list[_Waiting[T, R]]:
        batch: list[_Waiting[T, R]] = []
        size = 0
        while self._waiting and len(batch) < self._max_items:
            if batch and size + self._waiting[0].size > self._max_bytes:
                break
            entry = self._waiting.popleft()
            size += entry.size
            batch.append(entry)
        self._bytes -= size
        return batch

    async def _commit_batch(self, batch: list[_Waiting[T, R]]) -> None:
        error = await self._try(batch)
        if error is None:
            return
        loop = asyncio.get_running_loop()
        retry_until = loop.time() + self._retry_seconds
        for entry in batch:
            retry = len(batch) > 1 and loop.time() < retry_until
            failure = await self._try([entry]) if retry else error
            if failure is not None and not entry.outcome.done():
                entry.outcome.set_exception(failure)

    async def _try(self, batch: list[_Waiting[T, R]]) -> Exception | None:
        try:
            outcomes = await self._commit([entry.item for entry in batch])
            if len(outcomes) != len(batch):
                raise RuntimeError(f"{len(outcomes)} outcomes for {len(batch)} items")
        except Exception as error:  # noqa: BLE001 - handed to those who wait for the items
            return error
        for entry, outcome in zip(batch, outcomes, strict=True):
            if not entry.outcome.done():
                entry.outcome.set_result(outcome)
        return None


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
