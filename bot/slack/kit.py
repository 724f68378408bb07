"""Small Block Kit builders, so that cards and modals read like what they show. All pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack.elements import clean

Json = dict[str, Any]


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, never empty (Slack refuses empty text objects)."""
    text = clean(text)
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return shown or "\u2060"


def plain(text: str, limit: int = 2000) -> Json:
    """Text that Slack never reads as markup."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def label(text: str, limit: int = 75) -> Json:
    """Our own words on a button or field; their emoji are shown."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": True}


def mrkdwn(text: str) -> Json:
    """Our own words with markup; whatever is filled in must be escaped already."""
    return {"type": "mrkdwn", "text": cut(text, 3000), "verbatim": True}


def header(text: str) -> Json:
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, accessory: Json | None = None) -> Json:
    found: Json = {"type": "section", "text": mrkdwn(text)}
    return {**found, "accessory": accessory} if accessory else found


def context(*parts: str) -> Json:
    """A grey line. Its parts are untrusted text, so plain."""
    return {"type": "context", "elements": [plain(part, 1900) for part in parts[:10]]}


def divider() -> Json:
    return {"type": "divider"}


def button(
    text: str,
    action_id: str,
    value: object = "",
    *,
    style: str | None = None,
    confirm: Json | None = None,
) -> Json:
    found: Json = {
        "type": "button",
        "text": label(text),
        "action_id": action_id,
        "value": str(value)[:2000] or "-",
    }
    if style:
        found["style"] = style
    if confirm:
        found["confirm"] = confirm
    return found


def link_button(text: str, url: str, action_id: str) -> Json:
    return {"type": "button", "text": label(text), "action_id": action_id, "url": url}


def actions(*elements: Json, block_id: str | None = None) -> Json:
    found: Json = {"type": "actions", "elements": list(elements)}
    if block_id:
        found["block_id"] = block_id
    return found


def option(text: str, value: str, description: str | None = None) -> Json:
    found: Json = {"text": label(text), "value": value[:150]}
    if description:
        found["description"] = label(description)
    return found


def overflow(action_id: str, options: Sequence[Json]) -> Json:
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def rich_section(*spans: tuple[str, bool]) -> Json:
    """One rich_text block of (text, bold) runs."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
        {"type": "text", "text": cut(text, 2000), **({"style": {"bold": True}} if bold else {})}
        for text, bold in spans
        if text
    ]}]}  # fmt: skip


def confirm_dialog(title: str, text: str, yes: str, no: str) -> Json:
    return {
        "title": label(title, 100),
        "text": plain(text, 300),
        "confirm": label(yes, 30),
        "deny": label(no, 30),
        "style": "danger",
    }


def input_block(
    name: str,
    text: str,
    element: Json,
    *,
    optional: bool = False,
    hint: str | None = None,
) -> Json:
    """A field of a modal. `name` is both block_id and action_id, and the key for its errors."""
    found: Json = {
        "type": "input",
        "block_id": name,
        "label": label(text, 2000),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    if hint:
        found["hint"] = label(hint, 2000)
    return found


def text_input(
    initial: str | None = None, *, placeholder: str | None = None, multiline: bool = False
) -> Json:
    found: Json = {"type": "plain_text_input", "multiline": multiline}
    if initial:
        found["initial_value"] = initial
    if placeholder:
        found["placeholder"] = label(placeholder, 150)
    return found


def choice(
    options: Sequence[Json], initial: str | None = None, kind: str = "static_select"
) -> Json:
    """A select or radio buttons; `initial` is the value of the option chosen at first."""
    found: Json = {"type": kind, "options": list(options)}
    chosen = next((one for one in options if one["value"] == initial), None)
    if chosen:
        found["initial_option"] = chosen
    return found
