"""Writing a mail into its ticket: one transaction for ticket, message, files and wishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers.context import Context
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.file_flood import FloodFiler
from handlers.mail_in.flood import FloodGate
from handlers.mail_in.matching import Match, answers_person_of, find_ticket, references_of
from handlers.mail_in.model import Filing
from handlers.mail_in.original_sender import (
    find_original,
    is_staff,
    is_trusted,
    original_participants,
)
from handlers.mail_in.people import Recipients, everybody_on, is_passed_on, participants_of
from handlers.mail_in.routing import Verdict
from handlers.mail_in.verification import auth_to_json, is_forged
from handlers.outbox import work
from mail.mime.subjects import strip_prefixes
from mail.model import Address, MailAttachment, MailKind, ParsedMail
from mail.senders.verdict import SenderAuth
from mail.sentences import taken_apart
from storage.engine import Session
from storage.queries import messages, tickets
from storage.records import MessageRecord, TicketRecord

FIRST_REFRESH = timedelta(minutes=5)
_SMALL_IMAGE = 64 * 1024
WHOLE_MAIL = -1
"""`part_index` of the attachment that is the mail itself, as .eml."""


class MailFiler:
    """Files readable mail of every kind but bounces (`file_bounce`)."""

    def __init__(
        self, context: Context, index: AddressIndex, floods: FloodGate | None = None
    ) -> None:
        self._floods = FloodFiler(context, floods or FloodGate())
        self._context = context
        self._index = index

    async def file(self, tx: Session, filing: Filing) -> MessageRecord:
        """Store the message in the ticket it belongs to, and wish for its post."""
        now = self._context.clock.now()
        match = await find_ticket(
            tx,
            filing.mail,
            filing.envelope,
            filing.channel,
            self._context.tokens,
            now=now,
            is_forged=is_forged(filing.auth),
            is_staff=filing.verdict is Verdict.STAFF or self._is_colleague(filing),
            is_quiet=filing.verdict is Verdict.QUIET,
        )
        if (
            match.ticket
            and self._is_colleague(filing)
            and not is_staff(Address(match.ticket.customer_address), filing.channel)
            and await answers_person_of(tx, filing.mail, match.ticket.id)
        ):
            # Where colleagues are the customers, one who writes is one of these.
            filing = replace(filing, verdict=Verdict.STAFF)
        flood = self._floods.judge(filing, match, now)
        if flood and match.ticket is None:
            match = await self._floods.collect(tx, filing, match)
        is_new = match.ticket is None
        ticket = match.ticket or await self._open(tx, filing, match, now)
        message = await self._add_message(tx, filing, ticket, now, is_new=is_new)
        await self._remember(tx, filing, ticket, message)
        await self._add_attachments(tx, filing, ticket, message)
        if flood:
            await self._floods.mute(tx, filing, ticket, message, flood, is_new=is_new)
        if flood and not is_new:
            return message
        if not is_new:
            await self._continue(tx, filing, ticket, now)
            await work.post_mail(tx, ticket, message.id, now=now)
            await work.update_card(tx, ticket, now=now)
        else:
            await work.post_card(tx, ticket, message.id, now=now, foldable=True)
        return message

    def _is_colleague(self, filing: Filing) -> bool:
        """Somebody of our domain writes, from an address that is no channel's."""
        sender = filing.mail.from_
        if sender is None or filing.verdict is not Verdict.ACCEPT or is_forged(filing.auth):
            return False
        return not self._index.is_own(sender.address) and is_staff(sender, filing.channel)

    async def _open(self, tx: Session, filing: Filing, match: Match, now: datetime) -> TicketRecord:
        mail, channel = filing.mail, filing.channel
        customer = mail.from_
        participants = participants_of(mail, self._index)
        ours = customer is not None and self._index.is_own(customer.address)
        if participants and (ours or filing.verdict is Verdict.STAFF):
            name, address = participants[0]["name"], participants[0]["address"]
        else:
            name, address = (customer.name, customer.address) if customer else ("", "")
        original = self._trusted_original(filing)
        if original is not None:
            name, address = original.name, original.address
            participants = original_participants(original)
        waits = filing.verdict is Verdict.ACCEPT
        return await tickets.add(
            tx,
            channel.team_id,
            {
                "email_channel_id": channel.id,
                "subject": strip_prefixes(mail.subject)[:500],
                "customer_name": name[:255],
                "customer_address": address.casefold()[:320],
                "participants": participants,
                "status": "open" if waits else "waiting",
                "slack_channel_id": channel.slack_channel_id,
                "linked_ticket_id": match.linked.id if match.linked else None,
                "suggested_ticket_id": match.suggested.id if match.suggested else None,
                "opened_at": now,
                "waiting_since_at": filing.arrival.received_at if waits else None,
                "card_refresh_at": now + FIRST_REFRESH if waits else None,
                "updated_at": now,
            },
        )

    def _trusted_original(self, filing: Filing) -> Address | None:
        """Who becomes the customer without being asked for."""
        sender, found = filing.mail.from_, filing.mail.forwarded
        if found is not None and is_passed_on(filing.mail, self._index):
            return None if self._index.is_own(found.from_.address) else found.from_
        if sender is None or is_forged(filing.auth) or not is_trusted(sender, filing.channel):
            return None
        return find_original(filing.mail, filing.channel, self._index)

    async def _continue(
        self, tx: Session, filing: Filing, ticket: TicketRecord, now: datetime
    ) -> None:
        """A further mail: a customer's reopens the ticket and starts the waiting time."""
        if filing.verdict is Verdict.QUIET:
            return
        values: dict[str, Any] = {"updated_at": now}
        participants = participants_of(filing.mail, self._index)
        if filing.verdict is Verdict.STAFF and filing.mail.from_ is not None:
            writer = filing.mail.from_.key
            participants = [one for one in participants if one["address"].casefold() != writer]
        if participants:
            values["participants"] = keep_bcc(participants, ticket)
        if filing.verdict is Verdict.STAFF:
            values |= {"waiting_since_at": None, "card_refresh_at": None}
            if ticket.status == "open":
                values["status"] = "waiting"
        else:
            waiting_since = ticket.waiting_since_at or filing.arrival.received_at
            values |= {
                "status": "open",
                "closed_at": None,
                "waiting_since_at": waiting_since,
                "card_refresh_at": now + FIRST_REFRESH,
            }
        await tickets.change(tx, ticket.id, **values)

    async def _add_message(
        self, tx: Session, filing: Filing, ticket: TicketRecord, now: datetime, *, is_new: bool
    ) -> MessageRecord:
        mail = filing.mail
        details = _details(mail, filing.auth)
        if is_new and self._trusted_original(filing) is not None:
            details["original"] = True
        elif is_new and find_original(mail, filing.channel, self._index) is not None:
            details["offer_customer"] = True
        is_staff = filing.verdict is Verdict.STAFF
        return await messages.add(
            tx,
            {
                "team_id": ticket.team_id,
                "ticket_id": ticket.id,
                "email_channel_id": filing.channel.id,
                "direction": "outbound" if is_staff else "inbound",
                "kind": "staff" if is_staff else mail.kind.value,
                "state": "filed",
                "rfc_message_id": mail.message_id,
                "author_name": (mail.from_.name if mail.from_ else "")[:255],
                "author_address": (mail.from_.address if mail.from_ else "")[:320],
                "subject": mail.subject[:2000],
                "body": mail.document.to_json(),
                "visible": mail.visible.to_json() if mail.visible != mail.document else None,
                "folded_lines": mail.folded_lines,
                "recipients": header_recipients(mail),
                "references": list(references_of(mail)),
                "raw_mail_id": filing.arrival.raw_mail_id,
                "details": details,
                "created_at": now,
            },
        )

    async def _remember(
        self, tx: Session, filing: Filing, ticket: TicketRecord, message: MessageRecord
    ) -> None:
        """Everybody on the mail, and every Message-ID in it, lead here from now on."""
        mail, channel_id = filing.mail, filing.channel.id
        everybody = everybody_on(mail)
        original = self._trusted_original(filing)
        if original is not None:
            everybody.append((original.address, original.name))
        people = [(one, name) for one, name in everybody if not self._index.is_own(one)]
        await tickets.add_people(tx, ticket.id, people)
        if mail.message_id:
            await tickets.index_ids(
                tx, channel_id, ticket.id, [mail.message_id], message_id=message.id
            )
        if mail.kind is not MailKind.LIST and ticket.suggested_ticket_id is None:
            await tickets.index_ids(tx, channel_id, ticket.id, references_of(mail))

    async def _add_attachments(
        self, tx: Session, filing: Filing, ticket: TicketRecord, message: MessageRecord
    ) -> None:
        items = [attachment_row(item) for item in filing.mail.attachments]
        if filing.attach_whole:
            items.append(whole_mail_row(message.id))
        seen = await messages.image_hashes(tx, ticket.id) if items else frozenset()
        for item, part in zip(items, filing.mail.attachments, strict=False):
            if part.inline and part.size <= _SMALL_IMAGE and part.sha256 in seen:
                item["state"] = "folded"
        await messages.add_attachments(tx, message.id, items)


