"""Puts a sandbox together: every part once, in the order in which they lean on each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.sandbox.delivery import Delivery, Times
from bot.sandbox.events import Events
from bot.sandbox.faults import Faults
from bot.sandbox.httpmode import HttpWire
from bot.sandbox.interactions import Interactions
from bot.sandbox.limits import Limits
from bot.sandbox.manifest import read_manifest
from bot.sandbox.messages import Messages
from bot.sandbox.people import People
from bot.sandbox.sockets import Sockets
from bot.sandbox.store import Store
from bot.sandbox.tasks import Tasks
from bot.sandbox.views import Views
from bot.sandbox.webapi.call import Backend
from bot.sandbox.webapi.dispatch import WebApi
from bot.sandbox.world import World


class Core:
    """The parts, for the mixins of Sandbox to work on."""

    def __init__(
        self,
        path: Path | None,
        *,
        manifest: Path,
        limits: bool,
        redeliver_after: float,
        ack_timeout: float,
        keep_events_for: float,
        trigger_lifetime: float,
        clock: Callable[[], float],
    ) -> None:
        self.store = Store(path)
        self.world = World(read_manifest(manifest), self.store, clock)
        self.sockets = Sockets(self.world)
        times = Times(redeliver_after, ack_timeout, keep_events_for)
        self.delivery = Delivery(self.world, self.sockets, times)
        self.events = Events(self.world, self.delivery.post_event)
        self.message_log = Messages(self.world, self.events)
        self.views = Views(self.world, trigger_lifetime=trigger_lifetime)
        self.interactions = Interactions(self.world, self.delivery, self.message_log, self.views)
        self.people = People(
            self.world, self.events, self.message_log, self.views, self.interactions
        )
        self.limits = Limits(clock, enabled=limits)
        self.tasks = Tasks()
        self.faults = Faults()
        self.backend = Backend(
            self.world,
            self.events,
            self.message_log,
            self.interactions,
            self.views,
            self.sockets,
            self.limits,
            self.tasks,
        )
        self.api = WebApi(self.backend, self.faults)
        self._http_wires: list[HttpWire] = []
