"""What the tests of a whole Canal share: starting it, writing mail, looking at Slack."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib

from bot.app import Canal
from bot.config.check_network import find_manifest
from bot.config.settings import Settings, load_settings
from bot.sandbox import MailCatcher, Sandbox
from bot.sandbox.caught import CaughtMail
from bot.slack_connection import SocketMode, build_bolt, build_client
from handlers.channels.channels import ChannelStatus
from handlers.channels.fields import ChannelFields
from handlers.outbox.work import send_key
from storage.queries import mails, messages, outbox
from storage.records import MessageRecord, OutboxRecord

Json = dict[str, Any]
OURS = "support@acme.example"


class Harness:
    """`sandbox` and `catcher` outlive a restart of Canal; the data folder does too."""

    def __init__(
        self,
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        keep_events_for: float = 60.0,
        redeliver_after: float = 3.0,
    ) -> None:
        self.folder = folder
        self._env = dict(env or {})
        self.sandbox = Sandbox(
            None, manifest=find_manifest(), limits=False, keep_events_for=keep_events_for,
            redeliver_after=redeliver_after,
        )  # fmt: skip
        self.catcher = MailCatcher()
        self.canal: Canal
        self.support: str
        self.ana: str
        self.rui: str
        self.inbound: str
        self.smtp_address: tuple[str, int]
        self._before: set[str] = set()
        self.whispers = 0
        self.last_id = ""

    async def start(self) -> None:
        await self.catcher.start()
        await self.sandbox.start()
        self.ana = self.sandbox.add_user("ana", "Ana Silva", "ana@acme.example", title="Care")
        self.rui = self.sandbox.add_user("rui", "Rui Costa", "rui@acme.example", is_admin=True)
        self.support = self.sandbox.add_channel("support", bot_is_member=True)
        await self.start_canal()

    async def stop(self) -> None:
        await self.stop_canal()
        await self.sandbox.stop()
        await self.catcher.stop()

    async def start_canal(self) -> None:
        self.canal = self.make_canal()
        await self.canal.start()
        await self.sandbox.connected()
        self.smtp_address = self.canal.smtp.server.address
        self.catcher.canal_smtp = self.smtp_address

    def make_canal(self) -> Canal:
        return Canal(self.settings())

    async def start_without_slack(self) -> None:
        """Canal starts while nobody answers at Slack's address."""
        self.canal = self.make_canal()
        await self.canal.start()
        self.smtp_address = self.canal.smtp.server.address

    async def second_socket(self) -> SocketMode:
        """Another connection of the same Canal, as Slack opens one before it closes the other."""
        services = self.canal.services
        client = build_client(self.settings())
        socket = SocketMode(build_bolt(self.settings(), client, services), self.settings(), client)
        await socket.start()
        return socket

    async def stop_canal(self) -> None:
        await self.canal.stop()

    def environment(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.sandbox.bot_token,
            "SLACK_APP_TOKEN": self.sandbox.app_token,
            "SLACK_API_URL": self.sandbox.api_url,
            "CANAL_DATA_DIR": str(self.folder / "data"),
            "CANAL_SMTP_LISTEN": "127.0.0.1:0",
            "CANAL_HTTP_LISTEN": "127.0.0.1:0",
            "CANAL_INBOUND_DOMAIN": "in.acme.example",
            "CANAL_SMARTHOST_URL": self.catcher.smarthost_url,
            "CANAL_LOG_LEVEL": "warning",
            **self._env,
        }

    def settings(self) -> Settings:
        return load_settings(self.environment(), for_run=True)

    def channel_fields(self, **values: Any) -> ChannelFields:
        return ChannelFields(
            **{
                "name": "Support",
                "slack_channel_id": self.support,
                "primary": OURS,
                "from_name": "Acme",
                "from_email": OURS,
                "signature": "Acme Support",
                "undo_seconds": 0,
                **values,
            }
        )

    async def add_channel(self, **values: Any) -> ChannelStatus:
        status = await self.canal.channels.add(self.channel_fields(**values))
        self.inbound = str(status.channel.inbound_address)
        return status

    async def write(
        self,
        text: str = "Hello, I need help.",
        *,
        sender: str = "Jo Miller <jo@cust.example>",
        to: str = OURS,
        subject: str = "Help",
        recipients: Sequence[str] | None = None,
        message_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> EmailMessage:
        """A customer's mail through Canal's own SMTP server."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to, subject
        mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
        mail["Message-ID"] = message_id or f"<{secrets.token_hex(8)}@cust.example>"
        for key, value in (headers or {}).items():
            mail[key] = value
        mail.set_content(text)
        for name, data in (files or {}).items():
            mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        self.last_id = str(mail["Message-ID"])
        await self.deliver(mail.as_bytes(), recipients or [self.inbound])
        return mail

    async def deliver(
        self, data: bytes, recipients: Sequence[str], sender: str = "jo@cust.example"
    ) -> None:
        host, port = self.smtp_address
        client = aiosmtplib.SMTP(hostname=host, port=port, use_tls=False, start_tls=False)
        async with client:
            await client.sendmail(sender, list(recipients), data)

    def begin_anew(self) -> None:
        """For a harness that several tests share: what there was before is not seen any more."""
        self.sandbox.faults.clear()
        self.catcher.accept_all()
        self._before = {one["ts"] for one in self.roots()} | self._before
        self.catcher.all_mails.clear()
        self.whispers = len(self.sandbox.ephemerals(self.ana))
        for seen in (self.sandbox.calls, self.sandbox.refusals, self.sandbox.pings):
            seen.clear()

    def roots(self, channel: str | None = None) -> list[Json]:
        """The ticket cards of a Slack channel."""
        return [
            one
            for one in self.sandbox.messages(channel or self.support)
            if one.get("bot_id")
            and one.get("thread_ts") in (None, one["ts"])
            and one["ts"] not in self._before
        ]

    async def ticket(self, count: int = 1) -> Json:
        """The newest card, once there are `count`."""
        await self.sandbox.wait_for(lambda: len(self.roots()) >= count)
        return self.roots()[-1]

    def replies(self, card: Json) -> list[Json]:
        """The posts of the card's thread, the card left out."""
        return self.sandbox.thread(self.support, card["ts"])[1:]

    async def say(self, card: Json, text: str, **options: Any) -> str:
        """Ana writes in the thread; returns the ts."""
        return await self.sandbox.say(
            options.pop("user", self.ana), self.support, text=text, thread_ts=card["ts"], **options
        )

    async def sent(self, count: int = 1) -> CaughtMail:
        """The newest mail that left, once there are `count`; some wait three seconds on purpose."""
        return (await self.catcher.wait_for_mails(count, timeout=20))[-1]

    async def edit_channel(self, **values: Any) -> None:
        await self.canal.channels.edit("Support", ChannelFields(**values))

    def new_id(self) -> str:
        return f"<{uuid.uuid4()}@cust.example>"

    async def find_message(self, ts: str) -> MessageRecord:
        """The stored message behind what somebody said in the Slack channel."""
        found = await self.canal.parts.replies.find_message(self.support, ts)
        assert found is not None
        return found

    async def make_due(self, ts: str) -> None:
        """The undo time of a held reply is over."""
        message = await self.find_message(ts)
        context = self.canal.parts.context
        now = context.clock.now()
        async with context.db.write() as tx:
            await messages.change(tx, message.id, send_at=now)
            assert await outbox.reschedule(tx, send_key(message.id), now)
        context.wake.deliver()

    async def idle(self, timeout: float = 10.0) -> None:
        """Returns when all that is due has been done; what waits longer than this is left."""
        context = self.canal.parts.context
        async with asyncio.timeout(timeout):
            await self.sandbox.settled(timeout)
            while True:
                due = context.clock.now() + timedelta(seconds=timeout)
                async with context.db.read() as tx:
                    arrivals = (await mails.count_states(tx)).get("stored", 0)
                    items = await outbox.list_items(tx)
                if not arrivals and not any(_is_due(item, due) for item in items):
                    return
                await asyncio.sleep(0.02)

    def reactions(self, ts: str) -> set[str]:
        message = self.sandbox.message(self.support, ts)
        return {one["name"] for one in message.get("reactions", ())}

    async def wait_reaction(self, ts: str, name: str) -> None:
        await self.sandbox.wait_for(lambda: self.reactions(ts) == {name})


def _is_due(item: OutboxRecord, by: datetime) -> bool:
    return item.state == "claimed" or (item.state == "ready" and item.not_before <= by)


def words_of(message: Json) -> str:
    """All text of a Slack message, blocks included."""
    found: list[str] = [str(message.get("text", ""))]

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                found.append(value["text"])
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(message.get("blocks", []))
    return "\n".join(found)
