"""chat.*: posting, changing, deleting, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Room, actions, button, refusal, refusal_data, section


async def test_a_post_comes_back_with_what_slack_adds(room: Room) -> None:
    answer = await room.client.chat_postMessage(channel=room.channel, text="hello")
    message = answer["message"]
    assert message["bot_id"] == room.sandbox.bot_id
    assert message["user"] == room.sandbox.bot_user_id
    assert message["app_id"] == message["bot_profile"]["app_id"] == room.sandbox.app_id
    assert message["ts"] == answer["ts"]
    assert answer["channel"] == room.channel


async def test_blocks_get_ids_when_they_have_none(room: Room) -> None:
    element = button("go")
    del element["action_id"]
    ts = await room.post(blocks=[actions(element)])
    block = room.sandbox.message(room.channel, ts)["blocks"][0]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]


async def test_a_channel_may_be_named_or_be_a_person(room: Room) -> None:
    by_name = await room.client.chat_postMessage(channel="#support", text="x")
    assert by_name["channel"] == room.channel
    direct = await room.client.chat_postMessage(channel=room.ana, text="x")
    assert direct["channel"].startswith("D")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"text": "x", "thread_ts": "1700000000.000100"}, "thread_not_found"),
        ({"text": "x", "attachments": "[1]"}, "invalid_attachments"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "x", "event_payload": {"a": {"b": {}}}}},
            "invalid_metadata_schema",
        ),
        (
            {"text": "x", "metadata": {"event_type": "x", "event_payload": {"a": "y" * 20_000}}},
            "metadata_too_large",
        ),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"blocks": {"type": "divider"}, "text": "x"}, "invalid_blocks_format"),
    ],
)
async def test_posts_that_slack_refuses(room: Room, arguments: dict[str, Any], code: str) -> None:
    call = room.client.api_call("chat.postMessage", json={"channel": room.channel, **arguments})
    assert await refusal(call) == code
    assert room.sandbox.messages(room.channel) == []


async def test_channels_that_cannot_be_posted_to(room: Room) -> None:
    outside = room.sandbox.add_channel("outside", bot_is_member=False)
    hidden = room.sandbox.add_channel("hidden", is_private=True, bot_is_member=False)
    post = room.client.chat_postMessage
    assert await refusal(post(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await refusal(post(channel=outside, text="x")) == "not_in_channel"
    assert await refusal(post(channel=hidden, text="x")) == "channel_not_found"
    await room.sandbox.archive(room.channel)
    assert await refusal(post(channel=room.channel, text="x")) == "is_archived"


async def test_long_text_is_cut_by_a_post_and_refused_by_an_update(room: Room) -> None:
    ts = await room.post(text="x" * 50_000)
    assert len(room.sandbox.message(room.channel, ts)["text"]) == 40_000
    update = room.client.chat_update(channel=room.channel, ts=ts, text="y" * 4_001)
    assert await refusal(update) == "msg_too_long"


async def test_a_reply_hangs_below_its_root_and_nowhere_else(room: Room) -> None:
    root = await room.post(text="root")
    reply = await room.post(text="reply", thread_ts=root)
    assert [one["text"] for one in room.sandbox.thread(room.channel, root)] == ["root", "reply"]
    assert [one["text"] for one in room.sandbox.messages(room.channel)] == ["root"]
    shown = room.sandbox.message(room.channel, root)
    assert (shown["reply_count"], shown["latest_reply"]) == (1, reply)
    below_a_reply = room.client.chat_postMessage(channel=room.channel, text="x", thread_ts=reply)
    assert await refusal(below_a_reply) == "invalid_thread_ts"


async def test_a_broadcast_reply_shows_in_the_channel_too(room: Room) -> None:
    root = await room.post(text="root")
    await room.post(text="loud", thread_ts=root, reply_broadcast=True)
    shown = room.sandbox.messages(room.channel)
    assert [one.get("subtype") for one in shown] == [None, "thread_broadcast"]


async def test_a_name_of_its_own_makes_a_bot_message(room: Room) -> None:
    ts = await room.post(username="Jo Miller", icon_emoji=":email:")
    message = room.sandbox.message(room.channel, ts)
    assert (message["subtype"], message["username"]) == ("bot_message", "Jo Miller")
    assert message["icons"] == {"emoji": ":email:"}


async def test_text_without_blocks_takes_the_blocks_away(room: Room) -> None:
    ts = await room.post(blocks=[section("card")], text="card")
    changed = {"channel": room.channel, "ts": ts, "blocks": [section("new")]}
    await room.client.api_call("chat.update", json=changed)
    message = room.sandbox.message(room.channel, ts)
    assert message["blocks"][0]["text"]["text"] == "new"
    assert message["text"] == "card"
    assert "edited" not in message
    await room.client.chat_update(channel=room.channel, ts=ts, text="plain")
    message = room.sandbox.message(room.channel, ts)
    assert "blocks" not in message
    assert message["edited"]["user"] == room.sandbox.bot_user_id


async def test_metadata_is_kept_until_it_is_emptied(room: Room) -> None:
    metadata = {"event_type": "ticket", "event_payload": {"id": 42}}
    ts = await room.post(metadata=metadata)
    await room.client.chat_update(channel=room.channel, ts=ts, text="new")
    assert room.sandbox.message(room.channel, ts)["metadata"] == metadata
    await room.client.chat_update(channel=room.channel, ts=ts, text="new", metadata={})
    assert "metadata" not in room.sandbox.message(room.channel, ts)


async def test_only_own_messages_can_be_changed_or_deleted(room: Room) -> None:
    ts = await room.sandbox.say(room.ana, room.channel, "mine")
    update, delete = room.client.chat_update, room.client.chat_delete
    where: dict[str, Any] = {"channel": room.channel, "ts": ts}
    assert await refusal(update(text="x", **where)) == "cant_update_message"
    assert await refusal(delete(**where)) == "cant_delete_message"
    gone: dict[str, Any] = {"channel": room.channel, "ts": "1.000001"}
    assert await refusal(update(text="x", **gone)) == "message_not_found"
    assert await refusal(delete(**gone)) == "message_not_found"
    own = await room.post()
    empty = room.client.api_call("chat.update", json={"channel": room.channel, "ts": own})
    assert await refusal(empty) == "no_text"


async def test_a_deleted_root_with_replies_leaves_a_tombstone(room: Room) -> None:
    root = await room.post(text="root")
    reply = await room.post(text="reply", thread_ts=root)
    await room.client.chat_delete(channel=room.channel, ts=root)
    stone = room.sandbox.thread(room.channel, root)[0]
    assert (stone["subtype"], stone["reply_count"]) == ("tombstone", 1)
    update = room.client.chat_update(channel=room.channel, ts=root, text="x")
    assert await refusal(update) == "message_not_found"
    await room.client.chat_delete(channel=room.channel, ts=reply)
    assert room.sandbox.messages(room.channel) == []


async def test_an_ephemeral_is_seen_by_one_person_and_changed_by_nobody(room: Room) -> None:
    answer = await room.client.chat_postEphemeral(channel=room.channel, user=room.ana, text="psst")
    assert [one["text"] for one in room.sandbox.ephemerals(room.ana)] == ["psst"]
    assert room.sandbox.ephemerals(room.rui) == []
    assert room.sandbox.messages(room.channel) == []
    ts = answer["message_ts"]
    update = room.client.chat_update(channel=room.channel, ts=ts, text="x")
    assert await refusal(update) == "message_not_found"
    vip = room.sandbox.add_channel("vip", is_private=True, members=[room.rui])
    outsider = room.client.chat_postEphemeral(channel=vip, user=room.ana, text="x")
    assert await refusal(outsider) == "user_not_in_channel"


async def test_a_permalink_names_the_thread(room: Room) -> None:
    root = await room.post()
    reply = await room.post(thread_ts=root)
    answer = await room.client.chat_getPermalink(channel=room.channel, message_ts=reply)
    link = f"/archives/{room.channel}/p{reply.replace('.', '')}?thread_ts={root}"
    assert link in answer["permalink"]


async def test_every_ts_of_a_channel_is_its_own(room: Room) -> None:
    stamps = [await room.post() for _ in range(20)]
    assert sorted(set(stamps)) == stamps


async def test_block_problems_come_with_pointers(room: Room) -> None:
    call = room.client.chat_postMessage(
        channel=room.channel, text="x", blocks=[actions(button("a", "y" * 76))]
    )
    data = await refusal_data(call)
    assert data["error"] == "invalid_blocks"
    assert data["response_metadata"]["messages"] == [
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"
    ]
