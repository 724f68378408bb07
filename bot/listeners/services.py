"""What every listener is handed, and how it does things after it has answered Slack."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from bot.slack.gateway import SlackChat
from bot.slack.texts import Texts
from bot.wires.browser_sign_in import BrowserSignIns
from bot.wires.device_sign_in import DeviceSignIns
from handlers.access import Admins
from handlers.channels.channel_test import ChannelTester
from handlers.channels.channels import Channels
from handlers.channels.loop_test import LoopTest
from handlers.channels.setup import ChannelSetup
from handlers.errors import ChatError
from handlers.outbox.desk import OutboxDesk
from handlers.outbox.places import Places
from handlers.ports import Clock
from handlers.replies.backfill import Backfill
from handlers.replies.forwarding import Forwards
from handlers.replies.recipients import RecipientEditor
from handlers.replies.replies import Replies
from handlers.replies.signatures import PersonalSignatures
from handlers.tickets.digests import DigestDesk
from handlers.tickets.make_customer import OriginalSenders
from handlers.tickets.merging import Merges
from handlers.tickets.moves import Moves
from handlers.tickets.muted import Muted
from handlers.tickets.tickets import Tickets

_log = logging.getLogger(__name__)


class Background:
    """Work that goes on after the answer to Slack. Only for what may be lost: comforts, views."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, grace: float) -> None:
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=grace)
            for task in pending:
                task.cancel()

    async def _guard(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except ChatError as error:
            _log.warning("Slack did not take an answer: %s", error)
        except Exception:  # noqa: BLE001 - logged; there is nobody left to raise it to
            _log.exception("background work failed")


@dataclass(frozen=True, slots=True)
class Services:
    chat: SlackChat
    texts: Texts
    clock: Clock
    replies: Replies
    backfill: Backfill
    tickets: Tickets
    recipients: RecipientEditor
    forwards: Forwards
    moves: Moves
    merges: Merges
    originals: OriginalSenders
    muted: Muted
    digests: DigestDesk
    channels: Channels
    setup: ChannelSetup
    admins: Admins
    tester: ChannelTester
    loop_test: LoopTest
    sign_ins: BrowserSignIns
    codes: DeviceSignIns
    places: Places
    given_up: OutboxDesk
    signatures: PersonalSignatures
    background: Background = field(default_factory=Background)

    async def speaking_to(self, user_id: str) -> Services:
        """The same with the words of this person's language, for what nobody else reads."""
        return replace(self, texts=await self.chat.texts_for(user_id))
