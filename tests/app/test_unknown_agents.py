"""People of whom Slack does not tell now who they are: nothing is decided for or against them."""

from __future__ import annotations

import pytest

from handlers.errors import ChatUnavailable
from tests.app.harness import Harness, Json, words_of


@pytest.fixture
async def card(canal: Harness) -> Json:
    await canal.write()
    card = await canal.ticket()
    await canal.idle()
    return card


def newcomer(canal: Harness, name: str, *, is_guest: bool = False) -> str:
    """Somebody whom Canal has never asked about."""
    user = canal.sandbox.add_user(name, name.title())
    canal.sandbox.world.people[user].is_guest = is_guest
    return user


async def test_a_reply_waits_until_slack_tells_who_wrote_it(canal: Harness, card: Json) -> None:
    guest, member = newcomer(canal, "gil", is_guest=True), newcomer(canal, "bo")
    canal.sandbox.fail("users.info", "internal_error", status=500, times=2)
    await canal.say(card, "I am just a guest", user=guest)
    await canal.say(card, "I belong here", user=member)
    sent = await canal.sent()
    assert "I belong here" in str(sent.text)
    told = await canal.sandbox.wait_for(lambda: canal.sandbox.ephemerals(guest), 20)
    assert "nothing was sent" in words_of(told[0])
    await canal.idle(20)
    assert len(canal.catcher.mails) == 1


async def test_a_stranger_whom_slack_does_not_show_sends_nothing(
    canal: Harness, card: Json
) -> None:
    stranger = newcomer(canal, "eve")
    canal.sandbox.fail("users.info", "user_not_found", times=3)
    await canal.say(card, "From elsewhere", user=stranger)
    await canal.sandbox.wait_for(lambda: canal.sandbox.ephemerals(stranger))
    await canal.idle()
    assert not canal.catcher.mails


async def test_a_note_waits_for_nobody(canal: Harness, card: Json) -> None:
    member = newcomer(canal, "bo")
    canal.sandbox.fail("users.info", "internal_error", status=500, times=2)
    ts = await canal.say(card, "note: I am new here", user=member)
    await canal.wait_reaction(ts, "lock")


async def test_a_group_that_cannot_be_read_now_shuts_nobody_out(canal: Harness, card: Json) -> None:
    group = canal.sandbox.add_usergroup("care", "Care", [canal.ana])
    await canal.edit_channel(agents=(group,))
    canal.sandbox.fail("usergroups.users.list", "internal_error", status=500, times=2)
    await canal.say(card, "I am of the group")
    sent = await canal.sent()
    assert "I am of the group" in str(sent.text)


async def test_undo_does_not_wait_and_send_does(canal: Harness, card: Json) -> None:
    await canal.edit_channel(undo_seconds=600)
    ts = await canal.say(card, "Somebody take this back")
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    reply = await canal.find_message(ts)
    member = newcomer(canal, "bo")
    canal.sandbox.fail("users.info", "internal_error", status=500)
    await canal.canal.services.replies.undo(reply.id, member)
    assert (await canal.find_message(ts)).state == "cancelled"
    with pytest.raises(ChatUnavailable):
        await canal.canal.services.replies.send(reply.id, member)
    assert (await canal.find_message(ts)).state == "cancelled"
