"""How a signature will look below a reply. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack.blocks import blocks_from_document
from bot.slack.kit import context, label
from bot.slack.texts import Texts
from handlers.ports import Profile
from mail.document import Document
from mail.writing.signatures import fill_placeholders

Json = dict[str, Any]


def filled_for(document: Document | None, agent: Profile, channel_name: str) -> Document | None:
    """The signature as this person's replies in this channel will have it."""
    if not document:
        return None
    values = {
        "agent.name": agent.name,
        "agent.title": agent.title,
        "channel.name": channel_name,
    }
    return fill_placeholders(document, values)


def preview_blocks(documents: Sequence[Document | None], texts: Texts) -> list[Json]:
    blocks = [context(texts("This is how it stands below a reply of yours:"))]
    for document in documents:
        if document:
            blocks += blocks_from_document(document).blocks
    if len(blocks) == 1:
        return [context(texts("There is no signature: replies end with their text."))]
    return blocks


def build_preview(documents: Sequence[Document | None], texts: Texts) -> Json:
    """A window over the form; closing it goes back."""
    return {
        "type": "modal",
        "title": label(texts("Preview"), 24),
        "close": label(texts("Back"), 24),
        "blocks": preview_blocks(documents, texts),
    }
