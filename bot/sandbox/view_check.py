"""What views.open, push, update and publish refuse before anything is shown."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.blocks.blocks import check_blocks
from bot.sandbox.blocks.check import Check
from bot.sandbox.errors import SlackError

MAX_VIEW = 250_000
"""Bytes of a view's JSON."""

_COMMON = ("private_metadata", "callback_id", "external_id")
_MODAL = (
    *_COMMON,
    "title",
    "close",
    "submit",
    "clear_on_close",
    "notify_on_close",
    "submit_disabled",
)


def check_view(view: Any, kind: str) -> None:
    """`kind` is modal or home. Raises SlackError with Slack's code."""
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", messages=["must be an object [json-pointer:/view]"])
    if len(json.dumps(view).encode()) > MAX_VIEW:
        raise SlackError("view_too_large")
    check = Check()
    if view.get("type") != kind:
        check.add(f"must be a valid enum value: {kind}", "/view/type")
    required = ("blocks", "title") if kind == "modal" else ("blocks",)
    check.keys(view, "/view", ("type", *required), _MODAL if kind == "modal" else _COMMON)
    for name in ("title", "close", "submit"):
        check.text(view.get(name), f"/view/{name}", 24, plain=True)
    check.string(view.get("private_metadata"), "/view/private_metadata", 3000, least=0)
    check.string(view.get("callback_id"), "/view/callback_id", 255, least=0)
    check.string(view.get("external_id"), "/view/external_id", 255, least=0)
    for name in ("clear_on_close", "notify_on_close", "submit_disabled"):
        check.flag(view.get(name), f"/view/{name}")
    check_blocks(check, view.get("blocks"), "/view/blocks", kind)
    if kind == "modal" and view.get("submit") is None and _has_input(view.get("blocks")):
        check.add("submit is required when an input block is within blocks", "/view/submit")
    if check.problems:
        raise SlackError("invalid_arguments", messages=check.problems)


def _has_input(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
