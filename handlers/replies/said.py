"""What was said in a ticket's thread, as a row: once per Slack message, whatever comes first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers.context import Context
from handlers.mail_in.people import Recipients
from handlers.ports import AgentMessage, SlackFile
from handlers.replies.outcomes import OutcomeKind
from mail.model import Address
from storage.engine import Session
from storage.queries import messages
from storage.records import ChannelRecord, MessageRecord, TicketRecord


class SaidInThreads:
    """Every method writes in the caller's transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def store(
        self,
        tx: Session,
        said: AgentMessage,
        ticket: TicketRecord,
        channel: ChannelRecord,
        kind: OutcomeKind,
        recipients: Recipients,
        now: datetime,
    ) -> MessageRecord | None:
        """A reply, where there are recipients, or a note; None when it was stored before."""
        state = "held" if kind is OutcomeKind.HELD else "confirm" if recipients else "note"
        message = await messages.add_from_slack(
            tx,
            {
                "team_id": ticket.team_id,
                "ticket_id": ticket.id,
                "email_channel_id": channel.id,
                "direction": "outbound" if recipients else "note",
                "state": state,
                "rfc_message_id": self._context.tokens.new_message_id(
                    ticket.id, Address(channel.from_email).domain
                ),
                "slack_user_id": said.user_id,
                "slack_channel_id": said.slack_channel_id,
                "slack_ts": said.ts,
                "subject": ticket.subject,
                "body": said.document.to_json(),
                "recipients": recipients,
                "created_at": now,
            },
        )
        if message is not None:
            await messages.add_attachments(tx, message.id, map(_attachment_row, said.files))
        return message

    async def store_deleted(
        self,
        tx: Session,
        gone: AgentMessage,
        ticket: TicketRecord,
        channel: ChannelRecord,
        now: datetime,
    ) -> bool:
        """Remember that it was deleted, if nothing was known of it; whether that is so."""
        message = await self.store(tx, gone, ticket, channel, OutcomeKind.NOTE, [], now)
        if message is not None:
            await messages.change(tx, message.id, state="cancelled")
        return message is not None


def _attachment_row(file: SlackFile) -> dict[str, Any]:
    return {
        "filename": file.name,
        "content_type": file.content_type[:255],
        "size": file.size,
        "slack_file_id": file.file_id,
        "url": file.url,
        "state": "at_slack",
    }
