"""What the outbox does at mail servers: a held reply becomes a mail, and its results are kept.

    held ──due──▶ sending ──▶ sent
                     │  └──▶ failed    a recipient refused for good, or a file could not be had
                     ├──▶ held again   a passing failure: tried with growing waits for five days
                     └──▶ unsure       the connection was lost when the mail may have been taken

Cancel and send both start with an atomic change of the message's state, so one of them wins.
`details.handed_over` is committed right before the point after which a lost connection leaves it
open whether the mail was taken: what died before it is safe to repeat, what died after is asked.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from handlers.channels import health
from handlers.channels.connection_settings import saves_sent
from handlers.context import Context
from handlers.mail_in.people import all_addresses
from handlers.outbox import work
from handlers.outbox.attempt import MailAttempt, delivery_row, given_up, refusals
from handlers.outbox.settling import ClaimLost, Later, Settle
from handlers.ports import Chat, MailConnection, MailTransport
from handlers.posts import Notice, NoticeKind
from handlers.replies.compose_reply import ReplyParts, load_parts
from handlers.replies.draft import MailDrafts
from mail.errors import (
    Ambiguous,
    ConnectFailed,
    DeadGrant,
    Deferred,
    LoginFailed,
    MailError,
    ProtocolBroken,
    ServerAway,
    ServerSilent,
    TlsFailed,
)
from mail.mime.relayed_ids import relayed_ids
from mail.sending.results import Outcome, SendResult
from mail.sentences import say
from storage.engine import Session
from storage.queries import channels, messages, outbox, tickets
from storage.records import MessageRecord, OutboxRecord

_log = logging.getLogger(__name__)
_GIVE_UP_AFTER = timedelta(days=5)
_TELL_AFTER = timedelta(minutes=15)
_SLOWEST_RETRY = timedelta(hours=2)
_NO_WAY_OUT = (ConnectFailed, TlsFailed, LoginFailed, ServerSilent, ProtocolBroken)
"""Troubles of the connection, which concern every reply: the admins have to hear of them."""
_PASSING = (Deferred, *_NO_WAY_OUT)


class MailDelivery:
    def __init__(self, context: Context, chat: Chat, transport: MailTransport) -> None:
        self._context = context
        self._drafts = MailDrafts(context, chat)
        self._transport = transport

    async def send_email(self, item: OutboxRecord) -> Settle | None:
        """One attempt at one reply."""
        attempt = await self._context.db.in_write(lambda tx: self._begin(tx, item))
        if attempt is None:
            return None
        message = attempt.parts.message
        if message.details.get("handed_over"):
            return self._unsure(message, "")
        try:
            data = await self._drafts.data_of(item, attempt.parts)
            result = await self._hand_over(item, attempt, data)
        except Ambiguous as error:
            return self._unsure(message, str(error))
        except _PASSING as error:
            return await self._try_later(item, message, error)
        except MailError as error:
            return self._failed(message, str(error))
        return await self._finish(item, attempt, result)

    async def _begin(self, tx: Session, item: OutboxRecord) -> MailAttempt | None:
        """Take the reply out of its hold; None when it was cancelled or has left already."""
        now = self._context.clock.now()
        message = await messages.find(tx, item.payload["message_id"])
        if message is None or message.state not in ("held", "sending"):
            return None
        if message.state == "held" and message.send_at and message.send_at > now:
            raise Later(message.send_at - now, "held")
        await messages.move_state(tx, message.id, ["held"], "sending")
        parts = await load_parts(tx, message)
        secret = await channels.open_secret(tx, parts.channel, "out")
        return MailAttempt(parts, secret, await messages.list_deliveries(tx, message.id))

    async def _hand_over(self, item: OutboxRecord, attempt: MailAttempt, data: bytes) -> SendResult:
        parts, settled = attempt.parts, attempt.settled
        waiting = [one for one in all_addresses(parts.message.recipients) if one not in settled]
        if not waiting and settled:
            return SendResult(())  # everybody has answered; only the outcome was not noted yet
        if not waiting:
            raise MailError(say("This ticket has no address that a reply could go to."))
        return await self._transport.send(
            MailConnection.of(parts.channel, parts.connection("out"), attempt.secret),
            sender=parts.sender.address,
            recipients=waiting,
            data=data,
            on_handover=lambda: self._mark_handover(item, parts.message),
        )

    async def _mark_handover(self, item: OutboxRecord, message: MessageRecord) -> None:
        """The last look before there is no way back: a process that was stopped for minutes may
        find that another has taken the reply over. Raises ClaimLost."""
        details = {**message.details, "handed_over": True}

        async def mark(tx: Session) -> None:
            if not await outbox.is_claimed_by(tx, item.id, self._context.holder):
                raise ClaimLost
            await messages.change(tx, message.id, details=details)

        await self._context.db.in_write(mark)

    async def _finish(
        self, item: OutboxRecord, attempt: MailAttempt, result: SendResult
    ) -> Settle | None:
        """Record what every recipient's server said, and decide what is still to do."""
        message = attempt.parts.message
        now = self._context.clock.now()
        too_old = now - message.created_at > _GIVE_UP_AFTER
        results = [given_up(one) if too_old else one for one in result.recipients]
        rows = {one.address: delivery_row(one) for one in results}
        everything = [
            *(one for one in attempt.before if one["address"] not in rows),
            *rows.values(),
        ]

        async def save(tx: Session) -> None:
            await messages.save_deliveries(tx, message.id, list(rows.values()), now=now)
            await messages.change(tx, message.id, details=message.details)

        waiting = [one for one in results if one.outcome is Outcome.TEMPORARY]
        if waiting:
            await self._context.db.in_write(save)
            error = Deferred(f"{waiting[0].address}: {waiting[0].codes} {waiting[0].text}")
            reached = any(one["state"] == "accepted" for one in everything)
            return await self._try_later(item, message, error, reached=reached)
        if any(one["state"] in ("permanent", "bounced") for one in everything):
            finish = self._refused(attempt.parts, refusals(everything, results))
        else:
            finish = self._sent(attempt.parts, now, result.reply)

        async def settle(tx: Session) -> None:
            await save(tx)
            await finish(tx)

        return settle

    def _sent(self, parts: ReplyParts, now: datetime, reply: str) -> Settle:
        message = parts.message

        async def settle(tx: Session) -> None:
            details = {**message.details, "server": reply[:500]}
            await messages.move_state(
                tx, message.id, ["sending"], "sent", sent_at=now, error=None, details=details
            )
            await self._worked(tx, parts, now)
            await tickets.index_ids(
                tx,
                message.email_channel_id,
                message.ticket_id,
                relayed_ids(reply),
                message_id=message.id,
            )
            ticket = await tickets.get(tx, message.ticket_id)
            if ticket.status == "open":
                await tickets.change(
                    tx,
                    ticket.id,
                    status="waiting",
                    waiting_since_at=None,
                    card_refresh_at=None,
                    updated_at=now,
                )
                await work.update_card(tx, ticket, now=now)
            await work.react(tx, message, now=now)

        return settle

    async def _worked(self, tx: Session, parts: ReplyParts, now: datetime) -> None:
        """The connection works; where sent mail is kept in the mailbox, a copy goes there."""
        connection = parts.connection("out")
        if not health.is_known_to_work(connection, now):
            await health.note_success(tx, parts.channel.id, "out", now=now)
        keeps_copies = saves_sent(connection.kind, connection.settings)
        if parts.channel.incoming == "imap" and keeps_copies:
            await work.save_sent(tx, parts.message, now=now)

    def _failed(
        self, message: MessageRecord, sentence: str, facts: dict[str, Any] | None = None
    ) -> Settle:
        notice = Notice(
            NoticeKind.REPLY_FAILED,
            {"message_id": message.id, "sentence": sentence, **(facts or {})},
            mention=message.slack_user_id,
        )
        return self._ended(message, "failed", sentence, notice)

    def _refused(self, parts: ReplyParts, facts: dict[str, Any]) -> Settle:
        """Some recipients will never get it; those whom it reached have it."""
        failed = self._failed(parts.message, "", facts)

        async def settle(tx: Session) -> None:
            await failed(tx)
            if facts["reached"]:
                await self._worked(tx, parts, self._context.clock.now())

        return settle

    def _unsure(self, message: MessageRecord, sentence: str) -> Settle:
        notice = Notice(
            NoticeKind.REPLY_UNSURE,
            {"message_id": message.id, "sentence": sentence},
            mention=message.slack_user_id,
        )
        return self._ended(message, "unsure", sentence, notice)

    def _ended(self, message: MessageRecord, state: str, error: str, notice: Notice) -> Settle:
        async def settle(tx: Session) -> None:
            now = self._context.clock.now()
            await messages.move_state(tx, message.id, ["sending"], state, error=error[:1000])
            ticket = await tickets.get(tx, message.ticket_id)
            await work.react(tx, message, now=now)
            await work.notice_in_thread(tx, ticket, notice, now=now)

        return settle

    async def _try_later(
        self,
        item: OutboxRecord,
        message: MessageRecord,
        error: MailError,
        *,
        reached: bool = False,
    ) -> Settle | None:
        """Back to held, with growing waits; the agent hears of it once, and at the end.

        `reached`: somebody has it already. Those do not wait long for what comes next, because
        another's mailbox is full.
        """
        now = self._context.clock.now()
        age = now - message.created_at
        if age > _GIVE_UP_AFTER:
            return self._failed(message, str(error))
        tell = age > _TELL_AFTER and not message.details.get("told_late")

        async def hold_again(tx: Session) -> None:
            fresh = await messages.get(tx, message.id)
            details = {**fresh.details, **({"told_late": True} if tell else {})}
            details.pop("handed_over", None)
            await messages.move_state(
                tx, message.id, ["sending"], "held", error=str(error)[:1000], details=details
            )
            away_for_long = isinstance(error, ServerAway) and age > _TELL_AFTER
            if isinstance(error, _NO_WAY_OUT) or away_for_long:
                dead = isinstance(error, DeadGrant)
                channel_id = message.email_channel_id
                await health.note_failure(
                    tx, channel_id, "out", str(error), now=now, reconnect=dead
                )
            if tell:
                ticket = await tickets.get(tx, message.ticket_id)
                notice = Notice(
                    NoticeKind.DELAYED,
                    {"message_id": message.id, "diagnostic": str(error), "address": ""},
                )
                await work.notice_in_thread(tx, ticket, notice, now=now)

        await self._context.db.in_write(hold_again)
        apart = f"mail:{message.ticket_id}:{message.id}" if reached and age > _TELL_AFTER else None
        raise Later(_pause(item.attempts, error), str(error), apart) from error


def _pause(attempts: int, error: MailError) -> timedelta:
    """2 s, 4 s, … up to two hours: quick over a restart of the server, patient over an outage.

    A server that says how long to wait is heeded.
    """
    asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
    pause = min(timedelta(seconds=2 ** min(attempts, 13)), _SLOWEST_RETRY)
    return max(asked, pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load
