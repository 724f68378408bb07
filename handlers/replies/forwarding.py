"""Forward as new ticket: a ticket's correspondence sent to somebody else, in a thread of its own.

The forward is a ticket with its own people, its own Message-ID and its own tokens. Nothing in it
refers to the first ticket but our own records: no References, no token, none of its people. So an
answer to the forward cannot reach the first customer, nor the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from handlers.access import may_answer
from handlers.channels.fields import InvalidFields
from handlers.context import Context
from handlers.errors import NotFound, UserError
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.people import Recipients, addresses_in, all_addresses, with_copy
from handlers.outbox import work
from handlers.ports import Chat
from handlers.posts import Notice, NoticeKind
from handlers.replies.recipients import read_recipients
from mail.document import Document
from mail.mime.subjects import strip_prefixes
from mail.model import Address
from mail.sentences import say
from mail.writing.compose import forward_subject
from storage.engine import Session
from storage.queries import channels, messages, tickets
from storage.records import AttachmentRecord, ChannelRecord, MessageRecord, TicketRecord

FORWARD = "forward"
"""The kind of the outbound message that a forward's ticket starts with."""
_MOST_MAILS = 100
_NO_MAIL = ("bounce", "feedback", FORWARD)


class Scope(StrEnum):
    """What is forwarded."""

    ALL = "all"
    LAST = "last"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class ForwardOffer:
    """What there is to forward; `chosen` is the mail whose button was pressed."""

    ticket: TicketRecord
    channel: ChannelRecord
    mails: tuple[MessageRecord, ...]
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class ForwardRequest:
    """What the form says. `to` and `cc` hold one address a line; `key` names this one press."""

    ticket_id: int
    user_id: str
    to: str
    cc: str = ""
    comment: Document = field(default_factory=Document)
    scope: Scope = Scope.ALL
    chosen: tuple[int, ...] = ()
    with_files: bool = True
    key: str = ""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The new ticket and the mail that it starts with."""

    ticket: TicketRecord
    message: MessageRecord
    channel: ChannelRecord
    original: TicketRecord


class Forwards:
    def __init__(self, context: Context, chat: Chat, index: AddressIndex) -> None:
        self._context = context
        self._chat = chat
        self._index = index

    async def offer(self, ticket_id: int, user_id: str) -> ForwardOffer:
        """Raises NotFound, or UserError where this person or this channel forwards nothing."""
        async with self._context.db.read() as tx:
            ticket = await tickets.find(tx, ticket_id)
            if ticket is None:
                raise NotFound(say("This ticket does not exist any more."))
            channel = await channels.get(tx, ticket.email_channel_id)
            mails = await list_mails(tx, ticket.id)
        if not channel.forward_opens_ticket:
            raise UserError(
                say(
                    "Forwarding is switched off for {channel}. An admin can switch it on: "
                    "/canal edit {channel}",
                    channel=channel.name,
                ),
                code="forward_off",
            )
        if not await may_answer(self._chat, channel, user_id):
            raise UserError(
                say(
                    "You are not an agent of {channel}, so nothing was sent. "
                    "Ask an admin of Canal to add you.",
                    channel=channel.name,
                ),
                code="not_agent",
            )
        if not mails:
            raise UserError(say("This ticket has no mail that could be forwarded."), code="no_mail")
        return ForwardOffer(ticket, channel, tuple(mails))

    async def offer_message(self, message_id: int, user_id: str) -> ForwardOffer:
        """The same, with one mail chosen beforehand."""
        async with self._context.db.read() as tx:
            message = await messages.find(tx, message_id)
        if message is None:
            raise NotFound(say("This mail does not exist any more."))
        offer = await self.offer(message.ticket_id, user_id)
        if message.id not in {one.id for one in offer.mails}:
            raise UserError(
                say("Only mails can be forwarded: choose one in the thread."), code="no_mail"
            )
        return ForwardOffer(offer.ticket, offer.channel, offer.mails, message.id)

    async def forward(self, request: ForwardRequest) -> Forwarded:
        """Open the new ticket; its mail waits out the channel's undo seconds like every reply.

        Raises:
            InvalidFields: with a sentence for each of to, cc, chosen that cannot be used.
        """
        offer = await self.offer(request.ticket_id, request.user_id)
        people = read_recipients({"to": request.to, "cc": request.cc}, self._index)
        chosen = _choose(offer, request)
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            earlier = await self._find_earlier(tx, offer, request)
            if earlier is not None:
                return earlier
            ticket = await self._open(tx, offer, people, now)
            message = await self._add(tx, offer, request, ticket, chosen, now)
            await work.post_card(tx, ticket, message.id, now=now)
            await work.send_email(tx, message, now=now, not_before=message.send_at or now)
            await self._tell(tx, offer.ticket, ticket, people, now)
        self._context.wake.deliver()
        return Forwarded(ticket, message, offer.channel, offer.ticket)

    async def _find_earlier(
        self, tx: Session, offer: ForwardOffer, request: ForwardRequest
    ) -> Forwarded | None:
        """Slack may hand us one press of the button twice."""
        if not request.key:
            return None
        for ticket in await tickets.list_linked(tx, offer.ticket.id):
            message = await messages.first_of_ticket(tx, ticket.id)
            if message and (message.details.get(FORWARD) or {}).get("key") == request.key:
                return Forwarded(ticket, message, offer.channel, offer.ticket)
        return None

    async def _open(
        self, tx: Session, offer: ForwardOffer, people: Recipients, now: datetime
    ) -> TicketRecord:
        first = people[0]
        ticket = await tickets.add(
            tx,
            offer.ticket.team_id,
            {
                "email_channel_id": offer.channel.id,
                "subject": strip_prefixes(offer.ticket.subject)[:500],
                "customer_name": first["name"][:255],
                "customer_address": first["address"].casefold()[:320],
                "participants": people,
                "status": "waiting",
                "slack_channel_id": offer.ticket.slack_channel_id,
                "linked_ticket_id": offer.ticket.id,
                "opened_at": now,
                "updated_at": now,
            },
        )
        await tickets.add_people(tx, ticket.id, [(one["address"], one["name"]) for one in people])
        return ticket

    async def _add(
        self,
        tx: Session,
        offer: ForwardOffer,
        request: ForwardRequest,
        ticket: TicketRecord,
        chosen: Sequence[MessageRecord],
        now: datetime,
    ) -> MessageRecord:
        channel = offer.channel
        rfc_id = self._context.tokens.new_message_id(ticket.id, Address(channel.from_email).domain)
        files = await _files_of(tx, chosen) if request.with_files else []
        message = await messages.add(
            tx,
            {
                "team_id": ticket.team_id,
                "ticket_id": ticket.id,
                "email_channel_id": channel.id,
                "direction": "outbound",
                "kind": FORWARD,
                "state": "held",
                "rfc_message_id": rfc_id,
                "slack_user_id": request.user_id,
                "subject": forward_subject(offer.ticket.subject),
                "body": request.comment.to_json(),
                "recipients": with_copy(ticket.participants, channel),
                "details": {
                    FORWARD: {
                        "of_ticket": offer.ticket.id,
                        "mails": [one.id for one in chosen],
                        "files": [_file_facts(one) for one in files],
                        "key": request.key,
                    }
                },
                "send_at": now + timedelta(seconds=channel.undo_seconds),
                "created_at": now,
            },
        )
        await tickets.index_ids(tx, channel.id, ticket.id, [rfc_id], message_id=message.id)
        return message

    async def _tell(
        self,
        tx: Session,
        original: TicketRecord,
        ticket: TicketRecord,
        people: Recipients,
        now: datetime,
    ) -> None:
        """A line in the first ticket's thread, once the new card is there to be linked."""
        facts: dict[str, Any] = {
            "number": ticket.number,
            "link_ticket_id": ticket.id,
            "addresses": ", ".join(all_addresses(people)[:20]),
        }
        notice = Notice(NoticeKind.FORWARDED, facts)
        await work.notice_in_thread(tx, original, notice, now=now, after=ticket)


