"""From records to what Slack shall show: a ticket's card, a mail's post."""

from __future__ import annotations

from handlers.mail_in.original_sender import original_of
from handlers.mail_in.people import addresses_in, named_in
from handlers.posts import (
    FileLine,
    ForwardFacts,
    MailPost,
    MailText,
    Mark,
    Place,
    SenderMark,
    TicketCard,
    TicketLink,
    TicketStatus,
)
from handlers.replies.forwarding import FORWARD, forward_people
from handlers.tickets.merged import follow, is_merged
from mail.document import Document
from mail.mime.subjects import strip_prefixes
from mail.model import Address
from mail.sentences import restored
from storage.engine import Session
from storage.queries import channels, messages, tickets
from storage.records import AttachmentRecord, MessageRecord, TicketRecord


async def load_card(
    tx: Session, ticket: TicketRecord, message: MessageRecord | None = None
) -> TicketCard | None:
    """The ticket's card with its first mail (or `message`); None for a ticket without any."""
    message = message or await messages.first_of_ticket(tx, ticket.id)
    if is_merged(ticket):
        return await _pointer(tx, ticket)
    if message is None:
        return None
    channel = await channels.get(tx, ticket.email_channel_id)
    customer = Address(ticket.customer_address, ticket.customer_name)
    forward = await _forward(tx, message)
    writer = Address(message.author_address, message.author_name)
    return TicketCard(
        place=Place(ticket.slack_channel_id),
        mark=Mark(ticket.id, message.id),
        number=ticket.number,
        channel_name=channel.name,
        subject=ticket.subject,
        customer=customer,
        text=mail_text(message, await messages.list_attachments(tx, message.id)),
        to=() if forward else named_in(message, "to", channel),
        cc=() if forward else named_in(message, "cc", channel),
        forward=forward,
        original=original_of(message) if message.details.get("offer_customer") else None,
        staff=writer if message.kind == "staff" else None,
        forwarder=writer if message.details.get("original") else None,
        nth_ticket=await _nth_ticket(tx, ticket),
        status=TicketStatus(ticket.status),
        assignee_id=ticket.assignee_id,
        waiting_since_at=ticket.waiting_since_at,
        closed_at=ticket.closed_at,
        suggested=await _link(tx, ticket.suggested_ticket_id),
        linked=None if forward else await _link(tx, ticket.linked_ticket_id),
        forward_allowed=channel.forward_opens_ticket,
        reply_to=addresses_in(ticket.participants, "to"),
        reply_cc=addresses_in(ticket.participants, "cc"),
        reply_bcc=addresses_in(ticket.participants, "bcc"),
    )


async def _nth_ticket(tx: Session, ticket: TicketRecord) -> int:
    if not ticket.customer_address:
        return 1
    return await tickets.count_of_customer(
        tx, ticket.email_channel_id, ticket.customer_address, until=ticket.id
    )


async def _pointer(tx: Session, ticket: TicketRecord) -> TicketCard:
    """What is left of a ticket that went into another."""
    channel = await channels.get(tx, ticket.email_channel_id)
    return TicketCard(
        place=Place(ticket.slack_channel_id),
        mark=Mark(ticket.id, 0),
        number=ticket.number,
        channel_name=channel.name,
        subject=ticket.subject,
        customer=Address(ticket.customer_address, ticket.customer_name),
        text=MailText(Document()),
        status=TicketStatus.CLOSED,
        merged_into=await _link(tx, (await follow(tx, ticket)).id),
    )


async def load_mail_post(tx: Session, ticket: TicketRecord, message: MessageRecord) -> MailPost:
    """The post of a further mail of the ticket."""
    subject = strip_prefixes(message.subject)
    channel = await channels.get(tx, ticket.email_channel_id)
    return MailPost(
        place=Place(ticket.slack_channel_id, ticket.root_ts),
        mark=Mark(ticket.id, message.id),
        author=Address(message.author_address, message.author_name),
        text=mail_text(message, await messages.list_attachments(tx, message.id)),
        kind=message.kind,
        is_customer=message.author_address.casefold() == ticket.customer_address,
        forward_allowed=channel.forward_opens_ticket,
        subject=None if subject.casefold() == ticket.subject.casefold() else subject,
    )


def summary_of(message: MessageRecord, file: AttachmentRecord) -> str:
    """What a file is, as a sentence that can be said in the reader's language."""
    return restored(file.summary, message.details.get("summaries", {}).get(str(file.part_index)))


def mail_text(message: MessageRecord, attachments: list[AttachmentRecord]) -> MailText:
    shown = message.body if message.visible is None else message.visible
    return MailText(
        body=Document.from_json(shown),
        folded_lines=message.folded_lines,
        files=tuple(
            FileLine(item.filename, item.size, summary_of(message, item), item.error)
            for item in attachments
            if item.state != "folded"
        )
        + tuple(
            FileLine(item["name"], item["size"])
            for item in (message.details.get(FORWARD) or {}).get("files", ())
        ),
        defects=tuple(message.details.get("defects", ())),
        sender=_sender(message),
    )


def _sender(message: MessageRecord) -> SenderMark | None:
    auth = message.details.get("auth")
    if not auth:
        return None
    return SenderMark(auth["verdict"], auth["domain"], auth["dkim"], auth["spf"])


async def _link(tx: Session, ticket_id: int | None) -> TicketLink | None:
    ticket = await tickets.find(tx, ticket_id) if ticket_id else None
    if ticket is None:
        return None
    place = Place(ticket.slack_channel_id, ticket.root_ts) if ticket.root_ts else None
    return TicketLink(ticket.number, ticket.id, place)


async def _forward(tx: Session, message: MessageRecord) -> ForwardFacts | None:
    facts = message.details.get(FORWARD)
    if message.kind != FORWARD or not facts:
        return None
    return ForwardFacts(
        of=await _link(tx, facts["of_ticket"]),
        people=forward_people(message),
        mails=len(facts["mails"]),
        state=message.state,
    )
