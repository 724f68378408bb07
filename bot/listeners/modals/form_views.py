"""The views of the channel form while it is filled in and tried. Pure builders."""

from __future__ import annotations

import json
from typing import Any

from bot.listeners.modals.form_fields import (
    incoming_fields,
    name_fields,
    outgoing_fields,
    with_problems,
    writing_fields,
)
from bot.listeners.modals.form_values import Values, hidden_values
from bot.slack.elements import escape_text
from bot.slack.kit import label, section
from bot.slack.texts import Texts

Json = dict[str, Any]
CALLBACK_ID = "channel_form"
_MOST_METADATA = 3000


def build_form(
    texts: Texts,
    values: Values,
    *,
    editing: str | None = None,
    problems: dict[str, str] | None = None,
) -> Json:
    """The form with `values` in it; `editing` is the name of the channel that is changed.

    Fields keep their block ids whatever is chosen, so that Slack keeps what is typed in them; a
    password is kept that way only and is never put into a view.
    """
    blocks = [
        *name_fields(texts, values),
        *incoming_fields(texts, values),
        *outgoing_fields(texts, values),
        *writing_fields(texts, values),
    ]
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": label(texts("Edit channel") if editing else texts("Add a channel"), 24),
        "submit": label(texts("Save"), 24),
        "close": label(texts("Cancel"), 24),
        "private_metadata": write_metadata(editing, values),
        "blocks": with_problems(blocks, problems or {}),
    }


def write_metadata(editing: str | None, values: Values) -> str:
    """What is beside the form: the channel, and what was typed for kinds not chosen now."""
    found: Json = {"name": editing} if editing else {}
    text = json.dumps({**found, "kept": hidden_values(values)})
    return text if len(text) <= _MOST_METADATA else json.dumps(found)


def read_metadata(view: Json) -> tuple[str | None, dict[str, Any]]:
    """(name of the channel that is edited, what was typed for kinds not chosen now)."""
    data = json.loads(view.get("private_metadata") or "{}")
    return data.get("name"), dict(data.get("kept") or {})


def build_testing_view(texts: Texts, values: Values, external_id: str) -> Json:
    """Shown at once; `external_id` finds it again when the test is over."""
    return {
        "type": "modal",
        "external_id": external_id,
        "title": label(texts("Testing…"), 24),
        "close": label(texts("Close"), 24),
        "blocks": [
            section(
                texts(
                    "*Testing…* {name} is tried before it is saved: this takes up to 20 seconds. "
                    "Should you close this window, you are told in a message how it went.",
                    name=escape_text(str(values.get("name") or "")),
                )
            )
        ],
    }
