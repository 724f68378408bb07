"""What leaves, read by our own reader as the customer's program would: threads, quotes, words."""

from __future__ import annotations

from mail.reading.parse import parse_mail
from tests.app.harness import Harness, words_of


async def test_a_reply_reads_as_what_was_written_and_answers_the_right_mail(
    canal: Harness,
) -> None:
    first = await canal.write("Where is my order 12?", subject="RE: AW: Order")
    card = await canal.ticket()
    await canal.say(card, "It is *on its way*.\n• one\n• two")
    sent = await canal.sent()
    read = parse_mail(sent.data or b"")
    assert read.defects == ()
    assert read.subject == "Re: Order"
    assert read.in_reply_to == (first["Message-ID"],)
    assert read.references == (first["Message-ID"],)
    assert read.visible_text.startswith("It is on its way.")
    assert "Where is my order" not in read.visible_text
    assert "Where is my order 12?" in read.text
    tokens = canal.canal.parts.context.tokens
    assert tokens.ticket_of_message_id(read.message_id or "") == 1
    assert tokens.ticket_of_marker(read.marker or "") == 1
    assert tokens.ticket_of_address(read.reply_to[0].address) == 1


async def test_the_whole_chain_is_referred_to(canal: Harness) -> None:
    first = await canal.write("One")
    card = await canal.ticket()
    await canal.say(card, "Two")
    second = await canal.sent()
    third = await canal.write("Three", headers={"In-Reply-To": second.message_id})
    await canal.sandbox.wait_for(
        lambda: any("Three" in words_of(one) for one in canal.replies(card))
    )
    await canal.say(card, "Four")
    read = parse_mail((await canal.sent(2)).data or b"")
    assert read.references == (first["Message-ID"], second.message_id, third["Message-ID"])


async def test_the_quote_is_introduced_in_the_customers_language(canal: Harness) -> None:
    await canal.write("Hallo, ich habe die Bestellung noch nicht erhalten. Bitte um Hilfe.")
    await canal.say(await canal.ticket(), "Sie ist unterwegs.")
    text = (await canal.sent()).text
    assert "Am 2. März 2026 um 10:00 schrieb Jo Miller" in text
    assert "wrote:" not in text


async def test_a_customer_whose_language_is_unknown_reads_english(canal: Harness) -> None:
    await canal.write("12?")
    await canal.say(await canal.ticket(), "Yes.")
    assert "Jo Miller <jo@cust.example> wrote:" in (await canal.sent()).text
