"""The part of Sandbox that sets the scene (people, channels) and lets things go wrong."""

from __future__ import annotations

from collections.abc import Iterable

from bot.sandbox.core import Core
from bot.sandbox.errors import SandboxError
from bot.sandbox.faults import Fault, Gate
from bot.sandbox.httpmode import HttpWire
from bot.sandbox.ids import new_id
from bot.sandbox.model import Channel, Person, Usergroup


class Seeding(Core):
    """People and channels, as a workspace's history would have left them: no events."""

    def add_user(
        self,
        name: str,
        real_name: str | None = None,
        email: str = "",
        is_admin: bool = False,
        title: str = "",
        locale: str = "en-US",
    ) -> str:
        """A person, member of every public channel. Returns the id."""
        world = self.world
        person = Person(
            id=new_id("U"),
            name=name,
            real_name=real_name or name,
            email=email,
            title=title,
            locale=locale,
            is_admin=is_admin,
            color=world.next_color(),
            updated=int(world.clock()),
        )
        world.people[person.id] = person
        world.save_person(person)
        for channel in world.channels.values():
            if not channel.is_private:
                channel.members.append(person.id)
                world.save_channel(channel)
        world.publish("user", user=person.id)
        return person.id

    def add_channel(
        self,
        name: str,
        is_private: bool = False,
        bot_is_member: bool = True,
        *,
        topic: str = "",
        members: Iterable[str] | None = None,
    ) -> str:
        """A channel with everybody in it, or only `members`. Returns the id."""
        world = self.world
        if world.find_channel_named(name) is not None:
            raise SandboxError(f"There is already a channel #{name}.")
        people = [one.id for one in world.people.values() if not one.is_bot]
        inside = people if members is None else list(members)
        channel = Channel(
            id=new_id("C"),
            name=name,
            is_private=is_private,
            topic=topic,
            creator=inside[0] if inside else "",
            created=int(world.clock()),
            members=inside + ([world.bot_user_id] if bot_is_member else []),
        )
        world.channels[channel.id] = channel
        world.save_channel(channel)
        world.publish("channel", channel=channel.id)
        return channel.id

    def add_usergroup(self, handle: str, name: str, users: Iterable[str]) -> str:
        """Returns the id (S…)."""
        world = self.world
        group = Usergroup(new_id("S"), handle, name, list(users), int(world.clock()))
        world.usergroups[group.id] = group
        world.save_usergroup(group)
        return group.id

    def name_workspace(self, name: str) -> None:
        """What the workspace is called; apps learn it when they connect."""
        self.world.identity["team_name"] = name
        self.world.save_identity()

    def find_user(self, name: str) -> str | None:
        """The id of the person with this short name."""
        people = self.world.people.values()
        return next((one.id for one in people if one.name == name and not one.is_bot), None)

    def find_channel(self, name: str) -> str | None:
        channel = self.world.find_channel_named(name)
        return None if channel is None else channel.id


class Meddling(Core):
    """What happens to channels and apps in real life, and faults on order."""

    def fail(
        self,
        method: str,
        error: str = "internal_error",
        *,
        status: int | None = None,
        times: int = 1,
        retry_after: int | None = None,
    ) -> None:
        """The next `times` calls of the method ("*": any) go wrong.

        `error` is Slack's code, "drop" (it is done, but the connection ends before the answer) or
        "drop_before" (nothing is done); `status` an HTTP status such as 503 or 429.
        """
        if status is None:
            status = 429 if error == "ratelimited" else 200
        if status == 429 and retry_after is None:
            retry_after = 1
        kind = "ratelimited" if status == 429 else error
        self.faults.add(method, Fault(kind, status, times, retry_after))

    def stop_at(self, method: str, *, done: bool) -> Gate:
        """The next call of the method gets no answer: after it was done, or with nothing done."""
        gate = Gate(done)
        self.faults.put_gate(method, gate)
        return gate

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """`warning`, `refresh_requested`, or `hard` (the connection just ends)."""
        await self.sockets.disconnect(reason)

    async def use_http(self, url: str) -> None:
        """Sends everything to this request URL from now on, after the URL's verification."""
        wire = HttpWire(self.world, url)
        self._http_wires.append(wire)
        await wire.verify()
        self.delivery.wire = wire

    async def archive(self, channel: str, by: str = "USLACKBOT") -> None:
        found = self.world.get_channel(channel)
        self.message_log.system(found, by, "channel_archive", "archived the channel")
        found.is_archived = True
        await self._channel_changed("archive", found, by)

    async def unarchive(self, channel: str, by: str = "USLACKBOT") -> None:
        found = self.world.get_channel(channel)
        found.is_archived = False
        await self._channel_changed("unarchive", found, by)

    async def rename(self, channel: str, name: str, by: str = "USLACKBOT") -> None:
        found = self.world.get_channel(channel)
        found.name = name
        await self._channel_changed("rename", found, by)

    async def kick_bot(self, channel: str, by: str = "USLACKBOT") -> None:
        found = self.world.get_channel(channel)
        found.members.remove(self.world.bot_user_id)
        await self._channel_changed("left", found, by)

    async def invite_bot(self, channel: str, by: str = "USLACKBOT") -> None:
        """/invite @App."""
        found, bot = self.world.get_channel(channel), self.world.bot_user_id
        found.members.append(bot)
        self.message_log.system(
            found, bot, "channel_join", f"<@{bot}> has joined the channel", inviter=by
        )
        self.events.member("joined", found, bot, by)
        self._note_channel(found)
        await self.store.flush()

    async def make_private(self, channel: str) -> None:
        """The channel keeps its id; from now on its events are message.groups."""
        found = self.world.get_channel(channel)
        found.is_private = True
        self._note_channel(found)
        await self.store.flush()

    async def revoke_tokens(self) -> None:
        """The app is taken out of the workspace."""
        world = self.world
        self.events.plain("tokens_revoked", tokens={"oauth": [], "bot": [world.bot_user_id]})
        self.events.plain("app_uninstalled")
        world.revoked = True
        world.identity["revoked"] = "yes"
        world.save_identity()
        await self.store.flush()

    async def _channel_changed(self, kind: str, channel: Channel, by: str) -> None:
        self._note_channel(channel)
        self.events.channel(kind, channel, by)
        await self.store.flush()

    def _note_channel(self, channel: Channel) -> None:
        self.world.save_channel(channel)
        self.world.publish("channel", channel=channel.id)
