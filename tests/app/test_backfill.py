"""What agents wrote while Canal was away, at a Slack that keeps no events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.harness import Harness, Json, words_of


@pytest.fixture
async def forgetful(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path, keep_events_for=0)
    await harness.start()
    await harness.add_channel(undo_seconds=600)
    try:
        yield harness
    finally:
        await harness.stop()


async def test_a_reply_written_meanwhile_is_sent(canal_away: Harness) -> None:
    harness = canal_away
    card = harness.roots()[0]
    ts = await harness.say(card, "Written while away")
    await harness.start_canal()
    await harness.wait_reaction(ts, "white_check_mark")
    assert b"Written while away" in ((await harness.sent()).data or b"")


@pytest.fixture
async def canal_away(tmp_path: Path) -> AsyncIterator[Harness]:
    """Stopped, with one ticket that was posted."""
    harness = Harness(tmp_path, keep_events_for=0)
    await harness.start()
    await harness.add_channel()
    await harness.write()
    await harness.ticket()
    await harness.stop_canal()
    try:
        yield harness
    finally:
        await harness.stop()


async def test_a_held_reply_deleted_meanwhile_is_cancelled(forgetful: Harness) -> None:
    await forgetful.write()
    card = await forgetful.ticket()
    kept = await forgetful.say(card, "This one stays")
    gone = await forgetful.say(card, "This one goes")
    for ts in (kept, gone):
        await forgetful.wait_reaction(ts, "hourglass_flowing_sand")
    await forgetful.stop_canal()
    await forgetful.sandbox.delete(forgetful.ana, forgetful.support, gone)
    await forgetful.sandbox.edit(forgetful.ana, forgetful.support, kept, "This one is better")
    await forgetful.start_canal()
    replies = forgetful.canal.parts.replies

    async def states() -> tuple[str, str]:
        first = await replies.find_message(forgetful.support, kept)
        second = await replies.find_message(forgetful.support, gone)
        assert first is not None
        assert second is not None
        return str(first.body), second.state

    await forgetful.canal.parts.backfill.run()
    body, state = await states()
    assert "better" in body
    assert state == "cancelled"


async def test_a_note_written_meanwhile_is_marked(canal_away: Harness) -> None:
    card = canal_away.roots()[0]
    ts = await canal_away.say(card, "note: call her back")
    await canal_away.start_canal()
    await canal_away.wait_reaction(ts, "lock")
    assert not canal_away.catcher.mails


async def test_an_old_reply_is_offered_not_sent(
    canal_away: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr("handlers.replies.backfill._SEND_UP_TO", timedelta(seconds=-1))
    card = canal_away.roots()[0]
    await canal_away.say(card, "Is this still true?")
    await canal_away.start_canal()
    await canal_away.sandbox.wait_for(
        lambda: any("Canal was away" in words_of(one) for one in canal_away.replies(card))
    )
    assert not canal_away.catcher.mails
    offer = next(one for one in canal_away.replies(card) if "Canal was away" in words_of(one))
    await canal_away.sandbox.click(canal_away.ana, canal_away.support, offer["ts"], "reply_send")
    assert b"Is this still true?" in ((await canal_away.sent()).data or b"")


@pytest.fixture
async def sent_once(tmp_path: Path) -> AsyncIterator[Harness]:
    """A Slack that does not send an event again while the test lasts."""
    harness = Harness(tmp_path, redeliver_after=600, keep_events_for=0)
    await harness.start()
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


async def fail_at(harness: Harness, card: Json, text: str, *, forgets: bool = False) -> None:
    """A reply whose event could not be stored, because the database was away for a moment.

    `forgets`: the process dies before it can do anything about it.
    """
    await harness.idle()
    db, backfill = harness.canal.parts.context.db, harness.canal.parts.backfill
    in_write, note_missed = db.in_write, backfill.note_missed
    failed = asyncio.Event()

    async def fail(_work: object) -> None:
        raise OSError("the database is away")

    def note(slack_channel_id: str, thread_ts: str) -> None:
        failed.set()
        if not forgets:
            note_missed(slack_channel_id, thread_ts)

    db.in_write = fail  # type: ignore[method-assign, assignment]
    backfill.note_missed = note  # type: ignore[method-assign]
    await harness.say(card, text)
    async with asyncio.timeout(10):
        await failed.wait()
    db.in_write = in_write  # type: ignore[method-assign]


def times_sent(harness: Harness, words: bytes) -> int:
    return sum(words in (mail.data or b"") for mail in harness.catcher.mails)


async def test_a_reply_whose_event_failed_is_read_in_its_thread(sent_once: Harness) -> None:
    await sent_once.write()
    card = await sent_once.ticket()
    await fail_at(sent_once, card, "Written while the database was away")
    # A later message of the thread must not hide the one that failed, nor a Slack that is away.
    later = await sent_once.say(card, "Another one, after it")
    await sent_once.wait_reaction(later, "white_check_mark")
    sent_once.sandbox.fail("conversations.replies", "internal_error", times=2)
    await sent_once.canal.parts.backfill.read_missed()
    await sent_once.sent(2)
    assert times_sent(sent_once, b"Written while the database was away") == 1


async def test_a_reply_whose_event_failed_before_a_crash_is_read_after_it(
    sent_once: Harness,
) -> None:
    """What was noted of it in memory is gone, and a later reply was handled."""
    await sent_once.write()
    card = await sent_once.ticket()
    await fail_at(sent_once, card, "Written while the database was away", forgets=True)
    later = await sent_once.say(card, "Another one, after it")
    await sent_once.wait_reaction(later, "white_check_mark")
    await sent_once.stop_canal()
    await sent_once.start_canal()
    await sent_once.sent(2)
    await sent_once.idle()
    assert times_sent(sent_once, b"Written while the database was away") == 1
    assert times_sent(sent_once, b"Another one, after it") == 1


async def test_a_hello_after_a_gap_counts_however_early_the_ping_was(canal: Harness) -> None:
    """slack_sdk's ping-pong may come before the hello is read: then nobody seems to have been away.

    A refreshed socket, opened before the old one ends, leaves no gap.
    """
    socket = await canal.second_socket()
    called: list[str] = []
    socket.on_connected = lambda: called.append("back")
    client = socket._handler.client

    def was_away() -> bool:
        return socket._was_away

    try:
        await canal.sandbox.wait_for(lambda: canal.sandbox.sockets_open == 2)
        async with asyncio.timeout(10):
            while was_away():
                await asyncio.sleep(0.05)
        called.clear()  # the first hello counts, too
        await socket._on_socket_message(None, {"type": "hello"})
        assert called == []
        await client.disconnect()  # type: ignore[no-untyped-call]
        async with asyncio.timeout(10):
            while not was_away():
                await asyncio.sleep(0.05)
        client.last_ping_pong_time = time.time()
        await socket._on_socket_message(None, {"type": "hello"})
        assert called == ["back"]
    finally:
        await socket.stop()


async def test_what_became_due_while_canal_was_away_leaves_as_it_is_in_slack_now(
    forgetful: Harness,
) -> None:
    await forgetful.write()
    card = await forgetful.ticket()
    gone = await forgetful.say(card, "This one goes")
    kept = await forgetful.say(card, "This one stays")
    for ts in (gone, kept):
        await forgetful.wait_reaction(ts, "hourglass_flowing_sand")
    await forgetful.edit_channel(undo_seconds=0)
    forgetful.canal.parts.outbox.end()
    for ts in (gone, kept):
        await forgetful.make_due(ts)
    await forgetful.stop_canal()
    await forgetful.sandbox.delete(forgetful.ana, forgetful.support, gone)
    await forgetful.sandbox.edit(forgetful.ana, forgetful.support, kept, "This one is better")
    forgetful.sandbox.fail("conversations.replies", "internal_error", times=2)
    await forgetful.start_canal()
    sent = await forgetful.sent()
    assert "This one is better" in str(sent.text)
    await forgetful.idle()
    assert (await forgetful.find_message(gone)).state == "cancelled"
    assert len(forgetful.catcher.mails) == 1


async def test_threads_that_cannot_be_read_at_once_are_read_later(canal_away: Harness) -> None:
    ts = await canal_away.say(canal_away.roots()[0], "Written while away")
    canal_away.sandbox.fail("conversations.history", "internal_error")
    canal_away.sandbox.fail("conversations.replies", "ratelimited", status=429, retry_after=1)
    await canal_away.start_canal()
    await canal_away.sandbox.wait_for(
        lambda: canal_away.reactions(ts) == {"white_check_mark"}, timeout=15
    )


async def test_what_was_written_while_canal_was_not_in_the_channel_is_read_once_it_is_back(
    forgetful: Harness,
) -> None:
    await forgetful.edit_channel(undo_seconds=0)
    await forgetful.write()
    card = await forgetful.ticket()
    await forgetful.idle()
    await forgetful.sandbox.kick_bot(forgetful.support)
    ts = await forgetful.say(card, "Written behind its back")
    await forgetful.sandbox.settled()
    assert not forgetful.catcher.mails
    await forgetful.sandbox.invite_bot(forgetful.support)
    await forgetful.wait_reaction(ts, "white_check_mark")
    assert b"Written behind its back" in ((await forgetful.sent()).data or b"")
