"""What people do in the workspace: write, edit, react, press, submit. The page does it by these."""

from __future__ import annotations

import mimetypes
import re
import uuid
from collections.abc import Sequence
from typing import Any

from bot.sandbox.composer import compose
from bot.sandbox.emoji import is_emoji_name
from bot.sandbox.errors import RefusedError
from bot.sandbox.events import Events
from bot.sandbox.inline import Names
from bot.sandbox.inputs import build_action, fill_state, find_element, find_problems, initial_state
from bot.sandbox.interactions import Interactions
from bot.sandbox.messages import Messages, new_file
from bot.sandbox.model import Channel, Json
from bot.sandbox.rendering import TOMBSTONE
from bot.sandbox.views import Views
from bot.sandbox.world import World

MAX_TYPED = 12_000
"""Characters that Slack's composer sends as a message."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")


class People:
    """Acts for a person. Raises RefusedError where Slack's client would not let them."""

    def __init__(
        self,
        world: World,
        events: Events,
        messages: Messages,
        views: Views,
        interactions: Interactions,
    ) -> None:
        self._world = world
        self._events = events
        self._messages = messages
        self._views = views
        self._interactions = interactions

    async def say(
        self,
        user: str,
        channel_id: str,
        text: str,
        *,
        blocks: list[Json] | None = None,
        thread_ts: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        broadcast: bool = False,
    ) -> str:
        """Writes a message as typed in the composer (`blocks` replaces what it makes of the text).

        Returns its ts once it is stored.
        """
        channel = self.get_room(user, channel_id, writing=True)
        if len(text) > MAX_TYPED:
            raise RefusedError("Your message is too long. Send it as a file.", "msg_too_long")
        text, composed = compose(_CONTROLS.sub("", text), self._names())
        if not composed and not files and not blocks:
            raise RefusedError("There is nothing to send.", "no_text")
        message: Json = {"client_msg_id": str(uuid.uuid4()), "user": user, "text": text}
        if blocks or composed:
            message["blocks"] = blocks or composed
        if thread_ts is not None:
            message["thread_ts"] = self._get_root(channel, thread_ts)
        if files:
            message |= {"files": [self._keep_file(user, *one) for one in files], "upload": False}
            message |= {"subtype": "file_share", "display_as_bot": False}
        elif broadcast and thread_ts is not None:
            message["subtype"] = "thread_broadcast"
        stored = self._messages.post(channel, message)
        self.mark_read(user, channel)
        await self._world.store.flush()
        return str(stored["ts"])

    async def edit(self, user: str, channel_id: str, ts: str, text: str) -> None:
        channel = self.get_room(user, channel_id, writing=True)
        message = self._get_own(user, channel, ts)
        text, blocks = compose(_CONTROLS.sub("", text), self._names())
        if not blocks and not message.get("files"):
            raise RefusedError("A message cannot be empty. Delete it instead.", "no_text")
        self._messages.change(channel, message, {"text": text, "blocks": blocks or None}, by=user)
        await self._world.store.flush()

    async def delete(self, user: str, channel_id: str, ts: str) -> None:
        channel = self.get_room(user, channel_id)
        self._messages.delete(channel, self._get_own(user, channel, ts))
        await self._world.store.flush()

    async def react(self, user: str, channel_id: str, ts: str, name: str, *, on: bool) -> None:
        channel = self.get_room(user, channel_id, writing=True)
        if not is_emoji_name(name):
            raise RefusedError(f"There is no emoji :{name}:.", "invalid_name")
        self._messages.react(channel, self._get_message(channel, ts), user, name, on=on)
        await self._world.store.flush()

    async def click(
        self,
        user: str,
        channel_id: str,
        ts: str,
        action_id: str,
        given: Any = None,
        *,
        block_id: str | None = None,
        state: Json | None = None,
    ) -> None:
        """Presses a button or picks from a menu of a message."""
        channel = self.get_room(user, channel_id)
        own = (one for one in self._world.ephemerals.get(user, ()) if one["ts"] == ts)
        message = next(own, None) or self._get_message(channel, ts)
        blocks = list(message.get("blocks") or [])
        block, element = find_element(blocks, action_id, block_id)
        container = {"channel_id": channel.id, "message_ts": ts}
        entered = initial_state(blocks) if state is None else fill_state(blocks, state)
        await self._act(user, block, element, given, container, entered)

    async def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        given: Any = None,
        *,
        block_id: str | None = None,
        state: Json | None = None,
    ) -> None:
        """Presses a button or picks from a menu of a modal or of Home."""
        view = self._views.get_shown(view_id)
        block, element = find_element(view["blocks"], action_id, block_id)
        entered = fill_state(view["blocks"], state or {})
        await self._act(user, block, element, given, {"view_id": view_id}, entered)

    async def _act(
        self, user: str, block: Json, element: Json, given: Any, container: Json, state: Json
    ) -> None:
        action = build_action(block, element, given)
        if element["type"] != "button" and element["type"] != "overflow":
            value = {key: action[key] for key in action if key.startswith(("selected", "value"))}
            state.setdefault(block["block_id"], {})[element["action_id"]] = {
                "type": element["type"],
                **value,
            }
        await self._interactions.actions(user, [action], container, state)

    async def command(self, user: str, channel_id: str, command: str, text: str) -> None:
        channel = self.get_room(user, channel_id)
        known = self._world.manifest.find_command(command)
        if known is None:
            raise RefusedError(f"{command} is not a valid command.", "unknown_command")
        await self._interactions.command(user, channel, command, text.strip())

    async def shortcut(
        self, user: str, callback_id: str, channel_id: str | None, ts: str | None
    ) -> None:
        known = self._world.manifest.find_shortcut(callback_id)
        if known is None:
            raise RefusedError(f"There is no shortcut {callback_id}.", "unknown_shortcut")
        if (known.type == "message") != (ts is not None):
            raise RefusedError(f"{known.name} is a {known.type} shortcut.", "wrong_shortcut")
        if channel_id is None or ts is None:
            await self._interactions.shortcut(user, callback_id, None, None)
            return
        channel = self.get_room(user, channel_id)
        message = self._get_message(channel, ts)
        await self._interactions.shortcut(user, callback_id, channel, message)

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """Presses a modal's submit button; {response_action, errors?}."""
        view = self._views.get_shown(view_id)
        if view["type"] != "modal" or view.get("submit") is None:
            raise RefusedError("This window has no submit button.", "no_submit")
        state = fill_state(view["blocks"], values)
        problems = find_problems(view["blocks"], state)
        if problems:
            return {"response_action": "errors", "errors": problems}
        return await self._interactions.submit(user, view_id, state)

    async def close(self, user: str, view_id: str, *, clear: bool = False) -> None:
        """Closes a modal (with `clear` all of them); the app hears of it if it asked to."""
        for view in reversed(self._views.close(user, view_id, clear=clear)):
            if view["notify_on_close"]:
                await self._interactions.close(user, view_id, cleared=clear, view=view)

    async def open_home(self, user: str) -> None:
        if not self._world.manifest.home_enabled:
            raise RefusedError("The app has no Home tab.", "not_enabled")
        channel = self._world.open_im(user)
        self._events.home_opened(user, channel, self._world.homes.get(user))
        await self._world.store.flush()

    async def options(self, user: str, action_id: str, value: str, container: Json) -> Json:
        """What an external select offers for the typed `value`."""
        if "view_id" in container:
            blocks = self._views.get_shown(container["view_id"])["blocks"]
        else:
            channel = self.get_room(user, container["channel_id"])
            blocks = self._get_message(channel, container["message_ts"]).get("blocks") or []
        block, element = find_element(blocks, action_id, container.get("block_id"))
        action = {"action_id": action_id, "block_id": block["block_id"], "value": value}
        if len(value) < int(element.get("min_query_length", 3)):
            return {"options": []}
        return await self._interactions.options(user, action, container)

    def mark_read(self, user: str, channel: Channel) -> None:
        if channel.messages:
            channel.read[user] = next(reversed(channel.messages))
            self._world.save_channel(channel)

    def get_room(self, user: str, channel_id: str, *, writing: bool = False) -> Channel:
        """The channel, if this person may be there; a public one is joined by writing."""
        self._world.get_person(user)
        channel = self._world.get_channel(channel_id)
        if writing and channel.is_archived:
            raise RefusedError(f"#{channel.name} is archived.", "is_archived")
        if user not in channel.members:
            if channel.is_private:
                raise RefusedError("You are not in this channel.", "not_in_channel", 403)
            if writing:
                channel.members.append(user)
                self._world.save_channel(channel)
                self._events.member("joined", channel, user)
        return channel

    def _get_message(self, channel: Channel, ts: str) -> Json:
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == TOMBSTONE:
            raise RefusedError("That message is gone.", "message_not_found", 404)
        return message

    def _get_own(self, user: str, channel: Channel, ts: str) -> Json:
        message = self._get_message(channel, ts)
        if message.get("user") != user or "bot_id" in message:
            raise RefusedError("Only its author can do that.", "not_author", 403)
        return message

    def _get_root(self, channel: Channel, thread_ts: str) -> str:
        root = channel.messages.get(thread_ts)
        if root is None:
            raise RefusedError("That thread is gone.", "thread_not_found", 404)
        return str(root.get("thread_ts") or thread_ts)

    def _keep_file(self, user: str, name: str, data: bytes) -> str:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = new_file(self._world, user, name, len(data), kind)
        self._world.files[file["id"]] = file
        self._world.store.put_blob(file["id"], data)
        self._world.save_file(file)
        return str(file["id"])

    def _names(self) -> Names:
        world = self._world
        people: dict[str, str] = {}
        for person in world.people.values():
            people[person.name.lower()] = person.id
            people[person.real_name.lower()] = person.id
        return Names(
            people=people,
            channels={one.name.lower(): one.id for one in world.channels.values() if one.name},
            usergroups={one.handle.lower(): one.id for one in world.usergroups.values()},
            ids=frozenset({*world.people, *world.channels, *world.usergroups}),
        )
