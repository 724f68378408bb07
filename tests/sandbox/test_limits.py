"""Rate limits and faults on order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox import Sandbox
from tests.sandbox.conftest import Room, make_room, refusal, write_manifest


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
async def strict(tmp_path: Path, now: list[float]) -> AsyncIterator[Room]:
    sandbox = Sandbox(manifest=write_manifest(tmp_path), clock=lambda: now[0])
    await sandbox.start()
    yield make_room(sandbox)
    await sandbox.stop()


async def posts_until_limited(room: Room, channel: str) -> int:
    """How many posts go through before 429."""
    before = len(room.sandbox.messages(channel))

    async def post() -> None:
        for _ in range(200):
            await room.client.chat_postMessage(channel=channel, text="x")

    with pytest.raises(SlackApiError) as caught:
        await post()
    assert caught.value.response.status_code == 429
    assert caught.value.response["error"] == "ratelimited"
    assert int(caught.value.response.headers["Retry-After"]) >= 1
    return len(room.sandbox.messages(channel)) - before


async def test_one_message_a_second_and_channel(strict: Room, now: list[float]) -> None:
    other = strict.sandbox.add_channel("other")
    assert await posts_until_limited(strict, strict.channel) == 4
    await strict.client.chat_postMessage(channel=other, text="other channels go on")
    now[0] += 1
    assert await posts_until_limited(strict, strict.channel) == 1


async def test_all_channels_together_have_a_limit(strict: Room) -> None:
    total = 0
    for number in range(40):
        channel = strict.sandbox.add_channel(f"c{number}")
        count = await posts_until_limited(strict, channel)
        total += count
        if count == 0:
            break
    assert total == 100


async def test_methods_have_tiers(strict: Room, now: list[float]) -> None:
    for _ in range(20):
        await strict.client.users_list()
    assert await refusal(strict.client.users_list()) == "ratelimited"
    await strict.client.users_info(user=strict.ana)
    now[0] += 3
    await strict.client.users_list()


async def test_limits_can_be_off(room: Room) -> None:
    for _ in range(60):
        await room.post()


async def test_a_method_fails_as_ordered(room: Room) -> None:
    room.sandbox.fail("chat.postMessage", "internal_error", times=2)
    post = room.client.chat_postMessage
    for _ in range(2):
        assert await refusal(post(channel=room.channel, text="x")) == "internal_error"
    await post(channel=room.channel, text="works again")
    assert len(room.sandbox.messages(room.channel)) == 1


@pytest.mark.parametrize(("status", "retry_after"), [(503, None), (429, 7)])
async def test_a_http_status_on_order(room: Room, status: int, retry_after: int | None) -> None:
    room.sandbox.fail("chat.postMessage", status=status, retry_after=retry_after)
    with pytest.raises(SlackApiError) as caught:
        await room.post()
    assert caught.value.response.status_code == status
    if retry_after is not None:
        assert caught.value.response.headers["Retry-After"] == "7"


async def test_a_drop_after_the_deed_and_one_before(room: Room) -> None:
    room.sandbox.fail("chat.postMessage", "drop")
    room.sandbox.fail("chat.postMessage", "drop_before")
    for text in ("done", "not done"):
        with pytest.raises(aiohttp.ClientError):
            await room.post(text=text)
    assert [one["text"] for one in room.sandbox.messages(room.channel)] == ["done"]
