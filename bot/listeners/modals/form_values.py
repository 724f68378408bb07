"""What was typed into the channel form, as ChannelFields. Pure."""

from __future__ import annotations

from typing import Any

from bot.slack.richtext import document_from_message
from handlers.channel_fields import ChannelFields
from mail.document import Document

Json = dict[str, Any]


def read_fields(values: Json) -> ChannelFields:
    """`values` is `view.state.values`: block id → action id → state; both ids are the field's."""
    additional = _text(values, "additional")
    undo = _text(values, "undo_seconds")
    return ChannelFields(
        name=_text(values, "name"),
        slack_channel_id=_text(values, "slack_channel_id"),
        primary=_text(values, "primary"),
        additional=tuple((additional or "").split()),
        from_name=_text(values, "from_name") or "",
        from_email=_text(values, "from_email") or _text(values, "primary"),
        signature=_rich(values, "signature"),
        quote=_text(values, "quote"),
        reply_mode=_text(values, "reply_mode"),
        undo_seconds=int(undo) if undo and undo.isdigit() else None,
    )


def _text(values: Json, name: str) -> str | None:
    """The value of a text, number, select or conversation field; None when it is empty."""
    state = (values.get(name) or {}).get(name) or {}
    selected = state.get("selected_option") or {}
    value = state.get("value") or selected.get("value") or state.get("selected_conversation")
    text = str(value).strip() if value is not None else ""
    return text or None


def _rich(values: Json, name: str) -> Document:
    state = (values.get(name) or {}).get(name) or {}
    block = state.get("rich_text_value")
    return document_from_message({"blocks": [block]}).document if block else Document()
