"""Not this ticket, Link, Merge: mails go where they belong, and their answers after them."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.errors import UserError
from tests.app.harness import Harness, words_of

Json = dict[str, Any]


def thread_words(canal: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in canal.sandbox.thread(canal.support, card["ts"]))


def root_words(canal: Harness, card: Json) -> str:
    return words_of(canal.sandbox.message(canal.support, card["ts"]))


def whispers(canal: Harness) -> str:
    return "\n".join(words_of(one) for one in canal.sandbox.ephemerals(canal.ana))


async def wait_for_words(canal: Harness, card: Json, text: str) -> None:
    await canal.sandbox.wait_for(lambda: text in thread_words(canal, card))


def post_with(canal: Harness, card: Json, text: str) -> Json:
    return next(one for one in canal.replies(card) if text in words_of(one))


async def two_mails(canal: Harness) -> tuple[Json, Json]:
    """A ticket, and a second mail in its thread that has nothing to do with it."""
    await canal.write("About the invoice", subject="Invoice", message_id="<one@cust.example>")
    card = await canal.ticket()
    await canal.write(
        "About a chair",
        sender="Jo Miller <jo@cust.example>",
        subject="A chair",
        message_id="<two@cust.example>",
        headers={"In-Reply-To": "<one@cust.example>", "Cc": "ed@cust.example"},
        files={"chair.bin": b"chair"},
    )
    await canal.sandbox.wait_for(lambda: "About a chair" in thread_words(canal, card))
    await canal.sandbox.wait_for(lambda: any(one.get("files") for one in canal.replies(card)))
    return card, post_with(canal, card, "About a chair")


async def split(canal: Harness, post: Json) -> Json:
    await canal.sandbox.shortcut(canal.ana, "not_this_ticket", canal.support, post["ts"])
    return await canal.ticket(2)


async def merge(canal: Harness, card: Json, number: str) -> Json:
    ticket = card["metadata"]["event_payload"]["ticket_id"]
    await canal.sandbox.click(
        canal.ana, canal.support, card["ts"], "ticket_more", selected=f"merge:{ticket}"
    )
    view = canal.sandbox.open_views(canal.ana)[-1]
    return await canal.sandbox.submit_view(canal.ana, view["id"], {"number": number})


async def test_not_this_ticket_gives_the_mail_a_ticket_and_leaves_a_pointer(
    canal: Harness,
) -> None:
    card, post = await two_mails(canal)
    new = await split(canal, post)
    assert "#2  A chair" in words_of(new)
    assert "About a chair" in words_of(new)
    await canal.sandbox.wait_for(lambda: "This mail is in <" in thread_words(canal, card))
    assert "About a chair" not in thread_words(canal, card)
    await canal.sandbox.wait_for(lambda: any(one.get("files") for one in canal.replies(new)))
    await canal.sandbox.wait_for(lambda: "The mail is #2 now" in whispers(canal))


async def test_its_next_answers_go_to_the_new_ticket(canal: Harness) -> None:
    card, post = await two_mails(canal)
    new = await split(canal, post)
    await canal.write("A red one", headers={"In-Reply-To": "<two@cust.example>"})
    await canal.sandbox.wait_for(lambda: "A red one" in thread_words(canal, new))
    await canal.write("Two seats", headers={"In-Reply-To": "<one@cust.example>"})
    await canal.sandbox.wait_for(lambda: "Two seats" in thread_words(canal, card))
    assert len(canal.roots()) == 2


async def test_a_moved_mail_beats_the_old_tickets_tokens_below_it(canal: Harness) -> None:
    await canal.write("About the invoice", subject="Invoice")
    card = await canal.ticket()
    await canal.say(card, "Which?")
    reply = await canal.sent()
    token = reply.message["Reply-To"].addresses[0].addr_spec
    await canal.write(
        "About a chair",
        recipients=[token],
        message_id="<two@cust.example>",
        headers={"In-Reply-To": reply.message_id},
    )
    await canal.sandbox.wait_for(lambda: "About a chair" in thread_words(canal, card))
    new = await split(canal, post_with(canal, card, "About a chair"))
    await canal.write(
        "A red one",
        recipients=[token],
        headers={
            "In-Reply-To": "<two@cust.example>",
            "References": f"{reply.message_id} <two@cust.example>",
        },
    )
    await canal.sandbox.wait_for(lambda: "A red one" in thread_words(canal, new))
    assert "A red one" not in thread_words(canal, card)


async def test_people_of_the_moved_mail_leave_the_old_ticket(canal: Harness) -> None:
    card, post = await two_mails(canal)
    await split(canal, post)
    await canal.write(
        "I am Ed", sender="ed@cust.example", headers={"In-Reply-To": "<one@cust.example>"}
    )
    third = await canal.ticket(3)
    assert "but its sender was not on that ticket" in words_of(third)
    await canal.say(card, "Hello Jo")
    assert {one for one, _ in (await canal.sent()).recipients} == {"jo@cust.example"}


async def test_the_first_mail_of_a_ticket_can_leave_it_too(canal: Harness) -> None:
    card, _ = await two_mails(canal)
    await canal.sandbox.shortcut(canal.ana, "not_this_ticket", canal.support, card["ts"])
    new = await canal.ticket(2)
    assert "About the invoice" in words_of(new)
    await canal.sandbox.wait_for(lambda: "About a chair" in root_words(canal, card))
    assert "About the invoice" not in root_words(canal, card)
    await canal.sandbox.wait_for(
        lambda: "The first mail of this thread is in <" in thread_words(canal, card)
    )


async def test_the_only_mail_of_a_ticket_stays(canal: Harness) -> None:
    await canal.write()
    card = await canal.ticket()
    await canal.sandbox.shortcut(canal.ana, "not_this_ticket", canal.support, card["ts"])
    await canal.sandbox.wait_for(lambda: "all that its ticket has" in whispers(canal))
    assert len(canal.roots()) == 1


async def test_link_puts_a_strangers_mail_into_the_ticket_it_refers_to(canal: Harness) -> None:
    await canal.write("Hello", message_id="<one@cust.example>")
    card = await canal.ticket()
    await canal.write(
        "I am a colleague",
        sender="Sam <sam@cust.example>",
        message_id="<sam@cust.example>",
        headers={"In-Reply-To": "<one@cust.example>"},
    )
    other = await canal.ticket(2)
    assert "Link to #1" in words_of(other)
    await canal.sandbox.click(canal.ana, canal.support, other["ts"], "ticket_link")
    await canal.sandbox.wait_for(lambda: "I am a colleague" in thread_words(canal, card))
    await canal.sandbox.wait_for(lambda: "Everything of it is in <" in root_words(canal, other))
    assert "I am a colleague" not in thread_words(canal, other)
    await canal.write(
        "Sam again", sender="sam@cust.example", headers={"In-Reply-To": "<sam@cust.example>"}
    )
    await canal.sandbox.wait_for(lambda: "Sam again" in thread_words(canal, card))
    assert len(canal.roots()) == 2


async def test_merge_moves_everything_and_all_ways_lead_to_the_other_ticket(
    canal: Harness,
) -> None:
    await canal.write("First", subject="One", message_id="<one@cust.example>")
    first = await canal.ticket()
    await canal.write("Second", subject="Two", message_id="<two@cust.example>")
    second = await canal.ticket(2)
    await canal.say(second, "An answer")
    reply = await canal.sent()
    answer = await merge(canal, second, "#1")
    assert "errors" not in answer
    await canal.sandbox.wait_for(lambda: "Second" in thread_words(canal, first))
    await canal.sandbox.wait_for(lambda: "went into this ticket, with 1 mail" in thread_words(
        canal, first
    ))  # fmt: skip
    await canal.sandbox.wait_for(lambda: "Everything of it is in <" in root_words(canal, second))
    assert "ticket_take" not in str(canal.sandbox.message(canal.support, second["ts"]))
    for text, header in (("By id", "<two@cust.example>"), ("By token", reply.message_id)):
        await canal.write(text, headers={"In-Reply-To": header})
        await wait_for_words(canal, first, text)
    await canal.write("By address", recipients=[reply.message["Reply-To"].addresses[0].addr_spec])
    await canal.sandbox.wait_for(lambda: "By address" in thread_words(canal, first))
    assert len(canal.roots()) == 2


async def test_an_answer_in_the_old_thread_is_refused_and_names_the_new_one(
    canal: Harness,
) -> None:
    await canal.write("First", subject="One")
    await canal.ticket()
    await canal.write("Second", subject="Two")
    second = await canal.ticket(2)
    await merge(canal, second, "1")
    await canal.sandbox.wait_for(lambda: "Everything of it is in <" in root_words(canal, second))
    await canal.say(second, "Too late")
    await canal.sandbox.wait_for(lambda: "Nothing was sent: #2 went into <" in whispers(canal))
    assert canal.catcher.mails == []


async def test_a_merge_that_makes_no_sense_is_told_at_the_field(canal: Harness) -> None:
    first_inbound = canal.inbound
    sales = canal.sandbox.add_channel("sales", bot_is_member=True)
    await canal.add_channel(name="Sales", slack_channel_id=sales, primary="sales@acme.example")
    await canal.write(recipients=[first_inbound])
    card = await canal.ticket()
    await canal.write(recipients=[canal.inbound])
    await canal.sandbox.wait_for(lambda: len(canal.roots(sales)) == 1)
    wanted = {
        "twelve": "Give the number of a ticket",
        "99": "There is no ticket #99.",
        "1": "This is #1 itself.",
        "2": "#2 belongs to Sales",
    }
    for typed, sentence in wanted.items():
        assert sentence in (await merge(canal, card, typed))["errors"]["number"]


async def test_a_forward_is_never_merged_with_what_it_forwards(canal: Harness) -> None:
    await canal.canal.channels.edit("Support", canal.channel_fields(forward_opens_ticket=True))
    await canal.write()
    card = await canal.ticket()
    await canal.sandbox.shortcut(canal.ana, "forward_ticket", canal.support, card["ts"])
    view = canal.sandbox.open_views(canal.ana)[-1]
    await canal.sandbox.submit_view(canal.ana, view["id"], {"to": "pat@partner.example"})
    new = await canal.ticket(2)
    for source, number in ((new, "1"), (card, "2")):
        answer = await merge(canal, source, number)
        assert "#2 is a forward: it stays apart" in answer["errors"]["number"]


async def test_a_merged_ticket_is_not_opened_again(canal: Harness) -> None:
    await canal.write(subject="One")
    await canal.ticket()
    await canal.write(subject="Two")
    second = await canal.ticket(2)
    ticket = second["metadata"]["event_payload"]["ticket_id"]
    await merge(canal, second, "1")
    await canal.sandbox.wait_for(lambda: "Everything of it is in <" in root_words(canal, second))
    with pytest.raises(UserError, match=r"#2 went into #1: go on there\."):
        await canal.canal.parts.tickets.reopen(int(ticket), canal.ana)
