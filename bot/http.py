"""The HTTP server: health, metrics, Slack's HTTP mode, and whatever is mounted before the start.

/healthz  the process lives (restart it when not)
/readyz   it can do its work: every readiness check passes (send it no traffic when not)
/metrics  Prometheus
/slack/events  Slack in HTTP mode; Bolt checks the signature
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.config.types import ListenAddress
from bot.metrics import Metrics
from bot.observability import get_logger
from bot.problems import port_in_use

if TYPE_CHECKING:
    from slack_bolt.app.async_app import AsyncApp

ReadyCheck = Callable[[], Awaitable[str | None]]
"""Gives None when all is well, else a sentence that says what is not."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CHECK_SECONDS = 2.0
STOP_SECONDS = 3.0
MAX_REQUEST = 2 * 1024 * 1024
SLACK_PATH = "/slack/events"


class HttpServer:
    """Mount first, then `start`; `stop` may be called at any time, also twice."""

    def __init__(
        self,
        metrics: Metrics,
        ready: Mapping[str, ReadyCheck] | None = None,
        *,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._metrics = metrics
        self._ready = dict(ready or {})
        self._check_seconds = check_seconds
        self._app = web.Application(client_max_size=MAX_REQUEST)
        self._app.on_response_prepare.append(_harden)
        self._runner: web.AppRunner | None = None
        self.address: ListenAddress | None = None
        """Where it listens, with the real port; None while it does not."""
        self.mount("GET", "/healthz", self._healthz)
        self.mount("GET", "/readyz", self._readyz)
        self.mount("GET", "/metrics", self._show_metrics)

    def mount(self, method: str, path: str, handler: Handler) -> None:
        """Adds a route, such as an OAuth callback; before the start."""
        self._app.router.add_route(method, path, handler)

    def mount_slack(self, slack: AsyncApp) -> None:
        """Slack's requests (events, commands, interactions) go to this Bolt app."""
        from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request

        async def receive(request: web.Request) -> web.Response:
            answer = await slack.async_dispatch(await to_bolt_request(request))
            return await to_aiohttp_response(answer)

        self.mount("POST", SLACK_PATH, receive)

    async def start(self, address: ListenAddress) -> ListenAddress:
        """Listens; gives the address with the port that was taken. Raises StartupError."""
        runner = web.AppRunner(
            self._app, access_log=None, handle_signals=False, shutdown_timeout=STOP_SECONDS
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, address.host or None, address.port).start()
        except OSError as error:
            await runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise port_in_use("CANAL_HTTP_LISTEN", address) from error
            raise
        self._runner = runner
        self.address = ListenAddress(address.host, runner.addresses[0][1])
        return self.address

    async def stop(self) -> None:
        """Ends what is running within STOP_SECONDS and lets the port go."""
        runner, self._runner, self.address = self._runner, None, None
        if runner is not None:
            await runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        results = await asyncio.gather(*(self._run(*each) for each in self._ready.items()))
        checks: dict[str, Any] = dict(zip(self._ready, results, strict=True))
        ready = all(problem is None for problem in results)
        body = {"ready": ready, "checks": {name: each or "ok" for name, each in checks.items()}}
        return web.json_response(body, status=200 if ready else 503)

    async def _run(self, name: str, check: ReadyCheck) -> str | None:
        """One check in bounded time; one that breaks is a problem like any other, and is logged."""
        try:
            return await asyncio.wait_for(check(), self._check_seconds)
        except TimeoutError:
            return f"no answer within {self._check_seconds:g} seconds"
        except Exception as error:  # noqa: BLE001 - a broken check must not break the answer
            get_logger(__name__).warning("readiness check broke", check=name, exc_info=error)
            return "the check itself failed; see the log"

    async def _show_metrics(self, _request: web.Request) -> web.Response:
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        content = generate_latest(self._metrics.registry)
        return web.Response(body=content, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Server"] = "Canal"
