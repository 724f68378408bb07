"""The views of the channel form. Pure builders."""

from __future__ import annotations

import json
from typing import Any

from bot.slack.blocks import blocks_from_document
from bot.slack.elements import escape_text
from bot.slack.kit import choice, input_block, label, option, section, text_input
from bot.slack.texts import Texts
from handlers.channels import ChannelStatus
from mail.document import Document

Json = dict[str, Any]


def build_form(
    texts: Texts, status: ChannelStatus | None, *, slack_channel_id: str | None = None
) -> Json:
    """The form for a new channel (`status` None) or for editing one."""
    channel = status.channel if status else None
    view: Json = {
        "type": "modal",
        "callback_id": "channel_form",
        "title": label(texts("Edit channel") if channel else texts("Add a channel"), 24),
        "submit": label(texts("Save"), 24),
        "close": label(texts("Cancel"), 24),
        "private_metadata": json.dumps({"name": channel.name} if channel else {}),
        "blocks": [
            *_name_fields(texts, status, slack_channel_id),
            *_address_fields(texts, status),
            *_writing_fields(texts, status),
        ],
    }
    return view


def _name_fields(
    texts: Texts, status: ChannelStatus | None, slack_channel_id: str | None
) -> list[Json]:
    channel = status.channel if status else None
    picker: Json = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    chosen = channel.slack_channel_id if channel else slack_channel_id
    if chosen:
        picker["initial_conversation"] = chosen
    return [
        input_block("name", texts("Name"), text_input(
            channel.name if channel else None, placeholder=texts("Support"))),
        input_block("slack_channel_id", texts("Slack channel for its tickets"), picker),
    ]  # fmt: skip


def _address_fields(texts: Texts, status: ChannelStatus | None) -> list[Json]:
    channel = status.channel if status else None
    additional = "\n".join(status.additional) if status else None
    return [
        input_block(
            "primary",
            texts("Address that customers write to"),
            text_input(
                channel.primary_address if channel else None, placeholder="support@acme.example"
            ),
            hint=texts("You forward its mail to Canal; the address for that is shown next."),
        ),
        input_block(
            "additional",
            texts("Further addresses of this channel"),
            text_input(additional, multiline=True),
            optional=True,
            hint=texts("One a line."),
        ),
        input_block(
            "from_name",
            texts("Name that replies come from"),
            text_input(channel.from_name if channel else None, placeholder=texts("Acme Support")),
            optional=True,
        ),
        input_block(
            "from_email",
            texts("Address that replies come from"),
            text_input(channel.from_email if channel else None),
            optional=True,
            hint=texts("Left empty, it is the address that customers write to."),
        ),
    ]


def _writing_fields(texts: Texts, status: ChannelStatus | None) -> list[Json]:
    channel = status.channel if status else None
    quotes = [
        option(texts("No quote"), "none"),
        option(texts("The last mail"), "last"),
        option(texts("The whole correspondence"), "all"),
    ]
    modes = [
        option(texts("Thread replies are mailed"), "auto"),
        option(texts("Each reply waits for Send"), "confirm"),
        option(texts("Nothing is mailed unless asked"), "notes"),
    ]
    signature: Json = {"type": "rich_text_input"}
    if channel and channel.signature:
        initial = _rich_text(Document.from_json(channel.signature))
        if initial:
            signature["initial_value"] = initial
    undo = {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": "0",
        "max_value": "3600",
        "initial_value": str(channel.undo_seconds if channel else 10),
    }
    return [
        input_block(
            "signature",
            texts("Signature"),
            signature,
            optional=True,
            hint=texts.t.gettext("{agent.name}, {agent.title} and {channel.name} are filled in."),
        ),
        input_block(
            "quote",
            texts("Quote in replies"),
            choice(quotes, channel.quote if channel else "last"),
        ),
        input_block(
            "reply_mode",
            texts("What agents write in threads"),
            choice(modes, channel.reply_mode if channel else "auto"),
        ),
        input_block("undo_seconds", texts("Seconds to take a reply back"), undo),
    ]


def build_done_view(status: ChannelStatus, texts: Texts, *, joined: bool, is_new: bool) -> Json:
    """What was saved, and what is still to do by hand."""
    channel = status.channel
    lines = [
        texts(
            "*{name} is connected.* Mail to {address} will appear in {where}.",
            name=escape_text(channel.name),
            address=escape_text(channel.primary_address),
            where=f"<#{channel.slack_channel_id}>",
        )
    ]
    if channel.incoming == "internal" and channel.inbound_address:
        lines.append(
            texts(
                "Forward the mail of {primary} to:\n```{address}```",
                primary=escape_text(channel.primary_address),
                address=escape_text(channel.inbound_address),
            )
        )
        if is_new:
            lines.append(
                texts(
                    "Does your mail provider ask to confirm the forwarding? Its mail appears in "
                    "{where} like any other, with the link or code to confirm.",
                    where=f"<#{channel.slack_channel_id}>",
                )
            )
    if not joined:
        lines.append(
            texts(
                "Canal is not in {where} yet. Type /invite @Canal there.",
                where=f"<#{channel.slack_channel_id}>",
            )
        )
    return {
        "type": "modal",
        "title": label(texts("Channel added") if is_new else texts("Channel saved"), 24),
        "close": label(texts("Done"), 24),
        "blocks": [section(line) for line in lines],
    }


def _rich_text(document: Document) -> Json | None:
    """The one rich_text block that a rich_text_input takes as its initial value."""
    blocks = blocks_from_document(document).blocks
    elements = [
        element for block in blocks if block["type"] == "rich_text" for element in block["elements"]
    ]
    return {"type": "rich_text", "elements": elements} if elements else None
