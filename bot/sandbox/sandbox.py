"""A small Slack workspace in one process: the demo's Slack and the Slack of the tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from bot.sandbox.acting import Acting, Looking
from bot.sandbox.admin import Meddling, Seeding
from bot.sandbox.catcher import MailCatcher
from bot.sandbox.core import Core
from bot.sandbox.server import Server


class Sandbox(Acting, Looking, Seeding, Meddling, Core):
    """One workspace with one app installed, the one of manifest.yml.

    `path` None keeps everything in memory, else in this SQLite file, tokens included. `limits`
    off lets any number of calls through. An event that is not acked comes again after
    `redeliver_after` seconds; while nobody is connected events wait `keep_events_for` seconds
    (0: they are lost, as they may be at Slack). `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        manifest: Path,
        limits: bool = True,
        redeliver_after: float = 3.0,
        ack_timeout: float = 3.0,
        keep_events_for: float = 60.0,
        trigger_lifetime: float = 3.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            path,
            manifest=manifest,
            limits=limits,
            redeliver_after=redeliver_after,
            ack_timeout=ack_timeout,
            keep_events_for=keep_events_for,
            trigger_lifetime=trigger_lifetime,
            clock=clock,
        )
        self.catcher: MailCatcher | None = None
        """Given by `attach_catcher`, before `start`."""
        self._server = Server(self.world, self.api, self.sockets, self._add_page)
        self._loaded = False
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Opens the store and listens; port 0 takes a free one. Raises SandboxError."""
        stored = await self.store.open()
        if not self._loaded:
            if stored:
                self.world.load(stored)
            else:
                self.world.add_bot_user()
                self.world.save_identity()
            if self.catcher is not None:
                self.catcher.load(stored)
            self._loaded = True
        self.port = await self._server.start(host, port)
        await self.store.flush()
        self.delivery.start(stored.get("event", {}))

    async def stop(self) -> None:
        """Ends everything in reverse; what is stored stays."""
        self.world.publish("stopping")
        await self.delivery.stop()
        await self.tasks.stop()
        await self.sockets.close()
        await self._server.stop()
        for wire in self._http_wires:
            await wire.close()
        await self.store.close()

    def attach_catcher(self, catcher: MailCatcher) -> None:
        """Shows the catcher's mails in the page. Call before `start`, which loads old mails.

        Make it with `MailCatcher(sandbox.store)`, so that its mails are kept in the same file.
        """
        self.catcher = catcher
        catcher.publish = self.world.publish

    @property
    def page_url(self) -> str:
        return f"{self.world.base_url}/"

    @property
    def api_url(self) -> str:
        """For SLACK_API_URL and AsyncWebClient(base_url=…)."""
        return f"{self.world.base_url}/api/"

    @property
    def bot_token(self) -> str:
        return self.world.identity["bot_token"]

    @property
    def app_token(self) -> str:
        return self.world.identity["app_token"]

    @property
    def signing_secret(self) -> str:
        return self.world.identity["signing_secret"]

    @property
    def team_id(self) -> str:
        return self.world.team_id

    @property
    def app_id(self) -> str:
        return self.world.app_id

    @property
    def bot_id(self) -> str:
        return self.world.bot_id

    @property
    def bot_user_id(self) -> str:
        return self.world.bot_user_id

    def _add_page(self, app: web.Application) -> None:
        from bot.sandbox.ui.routes import add_routes

        add_routes(app, self)
