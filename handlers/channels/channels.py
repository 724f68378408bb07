"""Email channels: adding, editing, pausing, removing. The same service for `/canal` and `canal`."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.channels.connection_settings import OAuthChoice
from handlers.channels.fields import ChannelFields, InvalidFields, check_fields
from handlers.errors import NotFound
from handlers.ports import Clock, MailConnection
from mail.sentences import say, together
from storage.engine import Database, Session
from storage.queries import channels
from storage.records import AddressRecord, ChannelRecord, ConnectionRecord

_SUFFIX_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the ones that people confuse."""


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """A channel with all that a list or a detail view shows."""

    channel: ChannelRecord
    addresses: tuple[AddressRecord, ...]
    connections: tuple[ConnectionRecord, ...]
    tickets: int = 0

    def connection(self, direction: str) -> ConnectionRecord:
        return next(one for one in self.connections if one.direction == direction)

    @property
    def additional(self) -> tuple[str, ...]:
        return tuple(one.address for one in self.addresses if one.kind == "additional")


class Channels:
    """`on_change` is awaited before a change is said to be done: what it tells holds from then on.

    Other processes on the database notice by themselves, within two seconds.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        team_id: str,
        inbound_domain: str,
        on_change: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._on_change = on_change
        self._db = db
        self._clock = clock
        self._team_id = team_id
        self._inbound_domain = inbound_domain

    async def add(self, fields: ChannelFields) -> ChannelStatus:
        """A new channel.

        Raises:
            InvalidFields: with a sentence for every field that cannot be used.
        """
        columns = check_fields(fields, is_new=True)
        columns.setdefault("from_email", columns["primary_address"])
        async with self._changing() as tx:
            await self._require_free_name(tx, columns["name"], None)
            columns["inbound_address"] = await self._new_inbound_address(tx, columns["name"])
            columns["team_id"] = self._team_id
            channel = await channels.add(tx, columns, now=self._now())
            await self._save_rest(tx, channel, fields, is_new=True)
            return await self._status(tx, channel)

    async def edit(self, name: str, fields: ChannelFields) -> ChannelStatus:
        """Change what is given, keep the rest."""
        columns = check_fields(fields, is_new=False)
        async with self._changing() as tx:
            channel = await self._get(tx, name)
            if "name" in columns:
                await self._require_free_name(tx, columns["name"], channel.id)
            if "options" in columns:
                columns["options"] = {**channel.options, **columns["options"]}
            channel = await channels.change(tx, channel.id, columns, now=self._now())
            await self._save_rest(tx, channel, fields, is_new=False)
            return await self._status(tx, channel)

    async def pause(self, name: str) -> ChannelStatus:
        """Mail is still taken in and kept, replies wait; nothing is shown or sent until resumed."""
        return await self._set_state(name, "paused")

    async def resume(self, name: str) -> ChannelStatus:
        return await self._set_state(name, "active")

    async def remove(self, name: str) -> ChannelStatus:
        """No mail is taken any more; tickets stay as they are."""
        async with self._changing() as tx:
            channel = await self._get(tx, name)
            status = await self._status(tx, channel)
            await channels.change(tx, channel.id, {"state": "removed"}, now=self._now())
            return status

    async def show(self, name: str) -> ChannelStatus:
        """Raises NotFound when there is no such channel."""
        async with self._db.read() as tx:
            return await self._status(tx, await self._get(tx, name))

    async def show_by_id(self, channel_id: int) -> ChannelStatus:
        async with self._db.read() as tx:
            return await self._status(tx, await channels.get(tx, channel_id))

    async def open_connection(self, name: str, direction: str) -> MailConnection:
        """One direction with its secrets in clear: for trying it, never for showing it."""
        async with self._db.read() as tx:
            channel = await self._get(tx, name)
            record = await channels.find_connection(tx, channel.id, direction)
            secret = await channels.open_secret(tx, channel, direction)
        if record is None:
            raise NotFound(say("{name} has no such connection.", name=channel.name))
        return MailConnection.of(channel, record, secret)

    async def save_grant(
        self,
        name: str,
        choice: OAuthChoice,
        secrets: Mapping[str, Any],
        directions: Sequence[str],
    ) -> ChannelStatus:
        """A sign-in was finished: these directions use it from now on.

        `secrets` are tokens and whatever else renews them. They lie with the direction
        `choice.held_by` and take the place of passwords.
        """
        async with self._changing() as tx:
            channel = await self._get(tx, name)
            for record in await channels.list_connections(tx, channel.id):
                if record.direction in directions:
                    holds = record.direction == choice.held_by
                    await channels.set_connection(
                        tx,
                        channel,
                        record.direction,
                        record.kind,
                        {**record.settings, "oauth": choice.to_json()},
                        secret={"oauth": dict(secrets)} if holds else {},
                    )
            channel = await channels.change(tx, channel.id, {}, now=self._now())
            return await self._status(tx, channel)

    async def list(self) -> list[ChannelStatus]:
        async with self._db.read() as tx:
            records = await channels.list_all(tx, self._team_id)
            return [await self._status(tx, record) for record in records]

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Session]:
        async with self._db.write() as tx:
            yield tx
        if self._on_change is not None:
            await self._on_change()

    async def _set_state(self, name: str, state: str) -> ChannelStatus:
        async with self._changing() as tx:
            channel = await self._get(tx, name)
            channel = await channels.change(tx, channel.id, {"state": state}, now=self._now())
            if state == "active":
                await channels.release_held(tx, channel.id)
            return await self._status(tx, channel)

    async def _get(self, tx: Session, name: str) -> ChannelRecord:
        channel = await channels.find_by_name(tx, self._team_id, name)
        if channel is None:
            known = [one.name for one in await channels.list_all(tx, self._team_id)]
            missing = say("There is no channel “{name}”.", name=name[:80])
            listed = (
                say("There are: {names}.", names=", ".join(known))
                if known
                else say("There is none yet.")
            )
            raise NotFound(together([missing, listed]))
        return channel

    async def _status(self, tx: Session, channel: ChannelRecord) -> ChannelStatus:
        return ChannelStatus(
            channel,
            tuple(await channels.list_addresses(tx, channel.id)),
            tuple(await channels.list_connections(tx, channel.id)),
            await channels.count_tickets(tx, channel.id),
        )

    async def _require_free_name(self, tx: Session, name: str, own_id: int | None) -> None:
        other = await channels.find_by_name(tx, self._team_id, name)
        if other is not None and other.id != own_id:
            raise InvalidFields(
                {
                    "name": say(
                        "There is a channel “{name}” already: choose another name.",
                        name=other.name,
                    )
                }
            )

    async def _new_inbound_address(self, tx: Session, name: str) -> str:
        """`support-x7k2@…`: readable, and not to be guessed from the name."""
        while True:
            suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(4))
            address = f"{slug(name)}-{suffix}@{self._inbound_domain}"
            if not await channels.address_taken(tx, address):
                return address

    async def _save_rest(
        self, tx: Session, channel: ChannelRecord, fields: ChannelFields, *, is_new: bool
    ) -> None:
        """Addresses and both connections."""
        additional = fields.additional
        if additional is None:
            known = await channels.list_addresses(tx, channel.id)
            additional = tuple(one.address for one in known if one.kind == "additional")
        await channels.set_addresses(tx, channel, _addresses(channel, additional))
        for direction, kind, settings, secret in (
            ("in", channel.incoming, fields.incoming_settings, fields.incoming_secret),
            ("out", channel.outgoing, fields.outgoing_settings, fields.outgoing_secret),
        ):
            await self._save_connection(tx, channel, direction, kind, settings, secret)

    async def _save_connection(
        self,
        tx: Session,
        channel: ChannelRecord,
        direction: str,
        kind: str,
        settings: dict[str, Any],
        secret: dict[str, Any],
    ) -> None:
        known = {one.direction: one for one in await channels.list_connections(tx, channel.id)}
        before = known.get(direction)
        kept = before.settings if before is not None and before.kind == kind else {}
        await channels.set_connection(
            tx, channel, direction, kind, {**kept, **settings}, secret=secret or None
        )

    def _now(self) -> datetime:
        return self._clock.now()


def _addresses(channel: ChannelRecord, additional: tuple[str, ...]) -> list[tuple[str, str]]:
    found = [(channel.inbound_address, "inbound")] if channel.inbound_address else []
    found.append((channel.primary_address, "primary"))
    found += [(one.strip(), "additional") for one in additional]
    found.append((channel.from_email, "from"))
    return found


def slug(name: str) -> str:
    """The channel's name as the start of an address: ASCII letters, digits and single dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30] or "canal"
