"""The handlers of one Canal, wired to their ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.access import Admins
from handlers.context import Context
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.filing import FilingWorker
from handlers.mail_in.intake import Intake
from handlers.mail_in.mailboxes import Mailboxes
from handlers.mail_in.verification import SenderChecks
from handlers.outbox.deliver_digest import DigestDelivery
from handlers.outbox.deliver_mail import MailDelivery
from handlers.outbox.deliver_slack import SlackDelivery
from handlers.outbox.work import WorkKind
from handlers.outbox.worker import OutboxWorker
from handlers.ports import Chat, MailTransport, SentFolder
from handlers.replies.backfill import Backfill
from handlers.replies.forwarding import Forwards
from handlers.replies.recipients import RecipientEditor
from handlers.replies.replies import Replies
from handlers.replies.save_sent import SentCopies
from handlers.tickets.digests import DigestDesk
from handlers.tickets.make_customer import OriginalSenders
from handlers.tickets.merging import Merges
from handlers.tickets.moves import Moves
from handlers.tickets.muted import Muted
from handlers.tickets.tickets import Tickets
from mail.senders.verdict import make_resolver

if TYPE_CHECKING:
    from dns.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Parts:
    context: Context
    index: AddressIndex
    intake: Intake
    filing: FilingWorker
    outbox: OutboxWorker
    replies: Replies
    backfill: Backfill
    tickets: Tickets
    mailboxes: Mailboxes
    recipients: RecipientEditor
    forwards: Forwards
    moves: Moves
    merges: Merges
    originals: OriginalSenders
    muted: Muted
    digests: DigestDesk
    checks: SenderChecks

    async def look_for_changes(self) -> None:
        """Know the channels as they are now, whoever changed them."""
        if await self.index.refresh():
            # A resumed channel has released mail, a new one may have mail waiting at its lane.
            self.context.wake.filing.set()
            self.context.wake.outbox.set()


def build_parts(
    context: Context,
    chat: Chat,
    admins: Admins,
    transport: MailTransport,
    sent_folder: SentFolder,
    *,
    verify_senders: bool = True,
    make_resolver: Callable[[], Resolver | None] = make_resolver,
) -> Parts:
    index = AddressIndex(context.db, context.team_id)
    replies = Replies(context, chat, index)
    backfill = Backfill(context, chat, replies)
    outbox = _build_outbox(context, chat, admins, transport, sent_folder, backfill)
    intake = Intake(context, index)
    checks = SenderChecks(context, index, enabled=verify_senders, make=make_resolver)
    return Parts(
        context=context,
        index=index,
        intake=intake,
        mailboxes=Mailboxes(context, intake),
        filing=FilingWorker(context, index, checks),
        checks=checks,
        outbox=outbox,
        replies=replies,
        backfill=backfill,
        tickets=Tickets(context, chat),
        recipients=RecipientEditor(context, chat, index),
        forwards=Forwards(context, chat, index),
        moves=Moves(context, chat, index),
        merges=Merges(context, chat),
        originals=OriginalSenders(context, chat),
        muted=Muted(context, chat),
        digests=DigestDesk(context, chat),
    )


def _build_outbox(
    context: Context,
    chat: Chat,
    admins: Admins,
    transport: MailTransport,
    sent_folder: SentFolder,
    backfill: Backfill,
) -> OutboxWorker:
    slack = SlackDelivery(context, chat, admins)
    mail = MailDelivery(context, chat, transport)
    return OutboxWorker(
        context,
        {
            WorkKind.POST_CARD: slack.post_card,
            WorkKind.POST_MAIL: slack.post_mail,
            WorkKind.UPDATE_CARD: slack.update_card,
            WorkKind.UPLOAD_FILES: slack.upload_files,
            WorkKind.REACT: slack.react,
            WorkKind.NOTICE: slack.notice,
            WorkKind.REPLACE_POST: slack.replace_post,
            WorkKind.SEND_EMAIL: backfill.after_reading(mail.send_email),
            WorkKind.SAVE_SENT: SentCopies(context, sent_folder).save_sent,
            WorkKind.CATCH_UP: backfill.catch_up,
            WorkKind.DIGEST: DigestDelivery(context, chat).show,
        },
    )
