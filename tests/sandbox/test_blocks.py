"""Block Kit: what is accepted, and the sentence for what is not."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.blocks.blocks import MAX_CHARACTERS, check_blocks, count_characters
from bot.sandbox.blocks.check import Check
from tests.sandbox.conftest import Room, actions, button, refusal, rich, section


def problems(*blocks: Any, surface: str = "message") -> list[str]:
    check = Check()
    check_blocks(check, list(blocks), "/blocks", surface)
    return check.problems


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def select(**more: Any) -> dict[str, Any]:
    option = {"text": plain("One"), "value": "1"}
    return {"type": "static_select", "action_id": "s", "options": [option], **more}


TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "cell"}]]}
PUBLIC_IMAGE = {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"}

GOOD: list[dict[str, Any]] = [
    {"type": "divider"},
    {"type": "header", "text": plain("x" * 150)},
    section("x" * 3000),
    section("x", fields=[plain("y")] * 10, accessory=button("b")),
    {"type": "context", "elements": [plain("a"), {"type": "mrkdwn", "text": "b"}, PUBLIC_IMAGE]},
    actions(*(button(f"b{number}") for number in range(25))),
    actions(select(), {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-22"}),
    PUBLIC_IMAGE,
    TABLE,
    {"type": "markdown", "text": "**x**"},
    {"type": "table", "rows": [[rich({"type": "text", "text": "a"})]], "column_settings": [None]},
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_good_blocks_pass(block: dict[str, Any]) -> None:
    assert problems(block) == []


BAD: list[tuple[Any, str]] = [
    ("text", "unsupported type: None [json-pointer:/blocks/0/type]"),
    ({"type": "marquee"}, "unsupported type: marquee"),
    ({"type": "divider", "color": "red"}, "invalid additional property: color"),
    ({"type": "divider", "block_id": "x" * 256}, "must be less than 256 characters"),
    ({"type": "section"}, "missing required field: text"),
    (section(""), "must be more than 0 characters"),
    (section("x" * 3001), "must be less than 3001 characters"),
    (section("x", fields=[plain("y")] * 11), "no more than 10 items allowed"),
    (section("x", fields=[plain("y" * 2001)]), "must be less than 2001 characters"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "must be a valid enum value"),
    ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10 items allowed"),
    ({"type": "context", "elements": []}, "no fewer than 1 items required"),
    (actions(*(button(f"b{n}") for n in range(26))), "no more than 25 items allowed"),
    (actions(button("a"), button("a")), "action_id a is not unique"),
    (actions(button("a" * 256)), "must be less than 256 characters"),
    (actions(button("a", "x" * 76)), "must be less than 76 characters"),
    (actions(button("a", value="x" * 2001)), "must be less than 2001 characters"),
    (actions(button("a", style="big")), "must be one of: danger, primary"),
    (actions(button("a", url="no url")), "invalid url"),
    (actions({"type": "plain_text_input", "action_id": "a"}), "unsupported type"),
    (actions(select(options=[])), "no fewer than 1 items"),
    (actions(select(options=[{"text": plain("x" * 76), "value": "1"}])), "less than 76"),
    (actions(select(options=[{"text": plain("x"), "value": "1" * 151}])), "less than 151"),
    (
        actions(select(initial_option={"text": plain("Two"), "value": "2"})),
        "must exactly match one of the provided options",
    ),
    (actions(select(placeholder=plain("x" * 151))), "must be less than 151 characters"),
    ({"type": "image", "image_url": "https://x.example/a.png"}, "missing required field: alt_text"),
    ({"type": "image", "alt_text": "x"}, "either image_url or slack_file"),
    (
        {"type": "image", "alt_text": "x", "image_url": "http://127.0.0.1/a.png"},
        "downloading image failed",
    ),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}, "more than 20 items"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}, "more than 100"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 5001}] * 2]}, "than 10001"),
    ({"type": "table", "rows": [[plain("x")]]}, "unsupported type: plain_text"),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
]


@pytest.mark.parametrize(("block", "problem"), BAD)
def test_bad_blocks_are_told_apart(block: Any, problem: str) -> None:
    assert any(problem in one for one in problems(block)), problems(block)


RICH_BAD: list[tuple[dict[str, Any], str]] = [
    ({"type": "blink", "text": "x"}, "unsupported type: blink"),
    ({"type": "text"}, "missing required field: text"),
    ({"type": "text", "text": ""}, "must be more than 0 characters"),
    ({"type": "text", "text": "x", "style": {"big": True}}, "invalid additional property: big"),
    ({"type": "text", "text": "x", "style": {"bold": 1}}, "must be a boolean"),
    ({"type": "link", "text": "x"}, "missing required field: url"),
    ({"type": "link", "url": "javascript:alert(1)"}, "invalid url"),
    ({"type": "link", "url": "https://x y.example"}, "invalid url"),
    ({"type": "link", "url": "https://"}, "invalid url"),
    ({"type": "user", "user_id": "ana"}, "invalid user_id"),
    ({"type": "broadcast", "range": "all"}, "must be one of"),
    ({"type": "emoji"}, "missing required field: name"),
]


@pytest.mark.parametrize(("element", "problem"), RICH_BAD)
def test_rich_text_elements_have_a_schema(element: dict[str, Any], problem: str) -> None:
    assert any(problem in one for one in problems(rich(element)))


def test_all_that_rich_text_can_hold_passes() -> None:
    section_ = {
        "type": "rich_text_section",
        "elements": [
            {"type": "text", "text": "x", "style": {"bold": True, "italic": True, "code": True}},
            {"type": "link", "url": "mailto:jo@x.example", "text": "jo", "style": {"strike": True}},
            {"type": "emoji", "name": "tada", "unicode": "1f389"},
            {"type": "user", "user_id": "U0123ABC"},
            {"type": "channel", "channel_id": "C0123ABC"},
            {"type": "usergroup", "usergroup_id": "S0123ABC"},
            {"type": "broadcast", "range": "here"},
            {"type": "date", "timestamp": 1_700_000_000, "format": "{date}", "fallback": "x"},
            {"type": "color", "value": "#ff0000"},
        ],
    }
    text = [{"type": "text", "text": "x"}]
    block = {
        "type": "rich_text",
        "elements": [
            section_,
            {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [section_]},
            {"type": "rich_text_quote", "elements": text},
            {"type": "rich_text_preformatted", "elements": text, "border": 0},
        ],
    }
    assert problems(block) == []


@pytest.mark.parametrize(
    "part",
    [
        {"type": "rich_text_list", "style": "bullet", "elements": [{"type": "text", "text": "x"}]},
        {"type": "rich_text_list", "style": "stars", "elements": []},
        {"type": "rich_text_list", "style": "bullet", "indent": 9, "elements": []},
        {"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U0123ABC"}]},
        {"type": "rich_text_table", "elements": []},
        {"type": "rich_text_section"},
        "x",
    ],
)
def test_parts_of_rich_text_that_slack_does_not_know(part: Any) -> None:
    assert problems({"type": "rich_text", "elements": [part]})


def test_a_block_id_is_used_once() -> None:
    twice = {"type": "divider", "block_id": "same"}
    assert problems(twice, twice) == [
        "block_id same is not unique [json-pointer:/blocks/1/block_id]"
    ]


def test_a_message_has_one_table() -> None:
    assert problems(TABLE, TABLE) == ["only_one_table_allowed [json-pointer:/blocks]"]


def test_messages_have_50_blocks_and_modals_100() -> None:
    divider = {"type": "divider"}
    assert problems(*[divider] * 50) == []
    assert problems(*[divider] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert problems(*[divider] * 100, surface="modal") == []
    assert problems(*[divider] * 101, surface="modal") != []


def test_tables_are_for_messages_only() -> None:
    assert problems(TABLE, surface="modal") == [
        "unsupported type: table [json-pointer:/blocks/0/type]"
    ]


def test_problems_are_bounded() -> None:
    assert len(problems(*[{"type": "x"}] * 50)) <= 20


async def test_all_text_together_has_a_cap(room: Room) -> None:
    blocks = [section("x" * 3000)] * 4 + [section("y" * (MAX_CHARACTERS - 12_000))]
    assert count_characters(blocks) == MAX_CHARACTERS
    await room.post(blocks=blocks)
    call = room.client.chat_postMessage(
        channel=room.channel, text="x", blocks=[*blocks, section("z")]
    )
    assert await refusal(call) == "msg_blocks_too_long"


async def test_an_image_may_be_an_uploaded_file(room: Room) -> None:
    answer = await room.client.files_upload_v2(content=b"\x89PNG", filename="a.png")
    file_id = answer["files"][0]["id"]
    image = {"type": "image", "alt_text": "a", "slack_file": {"id": file_id}}
    await room.post(blocks=[image])
    unknown = {"type": "image", "alt_text": "a", "slack_file": {"id": "F0NOWHERE"}}
    call = room.client.chat_postMessage(channel=room.channel, text="x", blocks=[unknown])
    assert await refusal(call) == "invalid_blocks"
