"""The composition root: builds one Canal, starts it, and stops it in reverse.

Nothing is built at import, nothing is global. What must be finished at a stop is finished: mails
in hand are committed, deliveries in hand end within the grace, the rest is claimed by nobody.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import SystemClock
from bot.config.secret_key import load_secret_keys
from bot.config.settings import Settings
from bot.http import HttpServer
from bot.listeners.services import Services
from bot.lock import alone_on
from bot.metrics import build_metrics
from bot.parts import Parts, build_parts
from bot.scheduler import Scheduler
from bot.slack.gateway import SlackChat
from bot.slack.i18n import Catalogs
from bot.slack_connection import SocketMode, build_bolt, build_client
from bot.wires.browser_sign_in import CALLBACK_PATH
from bot.wires.device_sign_in import DeviceSignIns
from bot.wires.mailboxes import MailboxWatch
from bot.wires.smtp_in import SmtpIn
from bot.wires.wires import Finder, Wires
from bot.workspace import Workspace, identify
from handlers.access import Admins
from handlers.channels.channel_test import ChannelTester
from handlers.channels.channels import Channels
from handlers.context import WAKE_NAMES, Context
from handlers.mail_in.filing import FilingWorker
from handlers.outbox.desk import OutboxDesk
from handlers.outbox.places import Places
from handlers.outbox.worker import OutboxWorker
from handlers.replies.signatures import PersonalSignatures
from handlers.tokens import Tokens
from handlers.upkeep.startup import leave, recover, remember_workspace, shared_time
from mail.senders.verdict import make_resolver
from storage.crypto import Vault
from storage.engine import Database, open_database
from storage.notify import Notifier
from storage.startup import prepare

if TYPE_CHECKING:
    from dns.resolver import Resolver

MAIL_GRACE = 1.0
DELIVERY_GRACE = 2.0
_END_SECONDS = 1.0
"""Together with the goodbyes to Slack less than the 5 s within which Ctrl-C is promised to work."""


DATABASE_SILENCE = 60.0
"""Seconds; a lock is waited for half as long."""
DATABASE_SILENCE_AT_THE_END = 2.0


class Canal:
    """One running Canal. `start` raises a sentence for everything that an admin can mend."""

    def __init__(
        self,
        settings: Settings,
        *,
        finder: Finder | None = None,
        resolver: Callable[[], Resolver | None] = make_resolver,
    ) -> None:
        """`finder` and `resolver` stand in for the internet's own servers and names."""
        self._settings = settings
        self._finder = finder
        self._resolver = resolver
        self._stack = AsyncExitStack()
        self._clock = SystemClock()
        self._database: Database | None = None
        self.metrics = build_metrics()
        self.parts: Parts
        self.services: Services
        self.channels: Channels
        self.wires: Wires
        self.mailboxes: MailboxWatch
        self.smtp: SmtpIn
        self.http: HttpServer

    async def start(self) -> None:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End everything that was started, newest first."""
        if self._database is not None:
            self._database.patience.seconds = DATABASE_SILENCE_AT_THE_END
        await self._stack.aclose()

    async def _start(self) -> None:
        database, signing_key = await self._open_database()
        client = build_client(self._settings)
        chat = SlackChat(client, Catalogs(default=self._settings.language), self._clock)
        self._stack.push_async_callback(chat.close)
        workspace = await identify(client, database)
        context = await self._build_context(database, signing_key, workspace)
        services = self.services = self._build_services(context, chat)
        await self.parts.index.refresh()
        await self._start_workers()
        self.smtp = SmtpIn(self._settings, self.parts.index, self.parts.intake, self.metrics)
        await self.smtp.start()
        self._stack.push_async_callback(self.smtp.stop, MAIL_GRACE)
        await self._connect_slack(client, services)

    async def _open_database(self) -> tuple[Database, bytes]:
        settings = self._settings
        keys = load_secret_keys(settings)
        self._stack.enter_context(alone_on(settings))
        database = open_database(settings.database_url, Vault(keys))
        self._stack.push_async_callback(database.close)
        signing_key = await prepare(database)
        database.patience.seconds = DATABASE_SILENCE
        self._database = database
        if time := await shared_time(database):
            self._clock.follow(time)
        return database, signing_key

    async def _build_context(
        self, database: Database, signing_key: bytes, workspace: Workspace
    ) -> Context:
        context = Context(
            db=database,
            clock=self._clock,
            tokens=Tokens(signing_key),
            inbound_domain=self._settings.inbound_domain,
            team_id=workspace.team_id,
            holder=secrets.token_hex(8),
            language=self._settings.language,
        )
        notifier = Notifier(
            database,
            context.holder,
            context.wake.by_another,
            names=WAKE_NAMES,
            on_time=self._clock.follow,
        )
        await notifier.start()
        self._stack.push_async_callback(notifier.stop)
        context.wake.listen_for_help(notifier.tell)
        await remember_workspace(context, name=workspace.name, bot_user_id=workspace.bot_user_id)
        await recover(context, alone=self._settings.is_sqlite)
        self._stack.push_async_callback(leave, context)
        return context

    def _build_services(self, context: Context, chat: SlackChat) -> Services:
        self.wires = Wires(self._settings, context.db, finder=self._finder)
        self._stack.push_async_callback(self.wires.close)
        transports = self.wires.transports
        admins = Admins(chat, self._settings.admins)
        self.parts = build_parts(
            context,
            chat,
            admins,
            transports,
            transports,
            verify_senders=self._settings.verify_senders == "on",
            make_resolver=self._resolver,
        )
        self._stack.push_async_callback(self.parts.checks.stop)
        self.channels = Channels(
            context.db,
            self._clock,
            team_id=context.team_id,
            inbound_domain=self._settings.inbound_domain,
            on_change=self.parts.look_for_changes,
        )
        services = Services(
            chat=chat,
            texts=chat.texts,
            clock=self._clock,
            replies=self.parts.replies,
            backfill=self.parts.backfill,
            tickets=self.parts.tickets,
            recipients=self.parts.recipients,
            forwards=self.parts.forwards,
            moves=self.parts.moves,
            merges=self.parts.merges,
            originals=self.parts.originals,
            muted=self.parts.muted,
            digests=self.parts.digests,
            channels=self.channels,
            setup=self.wires.setup(self.channels),
            admins=admins,
            tester=ChannelTester(context.db, self._clock, self.channels, self.wires.probe, chat),
            loop_test=self.wires.loop_test(context, self.channels),
            sign_ins=self.wires.browser_sign_ins(context, self.channels),
            codes=self.wires.device_sign_ins(context, self.channels),
            places=Places(context),
            given_up=OutboxDesk(context),
            signatures=PersonalSignatures(context.db, self._clock, context.team_id),
        )
        self._stack.push_async_callback(services.background.stop, 0.5)
        return services

    async def _start_workers(self) -> None:
        parts = self.parts
        self._stack.push_async_callback(parts.intake.stop)
        self._run(parts.filing)
        self._stack.push_async_callback(parts.outbox.stop, DELIVERY_GRACE)
        self._run(parts.outbox)
        self.mailboxes = MailboxWatch(
            parts.context,
            parts.mailboxes,
            self.wires.grants,
            self.metrics,
            alone=self._settings.is_sqlite,
        )
        self._stack.push_async_callback(parts.mailboxes.stop)
        self._stack.push_async_callback(self.mailboxes.stop)
        await self.mailboxes.start()
        scheduler = Scheduler(
            parts,
            self.metrics,
            self.mailboxes,
            retention_days=self._settings.retention_days,
        )
        scheduler.start()
        self._stack.push_async_callback(scheduler.stop)

    async def _connect_slack(self, client: AsyncWebClient, services: Services) -> None:
        """Listen to Slack, and open the HTTP server with what proves that we do."""
        settings = self._settings
        bolt = build_bolt(settings, client, services)
        socket = SocketMode(bolt, settings, client) if settings.slack_mode == "socket" else None
        ready = {
            "slack_token": _accepted(self.parts.outbox),
            "database": _takes_writes(self.parts.context),
        }
        self.http = HttpServer(
            self.metrics, {**ready, "slack": _connected(socket)} if socket else ready
        )
        self.http.mount("GET", CALLBACK_PATH, services.sign_ins.handle_callback)
        if socket is None:
            self.http.mount_slack(bolt)
        else:
            self._stack.push_async_callback(socket.stop)
        await self.http.start(settings.http_listen)
        self._stack.push_async_callback(self.http.stop)
        self._run(services.codes)
        if socket is None:
            services.background.start(self.parts.backfill.run())
            return
        socket.on_connected = lambda: services.background.start(self._on_slack_back())
        await socket.start()

    async def _on_slack_back(self) -> None:
        await self.services.places.on_slack_back()
        await self.parts.backfill.run()

    def _run(self, worker: FilingWorker | OutboxWorker | DeviceSignIns) -> None:
        task = asyncio.create_task(worker.run())

        async def end() -> None:
            worker.end()
            _, running = await asyncio.wait({task}, timeout=_END_SECONDS)
            if running:
                task.cancel()
                await asyncio.wait({task})

        self._stack.push_async_callback(end)


def _connected(socket: SocketMode) -> Callable[[], Coroutine[Any, Any, str | None]]:
    async def check() -> str | None:
        return None if await socket.is_connected() else socket.absence.sentence()

    return check


def _takes_writes(context: Context) -> Callable[[], Coroutine[Any, Any, str | None]]:
    async def check() -> str | None:
        return context.trouble.sentence

    return check


def _accepted(outbox: OutboxWorker) -> Callable[[], Coroutine[Any, Any, str | None]]:
    async def check() -> str | None:
        code = outbox.refused_by_slack
        return code and f"Slack does not accept SLACK_BOT_TOKEN any more ({code})."

    return check
