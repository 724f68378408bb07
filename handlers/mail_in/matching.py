"""Which ticket does a mail belong to? In this order, and never by subject alone:

1. our signed token: in a recipient address, or in our Message-ID among the references;
2. any Message-ID that the channel knows, newest reference first, if the sender was on that ticket;
3. the signed marker in the quoted body;
4. else a new ticket, which offers a link where 2 would have matched for another sender.

A ticket closed longer ago than the channel's reopen window is not joined but linked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.tickets.merged import follow
from handlers.tokens import Tokens
from mail.mime.relayed_ids import without_region
from mail.model import Envelope, ParsedMail
from storage.engine import Session
from storage.queries import messages, tickets
from storage.records import ChannelRecord, TicketRecord

_MOST_REFERENCES = 100


@dataclass(frozen=True, slots=True)
class Match:
    """`ticket` to join, or None for a new one; `linked` an old one it follows, `suggested` one it
    might belong to."""

    ticket: TicketRecord | None = None
    linked: TicketRecord | None = None
    suggested: TicketRecord | None = None


async def find_ticket(
    tx: Session,
    mail: ParsedMail,
    envelope: Envelope,
    channel: ChannelRecord,
    tokens: Tokens,
    *,
    now: datetime,
    is_forged: bool = False,
    is_staff: bool = False,
    is_quiet: bool = False,
) -> Match:
    """The ticket that this mail joins, by the rules above.

    `is_forged`: the domain in From disowns the mail, so its From proves no place on a ticket; only
    a token does. `is_staff`: it comes from the house, and joins whom it answers. `is_quiet`: it is
    an automatic reply, which stays in its ticket however long that has been closed.
    """

    def joined(ticket: TicketRecord) -> Match:
        return Match(ticket) if is_quiet else _joined_or_linked(ticket, channel, now)

    moved = None if is_forged else await _by_moved_mail(tx, mail, channel, tokens)
    if moved is not None:
        return joined(moved)
    for ticket_id in _token_tickets(mail, envelope, tokens):
        ticket = await tickets.find(tx, ticket_id)
        if ticket is not None and ticket.email_channel_id == channel.id:
            return joined(await follow(tx, ticket))
    ticket, is_on_it = await _by_known_id(tx, mail, channel, is_staff=is_staff)
    if ticket is not None and is_on_it and not is_forged:
        return joined(ticket)
    return Match(suggested=ticket)


def references_of(mail: ParsedMail) -> tuple[str, ...]:
    """In-Reply-To and all References, newest first, each once."""
    ids = (*mail.in_reply_to, *reversed(mail.references))
    return tuple(dict.fromkeys(ids))[:_MOST_REFERENCES]


def _token_tickets(mail: ParsedMail, envelope: Envelope, tokens: Tokens) -> list[int]:
    recipients = (*envelope.rcpt_to, *(item.address for item in (*mail.to, *mail.cc)))
    found = [tokens.ticket_of_address(address) for address in recipients]
    found += [tokens.ticket_of_message_id(rfc_id) for rfc_id in references_of(mail)]
    if mail.marker:
        found.append(tokens.ticket_of_marker(mail.marker))
    return [ticket_id for ticket_id in dict.fromkeys(found) if ticket_id is not None]


async def _by_moved_mail(
    tx: Session, mail: ParsedMail, channel: ChannelRecord, tokens: Tokens
) -> TicketRecord | None:
    """The ticket of a mail that an agent moved out ("Not this ticket"), if this answers it.

    Its writer's next mail may still carry the old ticket's tokens, being written below the old
    correspondence; the newest reference counts, if its sender is on the new ticket.
    """
    newest = []
    for rfc_id in references_of(mail):
        if tokens.ticket_of_message_id(rfc_id) is not None:
            break
        newest.append(rfc_id)
    sender = mail.from_.address if mail.from_ else ""
    for hit in await tickets.find_by_ids(tx, channel.id, newest):
        message = await messages.find(tx, hit.message_id) if hit.message_id else None
        if message is not None and "moved" in message.details:
            on_it = sender and await tickets.is_person_of(tx, message.ticket_id, sender)
            return await tickets.get(tx, message.ticket_id) if on_it else None
    return None


async def _by_known_id(
    tx: Session, mail: ParsedMail, channel: ChannelRecord, *, is_staff: bool
) -> tuple[TicketRecord | None, bool]:
    """The newest known reference's ticket, and whether the sender was on it.

    A colleague is on it who answers somebody of the ticket.
    """
    known_as = tuple(without_region(one) for one in references_of(mail))
    hits = await tickets.find_by_ids(tx, channel.id, known_as)
    sender = mail.from_.address if mail.from_ else ""
    for hit in hits:
        if sender and await tickets.is_person_of(tx, hit.ticket_id, sender):
            return await tickets.get(tx, hit.ticket_id), True
        if is_staff and await answers_person_of(tx, mail, hit.ticket_id):
            return await tickets.get(tx, hit.ticket_id), True
    return (await tickets.get(tx, hits[0].ticket_id), False) if hits else (None, False)


async def answers_person_of(tx: Session, mail: ParsedMail, ticket_id: int) -> bool:
    """Whether the mail goes to somebody who is on the ticket."""
    for address in (*mail.to, *mail.cc)[:_MOST_REFERENCES]:
        if await tickets.is_person_of(tx, ticket_id, address.address):
            return True
    return False


def _joined_or_linked(ticket: TicketRecord, channel: ChannelRecord, now: datetime) -> Match:
    window = timedelta(days=channel.reopen_days)
    if ticket.status == "closed" and ticket.closed_at and now - ticket.closed_at > window:
        return Match(linked=ticket)
    return Match(ticket=ticket)
