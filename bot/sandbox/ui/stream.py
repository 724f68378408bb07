"""GET /ui/events: tells an open page what changed, as Server-Sent Events."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.sandbox.core import Core
from bot.sandbox.model import Json
from bot.sandbox.ui.guard import DATA_CSP

KEEP_ALIVE = 15.0
MAX_WAITING = 1000
"""Events that a page which does not read may pile up; then it is cut off and loads anew."""


class Stream:
    """The open streams of all pages."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def handle(self, request: web.Request) -> web.StreamResponse:
        user = request.query.get("user", "")
        waiting: asyncio.Queue[Json] = asyncio.Queue()
        stop = self._core.world.listen(waiting.put_nowait)
        headers = {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": DATA_CSP,
        }
        response = web.StreamResponse(headers=headers)
        try:
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            await self._pump(response, waiting, user)
        except ConnectionError:
            pass  # the page was closed
        finally:
            stop()
        return response

    async def _pump(
        self, response: web.StreamResponse, waiting: asyncio.Queue[Json], user: str
    ) -> None:
        while waiting.qsize() < MAX_WAITING:
            try:
                event = await asyncio.wait_for(waiting.get(), KEEP_ALIVE)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if event["type"] == "stopping":
                return
            if event.get("_user", user) != user:
                continue
            shown = {key: value for key, value in event.items() if key != "_user"}
            await response.write(f"data: {json.dumps(shown)}\n\n".encode())
