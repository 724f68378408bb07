"""The wires to mail servers, put together once for the bot and for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.config.settings import Settings
from bot.slack.i18n import Catalogs
from bot.wires.browser_sign_in import BrowserSignIns
from bot.wires.device_sign_in import DeviceSignIns
from bot.wires.grants import Grants
from bot.wires.probe import Probe
from bot.wires.sign_in import SignIns
from bot.wires.transports import Transports
from handlers.channels.channels import Channels
from handlers.channels.grants import GrantStore
from handlers.channels.loop_test import SECONDS, LoopTest
from handlers.channels.pending_sign_ins import PendingSignIns
from handlers.channels.setup import ChannelSetup
from handlers.context import Context
from storage.engine import Database

if TYPE_CHECKING:
    from mail.discovery.autodiscover import Discovered, Surroundings
    from mail.senders.domain import Finding


class Finder:
    """The `ServerFinder` port. `around` is the open Internet unless a test says otherwise."""

    def __init__(self, around: Surroundings | None = None) -> None:
        self._around = around

    async def find(self, address: str) -> Discovered:
        from mail.discovery.autodiscover import discover

        return await discover(address, self._around)


class Wires:
    """`close` at the end."""

    def __init__(self, settings: Settings, db: Database, *, finder: Finder | None = None) -> None:
        self._settings = settings
        self.grants = Grants(settings, GrantStore(db))
        self.transports = Transports(
            settings.smarthost, self.grants, graph_url=settings.microsoft_graph_url
        )
        self.probe = Probe(self.transports, self.grants)
        self.finder = finder or Finder()

    async def close(self) -> None:
        await self.transports.close()
        await self.grants.close()

    def setup(self, channels: Channels) -> ChannelSetup:
        return ChannelSetup(channels, self.finder, self.probe)

    def loop_test(
        self, context: Context, channels: Channels, *, seconds: float | None = None
    ) -> LoopTest:
        from mail.senders.domain import check_sender_domain

        async def check(address: str, received: bytes | None) -> Sequence[Finding]:
            return await check_sender_domain(address, received)

        return LoopTest(
            context, channels, self.transports, self.probe, check, seconds=seconds or SECONDS
        )

    def browser_sign_ins(self, context: Context, channels: Channels) -> BrowserSignIns:
        sign_ins = SignIns(channels, self.grants, context.clock)
        return BrowserSignIns(
            sign_ins,
            PendingSignIns(context),
            self._settings.public_url,
            Catalogs(default=self._settings.language),
        )

    def device_sign_ins(self, context: Context, channels: Channels) -> DeviceSignIns:
        sign_ins = SignIns(channels, self.grants, context.clock)
        return DeviceSignIns(sign_ins, PendingSignIns(context))
