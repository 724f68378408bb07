"""What was tried too often is said in the thread and to the admins, with Retry and Drop."""

from __future__ import annotations

import json

import pytest

from tests.app.harness import Harness, Json, words_of


def told(canal: Harness) -> list[Json]:
    """What the admins were told, in their direct messages."""
    rooms = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
    return [one for room in rooms for one in canal.sandbox.messages(room)]


def room_of(canal: Harness) -> str:
    return next(one.id for one in canal.sandbox.world.channels.values() if one.is_im)


async def refused_mail(canal: Harness, word: str) -> tuple[Json, Json, Json]:
    """A further mail that Slack refuses for good: its card, and the two notices."""
    mail = await canal.write("The first")
    card = await canal.ticket()
    canal.sandbox.fail("chat.postMessage", "msg_too_long")
    await canal.write(word, headers={"In-Reply-To": str(mail["Message-ID"])})
    await canal.sandbox.wait_for(lambda: told(canal) and canal.replies(card))
    await canal.idle()
    (in_thread,), (to_admin,) = canal.replies(card), told(canal)
    for notice in (in_thread, to_admin):
        assert "could not be done" in words_of(notice)
        assert "msg_too_long" in words_of(notice)
        assert "work_retry" in json.dumps(notice)
        assert "work_drop" in json.dumps(notice)
    return card, in_thread, to_admin


async def test_whoever_sees_it_in_the_thread_may_try_it_again(canal: Harness) -> None:
    card, in_thread, _ = await refused_mail(canal, "The second")
    await canal.sandbox.click(canal.ana, canal.support, in_thread["ts"], "work_retry")
    await canal.sandbox.wait_for(
        lambda: any("The second" in words_of(one) for one in canal.replies(card))
    )
    await canal.idle()
    assert len(canal.replies(card)) == 2


async def test_only_an_admin_drops_it(canal: Harness) -> None:
    card, in_thread, to_admin = await refused_mail(canal, "The second")
    await canal.sandbox.click(canal.ana, canal.support, in_thread["ts"], "work_drop")
    await canal.sandbox.wait_for(lambda: canal.sandbox.ephemerals(canal.ana))
    assert "Only admins" in words_of(canal.sandbox.ephemerals(canal.ana)[-1])
    await canal.sandbox.click(canal.rui, room_of(canal), to_admin["ts"], "work_drop")
    await canal.sandbox.click(canal.ana, canal.support, in_thread["ts"], "work_retry")
    await canal.sandbox.wait_for(
        lambda: "no item" in words_of(canal.sandbox.ephemerals(canal.ana)[-1])
    )
    assert not any("The second" in words_of(one) for one in canal.replies(card))


async def test_a_reply_that_is_given_up_says_so_and_is_sent_at_retry(
    canal: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.outbox.worker._MOST_ATTEMPTS", 1)
    await canal.write("Hello")
    card = await canal.ticket()
    drafts = canal.canal.parts.outbox._deliver  # a fault that nobody foresaw
    kind = next(one for one in drafts if one.value == "send_email")
    works = drafts[kind]

    async def broken(_item: object) -> None:
        raise RuntimeError("the disk said no")

    drafts[kind] = broken  # type: ignore[index]
    ts = await canal.say(card, "Hello Jo")
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.wait_for(lambda: told(canal) and len(canal.replies(card)) > 1)
    notice = canal.replies(card)[-1]
    assert "the disk said no" in words_of(notice)
    drafts[kind] = works  # type: ignore[index]
    await canal.sandbox.click(canal.ana, canal.support, notice["ts"], "reply_send")
    await canal.wait_reaction(ts, "white_check_mark")
    assert len(canal.catcher.mails) == 1
