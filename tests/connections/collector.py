"""A stand-in for the intake: keeps what the watcher hands over, and lets a test wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mail.connections import FetchedBatch, FetchedMail
from mail.errors import MailError


class Collector:
    """`on_mails` and `on_health` for an ImapWatcher."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, FetchedBatch]] = []
        self.health: list[tuple[str, MailError | None]] = []
        self.fail_next = 0
        self._changed = asyncio.Condition()

    async def on_mails(self, account_id: str, batch: FetchedBatch) -> None:
        if self.fail_next:
            self.fail_next -= 1
            raise RuntimeError("the disk is full")
        async with self._changed:
            self.batches.append((account_id, batch))
            self._changed.notify_all()

    async def on_health(self, account_id: str, error: MailError | None) -> None:
        async with self._changed:
            self.health.append((account_id, error))
            self._changed.notify_all()

    def mails(self, account_id: str | None = None) -> list[FetchedMail]:
        return [
            mail for owner, batch in self.batches for mail in batch if account_id in (None, owner)
        ]

    def bodies(self, account_id: str | None = None) -> list[bytes]:
        return [mail.data for mail in self.mails(account_id)]

    async def until(self, true: Callable[[], bool], seconds: float = 15) -> None:
        """Wait until `true()`; fails after `seconds`."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(true)

    async def until_mails(self, count: int, seconds: float = 15) -> None:
        await self.until(lambda: len(self.mails()) >= count, seconds)
