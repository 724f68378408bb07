"""The outbox worker: claims what is due, has it done, and records the outcome.

    ready ──claim──▶ claimed ──done──▶ (deleted)
      ▲                 │
      └── back-off ─────┤  passing failure, rate limit, unknown outcome (then `uncertain`)
                        └── dead: gave up; the admins are told, Retry and Drop are offered

Lanes (a Slack channel, a connection) run side by side and each has few items in hand, so that one
that is slow or limited delays no other (`lanes`). No transaction is open while Slack or a server is
awaited.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from handlers.context import Context
from handlers.errors import (
    ChatClosed,
    ChatRateLimited,
    ChatRefused,
    ChatUnavailable,
    ChatUncertain,
)
from handlers.outbox import burial, folding, work
from handlers.outbox.closed_places import ClosedPlaces
from handlers.outbox.lanes import Lanes
from handlers.outbox.settling import ClaimLost, Deliver, Later, Settle, untouched
from handlers.outbox.work import WorkKind
from mail.errors import MailError
from storage.engine import Session
from storage.group_commit import GroupCommitter
from storage.queries import outbox
from storage.records import OutboxRecord
from storage.trouble import is_trouble

_log = logging.getLogger(__name__)
_LEASE = timedelta(minutes=5)
_IN_HAND = 128
_PER_LANE = 16
"""Claimed together for a lane, so that a claim is worth its transaction …"""
_LOOK_EVERY = 1.0
_SLOWEST_RETRY = timedelta(minutes=5)
_MOST_ATTEMPTS = 10
"""Of an item that fails for a reason nobody foresaw. Foreseen passing failures go on for days."""
_BLOCKED_WAIT = 0.25
_GATHER = 0.002
"""While things are under way, others end in a moment: one claim then serves them all."""
_CLOSED_RETRY = timedelta(minutes=2)
_OTHERS_TURN = timedelta(seconds=10)
"""What the next version wishes for, beside which this one runs, waits for it."""


class OutboxWorker:
    """`run` until `end`, then `stop`. `deliver` maps each kind of work to who does it."""

    def __init__(self, context: Context, deliver: Mapping[WorkKind, Deliver]) -> None:
        self._context = context
        self._deliver = deliver
        self._lanes = Lanes()
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: set[int] = set()
        self._stopping = False
        self._in_doubt = False
        """The database failed us: what we have claimed may be more than what is in hand."""
        self._closed = ClosedPlaces(context)
        self._settled: GroupCommitter[tuple[OutboxRecord, Settle | None], None] = GroupCommitter(
            self._settle_group, window=0.001, max_items=32, max_bytes=1
        )

    @property
    def refused_by_slack(self) -> str | None:
        """The code by which Slack keeps us out of the whole workspace, while it does."""
        return self._closed.everywhere

    def end(self) -> None:
        """Let `run` return; it claims nothing more."""
        self._stopping = True
        self._context.wake.outbox.set()

    async def run(self) -> None:
        while not self._stopping:
            self._context.wake.outbox.clear()
            try:
                await self._context.trouble.look(self._context.db)
                wait = await self._start_due()
            except Exception as error:  # noqa: BLE001 - the loop serves everybody; tried again
                if not self._context.trouble.note(error):
                    _log.exception("outbox paused")
                self._in_doubt = True
                wait = _LOOK_EVERY
            if wait > 0 and not self._stopping:
                await self._context.wake.wait(self._context.wake.outbox, wait)
                if self._tasks:
                    await asyncio.sleep(_GATHER)

    async def drain(self, *, until_empty: bool = True) -> None:
        """Do all that is due now, and what follows from it: for tests and for a clean stop."""
        while True:
            wait = await self._start_due()
            if self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            elif wait > 0 or not until_empty:
                return

    async def stop(self, grace: float) -> None:
        """Let what is under way end within `grace` seconds; give the rest back."""
        self._stopping = True
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=grace)
            for task in pending:
                task.cancel()
            if pending:
                await asyncio.wait(pending)
        await self._settled.stop()
        async with self._context.db.write() as tx:
            await outbox.release_claims(tx, [self._context.holder])

    async def renew_claims(self) -> None:
        """A timer's work: what is in hand longer than a lease stays ours."""
        if self._in_hand:
            until = self._context.clock.now() + _LEASE
            async with self._context.db.write() as tx:
                await outbox.renew(tx, self._in_hand, self._context.holder, until)

    async def _start_due(self) -> float:
        """Claim and start what is due and has room; returns seconds until it is worth looking."""
        clock = asyncio.get_running_loop().time
        self._start_waiting()
        room = _IN_HAND - self._lanes.in_hand
        if room <= 0:
            return self._lanes.reopens_in(clock()) or _LOOK_EVERY
        busy = self._lanes.busy(clock())
        now = self._context.clock.now()
        claim = partial(self._claim, busy, clock(), room, now)
        items, due_at = await self._context.db.in_write(claim)
        self._in_doubt = False
        for item in items:
            self._in_hand.add(item.id)
            self._lanes.add(item)
        self._start_waiting()
        if items:
            if len(items) >= _PER_LANE:
                self._context.wake.ask_others("outbox")  # there is probably more
            return 0.0
        due_in = (due_at - now).total_seconds() if due_at else _LOOK_EVERY
        reopens_in = self._lanes.reopens_in(clock()) or _LOOK_EVERY
        # What is due and was not claimed is just being looked at by another replica.
        return min(due_in if due_in > 0 else _BLOCKED_WAIT, reopens_in, _LOOK_EVERY)

    async def _claim(
        self,
        busy: Collection[str],
        at: float,
        room: int,
        now: datetime,
        tx: Session,
    ) -> tuple[list[OutboxRecord], datetime | None]:
        """What was claimed; else when something becomes due."""
        if self._in_doubt:
            await outbox.release_all_but(tx, self._context.holder, self._in_hand)
        for slack_channel_id in filter(None, map(work.slack_channel_of, self._lanes.limited(at))):
            await folding.fold(tx, self._context.team_id, slack_channel_id, now=now)
        items = await outbox.claim(
            tx,
            self._context.holder,
            now=now,
            lease=_LEASE,
            limit=room,
            per_lane=_PER_LANE,
            is_limited=lambda lane: self._lanes.is_limited(lane, at),
            busy_lanes=busy,
        )
        return items, None if items else await outbox.next_due_at(tx, busy)

    def _start_waiting(self) -> None:
        if self._stopping:
            return
        for item in self._lanes.startable(asyncio.get_running_loop().time()):
            task = asyncio.create_task(self._do(item), name=f"outbox-{item.kind}-{item.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _do(self, item: OutboxRecord) -> None:
        try:
            if item.kind not in self._deliver:
                raise Later(_OTHERS_TURN, "only a newer Canal can do this")
            settle = await self._deliver[WorkKind(item.kind)](item)
            await self._settled.submit((item, settle))
        except Exception as error:  # noqa: BLE001 - judged, recorded and tried again
            await self._record_failure(item, error)
        finally:
            self._in_hand.discard(item.id)
            self._lanes.leave(item.lane)
            self._start_waiting()
            self._context.wake.deliver()

    async def _settle_group(
        self, group: Sequence[tuple[OutboxRecord, Settle | None]]
    ) -> Sequence[None]:
        """Outcomes that came together share a commit."""

        async def write(tx: Session) -> None:
            ours = await outbox.done(tx, [item.id for item, _ in group], self._context.holder)
            for item, settle in group:
                if item.id in ours and settle is not None:
                    await settle(tx)
            for item, settle in group:
                if settle is not untouched:
                    await self._closed.note_open(tx, item)

        await self._context.db.in_write(write)
        return [None] * len(group)

    async def _record_failure(self, item: OutboxRecord, error: Exception) -> None:
        try:
            async with self._context.db.write() as tx:
                await self._judge(tx, item, error)
        except Exception as failed:  # noqa: BLE001 - the loop serves everybody; tried again
            # It comes back as uncertain with the next claim that succeeds: nothing is lost.
            if not self._context.trouble.note(failed):
                _log.exception("the failure of outbox item %d could not be recorded", item.id)
            self._in_doubt = True

    async def _judge(self, tx: Session, item: OutboxRecord, error: Exception) -> None:
        now = self._context.clock.now()
        again = partial(outbox.retry, tx, item.id, self._context.holder)
        soon = now + pause_after(item.attempts)
        match error:
            case ClaimLost():
                _log.warning("outbox item %d was taken over by another Canal", item.id)
            case Later():
                at = now + error.delay
                await again(not_before=at, error=str(error), order_key=error.order_key)
            case ChatRateLimited():
                await self._slow_down(tx, item, error.retry_after)
            case ChatUncertain() | ChatUnavailable():
                in_doubt = item.uncertain or isinstance(error, ChatUncertain)
                await again(not_before=soon, error=str(error), uncertain=in_doubt)
            case ChatClosed():
                at = now + _CLOSED_RETRY
                if await again(not_before=at, error=error.code, uncertain=item.uncertain):
                    await self._closed.tell(tx, item, error.code)
            case _ if is_trouble(error):
                _log.warning("outbox item %d (%s): %s", item.id, item.kind, error)
                why = f"{type(error).__name__}: {error}"
                await again(not_before=soon, error=why, uncertain=True, counts=False)
            case _:
                await self._retry_or_bury(tx, item, error)

    async def _slow_down(self, tx: Session, item: OutboxRecord, seconds: float) -> None:
        """Slack's limit: what is in hand of this lane waits as well, and none of it has failed."""
        clock = asyncio.get_running_loop().time
        not_before = self._context.clock.now() + timedelta(seconds=seconds)
        for one in (item, *self._lanes.slow_down(item.lane, seconds, clock())):
            self._in_hand.discard(one.id)
            await outbox.retry(
                tx,
                one.id,
                self._context.holder,
                not_before=not_before,
                error="rate limited",
                uncertain=one.uncertain,
                counts=False,
            )

    async def _retry_or_bury(self, tx: Session, item: OutboxRecord, error: Exception) -> None:
        now = self._context.clock.now()
        reason = f"{type(error).__name__}: {error}"
        if not isinstance(error, ChatRefused):
            _log.error("outbox item %d (%s) failed", item.id, item.kind, exc_info=error)
            if item.attempts < _MOST_ATTEMPTS:
                await outbox.retry(
                    tx,
                    item.id,
                    self._context.holder,
                    not_before=now + pause_after(item.attempts),
                    error=reason,
                    uncertain=True,
                )
                return
        if await outbox.bury(tx, item.id, self._context.holder, reason):
            told = str(error) if isinstance(error, MailError) else reason[:300]
            await burial.tell(tx, item, told, now=now)


def pause_after(attempts: int) -> timedelta:
    """Doubling from one second up to five minutes, with jitter so that a crowd spreads out."""
    pause = min(timedelta(seconds=2 ** min(attempts - 1, 12)), _SLOWEST_RETRY)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, protects nothing
