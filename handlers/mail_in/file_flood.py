"""What becomes of mails over the limits of `handlers.mail_in.flood` when they are filed."""

from __future__ import annotations

from datetime import datetime

from handlers.context import Context
from handlers.mail_in.flood import Flood, FloodGate
from handlers.mail_in.matching import Match
from handlers.mail_in.model import Filing
from handlers.mail_in.routing import Verdict
from handlers.outbox import work
from handlers.posts import Notice, NoticeKind
from handlers.tickets.merged import follow
from storage.engine import Session
from storage.queries import messages, tickets
from storage.records import MessageRecord, TicketRecord


class FloodFiler:
    def __init__(self, context: Context, gate: FloodGate) -> None:
        self._context = context
        self.gate = gate

    def judge(self, filing: Filing, match: Match, now: datetime) -> Flood | None:
        sender = filing.mail.from_
        is_imported = filing.arrival.quiet or filing.arrival.source == "replay"
        if sender is None or filing.verdict is Verdict.STAFF or is_imported:
            return None
        return self.gate.judge(
            filing.channel.id,
            sender.address,
            now,
            automatic=filing.verdict is Verdict.QUIET,
            is_new=match.ticket is None,
        )

    async def collect(self, tx: Session, filing: Filing, match: Match) -> Match:
        """A flood opens no tickets: it goes to its sender's newest one, or where others' went."""
        sender = filing.mail.from_
        found = await tickets.latest_of_customer(
            tx, filing.channel.id, sender.key if sender else ""
        )
        collector = self.gate.collectors.get(filing.channel.id)
        if found is None and collector is not None:
            found = await tickets.find(tx, collector)
        return Match(ticket=await follow(tx, found)) if found else match

    async def mute(
        self,
        tx: Session,
        filing: Filing,
        ticket: TicketRecord,
        message: MessageRecord,
        flood: Flood,
        *,
        is_new: bool,
    ) -> None:
        now = self._context.clock.now()
        if is_new:
            self.gate.collectors[filing.channel.id] = ticket.id
        else:
            await messages.change(tx, message.id, details={**message.details, "muted": True})
        if flood.is_first:
            facts: dict[str, object] = {
                "address": message.author_address,
                "minutes": round(self.gate.limits.window.total_seconds() / 60),
                "ticket_id": ticket.id,
            }
            await work.notice_in_thread(tx, ticket, Notice(NoticeKind.FLOOD, facts), now=now)
