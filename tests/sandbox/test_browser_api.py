"""The page's API (BROWSER_API.md): who may call it, and what it answers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.apps import connected, make_app
from tests.sandbox.conftest import COMMAND, actions, button, modal, text_input
from tests.sandbox.pages import Page, opened_page


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with opened_page(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_only_our_own_page_may_ask(page: Page, headers: dict[str, str], status: int) -> None:
    async with page.raw("/ui/state", headers=headers) as answer:
        assert answer.status == status


async def test_what_changes_something_must_be_json(page: Page) -> None:
    form = {"user": page.room.ana, "channel": page.room.channel, "text": "forged"}
    async with page.raw("/ui/messages", method="POST", data=form) as answer:
        assert answer.status == 403
    assert page.room.sandbox.messages(page.room.channel) == []


async def test_the_page_and_its_files_are_served_under_a_strict_policy(page: Page) -> None:
    async with page.raw("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/static/../sandbox.py", "/static/%2e%2e/sandbox.py", "/static/index.py"):
        async with page.raw(path) as answer:
            assert answer.status == 404


async def test_the_state_names_people_channels_and_the_app(page: Page) -> None:
    room = page.room
    await room.post(text=f"<@{room.ana}>")
    state = await page.get(f"/ui/state?user={room.ana}")
    assert [one["name"] for one in state["users"]] == ["ana", "rui", "canal"]
    [channel] = state["channels"]
    assert (channel["name"], channel["unread"], channel["mentions"]) == ("support", 1, 1)
    assert state["app"]["commands"][0]["command"] == COMMAND
    assert state["app"]["connected"] is False
    assert {one["type"] for one in state["app"]["shortcuts"]} == {"message", "global"}
    assert state["mail"]["addresses"][0]["address"] == "support@in.example"
    await page.send("POST", "/ui/read", channel=room.channel)
    state = await page.get(f"/ui/state?user={room.ana}")
    assert state["channels"][0]["unread"] == 0
    assert (await page.ask("GET", "/ui/state?user=U0NOBODY"))[0] == 404


async def test_messages_threads_edits_reactions_and_files(page: Page) -> None:
    channel = page.room.channel
    data = base64.b64encode(b"\x89PNG").decode()
    files = [{"name": "a.png", "content_type": "image/png", "data": data}]
    root = (await page.send("POST", "/ui/messages", channel=channel, text="*hi*"))["ts"]
    reply = await page.send(
        "POST", "/ui/messages", channel=channel, text="see", thread_ts=root, files=files
    )
    await page.send("PATCH", "/ui/messages", channel=channel, ts=root, text="hello")
    await page.send("POST", "/ui/reactions", channel=channel, ts=root, name="eyes", on=True)
    shown = await page.get(f"/ui/channels/{channel}/messages?user={page.room.rui}")
    [message] = shown["messages"]
    assert (message["text"], message["reply_count"]) == ("hello", 1)
    assert message["edited"]["user"] == page.room.ana
    assert message["reactions"][0]["users"] == [page.room.ana]
    thread = await page.get(f"/ui/channels/{channel}/threads/{root}?user={page.room.ana}")
    [file] = thread["messages"][1]["files"]
    assert file["is_image"] is True
    async with page.raw(file["url"]) as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", b"\x89PNG")
    await page.send("DELETE", "/ui/messages", channel=channel, ts=reply["ts"])
    thread = await page.get(f"/ui/channels/{channel}/threads/{root}?user={page.room.ana}")
    assert len(thread["messages"]) == 1


async def test_a_file_that_could_be_a_page_is_only_downloaded(page: Page) -> None:
    await page.room.sandbox.say(
        page.room.ana, page.room.channel, "", files=[("x.html", b"<script>1</script>")]
    )
    file_id = page.room.sandbox.files[0]["id"]
    async with page.raw(f"/ui/files/{file_id}") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_history_goes_back_page_by_page(page: Page) -> None:
    for number in range(5):
        await page.room.post(text=str(number))
    path = f"/ui/channels/{page.room.channel}/messages?user={page.room.ana}&limit=2"
    last = await page.get(path)
    assert [one["text"] for one in last["messages"]] == ["3", "4"]
    assert last["has_more"] is True
    before = await page.get(f"{path}&before={last['messages'][0]['ts']}")
    assert [one["text"] for one in before["messages"]] == ["1", "2"]


async def test_ephemerals_show_to_one_person_until_dismissed(page: Page) -> None:
    room = page.room
    await room.client.chat_postEphemeral(channel=room.channel, user=room.ana, text="psst")
    path = f"/ui/channels/{room.channel}/messages?user="
    [message] = (await page.get(path + room.ana))["messages"]
    assert message["_ephemeral"] is True
    assert (await page.get(path + room.rui))["messages"] == []
    await page.send("DELETE", "/ui/ephemerals", ts=message["ts"])
    assert (await page.get(path + room.ana))["messages"] == []


async def test_refusals_are_sentences(page: Page) -> None:
    ts = await page.room.post()
    body = {"user": page.room.ana, "channel": page.room.channel, "ts": ts, "text": "x"}
    status, answer = await page.ask("PATCH", "/ui/messages", body)
    assert (status, answer["error"]) == (403, "Only its author can do that.")
    status, answer = await page.ask("POST", "/ui/messages", {"user": page.room.ana})
    assert (status, answer["error"]) == (400, "The field channel is missing.")
    command = {"user": page.room.ana, "channel": page.room.channel, "command": COMMAND}
    status, answer = await page.ask("POST", "/ui/commands", command)
    assert (status, answer["code"]) == (503, "dispatch_failed")


async def test_commands_modals_and_buttons_of_the_page(page: Page) -> None:
    room, sandbox = page.room, page.room.sandbox
    app, _ = make_app(sandbox)
    values: list[Any] = []

    @app.command(COMMAND)
    async def command(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("name")))

    @app.view("form")
    async def form(ack: Any, view: dict[str, Any]) -> None:
        values.append(view["state"]["values"]["name"]["name"]["value"])
        await ack()

    @app.action("go")
    async def go(ack: Any, action: dict[str, Any]) -> None:
        values.append(action["value"])
        await ack()

    @app.shortcut("reply")
    async def reply(ack: Any, shortcut: dict[str, Any]) -> None:
        values.append(shortcut["message_ts"])
        await ack()

    ts = await room.post(blocks=[actions(button("go", value="1"))])
    async with connected(sandbox, app):
        await page.send("POST", "/ui/commands", channel=room.channel, command=COMMAND, text="")
        await sandbox.wait_for(lambda: sandbox.open_views(room.ana))
        [view] = (await page.get(f"/ui/views?user={room.ana}"))["views"]
        state = {"name": {"name": {"type": "plain_text_input", "value": "typed"}}}
        submit = f"/ui/views/{view['id']}/submit"
        status, _ = await page.ask("POST", submit, {"user": room.rui, "state": state})
        assert status == 404
        assert await page.send("POST", submit, state=state) == {"response_action": None}
        await page.send("POST", "/ui/actions", channel=room.channel, ts=ts, action_id="go")
        shortcut = {"callback_id": "reply", "channel": room.channel, "ts": ts}
        await page.send("POST", "/ui/shortcuts", **shortcut)
    assert values == ["typed", "1", ts]


async def test_the_stream_tells_what_changed_and_to_whom(page: Page) -> None:
    room = page.room
    async with page.raw(f"/ui/events?user={room.ana}") as answer:
        assert answer.content_type == "text/event-stream"

        async def following() -> dict[str, Any]:
            while True:
                line = (await asyncio.wait_for(answer.content.readline(), 5)).decode()
                if line.startswith("data: "):
                    event: dict[str, Any] = json.loads(line[6:])
                    return event

        await answer.content.readline()  # retry: the stream is open
        await room.client.chat_postEphemeral(channel=room.channel, user=room.rui, text="not ana's")
        ts = await room.post()
        event = await following()
        assert (event["type"], event["channel"], event["ts"]) == ("message", room.channel, ts)
        await room.client.chat_postEphemeral(channel=room.channel, user=room.ana, text="hers")
        assert (await following())["type"] == "ephemeral"


async def test_stopping_does_not_wait_for_open_pages(page: Page) -> None:
    async with page.raw(f"/ui/events?user={page.room.ana}") as answer:
        await answer.content.readline()
        began = asyncio.get_running_loop().time()
        await page.room.sandbox.stop()
        assert asyncio.get_running_loop().time() - began < 3


async def test_a_permalink_opens_the_page_at_the_message(page: Page) -> None:
    ts = await page.room.post()
    link = await page.room.client.chat_getPermalink(channel=page.room.channel, message_ts=ts)
    path = "/" + link["permalink"].removeprefix(page.room.sandbox.page_url)
    async with page.raw(path, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/?channel={page.room.channel}&ts={ts}"
