"""Buttons, commands, shortcuts, modals and Home, with a real Bolt app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import RefusedError, Sandbox
from bot.sandbox.errors import SandboxError
from tests.sandbox.apps import connected, make_app
from tests.sandbox.conftest import (
    COMMAND,
    Room,
    actions,
    button,
    make_room,
    modal,
    refusal,
    section,
    text_input,
    write_manifest,
)

Body = dict[str, Any]


async def test_a_button_sends_what_slack_sends(room: Room) -> None:
    app, _ = make_app(room.sandbox)
    bodies: list[Body] = []

    @app.action("take")
    async def take(ack: Any, body: Body, respond: Any) -> None:
        bodies.append(body)
        await ack()
        await respond("only you see this")
        await respond("new card", replace_original=True)

    ts = await room.post(text="card", blocks=[actions(button("take", value="42"))])
    async with connected(room.sandbox, app):
        await room.sandbox.click(room.ana, room.channel, ts, "take")
        await room.sandbox.wait_for(
            lambda: room.sandbox.message(room.channel, ts)["text"] == "new card"
        )
    [body] = bodies
    [action] = body["actions"]
    assert (action["value"], action["type"]) == ("42", "button")
    assert body["container"]["message_ts"] == body["message"]["ts"] == ts
    assert body["user"]["id"] == room.ana
    assert body["channel"]["id"] == room.channel
    assert [one["text"] for one in room.sandbox.ephemerals(room.ana)] == ["only you see this"]


async def test_a_menu_sends_the_whole_option(room: Room) -> None:
    app, _ = make_app(room.sandbox)
    bodies: list[Body] = []

    @app.action("menu")
    async def menu(ack: Any, body: Body) -> None:
        bodies.append(body)
        await ack()

    options = [
        {"text": {"type": "plain_text", "text": name}, "value": name} for name in ("one", "two")
    ]
    element = {"type": "overflow", "action_id": "menu", "options": options}
    ts = await room.post(blocks=[section("x", accessory=element)])
    async with connected(room.sandbox, app):
        await room.sandbox.click(room.ana, room.channel, ts, "menu", selected="two")
    assert bodies[0]["actions"][0]["selected_option"]["text"]["text"] == "two"


async def test_a_modal_from_a_command_to_its_submission(room: Room) -> None:
    app, _ = make_app(room.sandbox)
    states: list[Body] = []

    @app.command(COMMAND)
    async def command(ack: Any, body: Body, client: Any) -> None:
        await ack("One moment.")
        await client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("name")))

    @app.view("form")
    async def form(ack: Any, view: Body) -> None:
        states.append(view["state"]["values"])
        if view["state"]["values"]["name"]["name"]["value"] == "bad":
            await ack(response_action="errors", errors={"name": "Not this."})
        else:
            await ack()

    sandbox = room.sandbox
    async with connected(sandbox, app):
        await sandbox.command(room.ana, room.channel, COMMAND, "add")
        [view] = await sandbox.wait_for(lambda: sandbox.open_views(room.ana))
        empty = await sandbox.submit_view(room.ana, view["id"], {})
        assert empty["errors"] == {"name": "Please complete this required field."}
        assert states == []
        bad = await sandbox.submit_view(room.ana, view["id"], {"name": "bad"})
        assert bad == {"response_action": "errors", "errors": {"name": "Not this."}}
        assert len(sandbox.open_views(room.ana)) == 1
        await sandbox.submit_view(room.ana, view["id"], {"name": {"name": "good"}})
        assert sandbox.open_views(room.ana) == []
    assert states[-1] == {"name": {"name": {"type": "plain_text_input", "value": "good"}}}
    assert sandbox.ephemerals(room.ana)[0]["text"] == "One moment."


async def test_acks_push_update_and_clear(room: Room) -> None:
    app, _ = make_app(room.sandbox)
    closed: list[Body] = []

    @app.command(COMMAND)
    async def command(ack: Any, body: Body, client: Any) -> None:
        await ack()
        view = modal(section("1"), notify_on_close=True)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("form")
    async def form(ack: Any, view: Body) -> None:
        text = view["blocks"][0]["text"]["text"]
        if text == "1":
            await ack(response_action="push", view=modal(section("2")))
        elif text == "2":
            await ack(response_action="update", view=modal(section("3")))
        else:
            await ack(response_action="clear")

    @app.view_closed("form")
    async def on_closed(ack: Any, body: Body) -> None:
        closed.append(body)
        await ack()

    sandbox = room.sandbox

    def shown() -> list[str]:
        return [view["blocks"][0]["text"]["text"] for view in sandbox.open_views(room.ana)]

    async def submit() -> None:
        await sandbox.submit_view(room.ana, sandbox.open_views(room.ana)[-1]["id"])

    async with connected(sandbox, app):
        for _ in range(2):
            await sandbox.command(room.ana, room.channel, COMMAND)
            await sandbox.wait_for(lambda: shown() == ["1"])
            await submit()
            assert shown() == ["1", "2"]
            await submit()
            assert shown() == ["1", "3"]
            await submit()
            assert shown() == []
        await sandbox.command(room.ana, room.channel, COMMAND)
        [view] = await sandbox.wait_for(lambda: sandbox.open_views(room.ana))
        await sandbox.close_view(room.ana, view["id"])
    assert [body["is_cleared"] for body in closed] == [False]


async def test_shortcuts_bring_the_message(room: Room) -> None:
    app, _ = make_app(room.sandbox)
    bodies: list[Body] = []

    @app.shortcut("reply")
    async def reply(ack: Any, body: Body) -> None:
        bodies.append(body)
        await ack()

    @app.shortcut("open")
    async def open_(ack: Any, body: Body) -> None:
        bodies.append(body)
        await ack()

    ts = await room.post(text="card")
    async with connected(room.sandbox, app):
        await room.sandbox.shortcut(room.ana, "reply", room.channel, ts)
        await room.sandbox.shortcut(room.ana, "open")
    assert [body["type"] for body in bodies] == ["message_action", "shortcut"]
    assert bodies[0]["message"]["text"] == "card"
    with pytest.raises(RefusedError, match="message shortcut"):
        await room.sandbox.shortcut(room.ana, "reply")


async def test_home_is_published_for_one_person(room: Room) -> None:
    app, _ = make_app(room.sandbox)
    pressed: list[Body] = []

    @app.action("refresh")
    async def refresh(ack: Any, body: Body) -> None:
        pressed.append(body)
        await ack()

    view = {"type": "home", "blocks": [actions(button("refresh"))]}
    answer = await room.client.views_publish(user_id=room.ana, view=view)
    home = room.sandbox.home(room.ana)
    assert home is not None
    assert room.sandbox.home(room.rui) is None
    async with connected(room.sandbox, app):
        await room.sandbox.click_view(room.ana, home["id"], "refresh")
    assert pressed[0]["view"]["type"] == "home"
    call = room.client.views_publish(user_id=room.ana, view=view, hash="old")
    assert await refusal(call) == "hash_conflict"
    await room.client.views_publish(user_id=room.ana, view=view, hash=answer["view"]["hash"])


async def test_an_external_select_asks_the_app(room: Room) -> None:
    app, _ = make_app(room.sandbox)

    @app.options("who")
    async def who(ack: Any, payload: Body) -> None:
        name = payload["value"].title()
        await ack(options=[{"text": {"type": "plain_text", "text": name}, "value": name}])

    element = {"type": "external_select", "action_id": "who", "min_query_length": 1}
    ts = await room.post(blocks=[actions(element)])
    async with connected(room.sandbox, app):
        found = await room.sandbox.options(room.ana, "who", "jo", channel=room.channel, ts=ts)
    assert found["options"][0]["value"] == "Jo"


async def test_a_response_url_works_five_times_in_half_an_hour(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    sandbox = Sandbox(manifest=write_manifest(tmp_path), clock=lambda: now[0])
    await sandbox.start()
    room = make_room(sandbox)
    from bot.sandbox.model import ResponseUrl

    def fresh() -> str:
        return sandbox.interactions.response_url(ResponseUrl(room.ana, room.channel, now[0]))

    async with aiohttp.ClientSession() as session:

        async def post(url: str) -> tuple[int, str]:
            async with session.post(url, json={"text": "x"}) as answer:
                return answer.status, await answer.text()

        url, old = fresh(), fresh()
        assert [await post(url) for _ in range(5)] == [(200, "ok")] * 5
        assert await post(url) == (404, "used_url")
        now[0] += 30 * 60 + 1
        assert await post(old) == (404, "expired_url")
        assert (await post(old[:-3] + "abc"))[0] == 404
    await sandbox.stop()


async def test_blocks_in_a_response_are_checked_too(room: Room) -> None:
    from bot.sandbox.model import ResponseUrl

    now = room.sandbox.world.clock()
    url = room.sandbox.interactions.response_url(ResponseUrl(room.ana, room.channel, now))
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"blocks": [{"type": "marquee"}]}) as answer,
    ):
        assert (answer.status, await answer.text()) == (400, "invalid_blocks")


async def test_a_button_in_the_answer_to_a_command_can_be_pressed(room: Room) -> None:
    app, _ = make_app(room.sandbox)

    @app.command(COMMAND)
    async def command(ack: Any) -> None:
        await ack(text="Sure?", blocks=[section("Sure?"), actions(button("yes"))])

    @app.action("yes")
    async def yes(ack: Any, respond: Any) -> None:
        await ack()
        await respond("done", replace_original=True)

    async with connected(room.sandbox, app):
        await room.sandbox.command(room.ana, room.channel, COMMAND)
        [asked] = room.sandbox.ephemerals(room.ana)
        assert all(block["block_id"] for block in asked["blocks"])
        await room.sandbox.click(room.ana, room.channel, asked["ts"], "yes")
        await room.sandbox.wait_for(
            lambda: [one["text"] for one in room.sandbox.ephemerals(room.ana)] == ["done"]
        )


async def test_an_answer_to_a_command_that_slack_would_refuse_is_named(room: Room) -> None:
    app, _ = make_app(room.sandbox)

    @app.command(COMMAND)
    async def command(ack: Any) -> None:
        await ack(text="x", blocks=[{"type": "section"}])

    async with connected(room.sandbox, app):
        with pytest.raises(SandboxError, match="cannot be shown"):
            await room.sandbox.command(room.ana, room.channel, COMMAND)


async def test_an_unknown_command_never_reaches_the_app(room: Room) -> None:
    with pytest.raises(RefusedError, match="not a valid command"):
        await room.sandbox.command(room.ana, room.channel, "/shout", "x")
