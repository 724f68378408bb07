"""Whole transactions in threads on PostgreSQL: the same works as on SQLite, side by side.

Through the async session each statement goes through a greenlet, an asyncio wait and an event
loop's selector: more CPU than the statement itself. A visit speaks to libpq directly:

    event loop ──work──▶ one of a few threads: BEGIN · work(session) · COMMIT ──result──▶ event loop

Each thread has a connection of a pool. Visits do not share a commit: on PostgreSQL others wait for
the rows that a transaction has locked, and commits of several are flushed together anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.errors import StorageError
from storage.visits import VisitingSession, Work, drive

R = TypeVar("R")
_Job = Callable[[], None]
_TRUSTED = 2.0
"""Seconds for which a connection that has just worked is not asked whether it still does."""
_END_SECONDS = 2.0


class PostgresVisits:
    """`threads` transactions at a time. `info` is that of the sessions."""

    def __init__(self, name: str, engine: Engine, info: dict[str, Any], *, threads: int) -> None:
        self._engine = engine
        self._info = info
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # Daemons: one that waits for a server that hangs must not keep the process from ending.
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        self._started = False
        event.listen(engine, "checkin", _note_time)
        event.listen(engine, "checkout", _ask_if_idle)

    async def run(self, work: Work[R]) -> R:
        """The result of `work`, committed; what it raises, rolled back."""
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._jobs.put(partial(self._visit, work, future, loop))
        return await future

    async def close(self) -> None:
        """What is in hand may end, also what nobody waits for any more; what hangs is left behind.

        A connection that is still out when the pool is disposed of would never be closed.
        """
        if self._started:
            await asyncio.to_thread(self._end_threads)
        await asyncio.to_thread(self._engine.dispose)

    def _end_threads(self) -> None:
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + _END_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        pool = self._engine.pool
        while (job := self._jobs.get()) is not None:
            job()
        # One that was left behind has given its connection to a pool that nobody uses any more.
        pool.dispose()

    def _visit(
        self, work: Work[R], future: asyncio.Future[R], loop: asyncio.AbstractEventLoop
    ) -> None:
        settle: _Job
        try:
            settle = partial(_succeed, future, self._transact(work))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for this work
            settle = partial(_fail, future, error)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it who waited
            loop.call_soon_threadsafe(settle)

    def _transact(self, work: Work[R], *, again: bool = False) -> R:
        session: VisitingSession | None = None
        try:
            with self._engine.connect() as connection, connection.begin():
                session = VisitingSession(connection, dict(self._info), savepoints=False)
                with session:
                    return drive(work(cast(AsyncSession, session)))
        except DBAPIError as error:
            # The pool's connections were to a server that was started anew: nothing was done yet.
            began = session is None or session.did_something
            if again or began or not error.connection_invalidated:
                raise
        return self._transact(work, again=True)


def _succeed(future: asyncio.Future[R], outcome: R) -> None:
    if not future.done():
        future.set_result(outcome)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if future.done():
        return
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        future.set_exception(error)
    else:
        future.set_exception(StorageError(f"{type(error).__name__}: {error}"))


def _note_time(_connection: object, record: Any) -> None:
    record.info["worked_at"] = time.monotonic()


def _ask_if_idle(connection: Any, record: Any, _proxy: object) -> None:
    """A server that was started anew is noticed here, before a transaction fails for it."""
    if time.monotonic() - record.info.get("worked_at", 0.0) < _TRUSTED:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error
