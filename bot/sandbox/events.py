"""The Events API: which events the app hears, and in what wrapping.

An event leaves only when manifest.yml subscribes to it and, where it happened in a channel, when
the bot is a member there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.ids import new_id
from bot.sandbox.model import Channel, Json
from bot.sandbox.world import World

_MESSAGE = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


class Events:
    """Makes event_callback payloads and hands those that the app wants to `post`."""

    def __init__(self, world: World, post: Callable[[Json], None]) -> None:
        self._world = world
        self._post = post

    def message(self, channel: Channel, event: Json) -> None:
        """A `message` event of any subtype."""
        event = {"type": "message", "channel": channel.id, "channel_type": channel.kind} | event
        event.setdefault("event_ts", event["ts"])
        self._emit(_MESSAGE[channel.kind], event, channel)

    def mention(self, channel: Channel, message: Json) -> None:
        kept = {key: value for key, value in message.items() if key not in ("subtype", "hidden")}
        event = kept | {"type": "app_mention", "channel": channel.id, "event_ts": message["ts"]}
        self._emit("app_mention", event, channel)

    def changed(self, channel: Channel, message: Json, previous: Json) -> None:
        now = self._world.now_ts()
        fields = {"subtype": "message_changed", "hidden": True, "ts": now, "event_ts": now}
        self.message(channel, fields | {"message": message, "previous_message": previous})

    def deleted(self, channel: Channel, previous: Json) -> None:
        now = self._world.now_ts()
        fields = {"subtype": "message_deleted", "hidden": True, "ts": now, "event_ts": now}
        self.message(channel, fields | {"deleted_ts": previous["ts"], "previous_message": previous})

    def reaction(self, kind: str, channel: Channel, user: str, name: str, message: Json) -> None:
        """`kind` is reaction_added or reaction_removed."""
        event = {
            "type": kind,
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": channel.id, "ts": message["ts"]},
            "event_ts": self._world.now_ts(),
        }
        if "user" in message:
            event["item_user"] = message["user"]
        self._emit(kind, event, channel)

    def channel(self, kind: str, channel: Channel, user: str) -> None:
        """`kind` is archive, unarchive, rename, left or deleted; groups get their own names."""
        prefix = "group" if channel.is_private else "channel"
        event: Json = {"type": f"{prefix}_{kind}", "event_ts": self._world.now_ts()}
        if kind == "rename":
            about: Any = {
                "id": channel.id,
                "name": channel.name,
                "name_normalized": channel.name,
                "created": channel.created,
                "is_channel": not channel.is_private,
                "is_mpim": False,
            }
        else:
            about = channel.id
            event["actor_id" if kind == "left" else "user"] = user
        self._emit(event["type"], event | {"channel": about}, channel, always=kind == "left")

    def member(self, kind: str, channel: Channel, user: str, inviter: str | None = None) -> None:
        """`kind` is joined or left."""
        event = {
            "type": f"member_{kind}_channel",
            "user": user,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": self._world.team_id,
            "event_ts": self._world.now_ts(),
        }
        if inviter is not None:
            event["inviter"] = inviter
        self._emit(event["type"], event, channel)

    def home_opened(self, user: str, channel: Channel, view: Json | None) -> None:
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel.id,
            "tab": "home",
            "event_ts": self._world.now_ts(),
        }
        if view is not None:
            event["view"] = view
        self._emit("app_home_opened", event)

    def plain(self, kind: str, **fields: Any) -> None:
        """An event without a channel, such as app_uninstalled or tokens_revoked."""
        self._emit(kind, {"type": kind, "event_ts": self._world.now_ts()} | fields)

    def _emit(
        self, subscription: str, event: Json, channel: Channel | None = None, always: bool = False
    ) -> None:
        world = self._world
        if subscription not in world.manifest.events:
            return
        if channel is not None and not always and world.bot_user_id not in channel.members:
            return
        self._post(self._wrap(event))

    def _wrap(self, event: Json) -> Json:
        world = self._world
        return {
            "token": world.identity["verification_token"],
            "team_id": world.team_id,
            "context_team_id": world.team_id,
            "context_enterprise_id": None,
            "api_app_id": world.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(world.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": world.team_id,
                    "user_id": world.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{new_id('', 24)}",
        }
