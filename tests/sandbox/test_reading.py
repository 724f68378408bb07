"""Conversations, people and reactions: what an app reads, and what it may change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Room, refusal


async def test_history_is_newest_first_and_leaves_replies_out(room: Room) -> None:
    root = await room.post(text="root")
    await room.post(text="reply", thread_ts=root)
    await room.post(text="last")
    answer = await room.client.conversations_history(channel=room.channel)
    assert [one["text"] for one in answer["messages"]] == ["last", "root"]
    assert answer["messages"][1]["reply_count"] == 1
    assert answer["has_more"] is False


async def test_history_is_paged_and_bounded(room: Room) -> None:
    stamps = [await room.post(text=str(number)) for number in range(5)]
    read = room.client.conversations_history
    page = await read(channel=room.channel, limit=2)
    assert [one["text"] for one in page["messages"]] == ["4", "3"]
    cursor = page["response_metadata"]["next_cursor"]
    page = await read(channel=room.channel, limit=2, cursor=cursor)
    assert [one["text"] for one in page["messages"]] == ["2", "1"]
    between: dict[str, Any] = {"channel": room.channel, "oldest": stamps[1], "latest": stamps[3]}
    exclusive = await read(**between)
    assert [one["text"] for one in exclusive["messages"]] == ["2"]
    inclusive = await read(**between, inclusive=True)
    assert [one["text"] for one in inclusive["messages"]] == ["3", "2", "1"]
    assert await refusal(read(channel=room.channel, cursor="?")) == "invalid_cursor"
    assert await refusal(read(channel=room.channel, oldest="x")) == "invalid_ts_oldest"


async def test_replies_begin_with_the_root_and_are_paged(room: Room) -> None:
    root = await room.post(text="root")
    stamps = [await room.post(text=str(number), thread_ts=root) for number in range(4)]
    read = room.client.conversations_replies
    page = await read(channel=room.channel, ts=root, limit=3)
    assert [one["text"] for one in page["messages"]] == ["root", "0", "1"]
    assert page["has_more"] is True
    cursor = page["response_metadata"]["next_cursor"]
    page = await read(channel=room.channel, ts=root, limit=3, cursor=cursor)
    assert [one["text"] for one in page["messages"]] == ["2", "3"]
    since = await read(channel=room.channel, ts=root, oldest=stamps[2])
    assert [one["text"] for one in since["messages"]] == ["root", "3"]
    one = await read(channel=room.channel, ts=stamps[0])
    assert [message["text"] for message in one["messages"]] == ["0"]
    assert await refusal(read(channel=room.channel, ts="1.000001")) == "thread_not_found"


async def test_metadata_shows_only_when_asked_for(room: Room) -> None:
    metadata = {"event_type": "ticket", "event_payload": {"id": 1}}
    ts = await room.post(metadata=metadata)
    for read in (
        room.client.conversations_history(channel=room.channel),
        room.client.conversations_replies(channel=room.channel, ts=ts),
    ):
        assert "metadata" not in (await read)["messages"][0]
    answer = await room.client.conversations_replies(
        channel=room.channel, ts=ts, include_all_metadata=True
    )
    assert answer["messages"][0]["metadata"] == metadata


async def test_channels_are_listed_as_far_as_the_bot_sees_them(room: Room) -> None:
    outside = room.sandbox.add_channel("outside", bot_is_member=False)
    private = room.sandbox.add_channel("vip", is_private=True)
    hidden = room.sandbox.add_channel("hidden", is_private=True, bot_is_member=False)
    listed = await room.client.conversations_list(types="public_channel,private_channel")
    found = {one["id"]: one for one in listed["channels"]}
    assert set(found) == {room.channel, outside, private}
    assert (found[outside]["is_member"], found[private]["is_private"]) == (False, True)
    assert await refusal(room.client.conversations_info(channel=hidden)) == "channel_not_found"
    assert await refusal(room.client.conversations_list(types="secret")) == "invalid_types"
    await room.sandbox.archive(outside)
    listed = await room.client.conversations_list(exclude_archived=True)
    assert [one["id"] for one in listed["channels"]] == [room.channel]
    mine = await room.client.users_conversations(types="public_channel,private_channel")
    assert {one["id"] for one in mine["channels"]} == {room.channel, private}


async def test_the_bot_joins_public_channels_only(room: Room) -> None:
    outside = room.sandbox.add_channel("outside", bot_is_member=False)
    history = room.client.conversations_history
    assert await refusal(history(channel=outside)) == "not_in_channel"
    await room.client.conversations_join(channel=outside)
    assert (await history(channel=outside))["messages"][0]["subtype"] == "channel_join"
    again = await room.client.conversations_join(channel=outside)
    assert again["warning"] == "already_in_channel"
    private = room.sandbox.add_channel("vip", is_private=True)
    join = room.client.conversations_join
    assert await refusal(join(channel=private)) == "method_not_supported_for_channel_type"
    await room.sandbox.archive(room.channel)
    assert await refusal(join(channel=room.channel)) == "is_archived"


async def test_members_invitations_and_new_channels(room: Room) -> None:
    created = await room.client.conversations_create(name="mail")
    channel = created["channel"]["id"]
    invite = room.client.conversations_invite
    await invite(channel=channel, users=[room.ana])
    members = await room.client.conversations_members(channel=channel)
    assert set(members["members"]) == {room.sandbox.bot_user_id, room.ana}
    assert await refusal(invite(channel=channel, users=[room.ana])) == "already_in_channel"
    assert await refusal(invite(channel=channel, users=["U0NOBODY"])) == "user_not_found"
    create = room.client.conversations_create
    assert await refusal(create(name="mail")) == "name_taken"
    assert await refusal(create(name="No Good")) == "invalid_name_specials"
    assert await refusal(create(name="x" * 81)) == "invalid_name_maxlength"


async def test_a_direct_conversation_is_opened_once(room: Room) -> None:
    first = await room.client.conversations_open(users=[room.ana])
    second = await room.client.conversations_open(users=room.ana)
    assert first["channel"]["id"] == second["channel"]["id"]
    assert second["already_open"] is True
    assert await refusal(room.client.conversations_open(users="U0NOBODY")) == "user_not_found"


async def test_people_are_found_with_their_language(room: Room) -> None:
    user = (await room.client.users_info(user=room.rui, include_locale=True))["user"]
    assert (user["locale"], user["is_admin"]) == ("pt-PT", True)
    assert user["profile"]["email"] == "rui@us.example"
    user = (await room.client.users_info(user=room.rui))["user"]
    assert "locale" not in user
    found = await room.client.users_lookupByEmail(email="ANA@us.example")
    assert found["user"]["id"] == room.ana
    lookup = room.client.users_lookupByEmail(email="nobody@us.example")
    assert await refusal(lookup) == "users_not_found"
    assert await refusal(room.client.users_info(user="U0NOBODY")) == "user_not_found"
    page = await room.client.users_list(limit=2)
    assert len(page["members"]) == 2
    assert page["response_metadata"]["next_cursor"]


async def test_usergroups_and_who_we_are(room: Room) -> None:
    group = room.sandbox.add_usergroup("agents", "Agents", [room.ana])
    listed = await room.client.usergroups_list(include_users=True)
    assert listed["usergroups"][0]["users"] == [room.ana]
    users = await room.client.usergroups_users_list(usergroup=group)
    assert users["users"] == [room.ana]
    unknown = room.client.usergroups_users_list(usergroup="S0NOBODY")
    assert await refusal(unknown) == "no_such_subteam"
    me = await room.client.auth_test()
    assert (me["user_id"], me["bot_id"]) == (room.sandbox.bot_user_id, room.sandbox.bot_id)
    bot = await room.client.bots_info(bot=room.sandbox.bot_id)
    assert bot["bot"]["app_id"] == room.sandbox.app_id
    assert (await room.client.team_info())["team"]["id"] == room.sandbox.team_id


async def test_a_reaction_is_added_and_taken_away_once(room: Room) -> None:
    ts = await room.sandbox.say(room.ana, room.channel, "hello")
    where = {"channel": room.channel, "timestamp": ts, "name": "hourglass_flowing_sand"}
    add, remove = room.client.reactions_add, room.client.reactions_remove
    await add(**where)
    assert await refusal(add(**where)) == "already_reacted"
    shown = (await room.client.reactions_get(channel=room.channel, timestamp=ts))["message"]
    assert shown["reactions"] == [
        {"name": "hourglass_flowing_sand", "users": [room.sandbox.bot_user_id], "count": 1}
    ]
    await remove(**where)
    assert await refusal(remove(**where)) == "no_reaction"


@pytest.mark.parametrize("name", ["no_such_emoji", "Tada!", ""])
async def test_reactions_need_a_name_that_exists(room: Room, name: str) -> None:
    ts = await room.post()
    call = room.client.reactions_add(channel=room.channel, timestamp=ts, name=name)
    assert await refusal(call) in ("invalid_name", "invalid_arguments")


async def test_reactions_need_a_message_in_reach(room: Room) -> None:
    add = room.client.api_call
    call = add("reactions.add", params={"name": "tada"})
    assert await refusal(call) == "no_item_specified"
    outside = room.sandbox.add_channel("outside", bot_is_member=False)
    ts = await room.sandbox.say(room.ana, outside, "x")
    react = room.client.reactions_add
    assert await refusal(react(channel=outside, timestamp=ts, name="tada")) == "not_in_channel"
    gone = react(channel=room.channel, timestamp="1.000001", name="tada")
    assert await refusal(gone) == "message_not_found"
