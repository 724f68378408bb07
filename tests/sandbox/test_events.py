"""The Events API over Socket Mode, heard by a real Bolt app."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import Sandbox
from tests.sandbox.apps import connected, make_app
from tests.sandbox.conftest import Room, make_room, write_manifest


async def test_a_message_arrives_as_slack_sends_it(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    async with connected(room.sandbox, app):
        ts = await room.sandbox.say(room.ana, room.channel, "hello")
        await room.sandbox.settled()
    [event] = heard.of("message")
    assert event["ts"] == event["event_ts"] == ts
    assert (event["user"], event["channel"]) == (room.ana, room.channel)
    assert (event["channel_type"], event["team"]) == ("channel", room.sandbox.team_id)
    assert event["client_msg_id"]
    assert event["blocks"][0]["type"] == "rich_text"
    body = heard.bodies[0]
    assert body["type"] == "event_callback"
    assert body["event_id"].startswith("Ev")
    assert body["authorizations"][0]["user_id"] == room.sandbox.bot_user_id


async def test_a_thread_reply_names_its_root(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    root = await room.post()
    async with connected(room.sandbox, app):
        await room.sandbox.settled()
        heard.events.clear()
        await room.sandbox.say(room.ana, room.channel, "reply", thread_ts=root)
        await room.sandbox.say(room.ana, room.channel, "loud", thread_ts=root, broadcast=True)
        await room.sandbox.settled()
    [reply] = heard.of("message")
    assert (reply["thread_ts"], reply["parent_user_id"]) == (root, room.sandbox.bot_user_id)
    [loud] = heard.of("message", "thread_broadcast")
    assert loud["root"]["ts"] == root


async def test_the_apps_own_messages_come_back_with_its_bot_id(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    async with connected(room.sandbox, app):
        await room.post(text="mine")
        await room.sandbox.settled()
    [event] = heard.of("message")
    assert event["bot_id"] == room.sandbox.bot_id


async def test_edits_and_deletes_carry_what_was_before(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    async with connected(room.sandbox, app):
        ts = await room.sandbox.say(room.ana, room.channel, "one")
        await room.sandbox.edit(room.ana, room.channel, ts, "two")
        await room.sandbox.delete(room.ana, room.channel, ts)
        await room.sandbox.settled()
    [changed] = heard.of("message", "message_changed")
    assert changed["previous_message"]["text"] == "one"
    assert changed["message"]["text"] == "two"
    assert changed["message"]["edited"]["user"] == room.ana
    [deleted] = heard.of("message", "message_deleted")
    assert deleted["deleted_ts"] == ts
    assert deleted["previous_message"]["text"] == "two"


async def test_deleting_a_root_with_replies_changes_it_into_a_tombstone(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    async with connected(room.sandbox, app):
        root = await room.sandbox.say(room.ana, room.channel, "root")
        await room.sandbox.say(room.rui, room.channel, "reply", thread_ts=root)
        await room.sandbox.delete(room.ana, room.channel, root)
        await room.sandbox.settled()
    [changed] = heard.of("message", "message_changed")
    assert changed["message"]["subtype"] == "tombstone"
    assert heard.of("message", "message_deleted") == []


async def test_files_reactions_and_mentions(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    async with connected(room.sandbox, app):
        text = f"see <@{room.sandbox.bot_user_id}>"
        ts = await room.sandbox.say(room.ana, room.channel, text, files=[("a.txt", b"abc")])
        await room.sandbox.react(room.rui, room.channel, ts, "eyes")
        await room.sandbox.unreact(room.rui, room.channel, ts, "eyes")
        await room.sandbox.settled()
    [shared] = heard.of("message", "file_share")
    assert shared["files"][0]["name"] == "a.txt"
    [mention] = heard.of("app_mention")
    assert mention["ts"] == ts
    [added] = heard.of("reaction_added")
    assert added["item"] == {"type": "message", "channel": room.channel, "ts": ts}
    assert (added["user"], added["item_user"]) == (room.rui, room.ana)
    assert len(heard.of("reaction_removed")) == 1


async def test_what_happens_to_channels(room: Room) -> None:
    app, heard = make_app(room.sandbox)
    sandbox = room.sandbox
    async with connected(sandbox, app):
        await sandbox.rename(room.channel, "help", by=room.rui)
        await sandbox.make_private(room.channel)
        await sandbox.say(room.ana, room.channel, "hidden")
        other = sandbox.add_channel("other")
        await sandbox.archive(other)
        third = sandbox.add_channel("third")
        await sandbox.kick_bot(third)
        await sandbox.say(room.ana, third, "unheard")
        await sandbox.invite_bot(third, by=room.rui)
        await sandbox.open_home(room.ana)
        await sandbox.settled()
        await sandbox.revoke_tokens()
        await sandbox.settled()
    assert heard.of("channel_rename")[0]["channel"]["name"] == "help"
    assert heard.of("message")[0]["channel_type"] == "group"
    assert heard.of("channel_archive")[0]["channel"] == other
    assert heard.of("channel_left")[0]["channel"] == third
    assert heard.of("member_joined_channel")[0]["inviter"] == room.rui
    assert heard.of("app_home_opened")[0]["user"] == room.ana
    assert heard.of("tokens_revoked")[0]["tokens"]["bot"] == [sandbox.bot_user_id]
    assert len(heard.of("app_uninstalled")) == 1
    assert "unheard" not in [event.get("text") for event in heard.events]


async def test_only_subscribed_events_of_channels_with_the_bot_arrive(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, events=["message.channels"])
    sandbox = Sandbox(manifest=manifest)
    await sandbox.start()
    room = make_room(sandbox)
    outside = sandbox.add_channel("outside", bot_is_member=False)
    private = sandbox.add_channel("vip", is_private=True)
    app, heard = make_app(sandbox)
    async with connected(sandbox, app):
        ts = await sandbox.say(room.ana, room.channel, "heard")
        await sandbox.react(room.ana, room.channel, ts, "eyes")
        await sandbox.say(room.ana, outside, "unheard")
        await sandbox.say(room.ana, private, "unsubscribed")
        await sandbox.settled()
    assert [event.get("text") for event in heard.events] == ["heard"]
    await sandbox.stop()
