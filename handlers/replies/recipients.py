"""Who gets the replies of a ticket, as an agent wants it: shown, checked, changed.

A change also reaches what has not left yet. A held reply starts its undo time anew and its author
is told again; one that failed or was taken back goes to the new people when it is sent again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from handlers.access import may_answer
from handlers.channels.fields import InvalidFields
from handlers.context import Context
from handlers.errors import NotFound, UserError
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.people import Recipients, addresses_in, recipient_row, with_copy
from handlers.outbox import work
from handlers.ports import Chat
from handlers.replies.outcomes import Outcome, OutcomeKind, difference
from mail.mime.addresses import is_valid_address, parse_address_list
from mail.model import Address
from mail.sentences import say
from storage.engine import Session
from storage.queries import channels, messages, outbox, tickets
from storage.records import ChannelRecord, MessageRecord, TicketRecord

ROLES = ("to", "cc", "bcc")
MOST_RECIPIENTS = 100
_LOOK_BACK = 200
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,."]')
_UNSENT = ("held", "confirm", "cancelled", "failed", "unsure")
_ANNOUNCED = {"held": OutcomeKind.HELD, "confirm": OutcomeKind.CONFIRM}


@dataclass(frozen=True, slots=True)
class TicketPeople:
    """Who gets the next reply."""

    ticket: TicketRecord
    channel: ChannelRecord

    def lines(self, role: str) -> str:
        """One address a line, as the form shows them."""
        return "\n".join(_line(one) for one in addresses_in(self.ticket.participants, role))


@dataclass(frozen=True, slots=True)
class Changed:
    people: TicketPeople
    waiting: tuple[Outcome, ...] = ()
    """Replies that wait and now go to the new people; their authors are to be told."""


class RecipientEditor:
    def __init__(self, context: Context, chat: Chat, index: AddressIndex) -> None:
        self._context = context
        self._chat = chat
        self._index = index

    async def show(self, ticket_id: int, user_id: str) -> TicketPeople:
        """Raises NotFound, or UserError for somebody who is no agent."""
        async with self._context.db.read() as tx:
            ticket = await tickets.find(tx, ticket_id)
            if ticket is None:
                raise NotFound(say("This ticket does not exist any more."))
            channel = await channels.get(tx, ticket.email_channel_id)
        if not await may_answer(self._chat, channel, user_id):
            raise UserError(
                say(
                    "You are not an agent of {channel}. Ask an admin of Canal to add you.",
                    channel=channel.name,
                ),
                code="not_agent",
            )
        return TicketPeople(ticket, channel)

    async def show_of_message(self, message_id: int, user_id: str) -> TicketPeople:
        """The people of the ticket that a message is in."""
        async with self._context.db.read() as tx:
            message = await messages.find(tx, message_id)
        if message is None:
            raise NotFound
        return await self.show(message.ticket_id, user_id)

    async def change(self, ticket_id: int, user_id: str, *, to: str, cc: str, bcc: str) -> Changed:
        """Replies go to these people from now on; each field holds one address a line.

        Raises:
            InvalidFields: with a sentence for each of to, cc, bcc that cannot be used.
        """
        before = await self.show(ticket_id, user_id)
        wanted = read_recipients({"to": to, "cc": cc, "bcc": bcc}, self._index)
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            await tickets.change(tx, ticket_id, participants=wanted, updated_at=now)
            await tickets.add_people(
                tx, ticket_id, [(one["address"], one["name"]) for one in wanted]
            )
            ticket = await tickets.get(tx, ticket_id)
            people = TicketPeople(ticket, before.channel)
            waiting = await self._change_unsent(tx, people)
            await work.update_card(tx, ticket, now=now)
        self._context.wake.deliver()
        return Changed(people, waiting)

    async def _change_unsent(self, tx: Session, people: TicketPeople) -> tuple[Outcome, ...]:
        recipients = with_copy(people.ticket.participants, people.channel)
        found = await messages.list_of_ticket(
            tx, people.ticket.id, newest_first=True, limit=_LOOK_BACK
        )
        told = []
        for message in found:
            if message.direction == "outbound" and message.state in _UNSENT:
                outcome = await self._readdress(tx, people, message, recipients)
                if outcome is not None:
                    told.append(outcome)
        return tuple(told)

    async def _readdress(
        self, tx: Session, people: TicketPeople, message: MessageRecord, recipients: Recipients
    ) -> Outcome | None:
        """None where there is nobody to tell: it waits for a button, or left just now."""
        values: dict[str, Any] = {"recipients": recipients, "raw_mail_id": None}
        if message.state == "held":
            seconds = timedelta(seconds=people.channel.undo_seconds)
            values["send_at"] = self._context.clock.now() + seconds
        if not await messages.move_state(tx, message.id, [message.state], message.state, **values):
            return None
        if message.state == "held":
            await outbox.reschedule(tx, work.send_key(message.id), values["send_at"])
        kind = _ANNOUNCED.get(message.state)
        if kind is None or message.slack_user_id is None:
            return None
        fresh = await messages.get(tx, message.id)
        last = await messages.last_reply_before(tx, message.ticket_id, message.id)
        return Outcome(kind, people.ticket, people.channel, fresh, *difference(recipients, last))


def read_recipients(fields: dict[str, str], index: AddressIndex) -> Recipients:
    """Fields of one address a line → recipients; who stands twice counts at its first place.

    Raises:
        InvalidFields: with a sentence at each field that cannot be used.
    """
    problems: dict[str, str] = {}
    found: dict[str, dict[str, Any]] = {}
    for role, text in fields.items():
        for line in text.splitlines():
            if not line.strip():
                continue
            people, problem = _read_line(line, index)
            if problem and role not in problems:
                problems[role] = problem
            for one in people:
                found.setdefault(one.key, recipient_row(role, one))
    if not problems and not found:
        problems["to"] = say("Give at least one address, such as jo@acme.example.")
    if len(found) > MOST_RECIPIENTS:
        problems["to"] = say(
            "A mail has {most} recipients at most; these are {n}.",
            most=MOST_RECIPIENTS,
            n=len(found),
        )
    if problems:
        raise InvalidFields(problems)
    return list(found.values())


def _line(person: Address) -> str:
    """As `_read_line` reads it back: a name with a comma stands in quotes."""
    if not _SPECIALS.search(person.name):
        return str(person)
    name = person.name.replace("\\", "").replace('"', "'")
    return f'"{name}" <{person.address}>'


def _read_line(line: str, index: AddressIndex) -> tuple[Sequence[Address], str]:
    """The addresses of one line (`jo@x`, `Jo <jo@x>`, or several with commas), or what is wrong."""
    people = parse_address_list(line)
    bad = [one.address for one in people if not is_valid_address(one.address)]
    if not people or bad:
        shown = (bad[0] if bad else line.strip())[:80]
        return (), say(
            "“{address}” is not an email address: write one a line, such as jo@acme.example.",
            address=shown,
        )
    own = next((one.address for one in people if index.is_own(one.address)), None)
    if own is not None:
        return (), say(
            "{address} is an address of this desk: mail to it would come back as a new mail.",
            address=own,
        )
    return people, ""
