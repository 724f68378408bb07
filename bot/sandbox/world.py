"""The state of the workspace, and how to find things in it.

Everything else in the sandbox works on one World. It knows no HTTP; whoever changes something
calls the `save_*` of it, which notes it for the store, and `publish`, which tells the page and
wakes `wait_for`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.sandbox.errors import SandboxError
from bot.sandbox.ids import make_ts, new_id, new_secret, parse_ts
from bot.sandbox.manifest import Manifest
from bot.sandbox.model import (
    COLORS,
    Channel,
    Json,
    OpenView,
    Person,
    Ping,
    ResponseUrl,
    Trigger,
    Usergroup,
)
from bot.sandbox.store import Store

Listener = Callable[[Json], None]


KEPT_CALLS = 10_000


class World:
    """One workspace with one app in it. `clock` gives seconds since 1970."""

    def __init__(self, manifest: Manifest, store: Store, clock: Callable[[], float]) -> None:
        self.manifest = manifest
        self.store = store
        self.clock = clock
        self.base_url = ""
        """http://127.0.0.1:PORT, once the sandbox listens."""
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.files: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.modals: dict[str, list[OpenView]] = {}
        self.ephemerals: dict[str, list[Json]] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.pings: list[Ping] = []
        self.calls: list[tuple[str, Json]] = []
        self.refusals: list[tuple[str, str]] = []
        self.identity: dict[str, str] = {}
        self.revoked = False
        self._listeners: list[Listener] = []
        self._waiters: set[asyncio.Future[None]] = set()
        self._make_identity()

    # --- identity ---------------------------------------------------------------------------

    def _make_identity(self) -> None:
        team, app = new_id("T"), new_id("A")
        self.identity = {
            "team_id": team,
            "team_name": "Canal Sandbox",
            "team_domain": "sandbox",
            "app_id": app,
            "bot_id": new_id("B"),
            "bot_user_id": new_id("U"),
            "bot_token": f"xoxb-{team[1:]}-{new_secret(24)}",
            "app_token": f"xapp-1-{app}-{new_secret(24)}",
            "signing_secret": new_secret(32),
            "verification_token": new_secret(24),
        }

    @property
    def team_id(self) -> str:
        return self.identity["team_id"]

    @property
    def app_id(self) -> str:
        return self.identity["app_id"]

    @property
    def bot_id(self) -> str:
        return self.identity["bot_id"]

    @property
    def bot_user_id(self) -> str:
        return self.identity["bot_user_id"]

    def load(self, stored: dict[str, dict[str, Any]]) -> None:
        """Takes over what an earlier run left in the store; a fresh store gets our identity."""
        if "identity" in stored:
            self.identity = stored["identity"]["identity"]
            self.revoked = bool(self.identity.get("revoked"))
        self.people = {key: Person(**body) for key, body in stored.get("person", {}).items()}
        self.channels = {key: Channel(**body) for key, body in stored.get("channel", {}).items()}
        groups = stored.get("usergroup", {})
        self.usergroups = {key: Usergroup(**body) for key, body in groups.items()}
        self.files = stored.get("file", {})
        self.homes = stored.get("home", {})
        messages = sorted(stored.get("message", {}).items(), key=lambda item: item[1]["ts"])
        for key, message in messages:
            channel = self.channels[key.partition("/")[0]]
            channel.add(message)
            channel.last_us = parse_ts(message["ts"]) or 0
        self.add_bot_user()
        self.save_identity()

    def save_identity(self) -> None:
        self.store.put("identity", "identity", lambda: self.identity)

    def add_bot_user(self) -> None:
        """The app's own user, named as manifest.yml says today."""
        bot = Person(
            id=self.bot_user_id,
            name=self.manifest.bot_name.lower().replace(" ", "_"),
            real_name=self.manifest.bot_name,
            is_bot=True,
            updated=int(self.clock()),
        )
        self.people[bot.id] = bot
        self.save_person(bot)

    # --- finding ----------------------------------------------------------------------------

    def get_person(self, user: str) -> Person:
        """Raises SandboxError."""
        try:
            return self.people[user]
        except KeyError:
            raise SandboxError(f"There is no user {user}.") from None

    def get_channel(self, channel: str) -> Channel:
        """By id. Raises SandboxError."""
        try:
            return self.channels[channel]
        except KeyError:
            raise SandboxError(f"There is no channel {channel}.") from None

    def find_channel_named(self, name: str) -> Channel | None:
        name = name.removeprefix("#")
        return next((one for one in self.channels.values() if one.name == name and name), None)

    def find_im(self, user: str) -> Channel | None:
        """The direct conversation of the app with this person."""
        return next(
            (one for one in self.channels.values() if one.is_im and user in one.members), None
        )

    def open_im(self, user: str) -> Channel:
        """The direct conversation with this person, made when there is none."""
        found = self.find_im(user)
        if found is None:
            found = Channel(
                id=new_id("D"),
                name="",
                is_private=True,
                is_im=True,
                created=int(self.clock()),
                members=[user, self.bot_user_id],
            )
            self.channels[found.id] = found
            self.save_channel(found)
            self.publish("channel", channel=found.id, _user=user)
        return found

    def find_modal(self, view_id: str) -> OpenView | None:
        for stack in self.modals.values():
            for opened in stack:
                if opened.view["id"] == view_id:
                    return opened
        return None

    def next_color(self) -> str:
        return COLORS[len(self.people) % len(COLORS)]

    # --- time -------------------------------------------------------------------------------

    def now_ts(self) -> str:
        """For event_ts and action_ts, which need not be unique."""
        return make_ts(int(self.clock() * 1_000_000))

    def new_ts(self, channel: Channel) -> str:
        """The next ts of this channel: the time, or a little later so that it is unique."""
        channel.last_us = max(int(self.clock() * 1_000_000), channel.last_us + 1)
        return make_ts(channel.last_us)

    # --- saving -----------------------------------------------------------------------------

    def save_person(self, person: Person) -> None:
        self.store.put("person", person.id, person.to_json)

    def save_channel(self, channel: Channel) -> None:
        self.store.put("channel", channel.id, channel.to_json)

    def save_usergroup(self, group: Usergroup) -> None:
        self.store.put("usergroup", group.id, group.to_json)

    def save_message(self, channel: Channel, message: Json) -> None:
        self.store.put("message", f"{channel.id}/{message['ts']}", lambda: message)

    def forget_message(self, channel: Channel, ts: str) -> None:
        self.store.delete("message", f"{channel.id}/{ts}")

    def save_file(self, file: Json) -> None:
        self.store.put("file", file["id"], lambda: file)

    def save_home(self, user: str) -> None:
        view = self.homes[user]
        self.store.put("home", user, lambda: view)

    def note_call(self, method: str, arguments: Json) -> None:
        """Remembers a Web API call for tests; a long demo keeps the newest only."""
        if len(self.calls) >= 2 * KEPT_CALLS:
            del self.calls[:KEPT_CALLS]
        self.calls.append((method, arguments))
        self.touch()

    def note_refusal(self, method: str, code: str) -> None:
        """Remembers what the app was refused: a well-behaved one asks for nothing impossible."""
        self.refusals.append((method, code))
        del self.refusals[:-KEPT_CALLS]

    # --- telling ----------------------------------------------------------------------------

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with everything published; returns how to stop. For the page."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, kind: str, **fields: Any) -> None:
        """Says that something changed. `_user` limits it to one person's page."""
        event = {"type": kind} | {key: value for key, value in fields.items() if value is not None}
        for listener in list(self._listeners):
            listener(event)
        self.touch()

    def touch(self) -> None:
        """Wakes everybody in `changed`."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def changed(self) -> None:
        """Returns at the next change of anything."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
