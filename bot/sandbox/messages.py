"""Messages come, change and go: the same for the app and for people.

Each change is noted for the store, told to the page, and raised as an event.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.events import Events
from bot.sandbox.ids import new_id
from bot.sandbox.model import Channel, Json, Ping
from bot.sandbox.pings import find_pings
from bot.sandbox.rendering import TOMBSTONE, render_message
from bot.sandbox.world import World

MAX_EPHEMERALS = 200
"""That one person sees at once; older ones go, so that a long demo does not eat memory."""


class Messages:
    """Does what Slack does with a message, without asking whether it may."""

    def __init__(self, world: World, events: Events) -> None:
        self._world = world
        self._events = events

    def post(self, channel: Channel, message: Json, *, link_names: bool = False) -> Json:
        """Adds a message: `message` has all but ts, type and team. Returns the stored object."""
        world = self._world
        stored = {"type": "message", **message, "ts": world.new_ts(channel), "team": world.team_id}
        root = stored.get("thread_ts")
        if root:
            stored["parent_user_id"] = channel.messages[root].get("user", "")
        self._note_pings(channel, stored, link_names)
        channel.add(stored)
        for file in stored.get("files", ()):
            self._note_share(channel, stored, file)
        world.save_message(channel, stored)
        world.publish(
            "message",
            channel=channel.id,
            ts=stored["ts"],
            thread_ts=root,
            user=stored.get("user"),
        )
        if root:
            world.publish("message_changed", channel=channel.id, ts=root)
        self._raise_posted(channel, stored)
        return stored

    def change(self, channel: Channel, message: Json, fields: Json, *, by: str | None) -> None:
        """Replaces fields (None removes one). `by` is the editor, None leaves `edited` alone."""
        world = self._world
        previous = render_message(world, channel, message)
        for key, value in fields.items():
            if value is None:
                message.pop(key, None)
            else:
                message[key] = value
        if by is not None:
            message["edited"] = {"user": by, "ts": world.now_ts()}
        self._note_pings(channel, message, False)
        world.save_message(channel, message)
        self._tell("message_changed", channel, message)
        self._events.changed(channel, render_message(world, channel, message), previous)

    def delete(self, channel: Channel, message: Json) -> None:
        """Removes it; a root with replies stays behind as a tombstone."""
        world = self._world
        previous = render_message(world, channel, message)
        if channel.threads.get(message["ts"]):
            tombstone = {
                "type": "message",
                "subtype": TOMBSTONE,
                "text": "This message was deleted.",
                "user": "USLACKBOT",
                "hidden": True,
                "ts": message["ts"],
            }
            channel.messages[message["ts"]] = tombstone
            world.save_message(channel, tombstone)
            self._tell("message_deleted", channel, message)
            self._events.changed(channel, render_message(world, channel, tombstone), previous)
            return
        channel.remove(message["ts"])
        world.forget_message(channel, message["ts"])
        self._tell("message_deleted", channel, message)
        self._events.deleted(channel, previous)
        self._bury(channel, message.get("thread_ts"))

    def react(self, channel: Channel, message: Json, user: str, name: str, *, on: bool) -> bool:
        """Adds or removes a reaction; False when that was so already."""
        reactions: list[Json] = message.setdefault("reactions", [])
        found = next((one for one in reactions if one["name"] == name), None)
        if on == (found is not None and user in found["users"]):
            return False
        if on and found is None:
            found = {"name": name, "users": [], "count": 0}
            reactions.append(found)
        assert found is not None
        found["users"] = [one for one in found["users"] if one != user] + ([user] if on else [])
        found["count"] = len(found["users"])
        if not found["users"]:
            reactions.remove(found)
        if not reactions:
            del message["reactions"]
        self._world.save_message(channel, message)
        self._tell("reaction", channel, message)
        kind = "reaction_added" if on else "reaction_removed"
        self._events.reaction(kind, channel, user, name, message)
        return True

    def show_only_to(self, user: str, channel: Channel, message: Json) -> Json:
        """An ephemeral message. It is kept in memory alone, as Slack forgets them too."""
        world = self._world
        stored = {"type": "message", **message, "ts": world.new_ts(channel), "team": world.team_id}
        stored |= {"is_ephemeral": True, "channel": channel.id}
        shown = world.ephemerals.setdefault(user, [])
        shown.append(stored)
        del shown[:-MAX_EPHEMERALS]
        self._note_pings(channel, stored, False)
        self.tell_ephemeral(user, stored)
        return stored

    def tell_ephemeral(self, user: str, message: Json) -> None:
        self._world.publish(
            "ephemeral",
            channel=message["channel"],
            ts=message["ts"],
            thread_ts=message.get("thread_ts"),
            _user=user,
        )

    def system(self, channel: Channel, user: str, subtype: str, text: str, **more: Any) -> Json:
        """A line such as "has joined the channel"."""
        return self.post(channel, {"subtype": subtype, "user": user, "text": text, **more})

    def _bury(self, channel: Channel, root: str | None) -> None:
        """A tombstone goes with its last reply."""
        stone = channel.messages.get(root) if root else None
        if stone is None or stone.get("subtype") != TOMBSTONE or channel.threads.get(stone["ts"]):
            return
        channel.remove(stone["ts"])
        self._world.forget_message(channel, stone["ts"])
        self._tell("message_deleted", channel, stone)

    def _raise_posted(self, channel: Channel, stored: Json) -> None:
        event = render_message(self._world, channel, stored)
        if stored.get("subtype") == "thread_broadcast":
            root = channel.messages[stored["thread_ts"]]
            event["root"] = render_message(self._world, channel, root)
        self._events.message(channel, event)
        mentioned = self._world.bot_user_id in stored.get("_pings", ())
        if mentioned and stored.get("user") != self._world.bot_user_id and not channel.is_im:
            self._events.mention(channel, event)

    def _note_pings(self, channel: Channel, stored: Json, link_names: bool) -> None:
        before = stored.get("_pings", [])
        stored["_pings"] = find_pings(stored, link_names=link_names)
        if "bot_id" in stored:
            new = [target for target in stored["_pings"] if target not in before]
            self._world.pings += [Ping(stored["ts"], target, channel.id) for target in new]

    def _note_share(self, channel: Channel, stored: Json, file_id: str) -> None:
        file = self._world.files[file_id]
        file["_shares"].append([channel.id, stored["ts"], stored.get("thread_ts")])
        if channel.id not in file["_channels"]:
            file["_channels"].append(channel.id)
        file["is_public"] = file["is_public"] or not channel.is_private
        self._world.save_file(file)

    def _tell(self, kind: str, channel: Channel, message: Json) -> None:
        root = message.get("thread_ts")
        self._world.publish(kind, channel=channel.id, ts=message["ts"], thread_ts=root)
        if root and root != message["ts"] and kind == "message_deleted":
            self._world.publish("message_changed", channel=channel.id, ts=root)


def app_fields(world: World) -> Json:
    """What marks a message as the app's own."""
    bot = world.people[world.bot_user_id]
    return {
        "user": world.bot_user_id,
        "bot_id": world.bot_id,
        "app_id": world.app_id,
        "bot_profile": {
            "id": world.bot_id,
            "app_id": world.app_id,
            "user_id": world.bot_user_id,
            "name": bot.real_name,
            "icons": {},
            "deleted": False,
            "updated": bot.updated,
            "team_id": world.team_id,
        },
    }


def new_file(world: World, user: str, name: str, size: int, mimetype: str) -> Json:
    """A stored file object, not shared anywhere yet; its bytes are a blob under its id."""
    from urllib.parse import quote

    kind = name.rpartition(".")[2].lower() if "." in name else "binary"
    now = int(world.clock())
    return {
        "id": new_id("F"),
        "created": now,
        "timestamp": now,
        "name": name,
        "title": name,
        "mimetype": mimetype,
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": user,
        "user_team": world.team_id,
        "editable": False,
        "size": size,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "has_rich_preview": False,
        "file_access": "visible",
        "_url_name": quote(name.replace("/", "_").replace("\\", "_").lower(), safe="._-") or "file",
        "_channels": [],
        "_shares": [],
    }
