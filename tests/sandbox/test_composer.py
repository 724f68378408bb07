"""What the composer makes of typed text, and whom messages ping."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.sandbox.blocks.blocks import check_blocks
from bot.sandbox.blocks.check import Check
from bot.sandbox.composer import compose
from bot.sandbox.inline import Names
from bot.sandbox.pings import find_pings
from tests.sandbox.conftest import Room, rich, section

NAMES = Names(
    people={"ana": "U0ANA0000", "ana silva": "U0ANA0000", "rui": "U0RUI0000"},
    channels={"support": "C0SUP0000"},
    usergroups={"agents": "S0AGE0000"},
    ids=frozenset({"U0ANA0000", "C0SUP0000"}),
)


def inline(text: str) -> list[dict[str, Any]]:
    _, [block] = compose(text, NAMES)
    elements: list[dict[str, Any]] = block["elements"][0]["elements"]
    return elements


def styled(text: str, *styles: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "style": dict.fromkeys(styles, True)}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("*bold*", [styled("bold", "bold")]),
        ("_it_", [styled("it", "italic")]),
        ("~no~", [styled("no", "strike")]),
        ("`a*b*`", [styled("a*b*", "code")]),
        ("*both _here_*", [styled("both ", "bold"), styled("here", "bold", "italic")]),
        ("2 * 3 * 4", [{"type": "text", "text": "2 * 3 * 4"}]),
        ("snake_case_name", [{"type": "text", "text": "snake_case_name"}]),
        ("*open", [{"type": "text", "text": "*open"}]),
        (":tada:", [{"type": "emoji", "name": "tada", "unicode": "1f389"}]),
        (":nothing_like_it:", [{"type": "text", "text": ":nothing_like_it:"}]),
        ("@Ana Silva", [{"type": "user", "user_id": "U0ANA0000"}]),
        ("@anabel", [{"type": "text", "text": "@anabel"}]),
        ("@here", [{"type": "broadcast", "range": "here"}]),
        ("@agents", [{"type": "usergroup", "usergroup_id": "S0AGE0000"}]),
        ("#support", [{"type": "channel", "channel_id": "C0SUP0000"}]),
        ("<@U0ANA0000>", [{"type": "user", "user_id": "U0ANA0000"}]),
        ("<@U0NOBODY0>", [{"type": "text", "text": "<@U0NOBODY0>"}]),
        ("<!channel>", [{"type": "text", "text": "<!channel>"}]),
        ("https://x.example/a_b", [{"type": "link", "url": "https://x.example/a_b"}]),
        (
            "[docs](https://x.example)",
            [{"type": "link", "url": "https://x.example", "text": "docs"}],
        ),
        (
            "jo@x.example.",
            [
                {"type": "link", "url": "mailto:jo@x.example", "text": "jo@x.example"},
                {"type": "text", "text": "."},
            ],
        ),
    ],
)
def test_inline_marks(typed: str, expected: list[dict[str, Any]]) -> None:
    assert inline(typed) == expected


def test_lines_become_lists_quotes_and_code() -> None:
    typed = "Hello\n- one\n- two\n  - deep\n> said\n> before\n```\ncode *x*\n```\n3. three"
    text, [block] = compose(typed, NAMES)
    kinds = [(part["type"], part.get("style")) for part in block["elements"]]
    assert kinds == [
        ("rich_text_section", None),
        ("rich_text_list", "bullet"),
        ("rich_text_list", "bullet"),
        ("rich_text_quote", None),
        ("rich_text_preformatted", None),
        ("rich_text_list", "ordered"),
    ]
    assert len(block["elements"][1]["elements"]) == 2
    assert block["elements"][2]["indent"] == 1
    assert block["elements"][5]["offset"] == 2
    assert text == (
        "Hello\n• one\n• two\n    • deep\n&gt; said\n&gt; before\n```code *x*```\n3. three"
    )


def test_text_is_escaped_as_slack_does() -> None:
    text, _ = compose("a < b & <!channel> > c", NAMES)
    assert text == "a &lt; b &amp; &lt;!channel&gt; &gt; c"


@pytest.mark.parametrize("typed", ["", "  \n ", "\n\n"])
def test_nothing_typed_is_nothing(typed: str) -> None:
    assert compose(typed, NAMES) == ("", [])


@pytest.mark.parametrize(
    "hostile",
    [
        "*" * 12_000,
        "_*" * 6_000,
        "```" * 4_000,
        "[" * 12_000,
        "@" * 12_000,
        "a@" * 6_000,
        "> " * 6_000,
        ":" * 12_000,
        "`" * 12_000,
        "http://" * 1_700,
        "<@U" * 4_000,
        "- x\n" * 3_000,
    ],
)
def test_hostile_text_takes_no_time_and_makes_valid_blocks(hostile: str) -> None:
    began = time.perf_counter()
    _, blocks = compose(hostile, NAMES)
    assert time.perf_counter() - began < 1.0
    check = Check()
    check_blocks(check, blocks, "/blocks", "message")
    assert check.problems == []


@pytest.mark.parametrize(
    ("message", "targets"),
    [
        ({"text": "hi <@U0ANA0000> and <!here|@here>"}, ["U0ANA0000", "here"]),
        ({"text": "<!subteam^S0AGE0000|@agents> <!channel>"}, ["S0AGE0000", "channel"]),
        ({"text": "&lt;!channel&gt; @channel @here"}, []),
        ({"text": "<!channel>", "mrkdwn": False}, []),
        ({"blocks": [section("<!everyone>")]}, ["everyone"]),
        ({"blocks": [section("bare @here")]}, ["here"]),
        ({"blocks": [section("jo@here.example")]}, []),
        ({"blocks": [rich({"type": "text", "text": "<!channel> @here <@U0ANA0000>"})]}, []),
        ({"blocks": [rich({"type": "user", "user_id": "U0ANA0000"})]}, ["U0ANA0000"]),
        ({"blocks": [rich({"type": "broadcast", "range": "channel"})]}, ["channel"]),
        ({"blocks": [rich({"type": "usergroup", "usergroup_id": "S0A"})]}, ["S0A"]),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<!here>"}}]}, []),
        ({"attachments": [{"text": "<!here>"}]}, ["here"]),
        ({"attachments": [{"fields": [{"value": "<@U0ANA0000>"}]}]}, ["U0ANA0000"]),
    ],
)
def test_whom_a_message_pings(message: dict[str, Any], targets: list[str]) -> None:
    assert find_pings(message) == targets


def test_verbatim_leaves_bare_names_alone() -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "@here", "verbatim": True}}
    assert find_pings({"blocks": [block]}) == []


async def test_the_sandbox_notes_the_apps_pings(room: Room) -> None:
    quiet = await room.post(text="hello @channel")
    loud = await room.post(text=f"hello <@{room.ana}>")
    full = await room.post(text="hello @channel", parse="full")
    linked = await room.post(text="hello @here", link_names=True)
    await room.sandbox.say(room.rui, room.channel, "@channel from a person")
    noted = [(ping.ts, ping.target) for ping in room.sandbox.pings]
    assert noted == [(loud, room.ana), (full, "channel"), (linked, "here")]
    await room.client.chat_update(channel=room.channel, ts=quiet, text="<!here>")
    assert room.sandbox.pings[-1].target == "here"
