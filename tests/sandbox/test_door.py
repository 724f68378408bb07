"""Tokens, scopes, unknown methods, bodies: what the Web API refuses at the door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SandboxError
from tests.sandbox.conftest import MANIFEST, Room, make_room, refusal, refusal_data, write_manifest


async def call(room: Room, method: str, **kwargs: Any) -> dict[str, Any]:
    """A raw POST, since slack_sdk sends no malformed ones."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(room.sandbox.api_url + method, **kwargs) as response,
    ):
        answer: dict[str, Any] = await response.json()
        return answer


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_call_without_a_token_is_not_authed(room: Room) -> None:
    assert (await call(room, "auth.test"))["error"] == "not_authed"


async def test_a_wrong_token_is_invalid(room: Room) -> None:
    client = AsyncWebClient(token="xoxb-1-2", base_url=room.sandbox.api_url)
    assert await refusal(client.auth_test()) == "invalid_auth"


async def test_the_token_may_come_in_a_form_but_not_in_json_or_the_url(room: Room) -> None:
    token = room.sandbox.bot_token
    assert (await call(room, "auth.test", data={"token": token}))["ok"]
    assert (await call(room, "auth.test", json={"token": token}))["error"] == "not_authed"
    assert (await call(room, "auth.test", params={"token": token}))["error"] == "not_authed"


async def test_each_kind_of_token_opens_only_its_own_methods(room: Room) -> None:
    app = AsyncWebClient(token=room.sandbox.app_token, base_url=room.sandbox.api_url)
    assert await refusal(app.users_list()) == "not_allowed_token_type"
    opened = await app.apps_connections_open(app_token=room.sandbox.app_token)
    assert opened["url"].startswith("ws://127.0.0.1:")
    bot = room.client.apps_connections_open(app_token=room.sandbox.bot_token)
    assert await refusal(bot) == "not_allowed_token_type"


async def test_revoked_tokens_stay_revoked(room: Room) -> None:
    await room.sandbox.revoke_tokens()
    assert await refusal(room.client.auth_test()) == "account_inactive"


async def test_a_missing_scope_is_named(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, scopes=["users:read"])
    sandbox = Sandbox(manifest=manifest)
    await sandbox.start()
    room = make_room(sandbox)
    data = await refusal_data(room.client.chat_postMessage(channel=room.channel, text="x"))
    assert (data["error"], data["needed"], data["provided"]) == (
        "missing_scope",
        "chat:write",
        "users:read",
    )
    user = (await room.client.users_info(user=room.ana))["user"]
    assert "email" not in user["profile"]
    await sandbox.stop()


async def test_private_channels_need_their_own_scopes(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, scopes=["channels:read", "channels:history"])
    sandbox = Sandbox(manifest=manifest)
    await sandbox.start()
    room = make_room(sandbox)
    private = sandbox.add_channel("vip", is_private=True)
    assert (await room.client.conversations_info(channel=room.channel))["ok"]
    for asked, needed in (
        (room.client.conversations_info(channel=private), "groups:read"),
        (room.client.conversations_history(channel=private), "groups:history"),
        (room.client.conversations_list(types="private_channel"), "groups:read"),
    ):
        assert (await refusal_data(asked))["needed"] == needed
    await sandbox.stop()


async def test_unknown_methods_are_unknown(room: Room) -> None:
    data = await refusal_data(room.client.api_call("chat.shout"))
    assert data["error"] == "unknown_method"
    assert data["req_method"] == "chat.shout"


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("{", "application/json", "invalid_json"),
        ("[" * 100_000, "application/json", "invalid_json"),
        ("[1]", "application/json", "json_not_object"),
        ("x", "text/plain", "invalid_post_type"),
    ],
)
async def test_bodies_that_slack_cannot_read(room: Room, body: str, kind: str, code: str) -> None:
    headers = bearer(room.sandbox.bot_token) | {"Content-Type": kind}
    assert (await call(room, "auth.test", data=body, headers=headers))["error"] == code


async def test_a_missing_argument_is_named(room: Room) -> None:
    data = await refusal_data(room.client.api_call("chat.postMessage", json={"text": "x"}))
    assert data["error"] == "invalid_arguments"
    assert data["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_methods_that_read_no_json_see_no_arguments_in_it(room: Room) -> None:
    headers = bearer(room.sandbox.bot_token)
    answer = await call(room, "users.info", json={"user": room.ana}, headers=headers)
    assert answer["error"] == "invalid_arguments"
    answer = await call(room, "users.info", data={"user": room.ana}, headers=headers)
    assert answer["user"]["name"] == "ana"


async def test_a_form_takes_blocks_as_a_json_string(room: Room) -> None:
    headers = bearer(room.sandbox.bot_token)
    blocks = '[{"type": "divider"}]'
    form = {"channel": room.channel, "text": "x", "blocks": blocks}
    answer = await call(room, "chat.postMessage", data=form, headers=headers)
    assert answer["message"]["blocks"][0]["type"] == "divider"
    answer = await call(room, "chat.postMessage", data=form | {"blocks": "[{"}, headers=headers)
    assert answer["error"] == "invalid_blocks_format"


async def test_every_call_is_noted_without_its_token(room: Room) -> None:
    await room.post(text="noted")
    method, arguments = room.sandbox.calls[-1]
    assert method == "chat.postMessage"
    assert arguments["text"] == "noted"
    assert "token" not in arguments


async def test_it_listens_on_loopback_only() -> None:
    sandbox = Sandbox(manifest=MANIFEST)
    with pytest.raises(SandboxError, match="loopback only"):
        await sandbox.start(host="0.0.0.0")
    await sandbox.stop()


async def test_an_occupied_port_is_one_sentence(room: Room) -> None:
    other = Sandbox(manifest=MANIFEST)
    with pytest.raises(SandboxError, match="cannot listen on"):
        await other.start(port=room.sandbox.port)
    await other.stop()


@pytest.mark.parametrize("content", ["a: [", "just words", "{}"])
def test_a_manifest_that_is_none_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "manifest.yml"
    path.write_text(content)
    with pytest.raises(SandboxError, match="manifest"):
        Sandbox(manifest=path)
    with pytest.raises(SandboxError, match="cannot be read"):
        Sandbox(manifest=tmp_path / "nowhere.yml")
