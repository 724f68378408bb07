"""What every handler shares, put together once by `bot/app.py`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from handlers.database_trouble import DatabaseTrouble
from handlers.ports import Clock
from handlers.tokens import Tokens
from storage.engine import Database

WAKE_NAMES = ("filing", "outbox")


class Wake:
    """Lets a commit wake the worker that has something to do now.

    Whoever makes work does it, so that other replicas are left in peace; they are asked for help
    with what is more than one can do, or is theirs to do. The workers also look by themselves from
    time to time; a lost wake-up costs a second, no mail.
    """

    def __init__(self) -> None:
        self.filing = asyncio.Event()
        self.outbox = asyncio.Event()
        self._listeners: list[Callable[[str], None]] = []
        self._helpers: list[Callable[[str], None]] = []
        self.stored_here = False
        """Mails were stored by this process since the worker has looked last."""

    def listen(self, listener: Callable[[str], None]) -> None:
        """Also tell `listener` of all work ("filing" or "outbox"): for who has no workers."""
        self._listeners.append(listener)

    def listen_for_help(self, helper: Callable[[str], None]) -> None:
        """Tell `helper` when others are wanted: replicas are woken this way."""
        self._helpers.append(helper)

    def ask_others(self, name: str) -> None:
        """There is work that this process cannot do now, or not all of it."""
        for helper in self._helpers:
            helper(name)

    def by_another(self, name: str) -> None:
        """Another process has work; it has told everybody itself."""
        {"filing": self.filing, "outbox": self.outbox}[name].set()

    def file(self) -> None:
        self.stored_here = True
        self._set("filing", self.filing)

    def deliver(self) -> None:
        self._set("outbox", self.outbox)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until something is to be done, or for so long (asyncio.wait_for loses cancellations)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    def _set(self, name: str, event: asyncio.Event) -> None:
        event.set()
        for listener in self._listeners:
            listener(name)


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the time, the signing key, and who is woken by what."""

    db: Database
    clock: Clock
    tokens: Tokens
    inbound_domain: str
    team_id: str
    holder: str
    """Names this process in claims and leases."""
    wake: Wake = field(default_factory=Wake)
    trouble: DatabaseTrouble = field(default_factory=DatabaseTrouble)
    language: str = "en"
    """The help desk's own, for customers whose language nobody knows."""
