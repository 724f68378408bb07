"""Socket Mode: WebSockets over which the app hears events and acks them.

`apps.connections.open` gives a URL with a ticket that opens one socket. Each envelope goes to any
one of the open sockets, in turn. A socket that dies gives its unacked envelopes back.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.delivery import Parcel, UndeliveredError
from bot.sandbox.errors import SlackError
from bot.sandbox.ids import new_secret
from bot.sandbox.model import Json
from bot.sandbox.world import World

MAX_SOCKETS = 10
GRACE = 10.0
"""Seconds that a socket still lives after its warning, at most."""


class Socket:
    """One connection of the app."""

    def __init__(self, response: web.WebSocketResponse, transport: asyncio.BaseTransport) -> None:
        self.response = response
        self.transport = transport
        self.leaving = False
        self.unacked: dict[str, asyncio.Future[Any]] = {}

    @property
    def usable(self) -> bool:
        return not self.leaving and not self.response.closed

    async def send(self, message: Json) -> None:
        try:
            await self.response.send_str(json.dumps(message))
        except (ConnectionError, RuntimeError) as error:
            raise UndeliveredError("connection_closed") from error

    def acked(self, envelope_id: str, payload: Any) -> None:
        future = self.unacked.get(envelope_id)
        if future is not None and not future.done():
            future.set_result(payload)

    def gone(self) -> None:
        for future in self.unacked.values():
            if not future.done():
                future.set_exception(UndeliveredError("connection_closed"))


class Sockets:
    """The wire of Socket Mode."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tickets: set[str] = set()
        self._sockets: list[Socket] = []
        self._turn = 0
        self._someone = asyncio.Event()
        self._closers: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        return any(socket.usable for socket in self._sockets)

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return sum(not socket.response.closed for socket in self._sockets)

    async def wait_connected(self) -> None:
        await self._someone.wait()

    def make_url(self) -> str:
        """A URL that opens one socket, once. Raises SlackError when 10 are open."""
        if self.count >= MAX_SOCKETS:
            raise SlackError("too_many_websockets")
        ticket = new_secret(32)
        self._tickets.add(ticket)
        base = "ws" + self._world.base_url.removeprefix("http")
        return f"{base}/link/?ticket={ticket}&app_id={self._world.app_id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET /link/: the WebSocket itself, for as long as it lives."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=401)
        self._tickets.discard(ticket)
        response = web.WebSocketResponse(heartbeat=30, max_msg_size=4 * 1024 * 1024)
        await response.prepare(request)
        assert request.transport is not None
        socket = Socket(response, request.transport)
        try:
            await self._welcome(socket)
            await self._listen(socket)
        finally:
            self._leave(socket)
        return response

    async def send(self, parcel: Parcel, within: float) -> Any:
        """Sends to the next socket in turn and waits for the ack. Raises UndeliveredError."""
        socket = self._next()
        envelope_id = str(uuid.uuid4())
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        socket.unacked[envelope_id] = future
        try:
            await socket.send(_envelope(envelope_id, parcel))
            async with asyncio.timeout(within):  # wait_for can lose a cancellation before 3.12
                return await future
        except TimeoutError:
            raise UndeliveredError("timeout") from None
        finally:
            del socket.unacked[envelope_id]
            if future.done() and not future.cancelled():
                future.exception()  # a socket that died meanwhile is no news

    async def disconnect(self, reason: str) -> None:
        """Says goodbye on every socket: `warning`, `refresh_requested`, or `hard` (no word)."""
        for socket in list(self._sockets):
            if reason == "hard":
                socket.leaving = True
                _abort(socket)
                continue
            socket.leaving = reason != "warning"
            self._someone_changed()
            try:
                await socket.send({"type": "disconnect", "reason": reason, "debug_info": _debug()})
            except UndeliveredError:
                continue
            self._close_later(socket)
        self._someone_changed()

    async def close(self) -> None:
        for closer in self._closers:
            closer.cancel()
        for socket in list(self._sockets):
            await socket.response.close(code=WSCloseCode.GOING_AWAY)

    async def _welcome(self, socket: Socket) -> None:
        if self.count >= MAX_SOCKETS:
            reason = "too_many_websockets"
            await socket.send({"type": "disconnect", "reason": reason, "debug_info": _debug()})
            await socket.response.close()
            return
        await socket.send(
            {
                "type": "hello",
                "num_connections": self.count + 1,
                "debug_info": _debug() | {"approximate_connection_time": 18060},
                "connection_info": {"app_id": self._world.app_id},
            }
        )
        self._sockets.append(socket)
        self._someone_changed()

    async def _listen(self, socket: Socket) -> None:
        async for message in socket.response:
            if message.type != WSMsgType.TEXT:
                continue
            try:
                answer = json.loads(message.data)
                socket.acked(str(answer["envelope_id"]), answer.get("payload"))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # Slack ignores what it does not understand

    def _leave(self, socket: Socket) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        socket.gone()
        self._someone_changed()

    def _next(self) -> Socket:
        usable = [socket for socket in self._sockets if socket.usable]
        if not usable:
            raise UndeliveredError("connection_closed")
        self._turn += 1
        return usable[self._turn % len(usable)]

    def _someone_changed(self) -> None:
        was = self._someone.is_set()
        if self.connected:
            self._someone.set()
        else:
            self._someone.clear()
        if was != self.connected:
            self._world.publish("app", connected=self.connected)
        else:
            self._world.touch()

    def _close_later(self, socket: Socket) -> None:
        async def close() -> None:
            await asyncio.sleep(GRACE)
            await socket.response.close()

        closer = asyncio.get_running_loop().create_task(close())
        self._closers.add(closer)
        closer.add_done_callback(self._closers.discard)


def _abort(socket: Socket) -> None:
    if isinstance(socket.transport, asyncio.Transport):
        socket.transport.abort()


def _debug() -> Json:
    return {"host": "applink-sandbox", "build_number": 1}


def _envelope(envelope_id: str, parcel: Parcel) -> Json:
    envelope: Json = {
        "envelope_id": envelope_id,
        "type": parcel.kind,
        "payload": parcel.payload,
        "accepts_response_payload": parcel.accepts_response,
    }
    if parcel.kind == "events_api":
        envelope |= {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason}
    return envelope
