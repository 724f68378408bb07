"""The sandbox's HTTP server: Web API, Socket Mode, files, and the page with its own API.

It listens on loopback only. The page's side also refuses any other Host and Origin, so that no
web site can reach it through somebody's browser (DNS rebinding, forged requests).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import partial

from aiohttp import web

from bot.sandbox.errors import SandboxError
from bot.sandbox.sockets import Sockets
from bot.sandbox.webapi import files
from bot.sandbox.webapi.dispatch import WebApi
from bot.sandbox.world import World

MAX_BODY = 160 * 1024 * 1024
"""Bytes of a request: a file of 100 MB, also as base64 in JSON."""


class Server:
    """Runs the routes. `add_page` puts the page's routes in."""

    def __init__(
        self,
        world: World,
        api: WebApi,
        sockets: Sockets,
        add_page: Callable[[web.Application], None],
    ) -> None:
        self._world = world
        self._api = api
        self._sockets = sockets
        self._add_page = add_page
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens and returns the port. Raises SandboxError for an address that is not loopback."""
        check_loopback(host)
        app = web.Application(client_max_size=MAX_BODY)
        self._add_slack(app)
        self._add_page(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            self._runner = None
            raise SandboxError(
                f"The sandbox cannot listen on {host}:{port}: {error.strerror or error}."
            ) from error
        bound: int = self._runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        self._world.base_url = f"http://{shown}:{bound}"
        return bound

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _add_slack(self, app: web.Application) -> None:
        world = self._world
        app.router.add_post("/api/{method}", self._api.handle)
        app.router.add_get("/api/{method}", self._api.handle)
        app.router.add_post("/response/{team}/{key}", self._api.handle_response)
        app.router.add_get("/link/", self._sockets.handle)
        app.router.add_post("/upload/v1/{file}/{key}", partial(files.take_bytes, world))
        app.router.add_get("/files-pri/sign-in", files.sign_in_page)
        app.router.add_get("/files-pri/{file}/{name}", partial(files.give_bytes, world))
        app.router.add_get("/files-pri/{file}/download/{name}", partial(files.give_bytes, world))


def check_loopback(host: str) -> None:
    """Raises SandboxError unless `host` is localhost or a loopback address."""
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SandboxError(
            f"The sandbox has no passwords, so it listens on loopback only, not on {host}."
        )
