"""Watch many mailboxes at once: IDLE sockets on the event loop, a small pool that does the talking.

A mailbox that rests costs a registered socket and a sleeping task, no thread. When its socket
stirs, or its time is up, one of the pool's threads leaves IDLE, looks for what is new, fetches a
batch, and, when nothing is left, enters IDLE again:

    connect ──> look ──> batch ──> on_mails (durable) ──> [\\Seen] ──> look … nothing ──> IDLE ─┐
       ^          ^                                                                             │
       │          └──────── readable · 2 s after a mail · every few minutes · poke ─────────────┘
       └── backoff <── any WireError

Looking is by UID, never by what IDLE said: a server that announces nothing, or announces before we
listen, costs time but no mail. The cursor moves only after `on_mails` returned.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from mail.connections import FetchedBatch, ImapCursor, ImapSettings
from mail.errors import ConnectTimeout, LoginFailed, MailError, ServerSilent
from mail.imap.account import ImapAccount
from mail.imap.breakers import Breakers
from mail.imap.gate import HostGate
from mail.imap.look import Look
from mail.imap.watched import OnHealth, OnMails, TokenSource, WatchedAccount, WatchTiming

__all__ = [
    "ImapWatcher",
    "OnHealth",
    "OnMails",
    "TokenSource",
    "WatchTiming",
    "WatchedAccount",
]

logger = logging.getLogger(__name__)
T = TypeVar("T")


class ImapWatcher:
    """Watches the accounts that are added, until `stop`. All methods belong to the event loop."""

    def __init__(
        self,
        on_mails: OnMails,
        on_health: OnHealth,
        *,
        threads: int = 16,
        timing: WatchTiming | None = None,
    ) -> None:
        self.on_mails = on_mails
        self.on_health = on_health
        self.timing = timing or WatchTiming()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="imap")
        # Half of the threads stay free for mailboxes that are connected, whatever hangs.
        self._gate = HostGate(connecting=max(1, threads // 2))
        self._watches: dict[str, _Watch] = {}
        self._stopped = False

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, account: WatchedAccount) -> None:
        """Begin to watch. An account of that id that is watched already is replaced."""
        assert not self._stopped, "a stopped watcher stays stopped"
        old = self._watches.pop(account.id, None)
        self._watches[account.id] = _Watch(self, account, old.end() if old else None)

    def update(self, account: WatchedAccount) -> None:
        """New settings; the same as `add` but that equal ones change nothing."""
        old = self._watches.get(account.id)
        if old is None or replace(old.account, cursor=None) != replace(account, cursor=None):
            self.add(account)

    async def remove(self, account_id: str) -> None:
        """End watching; afterwards `on_mails` is not called for this account any more."""
        watch = self._watches.pop(account_id, None)
        if watch is not None:
            await asyncio.wait({watch.end()})

    def poke(self, account_id: str) -> None:
        """Look now, or try to connect now."""
        watch = self._watches.get(account_id)
        if watch is not None:
            watch.wake.set()

    async def stop(self) -> None:
        """End all watching and close the connections."""
        self._stopped = True
        tasks = {watch.end() for watch in self._watches.values()}
        self._watches.clear()
        if tasks:
            await asyncio.wait(tasks)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def call(
        self, imap: ImapAccount, function: Callable[[], T], *, connecting: bool = False
    ) -> T:
        """Run blocking `function`, which talks over `imap`, in the pool."""
        async with self._gate.slot(imap.settings.host, connecting=connecting) as slot:
            job = self._pool.submit(function)
            future = asyncio.wrap_future(job)
            try:
                return await asyncio.shield(future)
            except asyncio.CancelledError:
                imap.abort()
                future.add_done_callback(_forget)
                if not job.cancel():
                    await asyncio.wait({future}, timeout=5)
                raise
            except (ServerSilent, ConnectTimeout):
                slot.hung = True
                raise


class _Watch:
    """One account's life: connect, look, rest, and again after a failure."""

    def __init__(
        self, watcher: ImapWatcher, account: WatchedAccount, after: asyncio.Task[None] | None
    ) -> None:
        self.account = account
        self.wake = asyncio.Event()
        self._watcher = watcher
        self._timing = watcher.timing
        self._cursor = account.cursor
        self._breakers = Breakers(watcher.timing.hopeless)
        self._to_mark: list[tuple[int, int]] = []
        self._failures = 0
        self._store_failures = 0
        self._token_refused = False
        self._told_ok_at = float("-inf")
        self._task = asyncio.create_task(self._run(after), name=f"imap {account.id}")

    def end(self) -> asyncio.Task[None]:
        self._task.cancel()
        return self._task

    async def _run(self, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        while True:
            try:
                await self._session()
            except MailError as error:
                await self._failed(error)
            except Exception:
                # Not the mailbox's fault: storing failed. The mails come again.
                logger.exception("Mails of account %s could not be stored", self.account.id)
                self._store_failures += 1
                await self._pause(_backoff(self._timing.retry_first, 60.0, self._store_failures))

    async def _session(self) -> None:
        """One connection, from login until it breaks (or until the next poll is far away)."""
        imap = ImapAccount(await self._settings(), self.account.options, self._breakers)
        try:
            await self._watcher.call(imap, imap.connect, connecting=True)
            resting = False
            while True:
                took = await self._take_new(imap, resting=resting)
                if not await self._rest(imap, settled=resting and not took):
                    return
                resting = True
        finally:
            imap.close()

    async def _take_new(self, imap: ImapAccount, *, resting: bool) -> bool:
        """Hand over all there is, the next batch being fetched while one is stored.

        False when there was nothing.
        """
        batch = await self._look(imap, self._cursor, resting=resting)
        took = batch is not None
        while batch is not None or self._to_mark:
            if batch is None:
                batch = await self._look(imap, self._cursor)
            elif batch.more:
                batch = await self._store_and_look(imap, batch)
            else:
                await self._store(batch)
                batch = await self._look(imap, self._cursor)
        return took

    async def _store_and_look(self, imap: ImapAccount, batch: FetchedBatch) -> FetchedBatch | None:
        ahead = asyncio.create_task(self._look(imap, batch.cursor))
        try:
            await self._store(batch)
        except BaseException:
            ahead.cancel()
            await asyncio.wait({ahead})
            _forget(ahead)
            raise
        # Stored is stored, whatever became of the look ahead.
        return await ahead

    async def _store(self, batch: FetchedBatch) -> None:
        await self._watcher.on_mails(self.account.id, batch)
        self._cursor = batch.cursor
        self._store_failures = 0
        if self.account.options.mark_read:
            self._to_mark += [(mail.uidvalidity, mail.uid) for mail in batch]

    async def _look(
        self, imap: ImapAccount, cursor: ImapCursor | None, *, resting: bool = False
    ) -> FetchedBatch | None:
        marks, self._to_mark = self._to_mark, []
        try:
            batch = await self._watcher.call(imap, Look(imap, cursor, marks, resting=resting))
        except MailError:
            self._to_mark = marks + self._to_mark
            raise
        await self._worked()
        return batch

    async def _settings(self) -> ImapSettings:
        settings = self.account.settings
        if self.account.token is None:
            return settings
        return settings.with_token(await self.account.token(self._token_refused))

    async def _rest(self, imap: ImapAccount, *, settled: bool) -> bool:
        """Until there may be something new. False: the connection is not worth keeping."""
        timing = self._timing
        if imap.idling:
            longest = min(timing.refresh, max(self.account.poll_seconds, timing.settle))
            seconds = longest * random.uniform(0.8, 1.0) if settled else timing.settle  # noqa: S311
            await self._pause(seconds, imap.fileno())
            return True
        seconds = self.account.poll_seconds * random.uniform(0.9, 1.0)  # noqa: S311
        if seconds > timing.keep_open:
            imap.close()
            await self._pause(seconds)
            return False
        await self._pause(seconds)
        return True

    async def _pause(self, seconds: float, fileno: int | None = None) -> None:
        """Sleep until the time is up, somebody pokes, or the socket can be read."""
        loop = asyncio.get_running_loop()
        if fileno is not None:
            loop.add_reader(fileno, self.wake.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.wake.wait()
        finally:
            if fileno is not None:
                loop.remove_reader(fileno)
            self.wake.clear()

    async def _worked(self) -> None:
        now = time.monotonic()
        if self._failures or now - self._told_ok_at >= self._timing.ok_every:
            self._failures = 0
            self._token_refused = False
            self._told_ok_at = now
            await self._tell(None)

    async def _failed(self, error: MailError) -> None:
        self._failures += 1
        self._token_refused = isinstance(error, LoginFailed) and self.account.token is not None
        await self._tell(error)
        await self._pause(self._retry_delay(error))

    async def _tell(self, error: MailError | None) -> None:
        try:
            await self._watcher.on_health(self.account.id, error)
        except Exception:
            logger.exception("The health of account %s could not be noted", self.account.id)

    def _retry_delay(self, error: MailError) -> float:
        timing = self._timing
        first, most = timing.retry_first, timing.retry_most
        if isinstance(error, LoginFailed) and not (self._token_refused and self._failures == 1):
            # Providers lock an account that is tried too often with a wrong password.
            first, most = timing.login_retry_first, timing.login_retry_most
        return _backoff(first, most, self._failures)


def _forget(future: asyncio.Future[T]) -> None:
    """Nobody waits for this result any more, nor for its exception."""
    if not future.cancelled():
        future.exception()


def _backoff(first: float, most: float, failures: int) -> float:
    """Twice as long each time, up to `most`, and never the same for two accounts."""
    seconds: float = min(most, first * 2.0 ** min(failures - 1, 20))
    return seconds * random.uniform(0.5, 1.5)  # noqa: S311
