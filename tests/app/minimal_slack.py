"""The least that can call itself Slack: six things to call, and `unknown_method` for the rest."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import WSMsgType, web

Json = dict[str, Any]
T = TypeVar("T")
CHANNEL = "C0MINIMAL1"


class MinimalSlack:
    """Answers with {ok, ts, channel} and no more. `posts` is what was posted, by ts."""

    def __init__(self) -> None:
        self.posts: dict[str, Json] = {}
        self.asked: list[str] = []
        self.acked: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._count = 0
        self._hang_up: set[str] = set()
        self.base = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/{method}", self._handle)
        app.router.add_get("/link", self._listen)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.base = f"{host}:{port}"

    async def stop(self) -> None:
        for socket in self._sockets:
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_for(self, predicate: Callable[[], T], seconds: float = 10.0) -> T:
        """What `predicate` gives as soon as it is true."""
        async with asyncio.timeout(seconds), self._changed:
            while not (found := predicate()):
                await self._changed.wait()
            return found

    async def send_event(self, event: Json) -> str:
        """Over the socket, once the app has one; returns the envelope's id."""
        await self.wait_for(lambda: any(not one.closed for one in self._sockets))
        socket = next(one for one in self._sockets if not one.closed)
        envelope_id = str(uuid.uuid4())
        payload = {
            "type": "event_callback", "team_id": "T0MINIMAL1", "api_app_id": "A0MINIMAL1",
            "event_id": f"Ev{self._count}", "event": event,
            "authorizations": [{"team_id": "T0MINIMAL1", "user_id": "U0BOT", "is_bot": True}],
        }  # fmt: skip
        await socket.send_str(
            json.dumps({"envelope_id": envelope_id, "type": "events_api", "payload": payload})
        )
        return envelope_id

    async def say(self, thread_ts: str, text: str, **more: Any) -> str:
        """A person writes in a thread: text alone, no blocks."""
        ts = self._new_ts()
        envelope_id = await self.send_event({
            "type": "message", "channel": CHANNEL, "channel_type": "channel", "user": "U0ANA",
            "text": text, "ts": ts, "event_ts": ts, "thread_ts": thread_ts, **more,
        })  # fmt: skip
        await self.wait_for(lambda: envelope_id in self.acked)
        return ts

    def _new_ts(self) -> str:
        self._count += 1
        return f"1767225600.{self._count:06}"

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        form = dict(await request.post())
        self.asked.append(method)
        answer = self._answer(method, form)
        async with self._changed:
            self._changed.notify_all()
        if method in self._hang_up and request.transport is not None:
            self._hang_up.discard(method)
            request.transport.close()
        return web.json_response(answer)

    def hang_up_after(self, method: str) -> None:
        """Its next call is done, but not answered."""
        self._hang_up.add(method)

    def _answer(self, method: str, form: Json) -> Json:
        match method:
            case "auth.test":
                return {
                    "ok": True, "team": "Minimal", "team_id": "T0MINIMAL1", "user": "canal",
                    "user_id": "U0BOT", "bot_id": "B0BOT",
                }  # fmt: skip
            case "apps.connections.open":
                return {"ok": True, "url": f"ws://{self.base}/link"}
            case "chat.postMessage":
                ts = self._new_ts()
            case "chat.update" if form.get("ts") in self.posts:
                ts = form["ts"]
            case _:
                return {"ok": False, "error": "unknown_method"}
        self.posts[ts] = {**form, "ts": ts}
        return {"ok": True, "ts": ts, "channel": form["channel"]}

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('{"type": "hello", "num_connections": 1}')
        self._sockets.append(socket)
        async with self._changed:
            self._changed.notify_all()
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                self.acked.add(json.loads(message.data).get("envelope_id", ""))
                async with self._changed:
                    self._changed.notify_all()
        return socket
