"""A mail that is in the wrong ticket: "Not this ticket" makes it a ticket of its own.

It takes its Message-IDs along, so that the next answer goes the right way by itself; who was on
the old ticket only because of it leaves that ticket. Link and Merge (`merging`) do the
opposite.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.access import may_answer
from handlers.context import Context
from handlers.errors import NotFound, UserError
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.file_mail import FIRST_REFRESH, keep_bcc
from handlers.mail_in.matching import references_of
from handlers.mail_in.people import (
    Recipients,
    everybody_of_message,
    everybody_on,
    participants_of,
    participants_of_message,
)
from handlers.outbox import work
from handlers.ports import Chat
from handlers.posts import Notice, NoticeKind
from mail.mime.subjects import strip_prefixes
from mail.model import ParsedMail
from mail.reading.parse import parse_mail
from mail.sentences import say
from storage.engine import Session
from storage.queries import channels, mails, messages, moves, tickets
from storage.records import MessageRecord, TicketRecord

MOVABLE = ("message", "list", "auto_reply", "feedback", "staff")


@dataclass(frozen=True, slots=True)
class Moved:
    """From where to where."""

    source: TicketRecord
    target: TicketRecord


class Moves:
    def __init__(self, context: Context, chat: Chat, index: AddressIndex) -> None:
        self._context = context
        self._chat = chat
        self._index = index

    async def split(self, message_id: int, user_id: str) -> Moved:
        """ "Not this ticket": the mail becomes a ticket of its own.

        Raises UserError where the message is no mail of others, or all that its ticket has.
        """
        async with self._context.db.read() as tx:
            message = await messages.find(tx, message_id)
            if message is None:
                raise NotFound(say("This mail does not exist any more."))
            raw = await mails.find_raw(tx, message.raw_mail_id) if message.raw_mail_id else None
        source = await get_for_agent(self._context, self._chat, message.ticket_id, user_id)
        mail = await asyncio.to_thread(parse_mail, raw) if raw is not None else None
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            message = await messages.get(tx, message_id)
            rest = await self._rest(tx, message)
            target = await self._open(tx, source, message, mail, now)
            await self._take_out(tx, message, mail, source, target, rest)
            await self._mend_source(tx, source, message, rest, now)
            await work.post_card(tx, target, message.id, now=now)
            if message.slack_ts and message.slack_ts != source.root_ts:
                await point_to(tx, message, source, target, now)
            else:
                notice = Notice(NoticeKind.MOVED_OUT, link_facts(target))
                await work.notice_in_thread(tx, source, notice, now=now, after=target)
        self._context.wake.deliver()
        return Moved(source, target)

    async def _rest(self, tx: Session, message: MessageRecord) -> list[MessageRecord]:
        """The other messages of the ticket."""
        if message.kind not in MOVABLE or message.slack_user_id is not None:
            raise UserError(
                say("Only mails from outside can be moved. Choose one."), code="no_mail"
            )
        found = await messages.list_of_ticket(tx, message.ticket_id, limit=5000)
        rest = [one for one in found if one.id != message.id]
        if not any(one.direction != "note" for one in rest):
            raise UserError(say("This mail is all that its ticket has."), code="only_mail")
        return rest

    async def _open(
        self,
        tx: Session,
        source: TicketRecord,
        message: MessageRecord,
        mail: ParsedMail | None,
        now: datetime,
    ) -> TicketRecord:
        people = self._participants(message, mail)
        name, address = message.author_name, message.author_address
        if message.direction == "outbound" and people:
            name, address = people[0]["name"], people[0]["address"]
        waits = message.direction == "inbound" and message.kind in ("message", "list")
        return await tickets.add(
            tx,
            source.team_id,
            {
                "email_channel_id": source.email_channel_id,
                "subject": strip_prefixes(message.subject)[:500],
                "customer_name": name[:255],
                "customer_address": address.casefold()[:320],
                "participants": people,
                "status": "open" if waits else "waiting",
                "slack_channel_id": source.slack_channel_id,
                "opened_at": now,
                "waiting_since_at": message.created_at if waits else None,
                "card_refresh_at": now + FIRST_REFRESH if waits else None,
                "updated_at": now,
            },
        )

    def _participants(self, message: MessageRecord, mail: ParsedMail | None) -> Recipients:
        if mail is not None:
            return participants_of(mail, self._index)
        return participants_of_message(message, self._index)

    async def _take_out(
        self,
        tx: Session,
        message: MessageRecord,
        mail: ParsedMail | None,
        source: TicketRecord,
        target: TicketRecord,
        rest: Sequence[MessageRecord],
    ) -> None:
        """The mail, its ids and its people leave; what others brought stays."""
        referred = references_of(mail) if mail is not None else tuple(message.references)
        kept = {one.rfc_message_id for one in rest} | {
            ref for one in rest for ref in one.references
        }
        people = everybody_on(mail) if mail is not None else everybody_of_message(message)
        people = [one for one in people if not self._index.is_own(one[0])]
        staying = {address.casefold() for one in rest for address, _ in everybody_of_message(one)}
        await moves.move_message(tx, message.id, target.id)
        await moves.take_from_slack(tx, [message.id])
        channel_id = source.email_channel_id
        only_here = [one for one in referred if one not in kept]
        await moves.forget_references(tx, channel_id, source.id, only_here)
        await tickets.index_ids(tx, channel_id, target.id, only_here)
        await tickets.add_people(tx, target.id, people)
        leaving = {address.casefold() for address, _ in people} - staying
        await moves.forget_people(tx, source.id, leaving)
        details = {**message.details, "moved": source.number}
        await messages.change(tx, message.id, details=details)

    async def _mend_source(
        self,
        tx: Session,
        source: TicketRecord,
        message: MessageRecord,
        rest: Sequence[MessageRecord],
        now: datetime,
    ) -> None:
        """Participants, customer and state, as if the mail had never been there."""
        inbound = [one for one in rest if one.direction == "inbound" and one.kind in MOVABLE]
        values: dict[str, Any] = {"updated_at": now}
        if inbound and message.id > inbound[-1].id:
            people = participants_of_message(inbound[-1], self._index)
            values["participants"] = keep_bcc(people, source) or source.participants
        if inbound and message.id < inbound[0].id:
            values["customer_name"] = inbound[0].author_name[:255]
            values["customer_address"] = inbound[0].author_address.casefold()[:320]
            values["subject"] = strip_prefixes(inbound[0].subject)[:500]
        mailed = [one for one in rest if one.direction != "note"]
        if source.status == "open" and mailed and mailed[-1].direction == "outbound":
            values |= {"status": "waiting", "waiting_since_at": None, "card_refresh_at": None}
        await tickets.change(tx, source.id, **values)
        await work.update_card(tx, await tickets.get(tx, source.id), now=now)


async def point_to(
    tx: Session,
    message: MessageRecord,
    source: TicketRecord,
    target: TicketRecord,
    now: datetime,
) -> None:
    """The old post says where its mail went, once it is there."""
    notice = Notice(NoticeKind.MOVED, link_facts(target))
    await work.replace_post(tx, message, source, notice, now=now, after=target)


async def get_for_agent(context: Context, chat: Chat, ticket_id: int, user_id: str) -> TicketRecord:
    """The ticket. Raises NotFound, or UserError for somebody who is no agent of its channel."""
    async with context.db.read() as tx:
        ticket = await tickets.find(tx, ticket_id)
        if ticket is None:
            raise NotFound(say("This ticket does not exist any more."))
        channel = await channels.get(tx, ticket.email_channel_id)
    if not await may_answer(chat, channel, user_id):
        raise UserError(
            say(
                "You are not an agent of {channel}. Ask an admin of Canal to add you.",
                channel=channel.name,
            ),
            code="not_agent",
        )
    return ticket


def link_facts(ticket: TicketRecord) -> dict[str, Any]:
    return {"number": ticket.number, "link_ticket_id": ticket.id}
