"""HTTP mode: signed requests to a real Bolt app behind aiohttp."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.sandbox import AppDidNotAnswerError, Sandbox, SandboxError
from tests.sandbox.apps import make_app
from tests.sandbox.conftest import COMMAND, Room, actions, button, make_room, write_manifest

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    server = web.Application()
    server.router.add_post("/slack/events", handler)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def bolt_handler(app: AsyncApp) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        bolt_request = await to_bolt_request(request)
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    return handle


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[Room]:
    sandbox = Sandbox(
        manifest=write_manifest(tmp_path), limits=False, redeliver_after=0.2, ack_timeout=1.0
    )
    await sandbox.start()
    yield make_room(sandbox)
    await sandbox.stop()


async def test_bolt_takes_signed_events_commands_and_buttons(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    bodies: list[dict[str, Any]] = []

    @app.command(COMMAND)
    async def command(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        await ack("as you wish")

    @app.action("go")
    async def go(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        await ack()

    async with serving(bolt_handler(app)) as url:
        await room.sandbox.use_http(url)
        await room.sandbox.say(room.ana, room.channel, "hello <&> é")
        await room.sandbox.settled()
        await room.sandbox.command(room.ana, room.channel, COMMAND, "add é")
        ts = await room.post(blocks=[actions(button("go"))])
        await room.sandbox.click(room.ana, room.channel, ts, "go")
    assert heard.of("message")[0]["text"] == "hello &lt;&amp;&gt; é"
    assert bodies[0]["text"] == "add é"
    assert bodies[1]["type"] == "block_actions"
    assert room.sandbox.ephemerals(room.ana)[0]["text"] == "as you wish"


async def test_a_wrong_secret_is_noticed_by_the_app(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    async with serving(bolt_handler(app)) as url:
        await room.sandbox.use_http(url)
        room.sandbox.world.identity["signing_secret"] = "another"
        with pytest.raises(AppDidNotAnswerError):
            await room.sandbox.command(room.ana, room.channel, COMMAND)
    assert heard.events == []


async def test_an_event_is_retried_with_number_and_reason(quick: Room) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["type"] == "url_verification":
            return web.Response(text=body["challenge"])
        number = request.headers.get("X-Slack-Retry-Num")
        seen.append((number, request.headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=500 if len(seen) < 3 else 200)

    async with serving(handle) as url:
        await quick.sandbox.use_http(url)
        await quick.sandbox.say(quick.ana, quick.channel, "hello")
        await quick.sandbox.settled()
    assert seen == [(None, None), ("1", "http_error"), ("2", "http_error")]


async def test_an_app_can_forbid_retries(quick: Room) -> None:
    calls: list[int] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["type"] == "url_verification":
            return web.json_response({"challenge": body["challenge"]})
        calls.append(1)
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with serving(handle) as url:
        await quick.sandbox.use_http(url)
        await quick.sandbox.say(quick.ana, quick.channel, "hello")
        await quick.sandbox.settled()
    assert len(calls) == 1


async def test_an_address_that_does_not_verify_is_refused(room: Room) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(text="hello")

    async with serving(handle) as url:
        with pytest.raises(SandboxError, match="challenge"):
            await room.sandbox.use_http(url)
    with pytest.raises(SandboxError, match="did not answer"):
        await room.sandbox.use_http(url)
