"""The least Slack that Canal runs on, in a process of its own: no limits, no checks, a counter.

For benchmarks only: the tests' Slack is the sandbox, which is honest and therefore slower.

    python -m tests.bench.fast_slack PORT
"""

from __future__ import annotations

import itertools
import sys
import time
from typing import Any

from aiohttp import WSMsgType, web

TEAM, BOT, AGENT = "T0000BENCH", "U0000000BOT", "U00000AGENT"


class FastSlack:
    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = itertools.count(1)
        self._events = itertools.count(1)
        self.posts: list[tuple[float, str, str]] = []
        """(when, text, ts) of every message posted."""
        self._sockets: list[web.WebSocketResponse] = []

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/bench/posts", self._show_posts)
        app.router.add_post("/bench/say", self._say)
        return app

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "chat.postMessage":
            form = await request.post()
            ts = f"{time.time():.0f}.{next(self._numbers):06d}"
            self.posts.append((time.time(), str(form.get("text", "")), ts))
            return web.json_response({"ok": True, "ts": ts, "channel": form.get("channel")})
        if method == "auth.test":
            answer = {"ok": True, "team_id": TEAM, "team": "Bench", "user_id": BOT, "bot_id": "B0"}
            return web.json_response(answer)
        if method == "apps.connections.open":
            return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self._port}/ws"})
        if method == "users.info":
            user = {"id": AGENT, "name": "ana", "real_name": "Ana", "profile": {}}
            return web.json_response({"ok": True, "user": user})
        return web.json_response({"ok": True, "messages": [], "ts": "1.000001", "channel": {}})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "debug_info": {}})
        self._sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        self._sockets.remove(socket)
        return socket

    async def _show_posts(self, request: web.Request) -> web.Response:
        if "count" in request.query:
            return web.json_response(len(self.posts))
        return web.json_response(self.posts[int(request.query.get("from", 0)) :])

    async def _say(self, request: web.Request) -> web.Response:
        """Send a message event for each (thread_ts, text) given."""
        body = await request.json()
        for number, (thread_ts, text) in enumerate(body["messages"]):
            socket = self._sockets[number % len(self._sockets)]
            await socket.send_json(self._envelope(body["channel"], thread_ts, text))
        return web.json_response({"ok": True})

    def _envelope(self, channel: str, thread_ts: str, text: str) -> dict[str, Any]:
        number = next(self._events)
        ts = f"{time.time():.0f}.{500_000 + next(self._numbers):06d}"
        event = {
            "type": "message", "channel": channel, "channel_type": "channel", "user": AGENT,
            "text": text, "ts": ts, "thread_ts": thread_ts, "parent_user_id": BOT, "team": TEAM,
        }  # fmt: skip
        payload = {
            "type": "event_callback", "team_id": TEAM, "api_app_id": "A0",
            "event": event, "event_id": f"Ev{number}", "event_time": int(time.time()),
        }  # fmt: skip
        return {
            "envelope_id": f"e{number}",
            "type": "events_api",
            "payload": payload,
            "accepts_response_payload": False,
        }


def main() -> None:
    port = int(sys.argv[1])
    web.run_app(FastSlack(port).app(), host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
