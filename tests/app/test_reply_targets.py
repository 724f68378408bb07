"""Whom an answer goes to, whatever the mail's headers would like."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.app.harness import OURS, Harness, Json, words_of


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def reached(canal: Harness, card: Json) -> list[str]:
    await canal.edit_channel(undo_seconds=0)
    ts = await canal.say(card, "Our answer")
    sent = await canal.sent()
    await canal.wait_reaction(ts, "white_check_mark")
    return [address for address, _ in sent.recipients]


@pytest.mark.parametrize(
    "reply_to",
    [
        OURS,
        "Support <SUPPORT@acme.example>",
        "support+orders@acme.example",
        "noreply@cust.example",
        "No Reply <do-not-reply@cust.example>",
        "no_reply@mailer.cust.example",
    ],
)
async def test_a_reply_to_that_reaches_nobody_gives_way_to_the_writer(
    canal: Harness, reply_to: str
) -> None:
    await canal.write(message_id=canal.new_id(), headers={"Reply-To": reply_to})
    assert await reached(canal, await canal.ticket()) == ["jo@cust.example"]


async def test_a_reply_to_of_ours_beside_another_is_left_out(canal: Harness) -> None:
    await canal.write(
        message_id=canal.new_id(), headers={"Reply-To": f"{OURS}, Jo <jo@home.example>"}
    )
    assert await reached(canal, await canal.ticket()) == ["jo@home.example"]


async def test_all_our_addresses_are_left_out(canal: Harness) -> None:
    local, _, domain = canal.inbound.partition("@")
    await canal.write(
        message_id=canal.new_id(),
        to=f"{OURS}, support+a@acme.example, {local}+x@{domain}, Ed <ed@cust.example>",
        headers={"Cc": f"Support@Acme.Example, {canal.inbound}, bo@cust.example"},
    )
    assert await reached(canal, await canal.ticket()) == [
        "jo@cust.example",
        "ed@cust.example",
        "bo@cust.example",
    ]


async def test_a_web_form_that_writes_as_us_is_its_visitors_ticket(canal: Harness) -> None:
    """Many web sites send their contact form from the desk's own address."""
    await canal.write(
        "I filled in your form.",
        sender=f"Acme web site <{OURS}>",
        message_id=canal.new_id(),
        headers={"Reply-To": "Vi Sitor <vi@visitor.example>"},
    )
    card = await canal.ticket()
    assert "Vi Sitor  <vi@visitor.example>" in words_of(card)
    assert "🔵 Open" in words_of(card)
    assert "from their own mail client" not in words_of(card)
    assert await reached(canal, card) == ["vi@visitor.example"]


async def test_who_pretends_to_be_us_gets_no_loop(canal: Harness) -> None:
    await canal.write("Fooled?", sender=f"Us <{OURS}>", message_id=canal.new_id())
    card = await canal.ticket()
    await canal.edit_channel(undo_seconds=0)
    await canal.say(card, "Answering ourselves")
    told = await canal.sandbox.wait_for(
        lambda: canal.sandbox.ephemerals(canal.ana)[canal.whispers :]
    )
    assert "address" in words_of(told[-1])
    await canal.idle()
    assert not canal.catcher.mails


async def test_a_change_of_people_is_told_before_it_leaves_also_without_an_undo_time(
    canal: Harness,
) -> None:
    await canal.edit_channel(undo_seconds=0)
    first = canal.new_id()
    await canal.write(message_id=first)
    card = await canal.ticket()
    await canal.say(card, "One")
    await canal.sent()
    await canal.write(
        "With Bob now",
        message_id=canal.new_id(),
        headers={"In-Reply-To": first, "Cc": "bob@cust.example"},
    )
    await canal.sandbox.wait_for(
        lambda: any("With Bob now" in words_of(one) for one in canal.replies(card))
    )
    ts = await canal.say(card, "Two")
    told = await canal.sandbox.wait_for(
        lambda: canal.sandbox.ephemerals(canal.ana)[canal.whispers :]
    )
    assert "bob@cust.example is new on this ticket" in words_of(told[-1])
    message = await canal.find_message(ts)
    assert message.send_at is not None
    assert message.send_at - message.created_at >= timedelta(seconds=3)
    assert {one for one, _ in (await canal.sent(2)).recipients} == {
        "jo@cust.example",
        "bob@cust.example",
    }
