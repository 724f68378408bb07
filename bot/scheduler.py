"""The ticker: what is looked at from time to time. The database decides who does the work.

APScheduler keeps its jobs in memory here; durable work lives in the outbox (two schedulers on one
job store run every job twice).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.metrics import Metrics
from bot.parts import Parts
from bot.wires.mailboxes import MailboxWatch
from handlers.channels.health import tell_of_long_failures
from handlers.channels.secret_expiry import warn_of_expiring_secrets
from handlers.outbox.recovery import Recovery
from handlers.upkeep.reports import outbox_figures
from handlers.upkeep.retention import Retention
from handlers.upkeep.turns import RENEW_EVERY, Turns

_log = logging.getLogger(__name__)
CONFIG_EVERY = 0.5
"""Seconds until a running Canal sees what another process configured (promised: within 2)."""
MISSED_EVERY = 5.0
RECOVER_EVERY = 2.0
"""Seconds between looks for dead replicas (`handlers.outbox.recovery` says when it acts)."""


class Scheduler:
    def __init__(
        self, parts: Parts, metrics: Metrics, mailboxes: MailboxWatch, *, retention_days: int
    ) -> None:
        self._parts = parts
        self._metrics = metrics
        self._mailboxes = mailboxes
        self._turns = Turns(parts.context)
        self._recovery = Recovery(parts.context)
        self._retention = Retention(parts.context, retention_days)
        self._scheduler = AsyncIOScheduler()
        self._running: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        self._every(CONFIG_EVERY, "configuration", self._look_for_changes)
        self._every(10, "metrics", self._measure)
        self._every(MISSED_EVERY, "missed events", self._parts.backfill.read_missed)
        self._every(60, "claims", self._parts.outbox.renew_claims)
        self._every(RECOVER_EVERY, "recovery", self._recovery.run, at_once=True)
        self._every(RENEW_EVERY, "turns", self._turns.renew, at_once=True)
        self._in_turn(30, "waiting times", self._parts.tickets.refresh_waiting_times)
        self._in_turn(600, "retention", self._retention.run)
        self._in_turn(60, "connections", self._look_after_connections)
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler.start()

    async def stop(self) -> None:
        """No tick begins any more; what a tick has begun is let end, for a moment."""
        self._scheduler.pause()
        if self._running:
            await asyncio.wait(self._running, timeout=1.0)
        self._scheduler.shutdown(wait=False)

    def _in_turn(self, seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """For what is done once, on however many machines Canal runs."""

        async def when_ours() -> None:
            if self._turns.is_ours():
                await work()

        self._every(seconds, name, when_ours)

    def _every(
        self,
        seconds: float,
        name: str,
        work: Callable[[], Awaitable[object]],
        *,
        at_once: bool = False,
    ) -> None:
        async def guarded() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            try:
                await work()
            except Exception:  # noqa: BLE001 - logged; the next tick tries again
                _log.exception("the timer for %s failed", name)

        first = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(
            guarded, "interval", seconds=seconds, name=name, max_instances=1, coalesce=True, **first
        )

    async def _look_for_changes(self) -> None:
        await self._parts.look_for_changes()
        await self._mailboxes.follow(self._parts.index.version)

    async def _look_after_connections(self) -> None:
        await tell_of_long_failures(self._parts.context)
        await warn_of_expiring_secrets(self._parts.context)

    async def _measure(self) -> None:
        figures = await outbox_figures(self._parts.context)
        self._metrics.outbox_depth.clear()
        for kind, count in figures.waiting.items():
            self._metrics.outbox_depth.labels(kind).set(count)
        self._metrics.outbox_oldest_seconds.set(figures.oldest_seconds)
        self._metrics.outbox_dead.set(figures.dead)
        self._mailboxes.measure()
