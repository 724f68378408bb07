"""views.*: triggers, what is refused, updates, Home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox import RefusedError, Sandbox
from tests.sandbox.conftest import (
    Room,
    make_room,
    modal,
    refusal,
    refusal_data,
    section,
    text_input,
    write_manifest,
)

Body = dict[str, Any]


async def triggered(room: Room) -> str:
    return room.sandbox.interactions.trigger(room.ana)


async def test_a_trigger_opens_one_modal(room: Room) -> None:
    trigger = await triggered(room)
    view = modal(section("x"))
    await room.client.views_open(trigger_id=trigger, view=view)
    again = room.client.views_open(trigger_id=trigger, view=view)
    assert await refusal(again) == "exchanged_trigger_id"
    unknown = room.client.views_open(trigger_id="1.2.3", view=view)
    assert await refusal(unknown) == "invalid_trigger_id"


async def test_a_trigger_lives_three_seconds(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    sandbox = Sandbox(manifest=write_manifest(tmp_path), clock=lambda: now[0])
    await sandbox.start()
    room = make_room(sandbox)
    trigger = await triggered(room)
    now[0] += 3.1
    call = room.client.views_open(trigger_id=trigger, view=modal(section("x")))
    assert await refusal(call) == "expired_trigger_id"
    await sandbox.stop()


async def test_views_that_slack_refuses(room: Room) -> None:
    async def opened(view: Body) -> dict[str, Any]:
        return await refusal_data(
            room.client.views_open(trigger_id=await triggered(room), view=view)
        )

    for view, sentence in (
        (modal(section("x"), title={"type": "plain_text", "text": "x" * 25}), "less than 25"),
        (modal(section("x"), private_metadata="x" * 3001), "less than 3001"),
        (modal(section("x"), color="red"), "invalid additional property: color"),
        (modal(*[section("x")] * 101), "no more than 100 items allowed"),
        (modal(text_input("a"), submit=None), "submit is required"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "home", "blocks": []}, "must be a valid enum value: modal"),
    ):
        data = await opened(view)
        assert data["error"] == "invalid_arguments"
        assert sentence in " ".join(data["response_metadata"]["messages"])
    large = modal(*[section("x" * 3000)] * 90)
    assert (await opened(large))["error"] == "view_too_large"


async def test_three_modals_are_the_most(room: Room) -> None:
    view = modal(section("x"))
    await room.client.views_open(trigger_id=await triggered(room), view=view)
    for _ in range(2):
        await room.client.views_push(trigger_id=await triggered(room), view=view)
    call = room.client.views_push(trigger_id=await triggered(room), view=view)
    assert await refusal(call) == "push_limit_reached"
    assert len(room.sandbox.open_views(room.ana)) == 3


async def test_a_view_is_updated_by_id_or_external_id(room: Room) -> None:
    view = modal(section("x"), external_id="mine")
    opened = await room.client.views_open(trigger_id=await triggered(room), view=view)
    update, new = room.client.views_update, modal(section("new"), external_id="mine")
    await update(view_id=opened["view"]["id"], view=new, hash=opened["view"]["hash"])
    old_hash = update(view_id=opened["view"]["id"], view=new, hash=opened["view"]["hash"])
    assert await refusal(old_hash) == "hash_conflict"
    await update(external_id="mine", view=modal(section("newer"), external_id="mine"))
    assert room.sandbox.open_views(room.ana)[0]["blocks"][0]["text"]["text"] == "newer"
    twin = room.client.views_open(trigger_id=await triggered(room), view=view)
    assert await refusal(twin) == "duplicate_external_id"
    await room.sandbox.close_view(room.ana, opened["view"]["id"])
    assert await refusal(update(view_id=opened["view"]["id"], view=new)) == "not_found"


async def test_home_can_be_off(tmp_path: Path) -> None:
    sandbox = Sandbox(manifest=write_manifest(tmp_path, home=False))
    await sandbox.start()
    room = make_room(sandbox)
    with pytest.raises(SlackApiError, match="not_enabled"):
        await room.client.views_publish(user_id=room.ana, view={"type": "home", "blocks": []})
    with pytest.raises(RefusedError, match="no Home tab"):
        await sandbox.open_home(room.ana)
    await sandbox.stop()