async def list_mails(tx: Session, ticket_id: int) -> list[MessageRecord]:
    """The ticket's mails that may be shown to others, oldest first: never a note, nor what is
    held, failed or taken back."""
    found = await messages.list_of_ticket(tx, ticket_id, newest_first=True, limit=3 * _MOST_MAILS)
    mails = [one for one in found if is_mail(one)]
    return list(reversed(mails[:_MOST_MAILS]))


def is_mail(message: MessageRecord) -> bool:
    """Whether it came from outside or has left."""
    if message.kind in _NO_MAIL or message.direction == "note":
        return False
    return message.direction == "inbound" or message.state in ("sent", "filed")


def _choose(offer: ForwardOffer, request: ForwardRequest) -> list[MessageRecord]:
    if request.scope is Scope.ALL:
        return list(offer.mails)
    if request.scope is Scope.LAST:
        inbound = [one for one in offer.mails if one.direction == "inbound"]
        return (inbound or list(offer.mails))[-1:]
    chosen = [one for one in offer.mails if one.id in request.chosen]
    if not chosen:
        raise InvalidFields({"chosen": say("Choose at least one mail.")})
    return chosen


async def _files_of(tx: Session, chosen: Sequence[MessageRecord]) -> list[AttachmentRecord]:
    """Their files, without the images that signatures repeat."""
    found = [one for message in chosen for one in await messages.list_attachments(tx, message.id)]
    return [one for one in found if one.state != "folded"]


def _file_facts(file: AttachmentRecord) -> dict[str, Any]:
    return {"id": file.id, "name": file.filename, "size": file.size}


def forward_people(message: MessageRecord) -> tuple[Address, ...]:
    """Whom a forward names as its readers: not the blind copies."""
    return (*addresses_in(message.recipients, "to"), *addresses_in(message.recipients, "cc"))
