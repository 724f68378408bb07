"""Messages, reactions and files of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.errors import RefusedError
from bot.sandbox.model import Channel, Json
from bot.sandbox.rendering import render_message
from bot.sandbox.ui.guard import answer, read_body
from bot.sandbox.ui.state import acting_user

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

RASTER = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class ChatPages:
    """The channel pane and the thread pane."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world
        self._people = sandbox.people

    async def messages(self, request: web.Request) -> web.StreamResponse:
        user = acting_user(self._sandbox, request)
        channel = self._people.get_room(user, request.match_info["channel"])
        before, limit = request.query.get("before"), _limit(request)
        found = [
            message
            for ts, message in channel.messages.items()
            if (before is None or ts < before)
            and (message.get("thread_ts", ts) == ts or message.get("subtype") == "thread_broadcast")
        ]
        shown = [self._shown(channel, message) for message in found[-limit:]]
        if before is None:
            shown = _merge(shown, self._ephemerals(user, channel, None))
        return answer({"messages": shown, "has_more": len(found) > limit})

    async def thread(self, request: web.Request) -> web.StreamResponse:
        user = acting_user(self._sandbox, request)
        channel = self._people.get_room(user, request.match_info["channel"])
        ts = request.match_info["ts"]
        root = channel.messages.get(ts)
        if root is None:
            raise RefusedError("That thread is gone.", "thread_not_found", 404)
        shown = [self._shown(channel, one) for one in [root, *channel.replies(ts)]]
        return answer({"messages": _merge(shown, self._ephemerals(user, channel, ts))})

    async def post(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        ts = await self._people.say(
            body.text("user"),
            body.text("channel"),
            body.find_text("text") or "",
            thread_ts=body.find_text("thread_ts"),
            files=body.files(),
            broadcast=body.flag("broadcast"),
        )
        return answer({"ts": ts})

    async def edit(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        ts = body.text("ts")
        text = body.find_text("text") or ""
        await self._people.edit(body.text("user"), body.text("channel"), ts, text)
        return answer({"ts": ts})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        await self._people.delete(body.text("user"), body.text("channel"), body.text("ts"))
        return answer()

    async def react(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        user, channel, ts = body.text("user"), body.text("channel"), body.text("ts")
        await self._people.react(user, channel, ts, body.text("name"), on=body.flag("on"))
        return answer()

    async def dismiss(self, request: web.Request) -> web.StreamResponse:
        """Takes an ephemeral message off this person's screen."""
        body = await read_body(request)
        user, ts = body.text("user"), body.text("ts")
        shown = self._world.ephemerals.get(user, [])
        for message in [one for one in shown if one["ts"] == ts]:
            shown.remove(message)
            self._sandbox.message_log.tell_ephemeral(user, message)
        return answer()

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The bytes; only raster images may be shown in place."""
        file = self._world.files.get(request.match_info["file"])
        if file is None:
            raise RefusedError("That file is gone.", "file_not_found", 404)
        try:
            data = await self._sandbox.file_bytes(file["id"])
        except KeyError:
            raise RefusedError("That file never arrived.", "file_not_found", 404) from None
        return give_file(data, file["mimetype"], file["name"])

    def _ephemerals(self, user: str, channel: Channel, thread_ts: str | None) -> list[Json]:
        return [
            {**message, "_ephemeral": True}
            for message in self._world.ephemerals.get(user, ())
            if message["channel"] == channel.id and message.get("thread_ts") == thread_ts
        ]

    def _shown(self, channel: Channel, message: Json) -> Json:
        shown = render_message(self._world, channel, message, metadata=True)
        for file in shown.get("files", ()):
            file["url"] = f"/ui/files/{file['id']}"
            file["is_image"] = file["mimetype"] in RASTER
            file["thumb"] = file["url"] if file["is_image"] else None
        return shown


def give_file(data: bytes, kind: str, name: str) -> web.Response:
    """Bytes that somebody else made: never a page, a script or a style of ours."""
    from urllib.parse import quote

    shown_inline = kind in RASTER
    how = "inline" if shown_inline else "attachment"
    headers = {"Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}"}
    safe_kind = kind if shown_inline else "application/octet-stream"
    return web.Response(body=data, content_type=safe_kind, headers=headers)


def _merge(messages: list[Json], more: list[Json]) -> list[Json]:
    return sorted([*messages, *more], key=lambda one: str(one["ts"])) if more else messages


def _limit(request: web.Request) -> int:
    try:
        return max(1, min(200, int(request.query.get("limit", "50"))))
    except ValueError:
        return 50
