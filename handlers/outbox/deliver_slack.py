"""What the outbox does at Slack: cards, posts, files, reactions, notices."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from handlers.access import Admins
from handlers.context import Context
from handlers.errors import ChatClosed, ChatError, ChatRateLimited, ChatRefused
from handlers.mail_in.file_mail import WHOLE_MAIL
from handlers.outbox import work
from handlers.outbox.settling import Later, Settle, untouched
from handlers.outbox.tell_admins import AdminNotices
from handlers.ports import Chat
from handlers.posts import MailPost, Mark, Notice, NoticeKind, Place, Reaction, TicketCard
from handlers.replies.forwarding import FORWARD
from handlers.tickets.cards import load_card, load_mail_post, summary_of
from mail.reading.parse import read_attachment
from storage.engine import Session
from storage.queries import joined, mails, messages, tickets
from storage.records import AttachmentRecord, MessageRecord, OutboxRecord, TicketRecord

_log = logging.getLogger(__name__)
_CLOCK_SLACK = timedelta(minutes=70)
"""How far our clock may have been ahead of Slack's when the wish was written (summer time)."""
_FILE_ATTEMPTS = 4
_THREAD_GONE = frozenset({"thread_not_found", "message_not_found", "invalid_thread_ts"})
_NEVER = frozenset({"missing_scope", "no_permission", "restricted_action"})
"""Refusals of a kind of work, where waiting for a channel to open again would be in vain."""
_REACTION_OF_STATE = {
    "confirm": Reaction.PENDING,
    "held": Reaction.PENDING,
    "sending": Reaction.PENDING,
    "sent": Reaction.SENT,
    "failed": Reaction.FAILED,
    "unsure": Reaction.FAILED,
    "note": Reaction.NOTE,
}


