"""Filing: what was stored durably is now read, judged and put into its ticket.

The worker never dies of one mail. A mail that cannot be read becomes a ticket with its .eml and
the reason; a mail that cannot be written into the database is tried again and then parked, with
its bytes kept and the admins told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.context import Context
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.file_bounce import BounceFiler
from handlers.mail_in.file_mail import MailFiler
from handlers.mail_in.flood import FloodGate
from handlers.mail_in.model import Filing
from handlers.mail_in.own_echo import is_own_echo
from handlers.mail_in.routing import Ruling, Verdict, rule
from handlers.mail_in.verification import SenderChecks, is_forged
from handlers.outbox import work
from handlers.posts import Notice, NoticeKind
from mail.document import Document
from mail.model import Envelope, ParsedMail
from mail.reading.forwarding_confirmation import (
    ForwardingConfirmation,
    find_forwarding_confirmation,
)
from mail.reading.parse import parse_mail
from mail.sentences import say
from storage.engine import Session
from storage.queries import channels, mails
from storage.records import ArrivalRecord, ChannelRecord
from storage.trouble import is_trouble

_log = logging.getLogger(__name__)
_BATCH = 32
_LEASE = timedelta(seconds=120)
_LOOK_EVERY = 1.0
_MOST_ATTEMPTS = 5
_NOTE_EVERY = timedelta(seconds=10)
_THREAD_FROM = 8 * 1024
"""Bytes, compressed, from which a mail is parsed off the event loop."""
UNREADABLE = say("This mail could not be read; it is attached as it came.")


class FilingWorker:
    """Runs until `end`; `file_waiting` is one round of it."""

    def __init__(
        self,
        context: Context,
        index: AddressIndex,
        checks: SenderChecks | None = None,
        floods: FloodGate | None = None,
    ) -> None:
        self._checks = checks or SenderChecks(context, index, enabled=False)
        self._context = context
        self._index = index
        self._mails = MailFiler(context, index, floods)
        self._bounces = BounceFiler(context)
        self._ending = False
        self._noted: dict[int, datetime] = {}
        """Channel id → when it was last noted that mail comes in."""
        self._in_doubt = False
        """The database failed us: what we have claimed is in nobody's hands."""

    def end(self) -> None:
        """Let `run` return when what it has in hand is filed."""
        self._ending = True
        self._context.wake.filing.set()

    async def run(self) -> None:
        while not self._ending:
            self._context.wake.filing.clear()
            try:
                worked = await self.file_waiting()
            except Exception as error:  # noqa: BLE001 - the loop serves everybody; tried again
                # The database may be away for a while; what is stored stays stored.
                if not self._context.trouble.note(error):
                    _log.exception("filing paused")
                self._in_doubt = True
                worked = 0
            if worked < _BATCH and not self._ending:
                await self._context.wake.wait(self._context.wake.filing, _LOOK_EVERY)

    async def file_waiting(self) -> int:
        """File what is stored and due; returns how many arrivals were handled."""
        wake = self._context.wake
        stored_here, wake.stored_here = wake.stored_here, False
        claimed = await self._context.db.in_write(self._claim)
        self._in_doubt = False
        if len(claimed) == _BATCH or (stored_here and not claimed):
            # More than we can do, or of a channel that another replica is filing for.
            wake.ask_others("filing")
        if not claimed:
            return 0
        try:
            parsed = [await self._read(arrival, packed) for arrival, packed in claimed]
            await self._checks.wait()
            arrivals = [arrival for arrival, _ in claimed]
            await self._file_batch(list(zip(arrivals, parsed, strict=True)))
        finally:
            self._checks.release()
        self._context.wake.deliver()
        return len(claimed)

    async def _claim(self, tx: Session) -> list[tuple[ArrivalRecord, bytes | None]]:
        """Some arrivals with the bytes of their mails, as they are kept."""
        now = self._context.clock.now()
        holder = self._context.holder
        if self._in_doubt:
            await mails.release_claims(tx, [holder])
        arrivals = await mails.claim(tx, holder, now=now, lease=_LEASE, limit=_BATCH)
        packed = await mails.find_packed(tx, [one.raw_mail_id for one in arrivals])
        return [(one, packed.get(one.raw_mail_id)) for one in arrivals]

    async def _read(self, arrival: ArrivalRecord, packed: bytes | None) -> ParsedMail:
        if packed is None:
            return unreadable_mail()
        try:
            large = len(packed) >= _THREAD_FROM
            raw, mail = await asyncio.to_thread(_parse, packed) if large else _parse(packed)
            self._checks.start(arrival, raw, mail)
            problem = arrival.envelope.get("problem")
            return replace(mail, defects=(problem, *mail.defects)) if problem else mail
        except Exception:  # noqa: BLE001 - the loop serves everybody; logged and tried again
            # parse_mail promises not to raise; should it all the same, the mail is shown as it is.
            _log.exception("arrival %d cannot be parsed", arrival.id)
            return unreadable_mail()

    async def _file_batch(self, batch: Sequence[tuple[ArrivalRecord, ParsedMail]]) -> None:
        """All in one transaction; if that fails, each in its own."""

        async def file_all(tx: Session) -> None:
            ids = [arrival.id for arrival, _ in batch]
            ours = await mails.still_claimed(tx, ids, self._context.holder)
            known: dict[int, ChannelRecord] = {}
            for arrival, mail in batch:
                if arrival.id in ours:
                    channel_id = arrival.email_channel_id
                    if channel_id not in known:
                        known[channel_id] = await channels.get(tx, channel_id)
                    await self._file(tx, arrival, mail, known[channel_id])
            await self._note_successes(
                tx, {one.email_channel_id for one, _ in batch if one.source == "smtp"}
            )

        try:
            await self._context.db.in_write(file_all)
        except Exception as error:
            if is_trouble(error):
                raise
            _log.exception("a batch of %d mails could not be filed together", len(batch))
            for arrival, mail in batch:
                await self._file_alone(arrival, mail)

    async def _file_alone(self, arrival: ArrivalRecord, mail: ParsedMail) -> None:
        try:
            async with self._context.db.write() as tx:
                if await mails.still_claimed(tx, [arrival.id], self._context.holder):
                    channel = await channels.get(tx, arrival.email_channel_id)
                    await self._file(tx, arrival, mail, channel)
        except Exception as error:
            if is_trouble(error):
                raise  # it says nothing of this mail, and those after it must not overtake it
            _log.exception("arrival %d could not be filed", arrival.id)
            async with self._context.db.write() as tx:
                if await mails.still_claimed(tx, [arrival.id], self._context.holder):
                    await self._give_up_or_postpone(tx, arrival, error)

    async def _give_up_or_postpone(
        self, tx: Session, arrival: ArrivalRecord, error: Exception
    ) -> None:
        self._checks.filed(arrival.id, None)
        now = self._context.clock.now()
        reason = f"{type(error).__name__}: {error}"
        if arrival.attempts < _MOST_ATTEMPTS:
            await mails.postpone(tx, arrival.id, now + _pause(arrival.attempts), reason)
            return
        await mails.settle(tx, arrival.id, "parked", reason=reason[:1000])
        notice = Notice(NoticeKind.WORK_PARKED, {"what": "mail", "id": arrival.id})
        await work.notice_to_admins(tx, arrival.team_id, notice, now=now)

    async def _note_successes(self, tx: Session, channel_ids: Collection[int]) -> None:
        """That mail comes in is noted from time to time, not with each."""
        now = self._context.clock.now()
        for channel_id in channel_ids:
            noted = self._noted.get(channel_id)
            if noted is None or now - noted >= _NOTE_EVERY:
                await channels.note_success(tx, channel_id, "in", now=now)
                self._noted[channel_id] = now

    async def _file(
        self, tx: Session, arrival: ArrivalRecord, mail: ParsedMail, channel: ChannelRecord
    ) -> None:
        ruling = rule(mail, channel, self._index, self._context.tokens)
        if ruling.verdict is Verdict.HOLD:
            # Who resumes the channel releases what is held: that must not fall in between.
            channel = await channels.get_locked(tx, channel.id)
            ruling = rule(mail, channel, self._index, self._context.tokens)
        if ruling.verdict is Verdict.BOUNCE and mail.bounce is not None:
            entry = await self._bounces.file(tx, arrival, mail, mail.bounce)
            if entry is None:
                ruling = Ruling(Verdict.DROP, "A bounce of a mail that Canal did not send.")
            else:
                await mails.settle(tx, arrival.id, "filed", message_id=entry.id)
                return
        if ruling.verdict is Verdict.STAFF and await is_own_echo(tx, mail, self._context.tokens):
            ruling = Ruling(Verdict.DROP, "This is a mail of ours that came back.")
        if ruling.verdict is Verdict.DROP:
            await mails.settle(tx, arrival.id, "dropped", reason=ruling.reason)
            return
        if ruling.verdict is Verdict.HOLD:
            await mails.settle(tx, arrival.id, "held", reason=ruling.reason)
            return
        filing = Filing(
            arrival=arrival,
            channel=channel,
            mail=mail,
            envelope=Envelope(
                arrival.envelope.get("mail_from"), tuple(arrival.envelope.get("rcpt_to", ()))
            ),
            verdict=ruling.verdict,
            attach_whole=UNREADABLE in mail.defects,
            auth=self._checks.result(arrival.id),
        )
        asked = find_forwarding_confirmation(mail)
        genuine = asked is not None and not is_forged(filing.auth)
        if asked is not None and genuine and filing.verdict is Verdict.ACCEPT:
            filing = replace(filing, verdict=Verdict.QUIET)
            if not arrival.quiet:
                await self._tell_of_forwarding(tx, arrival, channel, asked)
        message = await self._mails.file(tx, filing)
        self._checks.filed(arrival.id, message.id)
        await mails.settle(tx, arrival.id, "filed", message_id=message.id)

    async def _tell_of_forwarding(
        self,
        tx: Session,
        arrival: ArrivalRecord,
        channel: ChannelRecord,
        asked: ForwardingConfirmation,
    ) -> None:
        """An admin confirms that a provider may forward mail to us; the mail is filed as well."""
        facts: dict[str, object] = {
            "channel": channel.name,
            "provider": asked.provider,
            "account": asked.account or "",
            "code": asked.code or "",
            "link": asked.link or "",
        }
        await work.notice_to_admins(
            tx,
            arrival.team_id,
            Notice(NoticeKind.FORWARDING_CONFIRMATION, facts),
            now=self._context.clock.now(),
            once_key=f"forwarding:{arrival.id}",
        )


def _parse(packed: bytes) -> tuple[bytes, ParsedMail]:
    raw = mails.unpack(packed)
    return raw, parse_mail(raw)


def unreadable_mail() -> ParsedMail:
    body = Document.from_text(UNREADABLE)
    return ParsedMail(
        subject="(unreadable mail)",
        document=body,
        visible=body,
        text=UNREADABLE,
        visible_text=UNREADABLE,
        defects=(UNREADABLE,),
    )


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=min(300, 2**attempts))
