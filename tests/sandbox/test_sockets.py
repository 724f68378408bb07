"""Socket Mode itself: tickets, acks, redelivery, several sockets, goodbyes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import AppDidNotAnswerError, Sandbox
from tests.sandbox.apps import connected, make_app
from tests.sandbox.conftest import Room, make_room, refusal, write_manifest


class RawSocket:
    """A WebSocket without a client library: acks only when told to."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def read(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.socket.receive_json(timeout=5)
        return message

    async def ack(self, envelope: dict[str, Any]) -> None:
        await self.socket.send_str(json.dumps({"envelope_id": envelope["envelope_id"]}))


@asynccontextmanager
async def raw_socket(room: Room) -> AsyncIterator[RawSocket]:
    url = (await room.client.apps_connections_open(app_token=room.sandbox.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        raw = RawSocket(socket)
        assert (await raw.read())["type"] == "hello"
        yield raw


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[Room]:
    """Redelivers and gives up soon."""
    sandbox = Sandbox(
        manifest=write_manifest(tmp_path),
        limits=False,
        redeliver_after=0.1,
        ack_timeout=0.2,
        keep_events_for=30,
    )
    await sandbox.start()
    yield make_room(sandbox)
    await sandbox.stop()


async def test_a_ticket_opens_one_socket(room: Room) -> None:
    url = (await room.client.apps_connections_open(app_token=room.sandbox.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            assert (await socket.receive_json(timeout=5))["connection_info"]["app_id"]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_an_unacked_event_comes_again_three_times(quick: Room) -> None:
    async with raw_socket(quick) as socket:
        await quick.sandbox.say(quick.ana, quick.channel, "hello")
        envelopes = [await socket.read() for _ in range(4)]
        await quick.sandbox.settled()
    assert [one["retry_attempt"] for one in envelopes] == [0, 1, 2, 3]
    assert [one["retry_reason"] for one in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({one["payload"]["event_id"] for one in envelopes}) == 1
    assert len({one["envelope_id"] for one in envelopes}) == 4


async def test_an_acked_event_does_not_come_again(quick: Room) -> None:
    async with raw_socket(quick) as socket:
        await quick.sandbox.say(quick.ana, quick.channel, "one")
        await socket.ack(await socket.read())
        await quick.sandbox.settled()
        await quick.sandbox.say(quick.ana, quick.channel, "two")
        assert (await socket.read())["payload"]["event"]["text"] == "two"


async def test_events_go_to_the_sockets_in_turn(quick: Room) -> None:
    async with raw_socket(quick) as first, raw_socket(quick) as second:
        for text in ("one", "two"):
            await quick.sandbox.say(quick.ana, quick.channel, text)
        one, two = await first.read(), await second.read()
        await first.ack(one)
        await second.ack(two)
        await quick.sandbox.settled()
    texts = {envelope["payload"]["event"]["text"] for envelope in (one, two)}
    assert texts == {"one", "two"}


async def test_a_dying_socket_gives_its_events_back(room: Room) -> None:
    async with raw_socket(room) as first:
        await room.sandbox.say(room.ana, room.channel, "hello")
        await first.read()
        async with raw_socket(room) as second:
            await first.socket.close()
            envelope = await second.read()
            assert envelope["payload"]["event"]["text"] == "hello"
            assert envelope["retry_attempt"] == 1
            await second.ack(envelope)
            await room.sandbox.settled()


async def test_an_event_waits_for_a_socket(room: Room) -> None:
    await room.sandbox.say(room.ana, room.channel, "early")
    async with raw_socket(room) as socket:
        assert (await socket.read())["payload"]["event"]["text"] == "early"


async def test_without_patience_an_event_without_sockets_is_lost(tmp_path: Path) -> None:
    sandbox = Sandbox(manifest=write_manifest(tmp_path), keep_events_for=0)
    await sandbox.start()
    room = make_room(sandbox)
    await sandbox.say(room.ana, room.channel, "lost")
    await sandbox.settled()
    assert sandbox.messages(room.channel)[0]["text"] == "lost"
    await sandbox.stop()


async def test_an_interaction_is_not_sent_twice(quick: Room) -> None:
    async with raw_socket(quick) as socket:
        with pytest.raises(AppDidNotAnswerError) as caught:
            await quick.sandbox.command(quick.ana, quick.channel, "/canal", "list")
        envelope = await socket.read()
        assert envelope["type"] == "slash_commands"
        assert envelope["accepts_response_payload"] is True
        assert caught.value.code == "operation_timeout"
        await quick.sandbox.say(quick.ana, quick.channel, "next")
        assert (await socket.read())["type"] == "events_api"


async def test_nobody_connected_means_dispatch_failed(room: Room) -> None:
    with pytest.raises(AppDidNotAnswerError) as caught:
        await room.sandbox.command(room.ana, room.channel, "/canal", "list")
    assert caught.value.code == "dispatch_failed"


async def test_ten_sockets_are_enough(room: Room) -> None:
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(raw_socket(room))
        opened = room.client.apps_connections_open(app_token=room.sandbox.app_token)
        assert await refusal(opened) == "too_many_websockets"


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "hard"])
async def test_bolt_comes_back_and_loses_no_event(room: Room, reason: str) -> None:
    app, heard = make_app(room.sandbox)
    sandbox = room.sandbox
    async with connected(sandbox, app) as handler:
        handler.client.ping_interval = 0.1
        await sandbox.say(room.ana, room.channel, "before")
        await sandbox.settled()
        await sandbox.disconnect_sockets(reason)
        await sandbox.say(room.ana, room.channel, "after")
        await sandbox.settled(timeout=20)
    assert {event["text"] for event in heard.of("message")} == {"before", "after"}


async def test_nonsense_from_the_app_is_ignored(room: Room) -> None:
    async with raw_socket(room) as socket:
        for nonsense in ("x", "[]", "{}", '{"envelope_id": 5}', "null"):
            await socket.socket.send_str(nonsense)
        await room.sandbox.say(room.ana, room.channel, "hello")
        await socket.ack(await socket.read())
        await room.sandbox.settled()
