"""Colleagues who answer from their own mail client: shown as theirs, with a mark where unproven."""

from __future__ import annotations

from typing import Any

from tests.app.harness import OURS, Harness, words_of

Json = dict[str, Any]


def thread_words(canal: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in canal.sandbox.thread(canal.support, card["ts"]))


async def said(canal: Harness, card: Json, words: str) -> None:
    await canal.sandbox.wait_for(lambda: words in thread_words(canal, card))


async def staff_answer(canal: Harness, card: Json, **options: Any) -> None:
    await canal.write(
        "I called you back.",
        sender=f"Support <{OURS}>",
        to="Jo Miller <jo@cust.example>",
        subject="Re: Help",
        message_id="<staff@acme.example>",
        **options,
    )
    await canal.sandbox.wait_for(lambda: "I called you back." in thread_words(canal, card))


async def test_it_is_posted_as_theirs_and_not_sent_again(canal: Harness) -> None:
    first = await canal.write("Please call me.")
    card = await canal.ticket()
    await staff_answer(canal, card, headers={"In-Reply-To": first["Message-ID"]})
    assert "(from their own mail client" in thread_words(canal, card)
    await canal.sandbox.wait_for(
        lambda: "Waiting for customer" in words_of(canal.sandbox.message(canal.support, card["ts"]))
    )
    assert canal.catcher.mails == []


async def test_the_customers_answer_to_it_finds_the_ticket(canal: Harness) -> None:
    first = await canal.write("Please call me.")
    card = await canal.ticket()
    await staff_answer(canal, card, headers={"In-Reply-To": first["Message-ID"]})
    await canal.write("Thanks for calling", headers={"In-Reply-To": "<staff@acme.example>"})
    await canal.sandbox.wait_for(lambda: "Thanks for calling" in thread_words(canal, card))
    assert len(canal.roots()) == 1
    await canal.say(card, "You are welcome")
    sent = await canal.sent()
    assert [address for address, _ in sent.recipients] == ["jo@cust.example"]
    assert "<staff@acme.example>" in sent.header("References")


async def test_a_mail_that_staff_begins_is_a_ticket_of_its_customer(canal: Harness) -> None:
    await canal.write("A question to you.", sender=OURS, to="Jo Miller <jo@cust.example>")
    card = await canal.ticket()
    assert "Jo Miller  <jo@cust.example>" in words_of(card)
    assert f"Written by {OURS} (from their own mail client" in words_of(card)
    assert "Waiting for customer" in words_of(card)
    assert canal.catcher.mails == []


async def test_who_only_claims_to_be_us_is_marked(canal: Harness) -> None:
    """Nothing proves it here (there is no DNS for .example), so the post says so."""
    first = await canal.write("Please call me.")
    card = await canal.ticket()
    await staff_answer(canal, card, headers={"In-Reply-To": first["Message-ID"]})
    assert "sender not verified" in thread_words(canal, card)


async def test_a_colleague_who_answers_from_their_own_address_is_captured(canal: Harness) -> None:
    first = await canal.write("Please call me.", message_id="<one@cust.example>")
    card = await canal.ticket()
    await canal.write(
        "Ana here, I called.",
        sender="Ana Silva <ana@acme.example>",
        to="Jo Miller <jo@cust.example>",
        message_id="<ana@acme.example>",
        headers={"Cc": OURS, "In-Reply-To": first["Message-ID"]},
    )
    await canal.sandbox.wait_for(lambda: "Ana here, I called." in thread_words(canal, card))
    assert "(from their own mail client; ⚠ sender not verified)" in thread_words(canal, card)
    await canal.write("Thanks Ana", headers={"In-Reply-To": "<ana@acme.example>"})
    await canal.sandbox.wait_for(lambda: "Thanks Ana" in thread_words(canal, card))
    await canal.say(card, "You are welcome")
    assert [address for address, _ in (await canal.sent()).recipients] == ["jo@cust.example"]


async def test_who_claims_to_be_a_colleague_joins_no_ticket_of_others(canal: Harness) -> None:
    await canal.write("Please call me.", message_id="<one@cust.example>")
    await canal.ticket()
    await canal.write(
        "Send me everything",
        sender="Boss <boss@acme.example>",
        headers={"In-Reply-To": "<one@cust.example>"},
    )
    assert "Link to #1" in words_of(await canal.ticket(2))


async def test_at_a_public_provider_nobody_is_a_colleague(canal: Harness) -> None:
    fields = canal.channel_fields(
        primary="acme.support@gmail.com", from_email="acme.support@gmail.com"
    )
    await canal.canal.channels.edit("Support", fields)
    await canal.write("Please call me.", message_id="<one@cust.example>")
    await canal.ticket()
    await canal.write(
        "I am Eve",
        sender="Eve <eve@gmail.com>",
        to="jo@cust.example",
        headers={"In-Reply-To": "<one@cust.example>"},
    )
    assert "Link to #1" in words_of(await canal.ticket(2))


async def test_at_a_desk_for_colleagues_they_are_the_customers(canal: Harness) -> None:
    """IT support: who writes is of our own domain, and so are those in copy."""
    await canal.write(
        "My laptop is slow.",
        sender="Ana Silva <ana@acme.example>",
        message_id="<one@acme.example>",
        headers={"Cc": "Boss <boss@acme.example>"},
    )
    card = await canal.ticket()
    await canal.say(card, "Since when?")
    await canal.sent()
    for number, sender in enumerate(("Ana Silva <ana@acme.example>", "Boss <boss@acme.example>")):
        await canal.write(
            f"Since Monday {number}.",
            sender=sender,
            to=f"{OURS}, Ana Silva <ana@acme.example>",
            message_id=f"<more{number}@acme.example>",
            headers={"Cc": "Boss <boss@acme.example>", "In-Reply-To": "<one@acme.example>"},
        )
        await said(canal, card, f"Since Monday {number}.")
    assert "from their own mail client" not in thread_words(canal, card)
    await canal.sandbox.wait_for(
        lambda: "🔵 Open" in words_of(canal.sandbox.message(canal.support, card["ts"]))
    )
    await canal.say(card, "A new one is on its way.")
    reached = {address for address, _ in (await canal.sent(2)).recipients}
    assert reached == {"ana@acme.example", "boss@acme.example"}
