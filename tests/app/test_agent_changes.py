"""Second thoughts: edits, deletes, Undo, notes, confirmations and retries of a reply."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.queries import messages, tickets
from tests.app.harness import Harness, Json, words_of


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


pytestmark = pytest.mark.asyncio(loop_scope="module")
_LONG = 600


async def opened(canal: Harness, undo_seconds: int = _LONG, reply_mode: str = "auto") -> Json:
    await canal.edit_channel(undo_seconds=undo_seconds, reply_mode=reply_mode)
    await canal.write(message_id=canal.new_id())
    return await canal.ticket()


async def whispered(canal: Harness, text: str) -> Json:
    """What only Ana sees, once it says this."""

    def find() -> Json | None:
        shown = reversed(canal.sandbox.ephemerals(canal.ana)[canal.whispers :])
        return next((one for one in shown if text in words_of(one)), None)

    found = await canal.sandbox.wait_for(find)
    assert found is not None
    return found


async def press(canal: Harness, message: Json, action_id: str) -> None:
    await canal.sandbox.click(canal.ana, canal.support, message["ts"], action_id)


async def release(canal: Harness, ts: str) -> None:
    """The undo time is over."""
    await canal.make_due(ts)


async def test_an_edit_during_the_hold_rewrites_the_mail(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "The frist version")
    await whispered(canal, f"in {_LONG} s")
    await canal.sandbox.edit(canal.ana, canal.support, ts, "The *first* version")
    await canal.sandbox.settled()
    await release(canal, ts)
    sent = await canal.sent()
    assert "first version" in str(sent.text)
    assert "frist" not in (sent.data or b"").decode()


async def test_an_edit_into_a_note_keeps_it_in_slack(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "He is angry")
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    await canal.sandbox.edit(canal.ana, canal.support, ts, "note: he is angry")
    await canal.wait_reaction(ts, "lock")
    await canal.idle()
    assert not canal.catcher.mails


async def test_a_delete_during_the_hold_cancels(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "Oops")
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    await canal.sandbox.delete(canal.ana, canal.support, ts)
    await whispered(canal, "nothing was sent")
    await canal.idle()
    assert not canal.catcher.mails


@pytest.mark.parametrize("change", ["edit", "delete"])
async def test_a_change_after_it_left_is_told(canal: Harness, change: str) -> None:
    card = await opened(canal, undo_seconds=0)
    ts = await canal.say(card, "Gone")
    await canal.wait_reaction(ts, "white_check_mark")
    if change == "edit":
        await canal.sandbox.edit(canal.ana, canal.support, ts, "Changed")
    else:
        await canal.sandbox.delete(canal.ana, canal.support, ts)
    await whispered(canal, "This reply left at")
    await canal.idle()
    assert len(canal.catcher.mails) == 1


async def test_undo_takes_it_back_and_it_can_be_sent_after_all(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "Hasty")
    held = await whispered(canal, f"in {_LONG} s")
    await press(canal, held, "reply_undo")
    await whispered(canal, "nothing was sent")
    await canal.sandbox.wait_for(lambda: not canal.reactions(ts))
    await canal.edit_channel(undo_seconds=0)
    await canal.sandbox.shortcut(canal.ana, "reply_to_customer", canal.support, ts)
    await canal.wait_reaction(ts, "white_check_mark")
    assert len(canal.catcher.mails) == 1


async def test_undo_twice_and_too_late_change_nothing(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "Slow finger")
    held = await whispered(canal, f"in {_LONG} s")
    await release(canal, ts)
    await canal.wait_reaction(ts, "white_check_mark")
    await press(canal, held, "reply_undo")
    await whispered(canal, "This reply left at")
    await canal.idle()
    assert canal.reactions(ts) == {"white_check_mark"}


async def test_make_it_a_note_by_button_and_by_shortcut(canal: Harness) -> None:
    card = await opened(canal)
    one = await canal.say(card, "Better not")
    held = await whispered(canal, f"in {_LONG} s")
    await press(canal, held, "reply_note")
    await canal.wait_reaction(one, "lock")
    two = await canal.say(card, "This neither")
    await canal.wait_reaction(two, "hourglass_flowing_sand")
    await canal.sandbox.shortcut(canal.ana, "make_note", canal.support, two)
    await canal.wait_reaction(two, "lock")
    await canal.idle()
    assert not canal.catcher.mails


async def test_an_undo_that_races_with_the_sending_is_one_or_the_other(
    canal: Harness,
) -> None:
    card = await opened(canal)
    for number in range(8):
        ts = await canal.say(card, f"Race {number}")
        await canal.wait_reaction(ts, "hourglass_flowing_sand")
        message = await canal.find_message(ts)
        await release(canal, ts)
        replies = canal.canal.parts.replies
        outcome = await replies.undo(message.id, canal.ana)
        await canal.idle()
        left = sum(f"Race {number}" in str(one.text) for one in canal.catcher.mails)
        assert left == (outcome.kind == "already_sent")


async def test_retry_after_a_failure(canal: Harness) -> None:
    canal.catcher.refuse("jo@cust.example", "550 5.1.1 no such user", times=1)
    card = await opened(canal, undo_seconds=0)
    ts = await canal.say(card, "Hello")
    await canal.wait_reaction(ts, "x")
    (notice,) = await canal.sandbox.wait_for(lambda: canal.replies(card)[1:])
    await press(canal, notice, "reply_send")
    await canal.wait_reaction(ts, "white_check_mark")
    assert len(canal.catcher.mails) == 1


async def test_a_passing_refusal_is_tried_again_by_itself(canal: Harness) -> None:
    canal.catcher.refuse("jo@cust.example", "451 4.7.1 greylisted", times=1)
    card = await opened(canal, undo_seconds=0)
    ts = await canal.say(card, "Patience")
    await canal.sandbox.wait_for(lambda: canal.reactions(ts) == {"white_check_mark"}, 10)
    assert len(canal.catcher.mails) == 1


async def test_confirm_mode_sends_nothing_without_the_button(canal: Harness) -> None:
    card = await opened(canal, undo_seconds=0, reply_mode="confirm")
    ts = await canal.say(card, "Shall I?")
    asked = await whispered(canal, "From Acme")
    await canal.idle()
    assert not canal.catcher.mails
    await press(canal, asked, "reply_send")
    await canal.wait_reaction(ts, "white_check_mark")
    assert len(canal.catcher.mails) == 1


async def test_notes_mode_sends_by_the_shortcut_only(canal: Harness) -> None:
    card = await opened(canal, undo_seconds=0, reply_mode="notes")
    ts = await canal.say(card, "Just between us")
    await canal.wait_reaction(ts, "lock")
    await canal.idle()
    assert not canal.catcher.mails
    await canal.sandbox.shortcut(canal.ana, "reply_to_customer", canal.support, ts)
    await canal.wait_reaction(ts, "white_check_mark")


async def test_a_ticket_closed_long_ago_asks_first(canal: Harness) -> None:
    card = await opened(canal, undo_seconds=0)
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_close")
    context = canal.canal.parts.context
    async with context.db.write() as tx:
        ticket = await tickets.find_by_thread(tx, canal.support, card["ts"])
        assert ticket is not None
        long_ago = context.clock.now() - timedelta(days=90)
        await tickets.change(tx, ticket.id, closed_at=long_ago)
    ts = await canal.say(card, "One more thing")
    asked = await whispered(canal, "was closed")
    assert canal.reactions(ts) <= {"lock"}
    await press(canal, asked, "reply_reopen_send")
    await canal.wait_reaction(ts, "white_check_mark")
    await canal.sandbox.wait_for(
        lambda: "Closed" not in words_of(canal.sandbox.message(canal.support, card["ts"]))
    )


async def test_a_crash_after_the_results_were_noted_sends_nothing_again(canal: Harness) -> None:
    """Every recipient has answered, only the reply's own state was not changed any more."""
    card = await opened(canal)
    ts = await canal.say(card, "Already there")
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    message = await canal.find_message(ts)
    context = canal.canal.parts.context
    result = {"address": "jo@cust.example", "state": "accepted", "code": 250, "reply": "OK"}
    async with context.db.write() as tx:
        await messages.save_deliveries(tx, message.id, [result], now=context.clock.now())
        await messages.change(tx, message.id, state="sending")
    await release(canal, ts)
    await canal.wait_reaction(ts, "white_check_mark")
    assert not canal.catcher.mails


