"""What was typed into the channel form, as ChannelFields. Pure."""

from __future__ import annotations

from typing import Any

from bot.slack.richtext import document_from_message
from handlers.channel_fields import ChannelFields
from mail.document import Document

Json = dict[str, Any]


def read_fields(values: Json) -> ChannelFields:
    """`values` is `view.state.values`: block id → action id → state; both ids are the field's."""
    additional = read_text(values, "additional")
    undo = read_text(values, "undo_seconds")
    return ChannelFields(
        name=read_text(values, "name"),
        slack_channel_id=read_text(values, "slack_channel_id"),
        primary=read_text(values, "primary"),
        additional=tuple((additional or "").split()),
        from_name=read_text(values, "from_name") or "",
        from_email=read_text(values, "from_email") or read_text(values, "primary"),
        signature=read_document(values, "signature"),
        quote=read_text(values, "quote"),
        reply_mode=read_text(values, "reply_mode"),
        undo_seconds=int(undo) if undo and undo.isdigit() else None,
    )


def read_text(values: Json, name: str) -> str | None:
    """The value of a text, number, select or conversation field; None when it is empty."""
    state = (values.get(name) or {}).get(name) or {}
    selected = state.get("selected_option") or {}
    value = state.get("value") or selected.get("value") or state.get("selected_conversation")
    text = str(value).strip() if value is not None else ""
    return text or None


def read_checked(values: Json, name: str) -> tuple[str, ...]:
    """The values of the options chosen in checkboxes or a multiple select."""
    state = (values.get(name) or {}).get(name) or {}
    return tuple(str(one["value"]) for one in state.get("selected_options") or ())


def read_document(values: Json, name: str) -> Document:
    state = (values.get(name) or {}).get(name) or {}
    block = state.get("rich_text_value")
    return document_from_message({"blocks": [block]}).document if block else Document()
