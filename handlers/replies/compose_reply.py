"""From a stored reply to the mail that leaves: everything it says, gathered from the ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handlers.context import Context
from handlers.mail_in.people import addresses_in
from handlers.ports import Profile
from mail.discovery.providers import find_provider_by_host
from mail.document import Document
from mail.model import Address
from mail.writing.compose import OutgoingFile, OutgoingMail, QuotedMail, reply_subject
from mail.writing.signatures import ChosenSignature, choose_signature, fill_placeholders, sign
from storage.engine import Session
from storage.queries import channels, messages, signatures, tickets
from storage.records import (
    AttachmentRecord,
    ChannelRecord,
    ConnectionRecord,
    MessageRecord,
    TicketRecord,
)

_ALIASES = ("primary", "additional", "from")
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
    addresses: tuple[str, ...] = ()
    """The channel's own addresses that mail may come from, folded."""
    connections: tuple[ConnectionRecord, ...] = ()
    attachments: tuple[AttachmentRecord, ...] = ()

    def connection(self, direction: str) -> ConnectionRecord:
        return next(one for one in self.connections if one.direction == direction)

    def settings(self, direction: str) -> Mapping[str, Any]:
        """Those of the connection; none where the channel has no such connection."""
        found = (one.settings for one in self.connections if one.direction == direction)
        return next(found, {})

    @property
    def sender(self) -> Address:
        """Who the mail is from: the channel, or the alias of it that the customer wrote to."""
        channel = self.channel
        if self.settings("out").get("reply_from_alias"):
            answered = _answered(self.chain)
            for item in answered.recipients if answered else ():
                if item["address"].casefold() in self.addresses:
                    return Address(item["address"], channel.from_name)
        return Address(channel.from_email, channel.from_name)


async def load_parts(tx: Session, message: MessageRecord) -> ReplyParts:
    ticket = await tickets.get(tx, message.ticket_id)
    channel = await channels.get(tx, message.email_channel_id)
    history = await messages.list_of_ticket(tx, ticket.id, newest_first=True, limit=_CHAIN)
    signature = await signatures.find(tx, channel, message.slack_user_id or "")
    addresses = await channels.list_addresses(tx, channel.id)
    connections = await channels.list_connections(tx, channel.id)
    chain = tuple(
        one
        for one in reversed(history)
        if one.id < message.id
        and one.direction != "note"
        and one.kind not in ("bounce", "feedback", "auto_reply")
        and one.state in ("filed", "sent", "failed")
    )
    return ReplyParts(
        message,
        ticket,
        channel,
        chain,
        Document.from_json(signature) if signature else None,
        tuple(one.address for one in addresses if one.kind in _ALIASES),
        tuple(connections),
        tuple(await messages.list_attachments(tx, message.id)),
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
        from_=parts.sender,
        to=addresses_in(message.recipients, "to"),
        cc=addresses_in(message.recipients, "cc"),
        bcc=addresses_in(message.recipients, "bcc"),
        reply_to=reply_to(parts, context),
        subject=reply_subject(answered.subject if answered else ticket.subject),
        body=body,
        date=date,
        signature=signed.signature,
        footer=signed.footer,
        quote=_quote(parts, answered),
        quote_language=language_of(parts.chain) or context.language,
        in_reply_to=answered.rfc_message_id if answered else None,
        references=_references(parts.chain, answered),
        marker=context.tokens.marker_for(ticket.id),
        attachments=tuple(files),
    )


def language_of(chain: Sequence[MessageRecord]) -> str:
    """The customer's language: that of their newest mail that tells; "" where none does."""
    for message in reversed(chain):
        if message.direction == "inbound" and message.details.get("language"):
            return str(message.details["language"])
    return ""


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


def reply_to(parts: ReplyParts, context: Context) -> tuple[Address, ...]:
    """The ticket's own address, where mail to it reaches Canal."""
    channel = parts.channel
    if channel.incoming == "internal":
        base = channel.inbound_address
    else:
        base = _plus_base(parts)
    if not base:
        return ()
    address = context.tokens.address_for(base, parts.ticket.id)
    return (Address(address, channel.from_name),)


def _plus_base(parts: ReplyParts) -> str | None:
    """The address that takes `+ticket` at a mailbox of somebody else, where that is wished for.

    Only where the provider is known to deliver such mail; elsewhere answers would be refused.
    """
    if not parts.settings("out").get("plus_reply"):
        return None
    provider = find_provider_by_host(str(parts.settings("in").get("host") or ""))
    user = str(parts.settings("in").get("user") or "")
    if provider is None or not provider.plus_addressing:
        return None
    address = user if "@" in user else parts.channel.primary_address
    return None if "+" in address else address


def _answered(chain: Sequence[MessageRecord]) -> MessageRecord | None:
    """The customer's newest mail, or the newest mail at all."""
    inbound = [one for one in chain if one.direction == "inbound"]
    return inbound[-1] if inbound else (chain[-1] if chain else None)


def _references(chain: Sequence[MessageRecord], answered: MessageRecord | None) -> tuple[str, ...]:
    """What the first mail referred to, then every mail of the ticket, the answered one last."""
    if answered is None:
        return ()
    before = list(reversed(chain[0].references))
    own = [one.rfc_message_id for one in chain if one.rfc_message_id]
    ordered = [rfc_id for rfc_id in (*before, *own) if rfc_id != answered.rfc_message_id]
    last = (answered.rfc_message_id,) if answered.rfc_message_id else ()
    return (*dict.fromkeys(ordered), *last)


def _quote(parts: ReplyParts, answered: MessageRecord | None) -> tuple[QuotedMail, ...]:
    if parts.channel.quote == "none" or answered is None:
        return ()
    quoted = [answered] if parts.channel.quote == "last" else list(reversed(parts.chain))
    # What a colleague wrote above a mail that they forwarded to us is not for its customer, and
    # what failed never left.
    shown = [one for one in quoted if not one.details.get("original") and one.state != "failed"]
    return tuple(_quoted(one, parts) for one in shown)


def _quoted(message: MessageRecord, parts: ReplyParts) -> QuotedMail:
    shown = message.body if message.visible is None else message.visible
    sent = message.details.get("date")
    author = Address(message.author_address, message.author_name)
    if message.direction == "outbound":  # from the alias that it answered to
        author = replace(parts, chain=tuple(m for m in parts.chain if m.id < message.id)).sender
    return QuotedMail(
        author=author,
        document=Document.from_json(shown),
        date=datetime.fromisoformat(sent) if sent else (message.sent_at or message.created_at),
    )
