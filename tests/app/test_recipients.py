"""Recipients: who gets the replies of a ticket is shown, changed by a modal, and pointed out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.caught import CaughtMail
from tests.app.harness import OURS, Harness, words_of

Json = dict[str, Any]


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Harness]:
    """With undo seconds, so that a reply can be changed before it leaves."""
    harness = Harness(tmp_path)
    await harness.start()
    await harness.add_channel(undo_seconds=60)
    try:
        yield harness
    finally:
        await harness.stop()


async def open_form(canal: Harness, card: Json) -> Json:
    ticket = str(card["metadata"]["event_payload"]["ticket_id"])
    await canal.sandbox.click(
        canal.ana, canal.support, card["ts"], "ticket_more", selected=f"recipients:{ticket}"
    )
    return canal.sandbox.open_views(canal.ana)[-1]


def field(view: Json, name: str) -> str:
    block = next(one for one in view["blocks"] if one["block_id"] == name)
    return str(block["element"].get("initial_value", ""))


def reached(caught: CaughtMail) -> set[str]:
    return {address for address, _ in caught.recipients}


def whispers(canal: Harness) -> list[str]:
    return [words_of(one) for one in canal.sandbox.ephemerals(canal.ana)]


async def test_the_form_shows_who_gets_the_next_reply(canal: Harness) -> None:
    await canal.write(
        to=f'{OURS}, "Lee, Sam" <sam@cust.example>', headers={"Cc": "ed@cust.example"}
    )
    view = await open_form(canal, await canal.ticket())
    assert field(view, "to") == 'Jo Miller <jo@cust.example>\n"Lee, Sam" <sam@cust.example>'
    assert field(view, "cc") == "ed@cust.example"
    assert field(view, "bcc") == ""


async def test_the_next_reply_goes_to_the_new_recipients_exactly(canal: Harness) -> None:
    await canal.write(headers={"Cc": "ed@cust.example"})
    card = await canal.ticket()
    view = await open_form(canal, card)
    answer = await canal.sandbox.submit_view(
        canal.ana,
        view["id"],
        {"to": "jo@cust.example\n", "cc": "Bo <bo@cust.example>", "bcc": "boss@acme.example"},
    )
    assert "errors" not in answer
    await canal.say(card, "Hello both")
    caught = await canal.sent()
    sent = caught.message
    assert sent["To"] == "jo@cust.example"
    assert sent["Cc"] == "Bo <bo@cust.example>"
    assert sent["Bcc"] is None
    assert b"boss@acme.example" not in (caught.data or b"")
    assert reached(caught) == {"jo@cust.example", "bo@cust.example", "boss@acme.example"}
    await canal.sandbox.wait_for(
        lambda: (
            "Replies go to jo@cust.example · Cc bo@cust.example · Bcc boss@acme.example"
            in words_of(canal.sandbox.message(canal.support, card["ts"]))
        )
    )


async def test_wrong_addresses_are_told_at_their_field(canal: Harness) -> None:
    await canal.write()
    view = await open_form(canal, await canal.ticket())
    answer = await canal.sandbox.submit_view(
        canal.ana, view["id"], {"to": "jo@cust.example", "cc": "not an address", "bcc": OURS}
    )
    assert answer["response_action"] == "errors"
    assert "“not an address” is not an email address" in answer["errors"]["cc"]
    assert "come back as a new mail" in answer["errors"]["bcc"]
    answer = await canal.sandbox.submit_view(canal.ana, view["id"], {"to": "", "cc": ""})
    assert "at least one address" in answer["errors"]["to"]


async def test_a_held_reply_follows_and_its_author_is_told_anew(patient: Harness) -> None:
    await patient.write()
    card = await patient.ticket()
    await patient.say(card, "Hello")
    await patient.sandbox.wait_for(
        lambda: any("Goes to jo@cust.example in 60 s." in one for one in whispers(patient))
    )
    view = await open_form(patient, card)
    await patient.sandbox.submit_view(
        patient.ana, view["id"], {"to": "jo@cust.example", "cc": "ed@cust.example"}
    )
    await patient.sandbox.wait_for(
        lambda: any(
            "Goes to jo@cust.example · Cc ed@cust.example" in one for one in whispers(patient)
        )
    )


async def test_a_reply_that_failed_goes_to_the_new_address_on_retry(canal: Harness) -> None:
    canal.catcher.refuse("jo@cust.example", "550 5.1.1 no such user")
    await canal.write()
    card = await canal.ticket()
    ts = await canal.say(card, "Hello")
    await canal.wait_reaction(ts, "x")
    view = await open_form(canal, card)
    await canal.sandbox.submit_view(canal.ana, view["id"], {"to": "jo@new.example"})
    await canal.sandbox.wait_for(lambda: any("Retry" in words_of(o) for o in canal.replies(card)))
    failed = next(one for one in canal.replies(card) if "Retry" in words_of(one))
    await canal.sandbox.click(canal.ana, canal.support, failed["ts"], "reply_send")
    sent = await canal.sent()
    assert reached(sent) == {"jo@new.example"}
    assert sent.message["To"] == "jo@new.example"
    await canal.wait_reaction(ts, "white_check_mark")


async def test_a_change_since_the_last_reply_is_named_before_it_leaves(patient: Harness) -> None:
    first = await patient.write(headers={"Cc": "ed@cust.example"})
    card = await patient.ticket()
    await patient.say(card, "One")
    await patient.sandbox.wait_for(lambda: any("in 60 s" in one for one in whispers(patient)))
    await patient.write(
        "Without Ed, with Bo",
        to=f"{OURS}, bo@cust.example",
        headers={"In-Reply-To": first["Message-ID"]},
    )
    await patient.sandbox.wait_for(
        lambda: any("Without Ed" in words_of(one) for one in patient.replies(card))
    )
    await patient.say(card, "Two")
    await patient.sandbox.wait_for(
        lambda: any("bo@cust.example is new on this ticket" in one for one in whispers(patient))
    )
    assert any(
        "ed@cust.example got the last reply, but not this one" in w for w in whispers(patient)
    )


async def test_who_is_copied_blindly_stays_when_the_customer_answers(canal: Harness) -> None:
    first = await canal.write()
    card = await canal.ticket()
    view = await open_form(canal, card)
    await canal.sandbox.submit_view(
        canal.ana, view["id"], {"to": "jo@cust.example", "bcc": "boss@acme.example"}
    )
    await canal.write("More", headers={"In-Reply-To": first["Message-ID"]})
    await canal.sandbox.wait_for(lambda: any("More" in words_of(o) for o in canal.replies(card)))
    await canal.say(card, "Hello")
    assert reached(await canal.sent()) == {"jo@cust.example", "boss@acme.example"}


async def test_only_agents_change_recipients(canal: Harness) -> None:
    await canal.canal.channels.edit("Support", canal.channel_fields(agents=(canal.rui,)))
    await canal.write()
    card = await canal.ticket()
    ticket = str(card["metadata"]["event_payload"]["ticket_id"])
    await canal.sandbox.click(
        canal.ana, canal.support, card["ts"], "ticket_more", selected=f"recipients:{ticket}"
    )
    await canal.sandbox.wait_for(
        lambda: any("You are not an agent of Support" in one for one in whispers(canal))
    )
    assert canal.sandbox.open_views(canal.ana) == []