class SlackDelivery:
    """One method for each kind of work; each returns what to write when it is done."""

    def __init__(self, context: Context, chat: Chat, admins: Admins) -> None:
        self._context = context
        self._chat = chat
        self._admins = AdminNotices(context, chat, admins)

    async def post_card(self, item: OutboxRecord) -> Settle | None:

        async def load(tx: Session) -> tuple[TicketRecord, MessageRecord, TicketCard | None]:
            ticket, message = await _load(tx, item)
            return ticket, message, await load_card(tx, ticket, message)

        ticket, message, card = await self._context.db.in_read(load)
        if message.slack_ts is not None or card is None:
            return untouched
        if ticket.root_ts is not None:
            return await self.post_mail(item)
        earlier = await self._find_earlier(item, card.place, card.mark)
        ts = earlier or await self._chat.post_card(card)
        settle = self._posted(ticket, message, ts, root=True, found=earlier is not None)
        digest_id = item.payload.get("digest_id")
        return settle if digest_id is None else self._and_show(digest_id, settle)

    def _and_show(self, digest_id: int, settle: Settle) -> Settle:
        """The line of a digest becomes a link to the card."""

        async def both(tx: Session) -> None:
            await settle(tx)
            await work.show_digest(tx, digest_id, now=self._context.clock.now())

        return both

    async def post_mail(self, item: OutboxRecord) -> Settle | None:

        async def load(tx: Session) -> tuple[TicketRecord, MessageRecord, MailPost]:
            ticket, message = await _load(tx, item)
            return ticket, message, await load_mail_post(tx, ticket, message)

        ticket, message, post = await self._context.db.in_read(load)
        if message.slack_ts is not None:
            return untouched
        if ticket.root_ts is None:
            return await self.post_card(item)
        try:
            ts = await self._find_earlier(item, post.place, post.mark)
            ts = ts or await self._chat.post_mail(post)
        except ChatRefused as error:
            if error.code not in _THREAD_GONE:
                raise
            # Somebody deleted the card: the ticket goes on under a new one.
            async with self._context.db.write() as tx:
                await tickets.change(tx, ticket.id, root_ts=None)
            raise Later(timedelta(0), error.code) from error
        return self._posted(ticket, message, ts, root=False)

    async def update_card(self, item: OutboxRecord) -> Settle | None:

        async def load(tx: Session) -> tuple[TicketRecord | None, TicketCard | None]:
            ticket = await tickets.find(tx, item.payload["ticket_id"])
            return ticket, await load_card(tx, ticket) if ticket else None

        ticket, card = await self._context.db.in_read(load)
        if ticket is None or card is None or ticket.root_ts is None:
            return untouched
        try:
            await self._chat.update_card(card, ticket.root_ts)
        except ChatRefused as error:
            _log.warning("the card of ticket %d cannot be updated: %s", ticket.id, error.code)
        return None

    async def react(self, item: OutboxRecord) -> Settle | None:
        message = await self._context.db.in_read(
            lambda tx: messages.find(tx, item.payload["message_id"])
        )
        if message is None or message.slack_channel_id is None or message.slack_ts is None:
            return untouched
        state = "note" if message.direction == "note" else message.state
        wanted = _REACTION_OF_STATE.get(state)
        unknown = item.uncertain or message.details.get("restored")
        stale = set(Reaction) if unknown else {message.reaction}  # any may be there then
        if wanted == message.reaction and not unknown:
            return untouched
        place = Place(message.slack_channel_id)
        try:
            await self._chat.set_reaction(place, message.slack_ts, before=None, after=wanted)
            for before in sorted(one for one in stale - {wanted} if one):
                await self._chat.set_reaction(place, message.slack_ts, before=before, after=None)
        except (ChatRefused, ChatClosed) as error:
            if isinstance(error, ChatClosed) and error.code not in _NEVER:
                raise
            # A reaction is a comfort; where it cannot be had, the notices still tell.
            _log.warning("no reaction on message %d: %s", message.id, error.code)

        async def settle(tx: Session) -> None:
            await messages.change(tx, message.id, reaction=wanted)

        return settle

    async def notice(self, item: OutboxRecord) -> Settle | None:
        if item.payload.get("admins"):
            return await self._admins.tell(item)
        notice = work.notice_of(item)
        async with self._context.db.read() as tx:
            ticket = await tickets.find(tx, item.payload["ticket_id"])
        if ticket is None or ticket.root_ts is None:
            return untouched
        place = Place(ticket.slack_channel_id, ticket.root_ts)
        facts = await self._with_link(notice.facts)
        marked = Notice(notice.kind, facts, notice.mention, Mark(ticket.id, -item.id))
        assert marked.mark is not None
        try:
            if await self._find_earlier(item, place, marked.mark) is None:
                await self._chat.post_notice(place, marked)
        except ChatRefused as error:
            if error.code not in _THREAD_GONE:
                raise
            _log.warning("the thread of ticket %d is gone, and with it a notice", ticket.id)
        return None

    async def replace_post(self, item: OutboxRecord) -> Settle | None:
        notice = work.notice_of(item)
        facts = await self._with_link(notice.facts)
        place = Place(item.payload["slack_channel_id"], item.payload["thread_ts"])
        try:
            await self._chat.update_notice(
                place, item.payload["ts"], Notice(notice.kind, facts, notice.mention)
            )
        except ChatRefused as error:
            # Somebody deleted it: then there is nothing left to be misread.
            _log.info("a post was not replaced: %s", error.code)
        return None

    async def _with_link(self, facts: dict[str, object]) -> dict[str, object]:
        """The other ticket that a notice names, as a link where its card can be linked."""
        if "link_ticket_id" not in facts:
            return facts
        async with self._context.db.read() as tx:
            other = await tickets.find(tx, int(str(facts["link_ticket_id"])))
        if other is None or other.root_ts is None:
            return facts
        url = await self._chat.find_link(Place(other.slack_channel_id, other.root_ts))
        return {**facts, "url": url or ""}

    async def upload_files(self, item: OutboxRecord) -> Settle | None:
        ticket, message = await self._context.db.in_read(lambda tx: _load(tx, item))
        if ticket.root_ts is None:
            raise Later(timedelta(seconds=2), "the thread is not there yet")
        async with self._context.db.read() as tx:
            waiting = [
                one
                for one in await messages.list_attachments(tx, message.id)
                if one.state == "pending"
            ]
            raw = await mails.find_raw(tx, message.raw_mail_id or 0) if waiting else None
        place = Place(ticket.slack_channel_id, ticket.root_ts)
        for attachment in waiting:
            await self._upload(item, place, attachment, raw, summary_of(message, attachment))
        return self._report_refused_files(ticket, message.id)

    async def _upload(
        self,
        item: OutboxRecord,
        place: Place,
        attachment: AttachmentRecord,
        raw: bytes | None,
        title: str,
    ) -> None:
        """Share one file; its outcome is its own, and never holds up the others."""
        values: dict[str, object] = {"state": "shared", "error": None}
        try:
            if not await self._is_shared(item, place, attachment):
                data = await asyncio.to_thread(_bytes_of, attachment, raw)
                await self._chat.upload_file(
                    place,
                    attachment.filename,
                    data,
                    title=title,
                    on_share=lambda file_id: self._change(attachment, slack_file_id=file_id),
                )
        except ChatRateLimited:
            raise
        except (ChatRefused, FileNotFoundError) as error:
            values = {"state": "refused", "error": getattr(error, "code", None) or str(error)}
        except ChatClosed as error:
            if error.code not in _NEVER:
                raise
            values = {"state": "refused", "error": error.code}
        except ChatError as error:
            if item.attempts < _FILE_ATTEMPTS:
                raise
            values = {"state": "refused", "error": error.code}
        await self._change(attachment, **values)

    async def _is_shared(
        self, item: OutboxRecord, place: Place, attachment: AttachmentRecord
    ) -> bool:
        """Whether an earlier attempt, whose outcome nobody knows, has shared this file."""
        if attachment.slack_file_id is None:
            return False
        since = item.created_at - _CLOCK_SLACK
        return await self._chat.find_file(place, attachment.slack_file_id, since)

    async def _change(self, attachment: AttachmentRecord, **values: object) -> None:
        async with self._context.db.write() as tx:
            await messages.change_attachment(tx, attachment.id, **values)

    def _report_refused_files(self, ticket: TicketRecord, message_id: int) -> Settle:
        async def settle(tx: Session) -> None:
            refused = [
                one
                for one in await messages.list_attachments(tx, message_id)
                if one.state == "refused"
            ]
            if not refused:
                return
            facts = {
                "message_id": message_id,
                "files": [{"name": one.filename, "why": one.error or ""} for one in refused],
            }
            notice = Notice(NoticeKind.FILES_MISSING, facts)
            await work.notice_in_thread(tx, ticket, notice, now=self._context.clock.now())

        return settle

    async def _find_earlier(self, item: OutboxRecord, place: Place, mark: Mark) -> str | None:
        """The post of an earlier attempt whose outcome nobody knows: looked for, not hoped for."""
        if not item.uncertain:
            return None
        return await self._chat.find_post(place, mark, item.created_at - _CLOCK_SLACK)

    def _posted(
        self,
        ticket: TicketRecord,
        message: MessageRecord,
        ts: str,
        *,
        root: bool,
        found: bool = False,
    ) -> Settle:
        async def settle(tx: Session) -> None:
            now = self._context.clock.now()
            await messages.change(
                tx, message.id, slack_channel_id=ticket.slack_channel_id, slack_ts=ts
            )
            if root:
                values = {"root_ts": ts, "last_seen_ts": ts}
                fresh = await tickets.change_and_get(tx, ticket.id, **values)
                if found:
                    # Answers that came before we knew the thread as ours were nobody's.
                    await work.catch_up(tx, fresh, now=now)
                if fresh.updated_at != ticket.updated_at:
                    await work.update_card(tx, fresh, now=now)
            if message.kind == FORWARD:
                # The card stands for the mail: its reaction tells what became of it.
                await work.react(tx, message, now=now)
            if await messages.has_pending_files(tx, message.id):
                fresh = await tickets.get(tx, ticket.id)
                await work.upload_files(tx, fresh, message.id, now=now)

        return settle


async def _load(tx: Session, item: OutboxRecord) -> tuple[TicketRecord, MessageRecord]:
    return await joined.message_with_ticket(tx, item.payload["message_id"])


def _bytes_of(attachment: AttachmentRecord, raw: bytes | None) -> bytes:
    if raw is None:
        raise FileNotFoundError("the mail was purged")
    return (
        raw if attachment.part_index == WHOLE_MAIL else read_attachment(raw, attachment.part_index)
    )
