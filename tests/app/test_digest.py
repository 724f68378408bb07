"""A flooded Slack channel stays readable: one digest lists what would come a second apart."""

from __future__ import annotations

import asyncio

from handlers.outbox.folding import START
from tests.app.harness import Harness, Json, words_of

COUNT = START + 5


async def flood(canal: Harness, *, answer_is_lost: bool = False) -> Json:
    """So many mails come while Slack takes none; returns the digest."""
    canal.sandbox.fail("chat.postMessage", "ratelimited", retry_after=2)
    if answer_is_lost:
        canal.sandbox.fail("chat.postMessage", "drop")
    await canal.write("The first", subject="Order 0", message_id="<order0@cust.example>")
    async with asyncio.timeout(5):
        while not is_limited(canal):
            await asyncio.sleep(0.01)
    at_once = asyncio.Semaphore(8)

    async def write(number: int) -> None:
        async with at_once:
            await canal.write(
                f"Mail {number}", subject=f"Order {number}", sender=f"Jo {number} <jo@c.example>"
            )

    await asyncio.gather(*map(write, range(1, COUNT)))
    await until_it_says(canal, f"{COUNT} new tickets came at once")
    digest = digest_of(canal)
    assert digest is not None
    return digest


def is_limited(canal: Harness) -> bool:
    return bool(canal.canal.parts.outbox._lanes.limited(asyncio.get_running_loop().time()))


def digest_of(canal: Harness) -> Json | None:
    found = [one for one in canal.roots() if "came at once" in words_of(one)]
    assert len(found) <= 1
    return found[0] if found else None


def cards_of(canal: Harness) -> list[Json]:
    return [one for one in canal.roots() if "came at once" not in words_of(one)]


async def until_it_says(canal: Harness, words: str) -> None:
    await canal.sandbox.wait_for(lambda: words in words_of(digest_of(canal) or {}), 10)


def opener(digest: Json, subject: str) -> tuple[str, str]:
    """The block and the ticket of the line's button."""
    lines = [one for one in digest["blocks"] if one.get("accessory")]
    line = next(one for one in lines if f"  {subject}  " in one["text"]["text"])
    return line["block_id"], line["accessory"]["value"]


async def press_open(canal: Harness, digest: Json, subject: str) -> None:
    block, ticket = opener(digest, subject)
    where = (canal.ana, canal.support, digest["ts"], "digest_open", ticket)
    await canal.sandbox.click(*where, block_id=block)


async def test_a_ticket_is_opened_from_the_digest_and_answered(canal: Harness) -> None:
    digest = await flood(canal)
    assert cards_of(canal) == []
    await press_open(canal, digest, "Order 3")
    await press_open(canal, digest, "Order 3")
    await canal.sandbox.wait_for(lambda: cards_of(canal), 5)
    (card,) = cards_of(canal)
    assert "Order 3" in words_of(card)
    await until_it_says(canal, f"p{card['ts'].replace('.', '')}|#")
    await canal.say(card, "It left today.")
    assert "It left today." in (await canal.sent()).text
    await canal.idle()
    assert len(cards_of(canal)) == 1


async def test_a_customers_next_mail_brings_the_card_up_before_itself(canal: Harness) -> None:
    await flood(canal)
    answer = {"In-Reply-To": "<order0@cust.example>"}
    await canal.write("Where is it?", subject="Re: Order 0", headers=answer)
    await canal.sandbox.wait_for(lambda: cards_of(canal) and canal.replies(cards_of(canal)[0]), 8)
    (card,) = cards_of(canal)
    assert "The first" in words_of(card)
    assert "Where is it?" in words_of(canal.replies(card)[0])


async def test_all_are_listed_in_a_window_and_posted_when_somebody_wants_that(
    canal: Harness,
) -> None:
    digest = await flood(canal)
    where = (canal.ana, canal.support, digest["ts"])
    await canal.sandbox.click(*where, "digest_list")
    view = canal.sandbox.open_views(canal.ana)[-1]
    assert f"1 to 20 of {COUNT}" in words_of(view)
    await canal.sandbox.click_view(canal.ana, view["id"], "digest_on")

    def shown() -> str:
        return words_of(canal.sandbox.open_views(canal.ana)[-1])

    await canal.sandbox.wait_for(lambda: f"21 to {COUNT} of {COUNT}" in shown())
    view = canal.sandbox.open_views(canal.ana)[-1]
    line = next(one for one in view["blocks"] if one.get("accessory"))
    await canal.sandbox.click_view(
        canal.ana, view["id"], "digest_open", line["accessory"]["value"], block_id=line["block_id"]
    )
    await canal.sandbox.wait_for(lambda: len(cards_of(canal)) == 1, 5)
    await canal.sandbox.wait_for(lambda: "|#" in shown(), 5)
    lanes = canal.canal.parts.outbox._lanes
    lanes._paced_until.clear()
    await canal.sandbox.click(*where, "digest_all")
    await canal.sandbox.wait_for(lambda: len(cards_of(canal)) == COUNT, 10)
    await until_it_says(canal, "Each of them has its own thread now.")
    numbers = {words_of(one).split()[0] for one in cards_of(canal)}
    assert len(numbers) == COUNT


async def test_a_lost_answer_to_the_digest_makes_no_second_one(canal: Harness) -> None:
    await flood(canal, answer_is_lost=True)
    await canal.idle()
    assert canal.sandbox.faults.take("chat.postMessage") is None
    assert (len(canal.roots()), cards_of(canal)) == (1, [])


async def test_what_is_written_below_a_digest_is_said_to_go_nowhere(canal: Harness) -> None:
    digest = await flood(canal)
    await canal.idle()
    await canal.say(digest, "Who takes these?")
    await canal.sandbox.wait_for(lambda: canal.sandbox.ephemerals(canal.ana))
    assert "Nothing was sent" in words_of(canal.sandbox.ephemerals(canal.ana)[-1])
    assert canal.catcher.mails == []


async def test_a_digest_that_somebody_deletes_is_posted_anew(canal: Harness) -> None:
    digest = await flood(canal)
    canal.sandbox.fail("chat.update", "message_not_found")
    await press_open(canal, digest, "Order 2")
    await canal.sandbox.wait_for(lambda: len(canal.roots()) == 3, 8)
