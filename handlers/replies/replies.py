"""What an agent writes in a ticket's thread: a reply that will leave, or a note that never does.

Everything is committed before Slack's event is acknowledged, once per (Slack channel, ts) however
often Slack sends it. A reply waits out the channel's undo seconds in the outbox; until then an edit
rewrites it, and a delete or Undo takes it back.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.access import may_answer
from handlers.context import Context
from handlers.errors import ChatUnavailable, NotFound, UserError
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.people import Recipients, with_copy
from handlers.outbox import work
from handlers.ports import AgentMessage, Chat
from handlers.replies.held import STOPPABLE, HeldReplies
from handlers.replies.outcomes import Outcome, OutcomeKind, colleague_of, difference, is_note
from handlers.replies.preview import Preview, preview_of
from handlers.replies.said import SaidInThreads
from handlers.replies.threads import Threads
from handlers.tickets.merged import follow, is_merged
from mail.document import Document
from mail.sentences import say
from storage.engine import Session
from storage.queries import channels, messages, tickets
from storage.records import ChannelRecord, MessageRecord, TicketRecord

_MAY_BE_UNDER_WAY = timedelta(minutes=15)
"""So long after it was written, a message that we do not know may still be sent by Slack."""


class Replies:
    """The reply service. Methods return None where the Slack message is no business of ours."""

    def __init__(self, context: Context, chat: Chat, index: AddressIndex) -> None:
        self._context = context
        self._chat = chat
        self._index = index
        self._held = HeldReplies(context)
        self._threads = Threads(context)
        self._said = SaidInThreads(context)

    async def on_message(self, said: AgentMessage, *, only_offer: bool = False) -> Outcome | None:
        """A person wrote in a thread: store it as reply or note, if the thread is a ticket's.

        `only_offer`: what would be sent by itself waits for its author instead.
        """
        found = await self._threads.find_ticket(said.slack_channel_id, said.thread_ts)
        if found is None:
            return None
        ticket, channel = found
        note = is_note(said.plain, starts_with_mention=said.starts_with_mention)
        allowed = note or await may_answer(self._chat, channel, said.user_id)

        def write(tx: Session) -> Awaitable[Outcome | None]:
            return self._take(tx, said, ticket, channel, allowed=allowed, only_offer=only_offer)

        outcome = await self._context.db.in_write(write)
        self._context.wake.deliver()
        return outcome

    async def _take(
        self,
        tx: Session,
        said: AgentMessage,
        ticket: TicketRecord,
        channel: ChannelRecord,
        *,
        allowed: bool,
        only_offer: bool,
    ) -> Outcome | None:
        now = self._context.clock.now()
        ticket = await tickets.get(tx, ticket.id)
        if is_merged(ticket):
            target = await follow(tx, ticket)
            return Outcome(OutcomeKind.MERGED, ticket, channel, target=target)
        kind = self._kind_of(said, ticket, channel, allowed, now)
        if only_offer and kind is OutcomeKind.HELD:
            kind = OutcomeKind.OFFERED
        leaves = kind in (OutcomeKind.HELD, OutcomeKind.CONFIRM, OutcomeKind.OFFERED)
        recipients = self._recipients(ticket, channel) if leaves else []
        message = await self._said.store(tx, said, ticket, channel, kind, recipients, now)
        if message is None:
            return None
        before = await messages.last_reply_before(tx, ticket.id, message.id)
        new, missing = difference(message.recipients, before)
        colleague = colleague_of(before, said.user_id, now)
        outcome = Outcome(kind, ticket, channel, message, new, missing, colleague=colleague)
        if kind is OutcomeKind.HELD:
            seconds = outcome.hold_seconds
            await self._held.hold(tx, ticket, channel, message, now, seconds=seconds)
            await self._held.put_in_order(tx, message, now)
        if kind is not OutcomeKind.NOT_AGENT:
            await work.react(tx, message, now=now)
        return replace(outcome, message=await messages.get(tx, message.id))

    async def on_edit(self, said: AgentMessage) -> Outcome | None:
        """A person edited a thread message: rewrites what has not left yet.

        An edit can overtake the message itself. One that has just been written is taken as it is
        now, and what comes after it changes nothing.
        """
        if await self._may_be_under_way(said) and (taken := await self.on_message(said)):
            return taken
        async with self._context.db.write() as tx:
            message = await messages.find_by_ts(tx, said.slack_channel_id, said.ts)
            if message is None or not _is_agents(message):
                return None
            ticket, channel = await self._of(tx, message)
            body = said.document.to_json()
            if body == message.body:
                return None  # Slack also reports unfurled links and language detection as edits
            if message.direction == "note":
                await messages.change(tx, message.id, body=body)
                return Outcome(OutcomeKind.NOTE, ticket, channel, message)
            if message.state == "cancelled":
                await messages.change(tx, message.id, body=body)
                return Outcome(OutcomeKind.CANCELLED, ticket, channel, message)
            if message.state not in STOPPABLE or await self._held.reached(tx, message):
                return Outcome(OutcomeKind.ALREADY_SENT, ticket, channel, message)
            if is_note(said.plain, starts_with_mention=said.starts_with_mention):
                await messages.change(tx, message.id, body=body)
                await self._held.become_note(tx, message)
                kind = OutcomeKind.NOTE
            else:
                await self._held.rewrite(tx, message, channel, body)
                kind = OutcomeKind.REWRITTEN
            message = await messages.get(tx, message.id)
        self._context.wake.deliver()
        return Outcome(kind, ticket, channel, message)

    async def on_delete(
        self, slack_channel_id: str, ts: str, *, thread_ts: str = "", user_id: str = ""
    ) -> Outcome | None:
        """A person deleted a thread message: cancels what has not left yet.

        A delete can overtake the message itself, which then comes too late to be sent; for that,
        its thread and its author are needed.
        """
        gone = AgentMessage("", slack_channel_id, ts, thread_ts, user_id, Document(), "")
        found = await self._threads.find_ticket(slack_channel_id, thread_ts) if user_id else None
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            if found is not None and await self._said.store_deleted(tx, gone, *found, now):
                return None
            message = await messages.find_by_ts(tx, slack_channel_id, ts)
            if message is None or not _is_agents(message):
                return None
            ticket, channel = await self._of(tx, message)
            if message.direction == "note":
                await messages.change(tx, message.id, state="cancelled")
                return None
            reached = await self._held.reached(tx, message)
            cancelled = await self._held.cancel(tx, message, reached)
            message = await messages.get(tx, message.id)
        kind = OutcomeKind.CANCELLED if cancelled else OutcomeKind.ALREADY_SENT
        return Outcome(kind, ticket, channel, message, reached=reached)

    async def undo(self, message_id: int, user_id: str) -> Outcome:
        """Take a held reply back; the words stay in Slack."""
        await self._require_agent(message_id, user_id, harmless=True)
        async with self._context.db.write() as tx:
            message, ticket, channel = await self._load(tx, message_id)
            reached = await self._held.reached(tx, message)
            cancelled = await self._held.cancel(tx, message, reached)
            if cancelled:
                await self._held.show_state(tx, message, ticket)
            message = await messages.get(tx, message_id)
        self._context.wake.deliver()
        kind = OutcomeKind.CANCELLED if cancelled else OutcomeKind.ALREADY_SENT
        return Outcome(kind, ticket, channel, message, reached=reached)

    async def make_note(self, message_id: int, user_id: str) -> Outcome:
        """A held reply stays in Slack for good."""
        await self._require_agent(message_id, user_id, harmless=True)
        async with self._context.db.write() as tx:
            message, ticket, channel = await self._load(tx, message_id)
            stoppable = message.state in (*STOPPABLE, "cancelled")
            if not stoppable or await self._held.reached(tx, message):
                return Outcome(OutcomeKind.ALREADY_SENT, ticket, channel, message)
            await self._held.become_note(tx, message)
        self._context.wake.deliver()
        return Outcome(OutcomeKind.NOTE, ticket, channel, message)

    async def send(self, message_id: int, user_id: str) -> Outcome:
        """Send what waits for it: a reply to confirm, a note, one that was taken back or failed.

        Only an agent's own press of a button comes here, so it is sent even where an earlier
        attempt may have left: the agent was asked.
        """
        await self._require_agent(message_id, user_id)
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            message, ticket, channel = await self._load(tx, message_id)
            if message.state in ("sending", "sent") or message.state == "held":
                return Outcome(OutcomeKind.ALREADY_SENT, ticket, channel, message)
            recipients = message.recipients or self._recipients(ticket, channel)
            if not recipients:
                return Outcome(OutcomeKind.NO_RECIPIENT, ticket, channel, message)
            details = {key: val for key, val in message.details.items() if key != "handed_over"}
            again = message.state in ("failed", "unsure") and message.raw_mail_id is not None
            await messages.change(
                tx,
                message.id,
                direction="outbound",
                recipients=recipients,
                details=details,
                raw_mail_id=message.raw_mail_id if again else None,
                error=None,
            )
            await messages.forget_failures(tx, message.id)
            seconds = channel.undo_seconds
            await self._held.hold(tx, ticket, channel, message, now, seconds=seconds)
            message = await messages.get(tx, message.id)
            await self._held.show_state(tx, message, ticket)
        self._context.wake.deliver()
        return Outcome(OutcomeKind.HELD, ticket, channel, message)

    async def preview(self, message_id: int) -> Preview:
        """How a reply that waits will leave."""
        return await preview_of(self._context, self._chat, message_id)

    async def find_message(self, slack_channel_id: str, ts: str) -> MessageRecord | None:
        """The stored message behind a Slack message; a post of ours may be noted in a moment."""
        return await self._threads.find_message(slack_channel_id, ts)

    async def _may_be_under_way(self, said: AgentMessage) -> bool:
        if self._context.clock.now() - said.said_at > _MAY_BE_UNDER_WAY:
            return False
        where = (said.slack_channel_id, said.ts)
        return await self._context.db.in_read(lambda tx: messages.find_by_ts(tx, *where)) is None

    def _kind_of(
        self,
        said: AgentMessage,
        ticket: TicketRecord,
        channel: ChannelRecord,
        allowed: bool,
        now: datetime,
    ) -> OutcomeKind:
        if is_note(said.plain, starts_with_mention=said.starts_with_mention):
            return OutcomeKind.NOTE
        if not allowed:
            return OutcomeKind.NOT_AGENT
        if channel.reply_mode == "notes" or channel.state == "removed":
            return OutcomeKind.NOTE
        if ticket.closed_at and now - ticket.closed_at > timedelta(days=channel.reopen_days):
            return OutcomeKind.LONG_CLOSED
        if not self._recipients(ticket, channel):
            return OutcomeKind.NO_RECIPIENT
        return OutcomeKind.CONFIRM if channel.reply_mode == "confirm" else OutcomeKind.HELD

    async def _load(
        self, tx: Session, message_id: int
    ) -> tuple[MessageRecord, TicketRecord, ChannelRecord]:
        message = await messages.find(tx, message_id)
        if message is None:
            raise NotFound
        return message, *await self._of(tx, message)

    async def _of(self, tx: Session, message: MessageRecord) -> tuple[TicketRecord, ChannelRecord]:
        ticket = await tickets.get(tx, message.ticket_id)
        return ticket, await channels.get(tx, message.email_channel_id)

    async def _require_agent(
        self, message_id: int, user_id: str, *, harmless: bool = False
    ) -> None:
        """`harmless`: what nobody gets a mail by; it does not wait for who the person is."""
        async with self._context.db.read() as tx:
            _, _, channel = await self._load(tx, message_id)
        try:
            is_agent = await may_answer(self._chat, channel, user_id)
        except ChatUnavailable:
            if not harmless:
                raise
            is_agent = True
        if not is_agent:
            raise UserError(
                say(
                    "You are not an agent of {channel}, so nothing was sent. "
                    "Ask an admin of Canal to add you.",
                    channel=channel.name,
                ),
                code="not_agent",
            )

    def _recipients(self, ticket: TicketRecord, channel: ChannelRecord) -> Recipients:
        """The ticket's participants, and the channel's copy address."""
        found = [one for one in ticket.participants if not self._index.is_own(one["address"])]
        return with_copy(found, channel)


def _is_agents(message: MessageRecord) -> bool:
    """Written by a person in Slack, as opposed to Canal's post of a mail."""
    return message.slack_user_id is not None
