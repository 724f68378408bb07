"""Brings events and interactions to the app, whatever the wire.

An event is sent until it is acked: again after `redeliver_after` seconds, three times at most,
with retry_attempt and retry_reason. While nobody is connected it waits up to `keep_events_for`
seconds. (The real Slack retries at once, after a minute and after five minutes and promises
nothing when every socket is down; an app must read the history to be sure.) Events that wait are
kept in the store, since the real Slack does not die with the app either.

An interaction (button, modal, command, shortcut) is sent once; without an ack within
`ack_timeout` the person sees that the app did not answer.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Protocol

from bot.sandbox.errors import AppDidNotAnswerError
from bot.sandbox.model import Json
from bot.sandbox.world import World

log = logging.getLogger(__name__)

RETRIES = 3


class UndeliveredError(Exception):
    """The app did not ack. `reason` as in retry_reason; `again` False when it forbade retries."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


@dataclass(frozen=True, slots=True)
class Parcel:
    """One attempt to hand something to the app. `kind`: events_api, interactive, slash_commands."""

    kind: str
    payload: Json
    attempt: int = 0
    reason: str = ""
    accepts_response: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds; see the module's docstring."""

    redeliver_after: float
    ack_timeout: float
    keep_events_for: float


class Wire(Protocol):
    """Socket Mode or signed HTTP requests."""

    @property
    def connected(self) -> bool:
        """Whether the app can be reached now, as far as is known."""

    async def send(self, parcel: Parcel, within: float) -> Any:
        """Hands it over and returns the ack's payload. Raises UndeliveredError."""

    async def wait_connected(self) -> None:
        """Returns when the app is connected."""


class Delivery:
    """The post office: one task per event on its way."""

    def __init__(self, world: World, wire: Wire, times: Times) -> None:
        self.wire = wire
        self._world = world
        self._times = times
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Json] = []
        self._running = False

    @property
    def pending(self) -> int:
        """Events that are not acked (or given up) yet."""
        return len(self._tasks) + len(self._held)

    def start(self, stored: dict[str, Json]) -> None:
        """Begins to deliver, with what an earlier run could not bring to the app."""
        self._running = True
        held, self._held = self._held, []
        for payload in [*stored.values(), *held]:
            self._begin(payload)

    def post_event(self, payload: Json) -> None:
        """Sends an event_callback; returns at once."""
        self._world.store.put("event", payload["event_id"], lambda: payload)
        if self._running:
            self._begin(payload)
        else:
            self._held.append(payload)

    async def ask(self, kind: str, payload: Json, *, accepts_response: bool = True) -> Any:
        """Sends an interaction and returns the ack's payload. Raises AppDidNotAnswerError."""
        await self._world.store.flush()
        if not self.wire.connected:
            raise AppDidNotAnswerError("dispatch_failed", "The app is not connected just now.")
        parcel = Parcel(kind, payload, accepts_response=accepts_response)
        try:
            return await self.wire.send(parcel, self._times.ack_timeout)
        except UndeliveredError as error:
            name = self._world.manifest.name
            code = "operation_timeout" if error.reason == "timeout" else "dispatch_failed"
            raise AppDidNotAnswerError(
                code, f"{name} did not answer in time. Try again."
            ) from error

    async def stop(self) -> None:
        """Stops; what is not acked stays in the store for the next run."""
        self._running = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, payload: Json) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(payload))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("an event could not be delivered", exc_info=task.exception())
        self._world.touch()

    async def _deliver(self, payload: Json) -> None:
        reason = ""
        for attempt in range(RETRIES + 1):
            await self._world.store.flush()  # nobody hears of what could still be forgotten
            if not await self._connected(payload):
                log.info("nobody was connected: an event is dropped")
                break
            parcel = Parcel("events_api", payload, attempt, reason)
            try:
                await self.wire.send(parcel, self._times.redeliver_after)
                break
            except UndeliveredError as error:
                reason = error.reason
                if not error.again:
                    break
        self._world.store.delete("event", payload["event_id"])

    async def _connected(self, payload: Json) -> bool:
        """Waits for somebody to connect, until the event is too old."""
        if self.wire.connected:
            return True
        left = payload["event_time"] + self._times.keep_events_for - self._world.clock()
        try:
            async with asyncio.timeout(max(0.0, left)):  # wait_for can lose a cancellation
                await self.wire.wait_connected()
        except TimeoutError:
            return False
        return True
