"""What a reply that waits for its Send button will look like: everything beside its own words."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.context import Context
from handlers.ports import Chat
from handlers.replies.compose_reply import build_mail, load_parts
from mail.writing.text import render_text
from storage.queries import messages
from storage.records import AttachmentRecord

_LINES = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """`signature` is its text, filled in; `is_own` when it is the agent's and not the channel's."""

    sender: str
    subject: str
    signature: str
    is_own: bool
    files: tuple[AttachmentRecord, ...]


async def preview_of(context: Context, chat: Chat, message_id: int) -> Preview:
    """Composed from the same parts as the mail that leaves, so that it cannot say anything else."""
    async with context.db.read() as tx:
        parts = await load_parts(tx, await messages.get(tx, message_id))
    agent = await chat.profile(parts.message.slack_user_id or "")
    mail = build_mail(parts, context, agent, (), date=context.clock.now())
    signature = render_text(mail.signature) if mail.signature else ""
    return Preview(
        sender=str(mail.from_),
        subject=mail.subject,
        signature="\n".join(signature.splitlines()[:_LINES]),
        is_own=parts.agent_signature is not None,
        files=parts.attachments,
    )
