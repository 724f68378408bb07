"""One call of a Web API method: its arguments, and what a method may lean on."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import SlackError
from bot.sandbox.events import Events
from bot.sandbox.ids import parse_ts
from bot.sandbox.interactions import Interactions
from bot.sandbox.limits import Limits
from bot.sandbox.messages import Messages
from bot.sandbox.model import Channel, Json, Person
from bot.sandbox.sockets import Sockets
from bot.sandbox.tasks import Tasks
from bot.sandbox.views import Views
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything that a method of the Web API can reach."""

    world: World
    events: Events
    messages: Messages
    interactions: Interactions
    views: Views
    sockets: Sockets
    limits: Limits
    tasks: Tasks


class Args:
    """The arguments of a call, from JSON or a form, where everything is a string."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def need(self, *names: str) -> list[str]:
        """These arguments as text. Raises SlackError naming those that are missing."""
        self.require(*names)
        return [self.text(name) or "" for name in names]

    def require(self, *names: str) -> None:
        """The same for arguments that are JSON."""
        missing = [name for name in names if self.values.get(name) in (None, "")]
        if missing:
            problems = [f"missing required field: {name}" for name in missing]
            raise SlackError("invalid_arguments", messages=problems)

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        raise SlackError("invalid_arguments", messages=[f"must be a string: {name}"])

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name)
        if value is None or value == "":
            return default
        return value in (True, 1) or str(value).lower() in ("1", "true", "yes")

    def number(self, name: str, default: int) -> int:
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(str(value))
        except ValueError:
            raise SlackError(
                "invalid_arguments", messages=[f"must be an integer: {name}"]
            ) from None

    def json(self, name: str, error: str) -> Any:
        """An argument that is JSON, or JSON in a string. None when absent; else SlackError."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise SlackError(error) from None

    def words(self, name: str) -> list[str]:
        """A comma-separated list, or a JSON one."""
        value = self.values.get(name)
        if isinstance(value, list):
            return [str(one) for one in value]
        return [one.strip() for one in (self.text(name) or "").split(",") if one.strip()]

    def time(self, name: str) -> int | None:
        """A ts in microseconds."""
        value = self.text(name)
        if value is None or value == "":
            return None
        found = parse_ts(value)
        if found is None:
            raise SlackError(f"invalid_ts_{name}")
        return found


@dataclass(frozen=True, slots=True)
class Call:
    """A call that passed the door: token, scope and limits are checked."""

    back: Backend
    args: Args
    method: str

    @property
    def world(self) -> World:
        return self.back.world

    def channel(self, name: str = "channel") -> Channel:
        """The conversation named by id, as far as the bot can see it."""
        [wanted] = self.args.need(name)
        found = self.world.channels.get(wanted)
        if found is None or (found.is_private and not self.is_member(found)):
            raise SlackError("channel_not_found")
        return found

    def member_channel(self, name: str = "channel", *, writing: bool = False) -> Channel:
        """A conversation that the bot is in; with `writing` it must not be archived."""
        found = self.channel(name)
        if writing and found.is_archived:
            raise SlackError("is_archived")
        if not self.is_member(found):
            raise SlackError("not_in_channel")
        return found

    def is_member(self, channel: Channel) -> bool:
        return self.world.bot_user_id in channel.members

    def person(self, name: str = "user") -> Person:
        [wanted] = self.args.need(name)
        found = self.world.people.get(wanted)
        if found is None:
            raise SlackError("user_not_found")
        return found

    def message(self, channel: Channel, name: str = "ts") -> Json:
        """A message by ts. Raises SlackError message_not_found."""
        [ts] = self.args.need(name)
        found = channel.messages.get(ts)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def need_scope(self, scope: str) -> None:
        """Raises SlackError missing_scope."""
        if scope not in self.world.manifest.scopes:
            raise missing_scope(self.world, scope)

    def need_scope_for(self, channel: Channel, what: str) -> None:
        """channels:history, groups:history, im:history by the kind of conversation, and so on."""
        prefix = {"channel": "channels", "group": "groups", "im": "im"}[channel.kind]
        self.need_scope(f"{prefix}:{what}")

    def has_scope(self, scope: str) -> bool:
        return scope in self.world.manifest.scopes


def missing_scope(world: World, needed: str) -> SlackError:
    provided = ",".join(sorted(world.manifest.scopes))
    return SlackError("missing_scope", needed=needed, provided=provided)


Handler = Callable[[Call], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API. `scopes`: one of them is needed, none when empty."""

    handler: Handler
    scopes: tuple[str, ...] = ()
    tier: str = "t3"
    """t1 to t4, or a name that limits.py knows."""
    caller: str = "bot"
    """Whose token: bot, app, any of the two, or none."""
    form_only: bool = False
    """Slack reads no JSON body here: its arguments count as absent."""


def paginate(items: list[Any], args: Args, *, default: int, most: int) -> tuple[list[Any], Json]:
    """One page by `cursor` and `limit`: (items, {response_metadata})."""
    import base64
    import binascii

    limit = args.number("limit", default)
    if limit < 1 or limit > most:
        limit = default if limit < 1 else most
    start, cursor = 0, args.text("cursor")
    if cursor:
        try:
            start = int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
        except (ValueError, binascii.Error):
            raise SlackError("invalid_cursor") from None
    end = start + limit
    following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], {"response_metadata": {"next_cursor": following}}
