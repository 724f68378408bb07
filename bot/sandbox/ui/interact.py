"""Buttons, commands, shortcuts, modals and Home of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.errors import RefusedError
from bot.sandbox.model import Json
from bot.sandbox.ui.guard import Body, answer, read_body
from bot.sandbox.ui.state import acting_user

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

_VALUES = (
    "value",
    "selected_option",
    "selected_options",
    "selected_user",
    "selected_users",
    "selected_channel",
    "selected_channels",
    "selected_conversation",
    "selected_conversations",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "rich_text_value",
)


class InteractPages:
    """Each waits for the app's ack, as Slack's client does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._people = sandbox.people

    async def act(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        user, action_id = body.text("user"), body.text("action_id")
        block_id, state = body.find_text("block_id"), body.find_object("state")
        given = _given(body)
        view_id = body.find_text("view_id")
        if view_id is not None:
            await self._people.click_view(
                user, view_id, action_id, given, block_id=block_id, state=state
            )
        else:
            channel, ts = body.text("channel"), body.text("ts")
            await self._people.click(
                user, channel, ts, action_id, given, block_id=block_id, state=state
            )
        return answer()

    async def command(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        text = body.find_text("text") or ""
        command = body.text("command")
        await self._people.command(body.text("user"), body.text("channel"), command, text)
        return answer()

    async def shortcut(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        user, callback_id = body.text("user"), body.text("callback_id")
        channel, ts = body.find_text("channel"), body.find_text("ts")
        await self._people.shortcut(user, callback_id, channel, ts)
        return answer()

    async def views(self, request: web.Request) -> web.StreamResponse:
        return answer({"views": self._sandbox.open_views(acting_user(self._sandbox, request))})

    async def submit(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        view_id = request.match_info["view"]
        user = self._owner(body, view_id)
        result = await self._people.submit(user, view_id, body.find_object("state") or {})
        return answer(result)

    async def close(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        view_id = request.match_info["view"]
        user = self._owner(body, view_id)
        await self._people.close(user, view_id, clear=body.flag("clear"))
        return answer()

    async def home(self, request: web.Request) -> web.StreamResponse:
        return answer({"view": self._sandbox.home(acting_user(self._sandbox, request))})

    async def open_home(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        await self._people.open_home(body.text("user"))
        return answer()

    async def options(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        container: Json = {"block_id": body.find_text("block_id")}
        if body.find_text("view_id"):
            container["view_id"] = body.text("view_id")
        else:
            container |= {"channel_id": body.text("channel"), "message_ts": body.text("ts")}
        value = body.find_text("value") or ""
        found = await self._people.options(
            body.text("user"), body.text("action_id"), value, container
        )
        return answer(found)

    def _owner(self, body: Body, view_id: str) -> str:
        """The acting person, who must be the one that sees this modal."""
        user = body.text("user")
        opened = self._sandbox.world.find_modal(view_id)
        if opened is None or opened.user != user:
            raise RefusedError("That window is not open any more.", "not_found", 404)
        return user


def _given(body: Body) -> Any:
    """What was chosen, whatever its field is called."""
    for name in _VALUES:
        if body.values.get(name) is not None:
            return body.values[name]
    return None
