"""The circuit breaker: a machine that writes floods no Slack channel, and nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.mail_in.flood import FloodGate, FloodLimits
from tests.app.harness import OURS, Harness, words_of

Json = dict[str, Any]
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FEW = FloodLimits(
    automatic_per_address=3, automatic_per_channel=50, answers_per_address=4, new_per_address=5
)


def thread_words(canal: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in canal.sandbox.thread(canal.support, card["ts"]))


async def wait_for_words(canal: Harness, card: Json, text: str) -> None:
    await canal.sandbox.wait_for(lambda: text in thread_words(canal, card))


@pytest.fixture
def limited(canal: Harness) -> Harness:
    """With limits that a test can reach."""
    canal.canal.parts.filing._mails._floods.gate.limits = FEW
    return canal


async def test_automatic_mails_over_the_limit_are_kept_but_not_posted(limited: Harness) -> None:
    for number in range(8):
        await limited.write(
            f"Out of office {number}",
            subject=f"Automatic reply {number}",
            headers={"Auto-Submitted": "auto-replied"},
        )
    await limited.write("Filed after them", sender="sam@cust.example")
    await limited.sandbox.wait_for(lambda: len(limited.roots()) == 4)
    assert any("Filed after them" in words_of(one) for one in limited.roots())

    def told() -> Json | None:
        return next(
            (one for one in limited.roots() if "than a person" in thread_words(limited, one)), None
        )

    card = await limited.sandbox.wait_for(told)
    assert card is not None
    notices = [one for one in limited.replies(card) if "than a person does" in words_of(one)]
    assert len(notices) == 1
    await limited.sandbox.click(limited.ana, limited.support, notices[0]["ts"], "flood_show")
    for number in range(3, 8):
        await wait_for_words(limited, card, f"Out of office {number}")
    assert len(limited.roots()) == 4


async def test_two_machines_that_answer_each_other_are_cut_short(limited: Harness) -> None:
    await limited.write("Hello", message_id="<one@cust.example>")
    card = await limited.ticket()
    for number in range(9):
        await limited.write(f"Answer {number}", headers={"In-Reply-To": "<one@cust.example>"})
    await limited.sandbox.wait_for(lambda: "than a person does" in thread_words(limited, card))
    await wait_for_words(limited, card, "Answer 3")
    assert "Answer 8" not in thread_words(limited, card)


async def test_others_are_not_held_up_by_a_flood(limited: Harness) -> None:
    for number in range(8):
        await limited.write(f"Form {number}", subject=f"Form {number}")
    await limited.write("I am a person", sender="Sam <sam@cust.example>")
    await limited.sandbox.wait_for(
        lambda: any("I am a person" in words_of(one) for one in limited.roots())
    )
    assert len(limited.roots()) == 6


async def test_our_own_mail_that_comes_back_under_another_id_is_dropped(canal: Harness) -> None:
    await canal.write("Hello")
    card = await canal.ticket()
    await canal.say(card, "We look into it.")
    sent = await canal.sent()
    came_back = (sent.data or b"").replace(
        sent.message_id.encode(), b"<rewritten-by-a-relay@ses.example>"
    )
    await canal.deliver(came_back, [canal.inbound], "bounce@ses.example")
    await canal.write("A next mail", subject="Next", sender="sam@cust.example")
    await canal.ticket(2)
    assert "from their own mail client" not in thread_words(canal, card)
    assert len(canal.roots()) == 2


async def test_a_colleague_who_answers_above_our_marker_is_no_echo(canal: Harness) -> None:
    await canal.write("Hello")
    card = await canal.ticket()
    await canal.say(card, "We look into it.")
    sent = await canal.sent()
    quoted = "\n".join(f"> {line}" for line in sent.text.splitlines())
    await canal.write(f"It is solved.\n\n{quoted}", sender=OURS, to="jo@cust.example")
    await canal.sandbox.wait_for(lambda: "It is solved." in thread_words(canal, card))


def test_the_window_slides_and_each_address_counts_alone() -> None:
    gate = FloodGate(FEW)

    def judge(address: str, minute: float) -> bool:
        now = NOW + timedelta(minutes=minute)
        return gate.judge(1, address, now, automatic=True, is_new=True) is not None

    assert [judge("a@x.example", minute) for minute in (0, 1, 2, 3)] == [False, False, False, True]
    assert not judge("b@x.example", 3)
    assert judge("A@X.example", 4)
    assert not judge("a@x.example", 15)


def test_it_is_told_once_in_a_window() -> None:
    gate = FloodGate(FEW)
    found = [
        gate.judge(1, "a@x.example", NOW + timedelta(minutes=n), automatic=False, is_new=False)
        for n in range(8)
    ]
    assert [one.is_first for one in found if one] == [True, False, False, False]


def test_what_is_remembered_is_bounded() -> None:
    gate = FloodGate(FEW)
    for number in range(25_000):
        gate.judge(1, f"{number}@x.example", NOW, automatic=True, is_new=True)
    assert len(gate._seen) <= 10_000
    assert len(gate._told) <= 10_000


def test_who_wrote_before_the_window_is_forgotten() -> None:
    gate = FloodGate(FEW)
    for number in range(100):
        gate.judge(1, f"{number}@x.example", NOW, automatic=False, is_new=True)
    gate.judge(1, "new@x.example", NOW + timedelta(minutes=11), automatic=False, is_new=True)
    assert len(gate._seen) == 1
