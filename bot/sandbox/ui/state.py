"""GET /ui/state and the lists beside it: who and what is in the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.emoji import emoji_table
from bot.sandbox.errors import RefusedError
from bot.sandbox.model import Channel, Json, Person
from bot.sandbox.ui.guard import answer, read_body

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox


class StatePages:
    """What the page's left column shows."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world

    async def state(self, request: web.Request) -> web.StreamResponse:
        user = acting_user(self._sandbox, request)
        world = self._world
        people = sorted(world.people.values(), key=lambda one: one.is_bot)
        return answer(
            {
                "user": user,
                "team": {"id": world.team_id, "name": world.identity["team_name"]},
                "users": [self._person(one) for one in people],
                "channels": [
                    self._channel(one, user)
                    for one in world.channels.values()
                    if not one.is_private or user in one.members
                ],
                "usergroups": [group.to_json() for group in world.usergroups.values()],
                "app": self._app(),
                "mail": self._mail(),
                "limits": self._sandbox.limits.enabled,
            }
        )

    async def users(self, request: web.Request) -> web.StreamResponse:
        prefix = request.query.get("prefix", "").lower()
        found = [
            self._person(one)
            for one in self._world.people.values()
            if one.name.lower().startswith(prefix) or prefix in one.real_name.lower()
        ]
        return answer({"users": found[:50]})

    async def channels(self, request: web.Request) -> web.StreamResponse:
        user, prefix = acting_user(self._sandbox, request), request.query.get("prefix", "").lower()
        found = [
            self._channel(one, user)
            for one in self._world.channels.values()
            if one.name.lower().startswith(prefix) and not one.is_im
            if not one.is_private or user in one.members
        ]
        return answer({"channels": found[:50]})

    async def emoji(self, request: web.Request) -> web.StreamResponse:
        response = answer(dict(emoji_table()))
        response.headers["Cache-Control"] = "max-age=3600"
        return response

    async def read(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        user = body.text("user")
        people = self._sandbox.people
        people.mark_read(user, people.get_room(user, body.text("channel")))
        return answer()

    async def typing(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        user, channel = body.text("user"), body.text("channel")
        self._sandbox.people.get_room(user, channel)
        thread_ts = body.find_text("thread_ts")
        self._world.publish("typing", channel=channel, thread_ts=thread_ts, user=user)
        return answer()

    def _person(self, person: Person) -> Json:
        return {
            "id": person.id,
            "name": person.name,
            "real_name": person.real_name,
            "title": person.title,
            "email": person.email,
            "is_admin": person.is_admin,
            "is_bot": person.is_bot,
            "is_app": person.is_bot,
            "color": person.color,
        }

    def _channel(self, channel: Channel, user: str) -> Json:
        world = self._world
        other = next((one for one in channel.members if one != user), "") if channel.is_im else ""
        name = world.people[other].real_name if other in world.people else channel.name
        unread, mentions = _unread(channel, user)
        return {
            "id": channel.id,
            "name": name,
            "is_private": channel.is_private,
            "is_im": channel.is_im,
            "is_archived": channel.is_archived,
            "topic": channel.topic,
            "bot_is_member": world.bot_user_id in channel.members,
            "is_member": user in channel.members,
            "unread": unread,
            "mentions": mentions,
        }

    def _app(self) -> Json:
        world, manifest = self._world, self._world.manifest
        return {
            "bot_user_id": world.bot_user_id,
            "bot_id": world.bot_id,
            "app_id": world.app_id,
            "name": manifest.name,
            "connected": self._sandbox.delivery.wire.connected,
            "home_enabled": manifest.home_enabled,
            "commands": [
                {
                    "command": one.command,
                    "description": one.description,
                    "usage_hint": one.usage_hint,
                }
                for one in manifest.commands
            ],
            "shortcuts": [
                {
                    "name": one.name,
                    "type": one.type,
                    "callback_id": one.callback_id,
                    "description": one.description,
                }
                for one in manifest.shortcuts
            ],
        }

    def _mail(self) -> Json:
        catcher = self._sandbox.catcher
        if catcher is None:
            return {"smtp": None, "unread": 0, "addresses": []}
        smtp = catcher.canal_smtp
        return {
            "smtp": None if smtp is None else f"{smtp[0]}:{smtp[1]}",
            "unread": sum(not mail.read for mail in catcher.all_mails),
            "addresses": catcher.addresses(),
        }


def acting_user(sandbox: Sandbox, request: web.Request) -> str:
    """Whom the page acts as: `user`, or the first person. Raises RefusedError."""
    people = sandbox.world.people
    user = request.query.get("user")
    if user:
        if user not in people or people[user].is_bot:
            raise RefusedError("There is no such person.", "user_not_found", 404)
        return user
    for person in people.values():
        if not person.is_bot:
            return person.id
    raise RefusedError("Nobody is in this workspace yet.", "no_users", 404)


def _unread(channel: Channel, user: str) -> tuple[int, int]:
    """Messages of the channel itself after what this person saw, and those that mention them."""
    seen, unread, mentions = channel.read.get(user, ""), 0, 0
    for ts in reversed(channel.messages):
        if ts <= seen or unread >= 100:
            break
        message = channel.messages[ts]
        is_reply = message.get("thread_ts", ts) != ts
        if message.get("user") == user or (
            is_reply and message.get("subtype") != "thread_broadcast"
        ):
            continue
        unread += 1
        mentions += bool({user, "channel", "here", "everyone"}.intersection(message["_pings"]))
    return unread, mentions