async def overtaken(canal: Harness, card: Json) -> Json:
    """What Ana has just said in the thread, of which Canal has heard nothing yet."""
    await canal.canal.services.background.stop(10)
    channel = canal.sandbox.world.get_channel(canal.support)
    ts = canal.sandbox.world.now_ts()
    return {
        "type": "message", "user": canal.ana, "text": "The first words", "ts": ts,
        "thread_ts": card["ts"], "channel": channel.id, "team": canal.sandbox.team_id,
    }  # fmt: skip


async def hear(canal: Harness, *events: Json) -> None:
    channel = canal.sandbox.world.get_channel(canal.support)
    for event in events:
        canal.sandbox.events.message(channel, event)
        await canal.sandbox.settled(10)
    await canal.idle()


async def test_a_delete_that_overtakes_its_message_keeps_it_from_leaving(canal: Harness) -> None:
    card = await opened(canal, undo_seconds=0)
    said = await overtaken(canal, card)
    deleted = {"subtype": "message_deleted", "deleted_ts": said["ts"], "previous_message": said}
    await hear(canal, {**deleted, "ts": said["ts"], "hidden": True}, said)
    assert (await canal.find_message(said["ts"])).state == "cancelled"
    assert not canal.catcher.mails


async def test_an_edit_that_overtakes_its_message_is_what_leaves(canal: Harness) -> None:
    card = await opened(canal, undo_seconds=0)
    said = await overtaken(canal, card)
    edited = {**said, "text": "Better words", "edited": {"user": canal.ana, "ts": said["ts"]}}
    changed = {"subtype": "message_changed", "message": edited, "previous_message": said}
    await hear(canal, {**changed, "ts": said["ts"], "hidden": True}, said)
    assert len(canal.catcher.mails) == 1
    assert "Better words" in str(canal.catcher.mails[0].text)


async def test_an_edit_of_what_was_said_long_ago_and_never_heard_sends_nothing(
    canal: Harness,
) -> None:
    card = await opened(canal, undo_seconds=0)
    said = {**await overtaken(canal, card), "ts": f"{float(card['ts']) - 3600:.6f}"}
    changed = {"subtype": "message_changed", "message": said, "previous_message": said}
    await hear(canal, {**changed, "ts": canal.sandbox.world.now_ts(), "hidden": True})
    assert not canal.catcher.mails
