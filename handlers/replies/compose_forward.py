"""From a stored forward to the mail that leaves: the comment, then the mails that are passed on.

The forward's readers must not get a key to the first ticket: our tokens are taken out of every
word and address of it, and no id of it is referred to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.context import Context
from handlers.mail_in.people import addresses_in, named_in
from handlers.ports import Profile
from handlers.replies.compose_reply import ReplyParts, build_signature, language_of, reply_to
from handlers.replies.forwarding import FORWARD
from handlers.tokens import without_tokens
from mail.document import Document
from mail.model import Address
from mail.writing.compose import ForwardedMail, OutgoingFile, OutgoingMail
from mail.writing.signatures import sign
from storage.queries import messages
from storage.records import AttachmentRecord, ChannelRecord, MessageRecord

_TEXTS = frozenset({"text", "link", "url", "alt"})


@dataclass(frozen=True, slots=True)
class PassedOn:
    """One mail of the first ticket, and those of its files that go along."""

    message: MessageRecord
    files: tuple[AttachmentRecord, ...]


async def load_passed_on(context: Context, forward: MessageRecord) -> list[PassedOn]:
    """The mails that a forward passes on, with the files chosen and the images that they show."""
    facts = forward.details[FORWARD]
    wanted = {one["id"] for one in facts["files"]}
    found = []
    async with context.db.read() as tx:
        for message_id in facts["mails"]:
            message = await messages.find(tx, message_id)
            if message is None:
                continue
            shown = _shown_images(message.body)
            files = [
                one
                for one in await messages.list_attachments(tx, message.id)
                if one.id in wanted or (one.content_id and one.content_id in shown)
            ]
            found.append(PassedOn(message, tuple(files)))
    return found


def build_forward(
    parts: ReplyParts,
    passed_on: Sequence[PassedOn],
    context: Context,
    agent: Profile,
    files: Sequence[OutgoingFile],
    *,
    date: datetime,
) -> OutgoingMail:
    """The outgoing mail of a forward; pure but for the clock's `date`."""
    message, channel = parts.message, parts.channel
    signed = sign(
        Document.from_json(message.body), build_signature(channel, parts.agent_signature, agent)
    )
    whole = len(passed_on) == 1
    return OutgoingMail(
        message_id=message.rfc_message_id or "",
        from_=Address(channel.from_email, channel.from_name),
        to=addresses_in(message.recipients, "to"),
        cc=addresses_in(message.recipients, "cc"),
        bcc=addresses_in(message.recipients, "bcc"),
        reply_to=reply_to(parts, context),
        subject=message.subject,
        body=Document.from_json(message.body),
        date=date,
        signature=signed.signature,
        footer=signed.footer,
        quote_language=language_of([one.message for one in passed_on]) or context.language,
        forwarded=tuple(_forwarded(one.message, channel, whole=whole) for one in passed_on),
        marker=context.tokens.marker_for(parts.ticket.id),
        attachments=tuple(files),
    )


def forwarded_content_id(message_id: int, content_id: str) -> str:
    """Two mails may name their images alike."""
    return f"{message_id}.{content_id}"


def _forwarded(message: MessageRecord, channel: ChannelRecord, *, whole: bool) -> ForwardedMail:
    """`whole`: with the history that the mail quotes; several mails are each other's history."""
    shown = message.body if whole or message.visible is None else message.visible
    sent = message.details.get("date")
    from_us = message.direction == "outbound" and message.kind != "staff"
    author = Address(message.author_address, message.author_name)
    return ForwardedMail(
        author=Address(channel.from_email, channel.from_name) if from_us else author,
        document=_clean(shown, message.id),
        date=datetime.fromisoformat(sent) if sent else (message.sent_at or message.created_at),
        subject=without_tokens(message.subject),
        to=named_in(message, "to", channel),
        cc=named_in(message, "cc", channel),
    )


def _clean(body: list[dict[str, Any]], message_id: int) -> Document:
    """The words without our tokens, the images under names of their own."""

    def rename(data: dict[str, Any]) -> dict[str, Any]:
        if data.get("content_id"):
            return {**data, "content_id": forwarded_content_id(message_id, data["content_id"])}
        return data

    cleaned = _map(body, lambda key, text: without_tokens(text) if key in _TEXTS else text)
    return Document.from_json([rename(one) for one in cleaned])


def _map(value: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _map(one, change, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_map(one, change, key) for one in value]
    return change(key, value) if isinstance(value, str) else value


def _shown_images(body: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(str(one["content_id"]) for one in body if one.get("content_id"))
