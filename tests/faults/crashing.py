"""`canal run` that kills itself (-9) at one named point, and notes every step that it takes.

    FAULT_STEP="commit OutboxWorker._claim" FAULT_WHEN=after FAULT_HIT=2 FAULT_SEEN=FILE \
        python -m tests.faults.crashing run

"before" a commit: all is written, nothing is durable. "after" it: durable, and whoever waits for it
has not heard. "before" a call: nothing was asked. "after" it: it was answered, and nobody noted it.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from bot.cli.start import main
from bot.slack.calls import SlackCalls
from bot.wires.transports import Transports
from storage.engine import Database
from storage.mail_store import MailStore


class Crash:
    """Counts the steps, and ends the process at the chosen one."""

    def __init__(self) -> None:
        self._step = os.environ.get("FAULT_STEP", "")
        self._when = os.environ.get("FAULT_WHEN", "")
        self._hit = int(os.environ.get("FAULT_HIT", "1"))
        self._seen_file = os.environ.get("FAULT_SEEN", "")
        self._seen: set[str] = set()
        self._counts: Counter[str] = Counter()

    def reach(self, step: str, when: str) -> None:
        if self._seen_file and step not in self._seen:
            self._seen.add(step)
            with open(self._seen_file, "a", encoding="utf-8") as file:  # noqa: PTH123 - appended
                file.write(f"{step}\n")
        if step != self._step or when != self._when:
            return
        self._counts[when] += 1
        if self._counts[when] == self._hit:
            os.kill(os.getpid(), signal.SIGKILL)


def name_of(work: Any) -> str:
    """The function that wants a transaction: `Class.method`, or the method around a local one."""
    while isinstance(work, functools.partial):
        work = work.func
    return str(work.__qualname__).partition(".<locals>")[0]


def watch_the_database(crash: Crash) -> None:
    in_write, write, store = Database.in_write, Database.write, MailStore.store
    inside = {"in_write", "store"}

    async def watched_in_write(self: Database, work: Callable[[Any], Awaitable[Any]]) -> Any:
        step = f"commit {name_of(work)}"

        async def to_its_end(tx: Any) -> Any:
            outcome = await work(tx)
            crash.reach(step, "before")
            return outcome

        outcome = await in_write(self, to_its_end)
        crash.reach(step, "after")
        return outcome

    @asynccontextmanager
    async def watched_write(self: Database, step: str) -> AsyncIterator[Any]:
        async with write(self) as tx:
            yield tx
            crash.reach(step, "before")
        crash.reach(step, "after")

    def named_write(self: Database) -> Any:
        caller = sys._getframe(1).f_code.co_qualname.partition(".<locals>")[0]
        if caller.rpartition(".")[2] in inside:
            return write(self)
        return watched_write(self, f"commit {caller}")

    async def watched_store(self: MailStore, *args: Any) -> set[int]:
        crash.reach("commit MailStore.store", "before")
        outcome = await store(self, *args)
        crash.reach("commit MailStore.store", "after")
        return outcome

    Database.in_write = watched_in_write  # type: ignore[method-assign]
    Database.write = named_write  # type: ignore[method-assign]
    MailStore.store = watched_store  # type: ignore[assignment, method-assign]


def watch_the_calls(crash: Crash) -> None:
    call, upload, send = SlackCalls.call, SlackCalls.send_bytes, Transports.send

    async def watched_call(self: SlackCalls, method: str, arguments: Any = None) -> Any:
        crash.reach(f"slack {method}", "before")
        answer = await call(self, method, arguments)
        crash.reach(f"slack {method}", "after")
        return answer

    def around(step: str, function: Any) -> Any:
        async def watched(*args: Any, **kwargs: Any) -> Any:
            crash.reach(step, "before")
            outcome = await function(*args, **kwargs)
            crash.reach(step, "after")
            return outcome

        return watched

    SlackCalls.call = watched_call  # type: ignore[method-assign]
    SlackCalls.send_bytes = around("slack upload", upload)  # type: ignore[method-assign]
    Transports.send = around("mail send", send)  # type: ignore[method-assign]


if __name__ == "__main__":
    crash = Crash()
    watch_the_database(crash)
    watch_the_calls(crash)
    main()
