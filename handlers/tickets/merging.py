"""Link and Merge: all of a ticket goes into another one of the same channel.

Its mails appear in the other thread, its Message-IDs and tokens lead there, and what is left in
Slack says where everything went.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handlers.channels.fields import InvalidFields
from handlers.context import Context
from handlers.errors import UserError
from handlers.mail_in.file_mail import FIRST_REFRESH, keep_bcc
from handlers.outbox import work
from handlers.ports import Chat
from handlers.posts import Notice, NoticeKind
from handlers.replies.forwarding import FORWARD
from handlers.tickets.merged import follow, is_merged
from handlers.tickets.moves import MOVABLE, Moved, get_for_agent, link_facts, point_to
from mail.sentences import Sentence, say
from storage.engine import Session
from storage.queries import channels, messages, moves, tickets
from storage.records import MessageRecord, TicketRecord

_MOST_REPOSTED = 100


def _stays_apart(ticket: TicketRecord) -> Sentence:
    return say(
        "#{number} is a forward: it stays apart, so that neither side sees the other's mail.",
        number=ticket.number,
    )


class Merges:
    def __init__(self, context: Context, chat: Chat) -> None:
        self._context = context
        self._chat = chat

    async def link(self, ticket_id: int, user_id: str) -> Moved:
        """The ticket goes where its card says that it might belong."""
        source = await self._get(ticket_id, user_id)
        if source.suggested_ticket_id is None or is_merged(source):
            raise UserError(say("This ticket is linked already."), code="linked")
        return await self._merge(source, source.suggested_ticket_id, by_suggestion=True)

    async def merge(self, ticket_id: int, number: int, user_id: str) -> Moved:
        """All of the ticket goes into the one with that number.

        Raises:
            InvalidFields: `number` names no ticket that it could go into.
        """
        source = await self._get(ticket_id, user_id)
        async with self._context.db.read() as tx:
            target = await tickets.find_by_number(tx, source.team_id, number)
        if target is None:
            raise InvalidFields({"number": say("There is no ticket #{number}.", number=number)})
        return await self._merge(source, target.id, by_suggestion=False)

    async def _merge(self, source: TicketRecord, target_id: int, *, by_suggestion: bool) -> Moved:
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            source = await tickets.get(tx, source.id)
            target = await follow(tx, await tickets.get(tx, target_id))
            await self._check_merge(tx, source, target, by_suggestion)
            before = await messages.list_of_ticket(tx, source.id)
            await moves.move_all(tx, source.id, target.id)
            if by_suggestion:
                await self._index_references(tx, before, target)
            await self._repost(tx, source, target, before, now)
            await self._close_source(tx, source, target, now)
            await self._join(tx, source, target, before, now)
            count = sum(1 for one in before if one.direction == "inbound")
            facts = {**link_facts(source), "count": count}
            notice = Notice(NoticeKind.MERGED_IN, facts)
            await work.notice_in_thread(tx, target, notice, now=now)
            target = await tickets.get(tx, target.id)
        self._context.wake.deliver()
        return Moved(source, target)

    async def _check_merge(
        self, tx: Session, source: TicketRecord, target: TicketRecord, by_suggestion: bool
    ) -> None:
        problem = None
        if is_merged(source):
            problem = say("#{number} was merged already.", number=source.number)
        elif source.id == target.id:
            problem = say("This is #{number} itself.", number=source.number)
        elif source.email_channel_id != target.email_channel_id:
            other = await channels.get(tx, target.email_channel_id)
            problem = say(
                "#{number} belongs to {channel}: only one channel's tickets merge.",
                number=target.number,
                channel=other.name,
            )
        elif await self._is_forward(tx, source):
            problem = _stays_apart(source)
        elif not by_suggestion and await self._is_forward(tx, target):
            problem = _stays_apart(target)
        if problem:
            raise InvalidFields({"number": problem})

    async def _is_forward(self, tx: Session, ticket: TicketRecord) -> bool:
        first = await messages.first_of_ticket(tx, ticket.id)
        return first is not None and first.kind == FORWARD

    async def _index_references(
        self, tx: Session, moved: Sequence[MessageRecord], target: TicketRecord
    ) -> None:
        """What a suggestion held back: the ids that the mails refer to lead here as well."""
        for message in moved:
            await tickets.index_ids(tx, target.email_channel_id, target.id, message.references)

    async def _repost(
        self,
        tx: Session,
        source: TicketRecord,
        target: TicketRecord,
        moved: Sequence[MessageRecord],
        now: datetime,
    ) -> None:
        """The mails appear in the other thread; what agents wrote stays where they wrote it."""
        shown = [one for one in moved if one.slack_user_id is None and one.kind in MOVABLE]
        shown = shown[-_MOST_REPOSTED:]
        await moves.take_from_slack(tx, [one.id for one in shown])
        for message in shown:
            await work.post_mail(tx, target, message.id, now=now)
            if message.slack_ts and message.slack_ts != source.root_ts:
                await point_to(tx, message, source, target, now)

    async def _close_source(
        self, tx: Session, source: TicketRecord, target: TicketRecord, now: datetime
    ) -> None:
        await tickets.change(
            tx,
            source.id,
            status="closed",
            closed_at=now,
            waiting_since_at=None,
            card_refresh_at=None,
            linked_ticket_id=target.id,
            suggested_ticket_id=target.id,
            updated_at=now,
        )
        await work.update_card(tx, source, now=now)

    async def _join(
        self,
        tx: Session,
        source: TicketRecord,
        target: TicketRecord,
        before: Sequence[MessageRecord],
        now: datetime,
    ) -> None:
        """The target waits as long as either did; answers go to the people of the newest mail."""
        values: dict[str, Any] = {"updated_at": now}
        if _newest(before) > await self._newest_of_target(tx, target, before):
            values["participants"] = keep_bcc(source.participants, target)
        waiting = [
            one.waiting_since_at for one in (source, target) if one.waiting_since_at is not None
        ]
        if source.status == "open":
            values |= {
                "status": "open",
                "closed_at": None,
                "waiting_since_at": min(waiting) if waiting else now,
                "card_refresh_at": now + FIRST_REFRESH,
            }
        await tickets.change(tx, target.id, **values)
        await work.update_card(tx, await tickets.get(tx, target.id), now=now)

    async def _newest_of_target(
        self, tx: Session, target: TicketRecord, moved: Sequence[MessageRecord]
    ) -> int:
        came = {one.id for one in moved}
        found = await messages.list_of_ticket(tx, target.id, newest_first=True)
        return _newest([one for one in found if one.id not in came])

    async def _get(self, ticket_id: int, user_id: str) -> TicketRecord:
        return await get_for_agent(self._context, self._chat, ticket_id, user_id)


def _newest(found: Sequence[MessageRecord]) -> int:
    """The id of the newest mail from outside; 0 for none."""
    ids = [one.id for one in found if one.direction == "inbound" and one.kind in MOVABLE]
    return max(ids, default=0)