def keep_bcc(participants: Recipients, ticket: TicketRecord) -> Recipients:
    """Those of the newest mail, and whom agents copy blindly, since no mail names these."""
    named = {one["address"].casefold() for one in participants}
    hidden = [
        one
        for one in ticket.participants
        if one["role"] == "bcc" and one["address"].casefold() not in named
    ]
    return [*participants, *hidden]


def attachment_row(item: MailAttachment) -> dict[str, Any]:
    return {
        "part_index": item.index,
        "filename": item.filename,
        "content_type": item.content_type[:255],
        "size": item.size,
        "inline": item.inline,
        "content_id": item.content_id,
        "sha256": item.sha256,
        "summary": item.summary,
        "state": "pending",
    }


def whole_mail_row(message_id: int) -> dict[str, Any]:
    return {
        "part_index": WHOLE_MAIL,
        "filename": f"mail-{message_id}.eml",
        "content_type": "message/rfc822",
        "state": "pending",
    }


def header_recipients(mail: ParsedMail) -> list[dict[str, Any]]:
    """To and Cc as the mail names them, ours included: what the card shows."""
    return [
        {"role": role, "address": item.address, "name": item.name}
        for role, items in (("to", mail.to), ("cc", mail.cc))
        for item in items
    ]


def _details(mail: ParsedMail, auth: SenderAuth | None) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if auth is not None:
        details["auth"] = auth_to_json(auth)
    if mail.defects:
        details["defects"] = list(mail.defects[:10])
    if summaries := {
        str(item.index): parts for item in mail.attachments if (parts := taken_apart(item.summary))
    }:
        details["summaries"] = summaries
    if mail.forwarded:
        details["forwarded"] = {
            "address": mail.forwarded.from_.address,
            "name": mail.forwarded.from_.name,
            "subject": (mail.forwarded.subject or "")[:500],
        }
    if mail.date:
        details["date"] = mail.date.isoformat()
    if mail.reply_to:
        details["reply_to"] = [
            {"address": one.address[:320], "name": one.name[:255]} for one in mail.reply_to[:20]
        ]
    if mail.language:
        details["language"] = mail.language
    if mail.list_id:
        details["list_id"] = mail.list_id
    return details
