"""What a message may hold: text, blocks, attachments, metadata."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.blocks.blocks import MAX_CHARACTERS, check_blocks, count_characters, fill_ids
from bot.sandbox.blocks.check import Check
from bot.sandbox.errors import SlackError
from bot.sandbox.model import Json
from bot.sandbox.webapi.call import Call

MAX_TEXT = 40_000
"""Longer text is cut off at this when it is posted."""
MAX_UPDATE_TEXT = 4_000
"""chat.update refuses longer text, as people found out."""
MAX_METADATA = 16_000
MAX_ATTACHMENTS = 100


def read_blocks(call: Call, name: str = "blocks") -> list[Json] | None:
    """The checked blocks with their ids filled in; None when the argument is absent."""
    blocks = call.args.json(name, "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    check = Check()
    check_blocks(check, blocks, f"/{name}", "message")
    for file_id in check.file_ids:
        if not any(file_id == known or known in file_id for known in call.world.files):
            check.add("invalid slack file", f"/{name}")
    if check.problems:
        raise invalid_blocks(check.problems)
    if count_characters(blocks) > MAX_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return fill_ids(blocks)


def invalid_blocks(problems: list[str]) -> SlackError:
    return SlackError("invalid_blocks", messages=problems, errors=problems)


def read_content(call: Call) -> Json:
    """The fields of a new message. Raises no_text when nothing is there."""
    text, blocks = call.args.text("text"), read_blocks(call)
    markdown = call.args.text("markdown_text")
    attachments = read_attachments(call)
    if markdown is not None:
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > 12_000:
            raise SlackError("msg_too_long")
        text = markdown
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    content: Json = {"text": (text or "")[:MAX_TEXT]}
    if blocks:
        content["blocks"] = blocks
    if attachments:
        content["attachments"] = attachments
    metadata = read_metadata(call)
    if metadata:
        content["metadata"] = metadata
    if not call.args.flag("mrkdwn", default=True):
        content["mrkdwn"] = False
    return content


def read_attachments(call: Call) -> list[Json] | None:
    attachments = call.args.json("attachments", "invalid_attachments")
    if attachments is None:
        return None
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    check = Check()
    for index, attachment in enumerate(attachments):
        if attachment.get("blocks") is not None:
            check_blocks(check, attachment["blocks"], f"/attachments/{index}/blocks", "message")
    if check.problems:
        raise SlackError("invalid_attachments", messages=check.problems)
    return [{"id": number, **one} for number, one in enumerate(attachments, 1)]


def read_metadata(call: Call) -> Json | None:
    """{event_type, event_payload}; {} asks chat.update to remove it; None when absent."""
    metadata = call.args.json("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not metadata:
        return {}
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not event_type or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if any(_is_too_deep(value) for value in payload.values()):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > MAX_METADATA:
        raise SlackError("metadata_too_large")
    return {"event_type": event_type, "event_payload": payload}


def _is_too_deep(value: Any) -> bool:
    """One level of nested objects is all that Slack's schema allows."""
    if isinstance(value, list):
        return any(_is_too_deep(inner) for inner in value)
    if isinstance(value, dict):
        return any(isinstance(inner, dict | list) for inner in value.values())
    return False
