"""Slack answers badly or not at all, and its sockets come and go."""

from __future__ import annotations

import pytest

from tests.app.harness import Harness, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


_FAULTS = (
    ("internal_error", 500),
    ("", 502),
    ("fatal_error", None),
    ("drop", None),
    ("drop_before", None),
)


async def break_next(canal: Harness, method: str) -> None:
    """The next calls of the method go wrong, each in another way."""
    for error, status in _FAULTS:
        canal.sandbox.fail(method, error, status=status)


async def test_posts_are_there_once_whatever_slack_answered(canal: Harness) -> None:
    await break_next(canal, "chat.postMessage")
    ids = [canal.new_id() for _ in _FAULTS]
    for one in ids:
        await canal.write(message_id=one)
    await canal.sandbox.wait_for(lambda: len(canal.roots()) == len(ids), 20)
    await canal.idle(20)
    await break_next(canal, "chat.postMessage")
    for one in ids:
        await canal.write("Further", message_id=canal.new_id(), headers={"In-Reply-To": one})
    await canal.sandbox.wait_for(lambda: all(map(canal.replies, canal.roots())), 20)
    await canal.idle(20)
    assert len(canal.roots()) == len(ids)
    for card in canal.roots():
        assert ["Further" in words_of(one) for one in canal.replies(card)] == [True]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_files_are_there_once(canal: Harness, method: str) -> None:
    await break_next(canal, method)
    for _ in _FAULTS:
        await canal.write(message_id=canal.new_id(), files={"plan.bin": b"\x00"})
    await canal.sandbox.wait_for(
        lambda: len(canal.roots()) == len(_FAULTS) and all(map(canal.replies, canal.roots())), 20
    )
    await canal.idle(20)
    for card in canal.roots():
        (post,) = canal.replies(card)
        assert [one["name"] for one in post["files"]] == ["plan.bin"]


async def test_a_reaction_and_an_update_come_through_in_the_end(canal: Harness) -> None:
    for method in ("reactions.add", "chat.update"):
        canal.sandbox.fail(method, "drop")
        canal.sandbox.fail(method, "internal_error", status=503)
    await canal.write(message_id=canal.new_id())
    card = await canal.ticket()
    ts = await canal.say(card, "Hello")
    await canal.idle(20)
    assert canal.reactions(ts) == {"white_check_mark"}
    assert "Waiting" in words_of(canal.sandbox.message(canal.support, card["ts"]))


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "hard"])
async def test_a_socket_that_goes_is_replaced(canal: Harness, reason: str) -> None:
    await canal.write(message_id=canal.new_id())
    card = await canal.ticket()
    await canal.sandbox.disconnect_sockets(reason)
    ts = await canal.say(card, f"Said over the next socket after {reason}")
    await canal.sandbox.wait_for(lambda: canal.reactions(ts) == {"white_check_mark"}, 30)
    await canal.idle()
    assert len(canal.catcher.mails) == 1


async def test_two_sockets_hear_everything_once(canal: Harness) -> None:
    """Slack gives each event to any one of the sockets, and sometimes to both."""
    second = await canal.second_socket()
    try:
        await canal.sandbox.wait_for(lambda: canal.sandbox.sockets_open == 2)
        await canal.write(message_id=canal.new_id())
        card = await canal.ticket()
        channel = canal.sandbox.world.get_channel(canal.support)
        for number in range(6):
            ts = await canal.say(card, f"Reply {number}")
            canal.sandbox.events.message(channel, canal.sandbox.message(canal.support, ts))
        await canal.catcher.wait_for_mails(6)
        await canal.sandbox.settled(10)
        await canal.idle()
        assert len(canal.catcher.mails) == 6
    finally:
        await second.stop()
