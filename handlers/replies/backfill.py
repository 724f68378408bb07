"""After downtime: what agents wrote, edited and deleted in open threads while nobody listened.

Slack keeps no events for an app that is away. At every new connection the threads of the tickets
that are not closed are read from where they were last read to; what is new goes the ordinary way. A
reply older than `_SEND_UP_TO` is offered for sending instead of sent: its moment may have passed.
So is one from before Canal went on from a backup: it may have been sent.

Only reading moves the mark up to where a thread was read (`last_seen_ts`). An event that is handled
does not: one before it may have failed, and be known to nobody once this process is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.context import Context
from handlers.errors import ChatClosed, ChatError, ChatRefused
from handlers.outbox import work
from handlers.outbox.settling import Deliver, Later, Settle
from handlers.ports import AgentMessage, Chat
from handlers.posts import Notice, NoticeKind, Place
from handlers.replies.forwarding import FORWARD
from handlers.replies.outcomes import OutcomeKind
from handlers.replies.replies import Replies
from storage.engine import Session
from storage.queries import messages, restored, tickets
from storage.records import MessageRecord, OutboxRecord, TicketRecord

_log = logging.getLogger(__name__)
_SEND_UP_TO = timedelta(minutes=15)
_MOST_TICKETS = 5000
_LOOK_AGAIN = timedelta(seconds=5)
_RECENT = timedelta(days=2)
"""Edits and deletes are looked for in messages not older than this."""


class Backfill:
    def __init__(self, context: Context, chat: Chat, replies: Replies) -> None:
        self._context = context
        self._chat = chat
        self._replies = replies
        self._one_at_a_time = asyncio.Lock()
        self._missed: set[tuple[str, str]] = set()
        """Threads of events that failed here, until the outbox has them."""
        self._began_at = context.clock.now()
        self._looked_at: set[int] = set()
        """What was on hold before this start and has been compared with Slack since."""

    async def run(self, slack_channel_id: str | None = None) -> int:
        """Catch up with every open thread, or those of one Slack channel; returns how many
        messages were new."""
        async with self._one_at_a_time:
            return await self._catch_up(slack_channel_id)

    def note_missed(self, slack_channel_id: str, thread_ts: str) -> None:
        """An event of this thread could not be handled.

        Slack sends it again, but gives up after three times; a database can be away for longer.
        """
        self._missed.add((slack_channel_id, thread_ts))

    async def read_missed(self) -> None:
        """A timer's work: what was noted is the outbox's, as soon as the database takes it."""
        missed = set(self._missed)
        if not missed:
            return
        now = self._context.clock.now()

        async def wish(tx: Session) -> None:
            for place in missed:
                ticket = await tickets.find_by_thread(tx, *place)
                if ticket is not None:
                    await work.catch_up(tx, ticket, now=now)

        await self._context.db.in_write(wish)
        self._missed -= missed
        self._context.wake.deliver()

    async def catch_up(self, item: OutboxRecord) -> None:
        """The outbox's work: one thread, in which there may be what nobody has heard."""
        async with self._context.db.read() as tx:
            ticket = await tickets.find(tx, item.payload["ticket_id"])
        if ticket is not None and ticket.root_ts is not None:
            await self._catch_up_with(ticket, None)

    async def _catch_up(self, slack_channel_id: str | None) -> int:
        async with self._context.db.read() as tx:
            waiting = await tickets.list_unfinished(
                tx,
                team_id=self._context.team_id,
                limit=_MOST_TICKETS,
                slack_channel_id=slack_channel_id,
            )
        latest = await self._latest_replies(waiting)
        found = 0
        for ticket in waiting:
            newest = latest.get((ticket.slack_channel_id, ticket.root_ts))
            try:
                found += await self._catch_up_with(ticket, newest)
            except (ChatClosed, ChatRefused) as error:
                _log.warning("the thread of ticket %d cannot be read: %s", ticket.id, error.code)
            except ChatError as error:
                _log.info("the thread of ticket %d is read later: %s", ticket.id, error.code)
                await self._read_later(ticket)
        return found

    async def _read_later(self, ticket: TicketRecord) -> None:
        """The outbox reads the thread, however long Slack does not let us."""
        now = self._context.clock.now()
        await self._context.db.in_write(lambda tx: work.catch_up(tx, ticket, now=now))
        self._context.wake.deliver()

    async def _latest_replies(
        self, waiting: Sequence[TicketRecord]
    ) -> dict[tuple[str, str | None], str]:
        """When each thread was last written in: one call tells it of many threads."""
        oldest: dict[str, str] = {}
        for ticket in waiting:
            root = ticket.root_ts or "0"
            oldest[ticket.slack_channel_id] = min(root, oldest.get(ticket.slack_channel_id, root))
        found: dict[tuple[str, str | None], str] = {}
        for slack_channel_id, since in oldest.items():
            try:
                threads = await self._chat.fetch_latest_replies(Place(slack_channel_id), since)
            except ChatError as error:
                _log.warning("the Slack channel %s cannot be read: %s", slack_channel_id, error)
                continue
            found |= {(slack_channel_id, root): newest for root, newest in threads.items()}
        return found

    async def _catch_up_with(self, ticket: TicketRecord, newest: str | None) -> int:
        """One thread: held replies that changed meanwhile first, then what is new."""
        now = self._context.clock.now()
        async with self._context.db.read() as tx:
            held = await messages.list_stoppable(tx, ticket.id, since=now - _RECENT)
            restored_at = await restored.find_time(tx)
        seen = ticket.last_seen_ts or ticket.root_ts or "0"
        if not held and newest is not None and _number(newest) <= _number(seen):
            return 0
        oldest = min([seen, *(one.slack_ts for one in held if one.slack_ts)])
        thread = await self._chat.fetch_thread(
            Place(ticket.slack_channel_id, ticket.root_ts), oldest
        )
        await self._mend_held(held, thread)
        unread = [said for said in thread if _number(said.ts) > _number(seen)]
        where = (ticket.slack_channel_id, [said.ts for said in unread])
        known = await self._context.db.in_read(lambda tx: messages.find_known_ts(tx, *where))
        new = [said for said in unread if said.ts not in known]
        for said in new:
            await self._take(said, now, restored_at)
        await self._note_seen(ticket, [said.ts for said in unread], newest)
        return len(new)

    async def _note_seen(
        self, ticket: TicketRecord, read: Sequence[str], newest: str | None
    ) -> None:
        seen = max([*read, newest or "0", ticket.last_seen_ts or "0"], key=_number)
        if seen != (ticket.last_seen_ts or "0"):
            async with self._context.db.write() as tx:
                await tickets.change(tx, ticket.id, last_seen_ts=seen)

    def after_reading(self, send: Deliver) -> Deliver:
        """`send`, but what was on hold before this start leaves only as it is in Slack now."""

        async def deliver(item: OutboxRecord) -> Settle | None:
            if item.created_at <= self._began_at and item.id not in self._looked_at:
                await self._look_at(item.payload["message_id"])
                self._looked_at.add(item.id)
            return await send(item)

        return deliver

    async def _look_at(self, message_id: int) -> None:
        async with self._context.db.read() as tx:
            message = await messages.find(tx, message_id)
            if message is None or not _is_held_in_thread(message):
                return
            ticket = await tickets.get(tx, message.ticket_id)
        try:
            place = Place(ticket.slack_channel_id, ticket.root_ts)
            thread = await self._chat.fetch_thread(place, message.slack_ts or "0")
        except (ChatClosed, ChatRefused) as error:
            _log.warning("the thread of ticket %d cannot be read: %s", ticket.id, error.code)
        except ChatError as error:
            if self._context.clock.now() - self._began_at < _SEND_UP_TO:
                raise Later(_LOOK_AGAIN, f"its thread cannot be read: {error.code}") from error
        else:
            await self._mend_held([message], thread)

    async def _mend_held(
        self, held: Sequence[MessageRecord], thread: Sequence[AgentMessage]
    ) -> None:
        """A reply that is still held: deleted in Slack means cancelled, edited means rewritten."""
        there = {said.ts: said for said in thread}
        for message in held:
            if message.slack_ts is None or message.slack_channel_id is None:
                continue
            said = there.get(message.slack_ts)
            if said is None:
                await self._replies.on_delete(message.slack_channel_id, message.slack_ts)
            else:
                await self._replies.on_edit(said)

    async def _take(self, said: AgentMessage, now: datetime, restored_at: datetime | None) -> None:
        may_be_sent = restored_at is not None and said.said_at < restored_at
        is_old = now - said.said_at > _SEND_UP_TO
        outcome = await self._replies.on_message(said, only_offer=is_old or may_be_sent)
        if outcome is None or outcome.message is None or outcome.kind is not OutcomeKind.OFFERED:
            return
        async with self._context.db.write() as tx:
            await self._offer(tx, outcome.ticket, outcome.message, may_be_sent=may_be_sent)
        self._context.wake.deliver()

    async def _offer(
        self, tx: Session, ticket: TicketRecord, message: MessageRecord, *, may_be_sent: bool
    ) -> None:
        facts: dict[str, object] = {"message_id": message.id, "may_be_sent": may_be_sent}
        notice = Notice(NoticeKind.BACKFILL_OFFER, facts, mention=message.slack_user_id)
        await work.notice_in_thread(tx, ticket, notice, now=self._context.clock.now())


def _is_held_in_thread(message: MessageRecord) -> bool:
    return message.state == "held" and message.kind != FORWARD and message.slack_ts is not None


def _number(ts: str) -> float:
    """A Slack ts as seconds, for comparing; text is compared wrongly once a digit is added."""
    try:
        return float(ts)
    except ValueError:
        return 0.0
