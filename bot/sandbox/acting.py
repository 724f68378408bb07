"""The part of Sandbox with which tests and the demo act as people and look at what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bot.sandbox.core import Core
from bot.sandbox.errors import SandboxError
from bot.sandbox.model import Json, Ping
from bot.sandbox.rendering import render_file, render_message

T = TypeVar("T")


class Acting(Core):
    """As people. Interactions return when the app acked, or raise AppDidNotAnswerError."""

    async def say(
        self,
        user: str,
        channel: str,
        text: str = "",
        blocks: list[Json] | None = None,
        thread_ts: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        broadcast: bool = False,
    ) -> str:
        """Writes as in the composer and returns the ts. `<@U…>` of a known user is a mention."""
        return await self.people.say(
            user,
            channel,
            text,
            blocks=blocks,
            thread_ts=thread_ts,
            files=files,
            broadcast=broadcast,
        )

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        await self.people.edit(user, channel, ts, text)

    async def delete(self, user: str, channel: str, ts: str) -> None:
        await self.people.delete(user, channel, ts)

    async def react(self, user: str, channel: str, ts: str, name: str) -> None:
        await self.people.react(user, channel, ts, name, on=True)

    async def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        await self.people.react(user, channel, ts, name, on=False)

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        value: Any = None,
        *,
        selected: Any = None,
        block_id: str | None = None,
        state: Json | None = None,
    ) -> None:
        """Presses a button (`value` overrides the button's own) or picks `selected` of a menu."""
        given = selected if selected is not None else value
        await self.people.click(user, channel, ts, action_id, given, block_id=block_id, state=state)

    async def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        value: Any = None,
        *,
        selected: Any = None,
        block_id: str | None = None,
        state: Json | None = None,
    ) -> None:
        """The same in a modal or in Home; `state` is what the inputs hold, as for submit_view."""
        given = selected if selected is not None else value
        await self.people.click_view(
            user, view_id, action_id, given, block_id=block_id, state=state
        )

    async def command(self, user: str, channel: str, command: str, text: str = "") -> None:
        await self.people.command(user, channel, command, text)

    async def shortcut(
        self, user: str, callback_id: str, channel: str | None = None, ts: str | None = None
    ) -> None:
        """A message shortcut with channel and ts, else a global one."""
        await self.people.shortcut(user, callback_id, channel, ts)

    async def submit_view(self, user: str, view_id: str, values: Json | None = None) -> Json:
        """Submits a modal: {response_action, errors?}. For `values` see `inputs.fill_state`."""
        return await self.people.submit(user, view_id, values or {})

    async def close_view(self, user: str, view_id: str, *, clear: bool = False) -> None:
        await self.people.close(user, view_id, clear=clear)

    async def open_home(self, user: str) -> None:
        await self.people.open_home(user)

    async def options(
        self,
        user: str,
        action_id: str,
        value: str,
        *,
        view_id: str | None = None,
        channel: str | None = None,
        ts: str | None = None,
    ) -> Json:
        """Types into an external select: {options} or {option_groups}."""
        container = {"view_id": view_id} if view_id else {"channel_id": channel, "message_ts": ts}
        return await self.people.options(user, action_id, value, container)


class Looking(Core):
    """What there is to see. The objects are copies, with metadata."""

    @property
    def calls(self) -> list[tuple[str, Json]]:
        """Every Web API call that came: (method, arguments without the token)."""
        return self.world.calls

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """Every call that was answered with an error of its own making: (method, code)."""
        return self.world.refusals

    @property
    def pings(self) -> list[Ping]:
        """Whom messages of the app really notified."""
        return self.world.pings

    @property
    def files(self) -> list[Json]:
        """Every file object, oldest first."""
        return [render_file(self.world, file) for file in self.world.files.values()]

    @property
    def sockets_open(self) -> int:
        return self.sockets.count

    async def file_bytes(self, file_id: str) -> bytes:
        """Raises KeyError."""
        return await self.store.read_blob(file_id)

    def messages(self, channel: str) -> list[Json]:
        """What the channel itself shows: roots and broadcasts, oldest first."""
        found = self.world.get_channel(channel)
        return [
            render_message(self.world, found, message, metadata=True)
            for ts, message in found.messages.items()
            if message.get("thread_ts", ts) == ts or message.get("subtype") == "thread_broadcast"
        ]

    def thread(self, channel: str, ts: str) -> list[Json]:
        """A root and its replies, oldest first."""
        found = self.world.get_channel(channel)
        root = found.messages.get(ts)
        listed = ([root] if root is not None else []) + found.replies(ts)
        return [render_message(self.world, found, one, metadata=True) for one in listed]

    def message(self, channel: str, ts: str) -> Json:
        """One message. Raises SandboxError."""
        found = self.world.get_channel(channel)
        if ts not in found.messages:
            raise SandboxError(f"There is no message {ts} in {channel}.")
        return render_message(self.world, found, found.messages[ts], metadata=True)

    def ephemerals(self, user: str) -> list[Json]:
        """Messages that only this person sees, each with its `channel`."""
        return [dict(message) for message in self.world.ephemerals.get(user, ())]

    def open_views(self, user: str) -> list[Json]:
        """The modals on this person's screen, top last."""
        return [dict(opened.view) for opened in self.world.modals.get(user, ())]

    def home(self, user: str) -> Json | None:
        view = self.world.homes.get(user)
        return None if view is None else dict(view)

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 5.0) -> T:  # noqa: ASYNC109
        """Returns what `predicate` gives as soon as it is true; asks again at every change.

        Raises TimeoutError.
        """
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                await self.world.changed()
            return found

    async def settled(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Returns when the app has acked every event so far (or they were given up)."""
        await self.wait_for(lambda: self.delivery.pending == 0, timeout)

    async def connected(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Returns when the app has a socket open."""
        await self.wait_for(lambda: self.delivery.wire.connected, timeout)
