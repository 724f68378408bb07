"""What servers say of a reply that left.

A bounce turns the ✅ of the reply it is about into ❌, in that thread, and wakes its author; a
complaint about it is told there. Tied by our own signed Message-ID or token only: a forged one for
a mail that we never sent changes nothing. It never makes a ticket.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.mail_in.matching import references_of
from handlers.outbox import work
from handlers.posts import Notice, NoticeKind
from mail.bounces.read import explain_bounce
from mail.model import Bounce, BounceAction, BounceRecipient, ParsedMail
from storage.engine import Session
from storage.queries import mails, messages, tickets
from storage.records import ArrivalRecord, MessageRecord, TicketRecord

_BAD = (BounceAction.FAILED, BounceAction.DELAYED)
_LEFT = ("sent", "unsure", "failed")
_LOOK = 512 * 1024
"""Bytes of a bounce in which our tokens are looked for."""
_LOOK_BACK = 100


class BounceFiler:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def file(
        self, tx: Session, arrival: ArrivalRecord, mail: ParsedMail, bounce: Bounce
    ) -> MessageRecord | None:
        """Record the bounce at the message it is about; None when it is about none of ours."""
        reply = await self._find_reply(tx, arrival, mail, bounce)
        if reply is None:
            return None
        now = self._context.clock.now()
        ticket = await tickets.get(tx, reply.ticket_id)
        entry = await messages.add(
            tx,
            {
                "team_id": ticket.team_id,
                "ticket_id": ticket.id,
                "email_channel_id": arrival.email_channel_id,
                "direction": "inbound",
                "kind": mail.kind.value,
                "state": "filed",
                "rfc_message_id": mail.message_id,
                "author_address": (mail.from_.address if mail.from_ else "")[:320],
                "subject": mail.subject[:2000],
                "body": mail.document.to_json(),
                "raw_mail_id": arrival.raw_mail_id,
                "created_at": now,
            },
        )
        if bounce.complaint:
            await self._tell_of_complaint(tx, ticket, reply, bounce, entry.id)
            return entry
        for recipient in bounce.recipients or _only_recipient(reply, mail):
            if recipient.action in _BAD:
                await self._record(tx, reply, recipient, entry.id, quiet=arrival.quiet)
        return entry

    async def _tell_of_complaint(
        self,
        tx: Session,
        ticket: TicketRecord,
        reply: MessageRecord,
        bounce: Bounce,
        entry_id: int,
    ) -> None:
        """It arrived, and its reader called it spam: ✅ stays true."""
        facts = {
            "address": ", ".join(one.address for one in bounce.recipients[:5]),
            "sent_at": reply.sent_at.isoformat() if reply.sent_at else "",
            "entry_id": entry_id,
        }
        notice = Notice(NoticeKind.COMPLAINED, facts, mention=reply.slack_user_id)
        await work.notice_in_thread(tx, ticket, notice, now=self._context.clock.now())

    async def _find_reply(
        self, tx: Session, arrival: ArrivalRecord, mail: ParsedMail, bounce: Bounce
    ) -> MessageRecord | None:
        channel_id = arrival.email_channel_id
        ids = [bounce.original_message_id] if bounce.original_message_id else []
        for rfc_id in [*ids, *references_of(mail)]:
            if self._context.tokens.ticket_of_message_id(rfc_id) is None:
                continue
            found = await messages.find_outbound_by_rfc_id(tx, channel_id, rfc_id)
            if found is not None:
                return found
        return await self._find_by_any_token(tx, arrival, bounce)

    async def _find_by_any_token(
        self, tx: Session, arrival: ArrivalRecord, bounce: Bounce
    ) -> MessageRecord | None:
        """A relay gave our mail another Message-ID: the mail that came back still has our signed
        Reply-To in its head or our marker in its text, which name the ticket. The reply is the
        newest of it that went to whom the bounce is about."""
        raw = await mails.find_raw(tx, arrival.raw_mail_id)
        ticket_id = self._context.tokens.ticket_in(raw[:_LOOK]) if raw else None
        ticket = await tickets.find(tx, ticket_id) if ticket_id is not None else None
        if ticket is None or ticket.email_channel_id != arrival.email_channel_id:
            return None
        about = {one.address.casefold() for one in bounce.recipients}
        history = await messages.list_of_ticket(tx, ticket.id, newest_first=True, limit=_LOOK_BACK)
        left = [one for one in history if one.direction == "outbound" and one.state in _LEFT]
        named = [one for one in left if about & {key.casefold() for key in _people(one)}]
        return next(iter([*named, *left]), None)

    async def _record(
        self,
        tx: Session,
        reply: MessageRecord,
        recipient: BounceRecipient,
        entry_id: int,
        *,
        quiet: bool,
    ) -> None:
        now = self._context.clock.now()
        failed = recipient.action is BounceAction.FAILED
        ticket = await tickets.get(tx, reply.ticket_id)
        if failed:
            result = {
                "address": recipient.address[:320],
                "state": "bounced",
                "status": (recipient.status or "")[:16] or None,
                "reply": (recipient.diagnostic or "")[:2000],
            }
            await messages.save_deliveries(tx, reply.id, [result], now=now)
            # One that is still on its way to others becomes ❌ when they have answered as well.
            error = (recipient.diagnostic or "")[:1000] or None
            await messages.move_state(tx, reply.id, _LEFT, "failed", error=error)
            await work.react(tx, reply, now=now)
            await work.update_card(tx, ticket, now=now)
        notice = Notice(
            NoticeKind.BOUNCED if failed else NoticeKind.DELAYED,
            {
                "address": recipient.address,
                "reason": explain_bounce(recipient).value,
                "status": recipient.status or "",
                "diagnostic": (recipient.diagnostic or "")[:300],
                "sent_at": reply.sent_at.isoformat() if reply.sent_at else "",
                "message_id": reply.id,
                "entry_id": entry_id,
            },
            mention=reply.slack_user_id if failed and not quiet else None,
        )
        await work.notice_in_thread(tx, ticket, notice, now=now)


def _only_recipient(reply: MessageRecord, mail: ParsedMail) -> tuple[BounceRecipient, ...]:
    """Whom a bounce that names nobody is about, where the reply went to one person only."""
    addresses = _people(reply)
    if len(addresses) != 1:
        return ()
    said = " ".join(mail.text[:600].split())[:300]
    return (BounceRecipient(addresses[0], BounceAction.FAILED, None, said or None),)


def _people(reply: MessageRecord) -> list[str]:
    return [one["address"] for one in reply.recipients if "@" in one.get("address", "")]
