"""Several machines and one mailbox: one watches it, another takes over, none writes over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.clock import SystemClock
from bot.config.settings import load_settings
from bot.metrics import build_metrics
from bot.wires.grants import Grants
from bot.wires.mailboxes import MailboxWatch
from handlers.channels.channels import Channels
from handlers.channels.fields import ChannelFields
from handlers.channels.grants import GrantStore
from handlers.context import Context
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.intake import Intake
from handlers.mail_in.mailboxes import Mailboxes, MailboxGone
from handlers.tokens import Tokens
from mail.connections import FetchedBatch, ImapCursor
from mail.imap.watch import WatchTiming
from storage.crypto import Vault
from storage.engine import Database, open_database
from storage.queries import mails
from storage.startup import prepare
from tests.app.mailboxes import make_mail
from tests.servers.scripted_imap import ScriptedImap, running_scripted_imap

pytestmark = pytest.mark.postgres
TEAM = "T00000000"
LEASE = timedelta(seconds=1.2)
RENEW = 0.3


@dataclass
class Machine:
    watch: MailboxWatch
    mailboxes: Mailboxes
    channels: Channels
    context: Context
    intake: Intake

    async def die(self) -> None:
        """As by a power cut: it gives nothing back."""
        assert self.watch._renewing is not None
        self.watch._renewing.cancel()
        await self.watch._watcher.stop()

    @property
    def has_it(self) -> bool:
        return len(self.watch.watched()) == 1


class World:
    def __init__(self, db: Database, imap: ScriptedImap, stack: AsyncExitStack) -> None:
        self.db = db
        self.imap = imap
        self._stack = stack

    async def machine(self, name: str) -> Machine:
        clock = SystemClock()
        context = Context(
            db=self.db,
            clock=clock,
            tokens=Tokens(b"k" * 32),
            inbound_domain="in.example",
            team_id=TEAM,
            holder=name,
        )
        intake = Intake(context, AddressIndex(self.db, TEAM))
        mailboxes = Mailboxes(context, intake)
        channels = Channels(self.db, clock, team_id=TEAM, inbound_domain="in.example")
        watch = MailboxWatch(
            context,
            mailboxes,
            Grants(load_settings({}), GrantStore(self.db)),
            build_metrics(),
            alone=False,
            timing=WatchTiming(settle=0.1, retry_first=0.05),
            renew=RENEW,
            lease=LEASE,
        )
        self._stack.push_async_callback(intake.stop)
        return Machine(watch, mailboxes, channels, context, intake)

    async def stored(self) -> int:
        async with self.db.read() as tx:
            return sum((await mails.count_states(tx)).values())

    async def until(self, true: Callable[[], Any], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while True:
                found = true()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.02)

    async def until_stored(self, count: int) -> None:
        async def enough() -> bool:
            return await self.stored() >= count

        await self.until(enough)


@pytest.fixture
async def world(postgres_url: str) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        db = open_database(postgres_url, Vault([Fernet.generate_key().decode()]))
        stack.push_async_callback(db.close)
        await prepare(db)
        imap = await stack.enter_async_context(running_scripted_imap())
        imap.box()
        world = World(db, imap, stack)
        fields = ChannelFields(
            name="Support",
            slack_channel_id="C0000000000",
            primary="support@acme.example",
            incoming="imap",
            incoming_settings={
                "host": imap.host,
                "port": imap.port,
                "security": "none",
                "user": "jo",
            },
            incoming_secret={"password": "secret"},
        )
        await (await world.machine("setup")).channels.add(fields)
        yield world


async def test_one_of_two_machines_watches_and_the_other_takes_over(world: World) -> None:
    first, second = await world.machine("first"), await world.machine("second")
    await first.watch.start()
    await second.watch.start()
    try:
        assert first.has_it
        assert not second.has_it
        await world.imap.wait_for_watchers()
        world.imap.box().add(make_mail("One"))
        await world.until_stored(1)
        await first.die()
        world.imap.box().add(make_mail("Two"))
        await world.until(lambda: second.has_it, LEASE.total_seconds() + 10)
        await world.until_stored(2)
        assert await world.stored() == 2, "none twice"
    finally:
        await second.watch.stop()


async def test_a_machine_that_stops_gives_its_mailboxes_back_at_once(world: World) -> None:
    first, second = await world.machine("first"), await world.machine("second")
    await first.watch.start()
    await first.watch.stop()
    await second.watch.start()
    assert second.has_it
    await second.watch.stop()


async def test_who_has_lost_the_lease_cannot_move_the_cursor(world: World) -> None:
    machine = await world.machine("first")
    await machine.watch.start()
    [channel_id] = machine.watch.watched()
    await world.imap.wait_for_watchers()
    stale = machine.watch._tokens[channel_id]
    await machine.watch.stop()
    other = await world.machine("second")
    await other.watch.start()
    assert other.watch._tokens[channel_id] != stale
    await other.watch.stop()
    before = (await machine.channels.show("Support")).connection("in").cursor
    with pytest.raises(MailboxGone):
        await machine.mailboxes.take(channel_id, FetchedBatch((), ImapCursor(9, 999)), stale)
    assert (await machine.channels.show("Support")).connection("in").cursor == before


async def test_an_edit_reaches_the_machine_that_watches(world: World) -> None:
    machine = await world.machine("first")
    await machine.watch.start()
    try:
        await machine.channels.pause("Support")
        await machine.watch.sync()
        assert not machine.has_it
        await machine.channels.resume("Support")
        await machine.watch.sync()
        assert machine.has_it
    finally:
        await machine.watch.stop()
