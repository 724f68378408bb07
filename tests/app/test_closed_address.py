"""A main address that takes no mail from outside, and an additional one that stands in for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.harness import Harness, words_of

MAIN = "help@closed.example"
STAND_IN = "help@open.example"


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path)
    await harness.start()
    await harness.add_channel(
        primary=MAIN,
        additional=(STAND_IN,),
        from_email=MAIN,
        outgoing_settings={"reply_from_alias": True},
        quote="all",
    )
    try:
        yield harness
    finally:
        await harness.stop()


async def test_the_mail_to_the_closed_address_and_what_follows_are_one_ticket(
    canal: Harness,
) -> None:
    first = await canal.write("It broke.", to=MAIN, subject="Seat")
    card = await canal.ticket()
    await canal.say(card, "Which one?")
    sent = (await canal.sent()).message
    assert sent["From"] == f"Acme <{MAIN}>"
    assert [one.addr_spec for one in sent["To"].addresses] == ["jo@cust.example"]
    # The customer answers to the stand-in, with the closed address in copy.
    await canal.write(
        "The left one.",
        to=f"{STAND_IN}, Ed <ed@cust.example>",
        subject="Re: Seat",
        recipients=[STAND_IN],
        headers={"Cc": MAIN, "In-Reply-To": sent["Message-ID"], "References": first["Message-ID"]},
    )
    await canal.sandbox.wait_for(
        lambda: any("The left one." in words_of(one) for one in canal.replies(card))
    )
    assert len(canal.roots()) == 1
    await canal.say(card, "Thanks.")
    sent = (await canal.sent(2)).message
    assert sent["From"] == f"Acme <{STAND_IN}>", "the alias that the customer wrote to"
    named = {one.addr_spec for one in (*sent["To"].addresses, *_addresses(sent["Cc"]))}
    assert named == {"jo@cust.example", "ed@cust.example"}, "none of ours"
    await canal.say(card, "One more thing.")
    quoted = (await canal.sent(3)).text
    assert f"Acme <{STAND_IN}> wrote:" in quoted
    assert f"Acme <{MAIN}> wrote:" in quoted, "each as it was sent"


def _addresses(header: object) -> tuple[object, ...]:
    return tuple(getattr(header, "addresses", ()))


async def test_a_mail_that_the_closed_address_passes_on_is_its_writers(canal: Harness) -> None:
    original = "<first@cust.example>"
    await canal.write(
        "---------- Forwarded message ---------\n"
        "From: Jo Miller <jo@cust.example>\n"
        "Date: Mon, 2 Mar 2026 at 09:12\n"
        "Subject: Seat\n"
        f"To: <{MAIN}>\n"
        "\n"
        "It broke.\n",
        sender=f"Help <{MAIN}>",
        to=STAND_IN,
        subject="Fwd: Seat",
        recipients=[STAND_IN],
        headers={"References": original},
    )
    card = await canal.ticket()
    assert "Jo Miller" in words_of(card)
    assert "It broke." in words_of(card)
    await canal.say(card, "Which one?")
    sent = (await canal.sent()).message
    assert [one.addr_spec for one in sent["To"].addresses] == ["jo@cust.example"]
    assert sent["Subject"] == "Re: Seat"
    # Jo writes once more to the thread that she began, now through the stand-in.
    await canal.write(
        "Still broken.", to=STAND_IN, subject="Re: Seat", recipients=[STAND_IN],
        headers={"In-Reply-To": original},
    )  # fmt: skip
    await canal.sandbox.wait_for(
        lambda: any("Still broken." in words_of(one) for one in canal.replies(card))
    )
    assert len(canal.roots()) == 1


async def test_staff_who_answer_by_mail_still_count_as_staff(canal: Harness) -> None:
    await canal.write(
        "We called them.", sender=f"Help <{MAIN}>", to="Jo <jo@cust.example>",
        recipients=[STAND_IN], headers={"Cc": STAND_IN},
    )  # fmt: skip
    card = await canal.ticket()
    assert "Jo" in words_of(card)
    await canal.say(card, "And once more.")
    sent = (await canal.sent()).message
    assert [one.addr_spec for one in sent["To"].addresses] == ["jo@cust.example"]
