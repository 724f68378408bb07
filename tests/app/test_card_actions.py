"""What an agent does with a card: reactions, Assign…, the whole mail; asking the bot by name."""

from __future__ import annotations

from typing import Any

from bot.listeners.modals.assign import CALLBACK_ID
from tests.app.harness import Harness, words_of


def card_words(canal: Harness) -> str:
    return words_of(canal.roots()[0])


async def test_eyes_take_a_ticket_and_a_check_mark_closes_it(canal: Harness) -> None:
    await canal.write("Is it warm?")
    card = await canal.ticket()
    await canal.idle()  # the card's ts is known to Canal a moment after it is seen
    await canal.sandbox.react(canal.ana, canal.support, card["ts"], "tada")
    await canal.sandbox.react(canal.ana, canal.support, card["ts"], "eyes")
    await canal.sandbox.wait_for(lambda: "Open  ·  Ana" in card_words(canal))
    await canal.sandbox.react(canal.ana, canal.support, card["ts"], "white_check_mark")
    await canal.sandbox.wait_for(lambda: "⚪ Closed" in card_words(canal))


async def test_a_reaction_on_anything_but_a_card_does_nothing(canal: Harness) -> None:
    await canal.write("Is it warm?")
    card = await canal.ticket()
    said = await canal.say(card, "It is.")
    await canal.sandbox.react(canal.ana, canal.support, said, "white_check_mark")
    await canal.sent()
    await canal.idle()
    assert "Closed" not in card_words(canal)


async def assign(canal: Harness, user_id: str | None) -> None:
    card = await canal.ticket()
    menu = f"assign:{card['metadata']['event_payload']['ticket_id']}"
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_more", selected=menu)
    view = canal.sandbox.open_views(canal.ana)[-1]
    assert view["callback_id"] == CALLBACK_ID
    await canal.sandbox.submit_view(canal.ana, view["id"], {"assignee": user_id})


async def test_a_ticket_is_given_to_a_colleague_and_to_nobody(canal: Harness) -> None:
    await canal.write("Is it warm?")
    await canal.ticket()
    await assign(canal, canal.rui)
    await canal.sandbox.wait_for(lambda: "Open  ·  Rui" in card_words(canal))
    await assign(canal, None)
    await canal.sandbox.wait_for(lambda: "Open  ·  waiting" in card_words(canal))


async def test_a_mention_outside_of_threads_is_answered_with_help(canal: Harness) -> None:
    bot = canal.sandbox.bot_user_id
    await canal.sandbox.say(canal.ana, canal.support, f"<@{bot}> what can you do?")
    await canal.sandbox.wait_for(lambda: canal.sandbox.ephemerals(canal.ana))
    [whisper] = canal.sandbox.ephemerals(canal.ana)
    assert "/canal list" in words_of(whisper)


async def test_a_card_that_leaves_something_out_offers_the_whole_mail_at_once(
    canal: Harness,
) -> None:
    await canal.write("Short.")
    await canal.write("A long story. " * 400)
    await canal.ticket(2)
    short, long = canal.roots()
    assert "mail_show" not in action_ids(short)
    assert "mail_show" in action_ids(long)


def action_ids(card: dict[str, Any]) -> set[str]:
    return {
        element["action_id"]
        for block in card["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    }
