"""What survives a restart, and what a person may not do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.sandbox import MailCatcher, RefusedError, Sandbox, SandboxError
from tests.sandbox.apps import connected, make_app
from tests.sandbox.conftest import Room, make_room, section, write_manifest


async def begin(path: Path) -> Sandbox:
    sandbox = Sandbox(path / "slack.db", manifest=write_manifest(path), limits=False)
    await sandbox.start()
    return sandbox


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    first = await begin(tmp_path)
    room = make_room(first)
    group = first.add_usergroup("agents", "Agents", [room.ana])
    root = await room.post(text="card", blocks=[section("card")])
    reply = await first.say(room.ana, room.channel, "reply", thread_ts=root, files=[("a", b"abc")])
    await first.react(room.rui, room.channel, reply, "eyes")
    gone = await room.post(text="gone")
    await room.client.chat_delete(channel=room.channel, ts=gone)
    await room.client.views_publish(user_id=room.ana, view={"type": "home", "blocks": []})
    tokens = (first.bot_token, first.app_token, first.signing_secret, first.team_id)
    await first.stop()

    second = await begin(tmp_path)
    assert (second.bot_token, second.app_token, second.signing_secret, second.team_id) == tokens
    assert (second.find_user("ana"), second.find_channel("support")) == (room.ana, room.channel)
    assert second.world.usergroups[group].users == [room.ana]
    assert second.home(room.ana) is not None
    assert [one["text"] for one in second.messages(room.channel)] == ["card"]
    shown = second.thread(room.channel, root)[1]
    assert shown["reactions"][0]["name"] == "eyes"
    [file] = shown["files"]
    assert await second.file_bytes(file["id"]) == b"abc"
    assert file["url_private"].startswith(second.page_url)
    assert await second.say(room.ana, room.channel, "goes on", thread_ts=root) > reply
    await second.stop()


async def test_what_the_app_was_told_survives_a_kill(tmp_path: Path) -> None:
    """Read by another connection while the first one still runs: nothing waits for `stop`."""
    sandbox = await begin(tmp_path)
    room = make_room(sandbox)
    ts = await room.post(text="promised")
    with sqlite3.connect(tmp_path / "slack.db") as database:
        ids = database.execute("SELECT id FROM objects WHERE kind = 'message'").fetchall()
    database.close()
    assert ids == [(f"{room.channel}/{ts}",)]
    await sandbox.stop()


async def test_an_event_that_nobody_heard_comes_after_the_restart(tmp_path: Path) -> None:
    first = await begin(tmp_path)
    room = make_room(first)
    await first.say(room.ana, room.channel, "early")
    await first.stop()
    second = await begin(tmp_path)
    app, heard = make_app(second)
    async with connected(second, app):
        await second.settled()
    assert [event["text"] for event in heard.of("message")] == ["early"]
    await second.stop()


async def test_a_sandbox_in_memory_can_be_away_for_a_while(room: Room) -> None:
    ts = await room.post()
    await room.sandbox.stop()
    await room.sandbox.start()
    assert room.sandbox.message(room.channel, ts)["text"] == "hello"


async def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    sandbox = await begin(tmp_path)
    assert (tmp_path / "slack.db").stat().st_mode & 0o077 == 0
    await sandbox.stop()


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "slack.db").write_bytes(b"not a database at all, and long enough to notice" * 50)
    sandbox = Sandbox(tmp_path / "slack.db", manifest=write_manifest(tmp_path))
    with pytest.raises(SandboxError, match="cannot be used"):
        await sandbox.start()
    await sandbox.stop()


async def test_caught_mails_are_in_the_same_file(tmp_path: Path) -> None:
    import aiosmtplib

    first = await begin(tmp_path)
    catcher = MailCatcher(first.store)
    await catcher.start()
    await aiosmtplib.send(
        "Subject: kept\r\n\r\nhello\r\n",
        sender="a@us.example",
        recipients=["jo@x.example"],
        hostname="127.0.0.1",
        port=catcher.port,
    )
    await catcher.stop()
    await first.stop()

    second = Sandbox(tmp_path / "slack.db", manifest=write_manifest(tmp_path))
    old = MailCatcher(second.store)
    second.attach_catcher(old)
    await second.start()
    [mail] = old.mails
    assert mail.summary["subject"] == "kept"
    assert (await old.read(mail.id)).text == "hello\n"
    await second.stop()


async def test_people_cannot_do_what_slacks_client_would_not_let_them(room: Room) -> None:
    sandbox = room.sandbox
    mine = await sandbox.say(room.ana, room.channel, "mine")
    bots = await room.post()
    vip = sandbox.add_channel("vip", is_private=True, members=[room.rui])
    for attempt, sentence in (
        (sandbox.edit(room.rui, room.channel, mine, "x"), "Only its author"),
        (sandbox.delete(room.ana, room.channel, bots), "Only its author"),
        (sandbox.say(room.ana, vip, "x"), "not in this channel"),
        (sandbox.say(room.ana, room.channel, " "), "nothing to send"),
        (sandbox.say(room.ana, room.channel, "x" * 12_001), "too long"),
        (sandbox.say(room.ana, room.channel, "x", thread_ts="1.000001"), "thread is gone"),
        (sandbox.react(room.ana, room.channel, mine, "nonsense_name"), "no emoji"),
    ):
        with pytest.raises(RefusedError, match=sentence):
            await attempt
    await sandbox.archive(room.channel)
    with pytest.raises(RefusedError, match="archived"):
        await sandbox.say(room.ana, room.channel, "x")
    with pytest.raises(SandboxError, match="no user"):
        await sandbox.say("U0NOBODY", room.channel, "x")
    with pytest.raises(SandboxError, match="already a channel"):
        sandbox.add_channel("support")


async def test_waiting_ends_with_the_change_or_the_time(room: Room) -> None:
    with pytest.raises(TimeoutError):
        await room.sandbox.wait_for(lambda: room.sandbox.messages(room.channel), timeout=0.01)
    await room.post()
    assert await room.sandbox.wait_for(lambda: room.sandbox.messages(room.channel))
