"""From a stored reply to the mail that leaves: everything it says, gathered from the ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.context import Context
from handlers.people import addresses_in
from handlers.ports import Profile
from mail.compose import OutgoingFile, OutgoingMail, QuotedMail, reply_subject
from mail.document import Document
from mail.model import Address
from mail.signatures import ChosenSignature, choose_signature, fill_placeholders, sign
from storage.queries import channels, messages, signatures, tickets
from storage.records import ChannelRecord, MessageRecord, TicketRecord

_CHAIN = 60
"""How many messages of the ticket References and a whole quote look back."""


@dataclass(frozen=True, slots=True)
class ReplyParts:
    """What the database knows of a reply, read in one go."""

    message: MessageRecord
    ticket: TicketRecord
    channel: ChannelRecord
    chain: tuple[MessageRecord, ...]
    """The ticket's earlier mails, oldest first."""
    agent_signature: Document | None


async def load_parts(context: Context, message: MessageRecord) -> ReplyParts:
    async with context.db.read() as tx:
        ticket = await tickets.get(tx, message.ticket_id)
        channel = await channels.get(tx, message.email_channel_id)
        history = await messages.list_of_ticket(tx, ticket.id, newest_first=True, limit=_CHAIN)
        signature = await signatures.find(tx, channel, message.slack_user_id or "")
    chain = tuple(
        one
        for one in reversed(history)
        if one.id < message.id
        and one.rfc_message_id
        and one.direction != "note"
        and one.kind not in ("bounce", "auto_reply")
        and one.state in ("filed", "sent", "failed")
    )
    return ReplyParts(
        message, ticket, channel, chain, Document.from_json(signature) if signature else None
    )


def build_mail(
    parts: ReplyParts,
    context: Context,
    agent: Profile,
    files: Sequence[OutgoingFile],
    *,
    date: datetime,
) -> OutgoingMail:
    """The outgoing mail of a reply; pure but for the clock's `date`."""
    message, channel, ticket = parts.message, parts.channel, parts.ticket
    answered = _answered(parts.chain)
    body = Document.from_json(message.body)
    signed = sign(body, build_signature(channel, parts.agent_signature, agent))
    return OutgoingMail(
        message_id=message.rfc_message_id or "",
        from_=Address(channel.from_email, channel.from_name),
        to=addresses_in(message.recipients, "to"),
        cc=addresses_in(message.recipients, "cc"),
        bcc=addresses_in(message.recipients, "bcc"),
        reply_to=_reply_to(parts, context),
        subject=reply_subject(answered.subject if answered else ticket.subject),
        body=body,
        date=date,
        signature=signed.signature,
        footer=signed.footer,
        quote=_quote(parts, answered),
        in_reply_to=answered.rfc_message_id if answered else None,
        references=_references(parts.chain, answered),
        marker=context.tokens.marker_for(ticket.id),
        attachments=tuple(files),
    )


def build_signature(
    channel: ChannelRecord, own: Document | None, agent: Profile
) -> ChosenSignature:
    """The agent's own signature or else the channel's, and the locked footer; all filled in."""
    values = _values(channel, agent)

    def filled(data: list[dict[str, Any]] | None) -> Document | None:
        return fill_placeholders(Document.from_json(data), values) if data else None

    mine = fill_placeholders(own, values) if own else None
    return choose_signature(filled(channel.signature), mine, filled(channel.footer))


def _values(channel: ChannelRecord, agent: Profile) -> dict[str, str]:
    return {
        "agent.name": agent.name,
        "agent.title": agent.title,
        "channel.name": channel.name,
    }


def _reply_to(parts: ReplyParts, context: Context) -> tuple[Address, ...]:
    """Answers come to the ticket's own address where Canal itself receives the channel's mail."""
    channel = parts.channel
    if channel.incoming != "internal" or not channel.inbound_address:
        return ()
    address = context.tokens.address_for(channel.inbound_address, parts.ticket.id)
    return (Address(address, channel.from_name),)


def _answered(chain: Sequence[MessageRecord]) -> MessageRecord | None:
    """The customer's newest mail, or the newest mail at all."""
    inbound = [one for one in chain if one.direction == "inbound"]
    return inbound[-1] if inbound else (chain[-1] if chain else None)


def _references(chain: Sequence[MessageRecord], answered: MessageRecord | None) -> tuple[str, ...]:
    """What the first mail referred to, then every mail of the ticket, the answered one last."""
    if answered is None:
        return ()
    before = list(reversed(chain[0].references)) if chain else []
    own = [one.rfc_message_id for one in chain if one.rfc_message_id]
    ordered = [rfc_id for rfc_id in (*before, *own) if rfc_id != answered.rfc_message_id]
    return (*dict.fromkeys(ordered), answered.rfc_message_id or "")


def _quote(parts: ReplyParts, answered: MessageRecord | None) -> tuple[QuotedMail, ...]:
    if parts.channel.quote == "none" or answered is None:
        return ()
    quoted = [answered] if parts.channel.quote == "last" else list(reversed(parts.chain))
    return tuple(_quoted(one, parts.channel) for one in quoted)


def _quoted(message: MessageRecord, channel: ChannelRecord) -> QuotedMail:
    shown = message.body if message.visible is None else message.visible
    sent = message.details.get("date")
    ours = message.direction == "outbound"
    return QuotedMail(
        author=Address(channel.from_email, channel.from_name)
        if ours
        else Address(message.author_address, message.author_name),
        document=Document.from_json(shown),
        date=datetime.fromisoformat(sent) if sent else (message.sent_at or message.created_at),
    )
