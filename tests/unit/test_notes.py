"""What marks a thread message as a note: when in doubt, nothing leaves."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.agent_text import document_from_message
from handlers.replies.outcomes import is_note


def rich(kind: str, *elements: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": kind, "elements": list(elements)}
    if kind == "rich_text_list":
        section = {"type": "rich_text_section", "elements": list(elements)}
        inner = {"type": kind, "style": "bullet", "elements": [section]}
    return {"blocks": [{"type": "rich_text", "elements": [inner]}]}


def said(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


USER = {"type": "user", "user_id": "U1"}
EMOJI = {"type": "emoji", "name": "lock"}


@pytest.mark.parametrize(
    "message",
    [
        {"text": "note: x"},
        {"text": "NOTE: x"},
        {"text": "Note : x"},
        {"text": "note\u00a0: x"},
        {"text": "\u00a0Note: x"},
        {"text": "\u200fnote: x"},
        {"text": "\u2068note: x"},
        {"text": "PRIVATE: x"},
        {"text": "//x"},
        {"text": " // x"},
        {"text": "*Note:* x"},
        {"text": "*Note*: x"},
        {"text": "_*Note:*_ x"},
        {"text": "`note: x`"},
        {"text": "> note: x"},
        {"text": "• note: x"},
        {"text": ":lock: note: x"},
        {"text": ":acme_dance: note: x"},
        {"text": "(note: x)"},
        {"text": "ｎｏｔｅ： x"},
        {"text": "<@U1> look"},
        {"text": "*<@U1>* look"},
        {"text": "> <@U1> look"},
        {"text": "<!subteam^S1> look"},
        {"text": "<!here> look"},
        {"text": "- <@U1> look"},
        rich("rich_text_section", said("Note:", bold=True), said(" x")),
        rich("rich_text_section", said("\n  note: x")),
        rich("rich_text_quote", said("note: x")),
        rich("rich_text_preformatted", said("note: x")),
        rich("rich_text_list", said("note: x")),
        rich("rich_text_quote", USER, said(" look")),
        rich("rich_text_list", USER, said(" look")),
        rich("rich_text_section", said(" \u200b"), USER, said(" look")),
        rich("rich_text_section", EMOJI, said(" "), USER, said(" look")),
        rich("rich_text_section", EMOJI, said(" note: x")),
        rich("rich_text_section", said("…"), USER, said(" look")),
    ],
)
def test_a_note(message: dict[str, Any]) -> None:
    text = document_from_message(message, {"U1": "Rui"})
    assert is_note(text.plain, starts_with_mention=text.starts_with_mention)


@pytest.mark.parametrize(
    "message",
    [
        {"text": "Hello, please note: the office is closed"},
        {"text": "Notes: are fine"},
        {"text": "Private matters are"},
        {"text": "https://acme.example/note:x"},
        {"text": "Hello <@U1>, note: x"},
        {"text": "1. First, note: x"},
        {"text": "<#C1> is where we are"},
        {"text": "👍"},
        rich("rich_text_section", said("Ask "), USER),
    ],
)
def test_a_reply(message: dict[str, Any]) -> None:
    text = document_from_message(message, {"U1": "Rui", "C1": "support"})
    assert not is_note(text.plain, starts_with_mention=text.starts_with_mention)
