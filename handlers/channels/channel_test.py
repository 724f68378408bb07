"""`test`: try what a channel needs, and say of each step how it went."""

from __future__ import annotations

from handlers.channels import health
from handlers.channels.channels import Channels
from handlers.errors import ChatError
from handlers.ports import Chat, Clock, MailboxProbe, MailConnection, Step
from handlers.posts import Place
from mail.sentences import say
from storage.engine import Database
from storage.queries import channels
from storage.records import ChannelRecord


class ChannelTester:
    """`chat` is None on the command line, where no Slack is at hand."""

    def __init__(
        self, db: Database, clock: Clock, service: Channels, probe: MailboxProbe, chat: Chat | None
    ) -> None:
        self._db = db
        self._clock = clock
        self._service = service
        self._probe = probe
        self._chat = chat

    async def test(self, name: str) -> list[Step]:
        """Raises NotFound when there is no such channel."""
        status = await self._service.show(name)
        steps: list[Step] = []
        if self._chat is not None:
            steps.append(await self._try_slack(self._chat, status.channel))
        for direction in ("in", "out"):
            steps += await self._try_connection(status.channel, direction)
        return steps

    async def _try_slack(self, chat: Chat, channel: ChannelRecord) -> Step:
        try:
            name = await chat.check_channel(Place(channel.slack_channel_id))
        except ChatError as error:
            return Step(False, say("Slack: Canal cannot post there ({code}).", code=error.code))
        return Step(True, say("Slack: Canal is in #{name}.", name=name))

    async def _try_connection(self, channel: ChannelRecord, direction: str) -> list[Step]:
        async with self._db.read() as tx:
            found = await channels.list_connections(tx, channel.id)
            secret = await channels.open_secret(tx, channel, direction)
        record = next(one for one in found if one.direction == direction)
        connection = MailConnection.of(channel, record, secret)
        steps = list(await self._probe.probe(connection))
        failed = next((step for step in steps if not step.ok), None)
        async with self._db.write() as tx:
            now = self._clock.now()
            if failed is None and record.kind != "internal":
                await health.note_success(tx, channel.id, direction, now=now)
            elif failed is not None:
                await health.note_failure(
                    tx, channel.id, direction, failed.why or failed.sentence, now=now
                )
        return steps
