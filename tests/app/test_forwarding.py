"""Forward as new ticket: a thread of its own, and no way from one side to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.caught import CaughtMail
from mail.reading.parse import parse_mail
from tests.app.harness import OURS, Harness, words_of

Json = dict[str, Any]
PAT = "pat@partner.example"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Harness]:
    """A Canal whose channel forwards."""
    harness = Harness(tmp_path)
    await harness.start()
    await harness.add_channel(forward_opens_ticket=True, from_name="Acme")
    try:
        yield harness
    finally:
        await harness.stop()


async def form(desk: Harness, card: Json) -> Json:
    await desk.sandbox.click(desk.ana, desk.support, card["ts"], "ticket_forward")
    return desk.sandbox.open_views(desk.ana)[-1]


async def forward(desk: Harness, card: Json, **values: Any) -> Json:
    """Ana forwards; returns what the submission answered."""
    view = await form(desk, card)
    return await desk.sandbox.submit_view(desk.ana, view["id"], {"to": PAT, **values})


def comment(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    value = {"type": "rich_text", "elements": [section]}
    return {"comment": {"type": "rich_text_input", "rich_text_value": value}}


def reached(caught: CaughtMail) -> set[str]:
    return {address for address, _ in caught.recipients}


def thread_words(desk: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in desk.sandbox.thread(desk.support, card["ts"]))


async def second_ticket(desk: Harness) -> Json:
    return await desk.ticket(2)


async def test_a_forward_is_a_ticket_of_its_own_linked_both_ways(desk: Harness) -> None:
    await desk.write("The invoice is wrong.", subject="Invoice")
    card = await desk.ticket()
    answer = await forward(desk, card, comment=comment("Please look."))
    assert "errors" not in answer
    new = await second_ticket(desk)
    assert "#2  Invoice" in words_of(new)
    assert f"Forwarded to {PAT}" in words_of(new)
    assert "|#1>" in words_of(new)
    assert "Please look." in words_of(new)
    await desk.sandbox.wait_for(
        lambda: (
            f"Forwarded to {PAT} as <" in thread_words(desk, card)
            and "|#2>" in thread_words(desk, card)
        )
    )
    sent = await desk.sent()
    assert reached(sent) == {PAT}
    assert sent.subject == "Fwd: Invoice"
    assert "Please look." in sent.text
    assert "Forwarded message" in sent.text
    assert "The invoice is wrong." in sent.text
    assert "Acme Support" in sent.text
    await desk.wait_reaction(new["ts"], "white_check_mark")


async def test_the_mail_carries_no_key_to_the_first_ticket(desk: Harness) -> None:
    first = await desk.write("Hello", subject="Invoice")
    card = await desk.ticket()
    await desk.say(card, "Which one?")
    reply = await desk.sent()
    token = str(reply.message["Reply-To"])
    await desk.write(
        f"See {token} and {reply.message_id}",
        to=token,
        recipients=[reply.message["Reply-To"].addresses[0].addr_spec],
        headers={"In-Reply-To": reply.message_id},
    )
    await desk.sandbox.wait_for(lambda: "See " in thread_words(desk, card))
    await forward(desk, card)
    await second_ticket(desk)
    sent = await desk.sent(2)
    assert sent.header("In-Reply-To") == ""
    assert sent.header("References") == ""
    data = sent.data or b""
    plain = parse_mail(data).text + sent.text
    for secret in (reply.message_id, str(first["Message-ID"]), token, "+1."):
        assert secret not in plain
    assert "+2." in sent.header("Reply-To")
    assert reply.message_id.encode() not in data
    assert "Which one?" in plain


async def test_answers_stay_on_their_side(desk: Harness) -> None:
    first = await desk.write("Hello", subject="Invoice")
    card = await desk.ticket()
    await forward(desk, card)
    new = await second_ticket(desk)
    sent = await desk.sent()
    quoted = f"Fine.\n\n> From: Jo Miller <jo@cust.example>\n> To: {OURS}\n> Hello"
    await desk.write(
        quoted,
        sender=PAT,
        to=sent.header("Reply-To"),
        subject="Re: Fwd: Invoice",
        recipients=[sent.message["Reply-To"].addresses[0].addr_spec],
        headers={"In-Reply-To": sent.message_id, "References": sent.message_id},
    )
    await desk.sandbox.wait_for(lambda: "Fine." in thread_words(desk, new))
    await desk.write(
        "And now?", subject="Re: Invoice", headers={"In-Reply-To": first["Message-ID"]}
    )
    await desk.sandbox.wait_for(lambda: "And now?" in thread_words(desk, card))
    assert "Fine." not in thread_words(desk, card)
    assert "And now?" not in thread_words(desk, new)
    await desk.say(new, "Thanks Pat")
    assert reached(await desk.sent(2)) == {PAT}
    await desk.say(card, "Solved, Jo")
    last = await desk.sent(3)
    assert reached(last) == {"jo@cust.example"}
    assert sent.message_id not in last.header("References")
    assert "Fine." not in last.text


async def test_an_answer_that_lost_all_headers_finds_the_forward_by_its_marker(
    desk: Harness,
) -> None:
    await desk.write(subject="Invoice")
    await forward(desk, await desk.ticket())
    new = await second_ticket(desk)
    sent = await desk.sent()
    marker = parse_mail(sent.data or b"").marker
    assert marker is not None
    await desk.write(f"Done.\n\n> [#{marker}]", sender=PAT, subject="Re: Fwd: Invoice")
    await desk.sandbox.wait_for(lambda: "Done." in thread_words(desk, new))


async def test_a_failed_forward_is_retried_to_its_own_people_only(desk: Harness) -> None:
    desk.catcher.refuse(PAT, "550 5.1.1 no such user")
    await desk.write("Hello", subject="Invoice")
    card = await desk.ticket()
    await forward(desk, card)
    new = await second_ticket(desk)
    await desk.wait_reaction(new["ts"], "x")
    await desk.sandbox.wait_for(lambda: "Retry" in thread_words(desk, new))
    assert "Retry" not in thread_words(desk, card)
    desk.catcher.accept_all()
    failed = next(one for one in desk.replies(new) if "Retry" in words_of(one))
    await desk.sandbox.click(desk.ana, desk.support, failed["ts"], "reply_send")
    sent = await desk.sent()
    assert reached(sent) == {PAT}
    assert sent.header("To") == PAT
    assert "Forwarded message" in sent.text
    await desk.wait_reaction(new["ts"], "white_check_mark")


async def test_files_of_the_mails_go_along_or_not(desk: Harness) -> None:
    await desk.write(files={"plan.bin": b"\x00\x01binary"})
    card = await desk.ticket()
    await forward(desk, card)
    sent = await desk.sent()
    files = [(one.get_filename(), one.get_content()) for one in sent.message.iter_attachments()]
    assert files == [("plan.bin", b"\x00\x01binary")]
    assert "plan.bin" in words_of(await second_ticket(desk))
    await forward(desk, card, files=[])
    assert list((await desk.sent(2)).message.iter_attachments()) == []


async def test_an_attached_mail_of_ours_gives_no_key_away_either(desk: Harness) -> None:
    await desk.write("Hello", subject="Invoice")
    card = await desk.ticket()
    await desk.say(card, "Which one?")
    reply = await desk.sent()
    token = reply.message["Reply-To"].addresses[0].addr_spec
    await desk.write(
        "You wrote this:",
        files={"yours.eml": reply.data or b"", "notes.txt": f"{token}\r\nand words".encode()},
        headers={"In-Reply-To": reply.message_id},
    )
    await desk.sandbox.wait_for(lambda: "You wrote this" in thread_words(desk, card))
    await forward(desk, card)
    sent = await desk.sent(2)
    files = dict(sent.attachments)
    assert b"Which one?" in files["yours.eml"]
    assert b"and words" in files["notes.txt"]
    tokens = desk.canal.parts.context.tokens
    ours = [tokens.ticket_in(data) for data in (*files.values(), sent.data or b"")]
    assert ours == [None, None, 2]


async def test_what_is_forwarded_is_chosen_and_never_a_note(desk: Harness) -> None:
    first = await desk.write("First words", subject="Invoice")
    card = await desk.ticket()
    note = await desk.say(card, "note: a difficult customer")
    await desk.wait_reaction(note, "lock")
    await desk.say(card, "Our answer")
    await desk.sent()
    await desk.write("Second words", headers={"In-Reply-To": first["Message-ID"]})
    await desk.sandbox.wait_for(lambda: "Second words" in thread_words(desk, card))
    await forward(desk, card)
    everything = (await desk.sent(2)).text
    places = [everything.find(one) for one in ("First words", "Our answer", "Second words")]
    assert -1 not in places
    assert places == sorted(places)
    assert "difficult" not in everything
    await forward(desk, card, scope="last")
    last = (await desk.sent(3)).text
    assert "Second words" in last
    assert "First words" not in last


async def test_the_shortcut_on_a_mail_forwards_that_mail(desk: Harness) -> None:
    first = await desk.write("First words", subject="Invoice")
    card = await desk.ticket()
    await desk.write("Second words", headers={"In-Reply-To": first["Message-ID"]})
    await desk.sandbox.wait_for(lambda: "Second words" in thread_words(desk, card))
    post = next(one for one in desk.replies(card) if "Second words" in words_of(one))
    await desk.sandbox.shortcut(desk.ana, "forward_ticket", desk.support, post["ts"])
    view = desk.sandbox.open_views(desk.ana)[-1]
    await desk.sandbox.submit_view(desk.ana, view["id"], {"to": PAT})
    sent = (await desk.sent()).text
    assert "Second words" in sent
    assert "First words" not in sent


async def test_a_forward_can_be_taken_back(desk: Harness) -> None:
    await desk.canal.channels.edit("Support", desk.channel_fields(undo_seconds=60))
    await desk.write(subject="Invoice")
    card = await desk.ticket()
    await forward(desk, card)
    new = await second_ticket(desk)
    await desk.wait_reaction(new["ts"], "hourglass_flowing_sand")

    def whisper() -> Json | None:
        found = desk.sandbox.ephemerals(desk.ana)
        return next((one for one in found if f"Goes to {PAT} in 60 s" in words_of(one)), None)

    held = await desk.sandbox.wait_for(whisper)
    assert held is not None
    await desk.sandbox.click(desk.ana, desk.support, held["ts"], "reply_undo")
    await desk.sandbox.wait_for(
        lambda: (
            "Taken back: nothing was sent."
            in words_of(desk.sandbox.message(desk.support, new["ts"]))
        )
    )
    assert desk.reactions(new["ts"]) == set()
    assert desk.catcher.mails == []


async def test_wrong_addresses_and_no_mail_are_told_at_their_field(desk: Harness) -> None:
    await desk.write()
    card = await desk.ticket()
    answer = await forward(desk, card, to=f"nobody\n{OURS}")
    assert "“nobody” is not an email address" in answer["errors"]["to"]
    answer = await forward(desk, card, scope="chosen")
    assert answer["errors"] == {"chosen": "Choose at least one mail."}
    assert len(desk.roots()) == 1


async def test_a_channel_that_does_not_forward_says_so(canal: Harness) -> None:
    await canal.write()
    card = await canal.ticket()
    assert "Forward" not in words_of(card).splitlines()
    await canal.sandbox.shortcut(canal.ana, "forward_ticket", canal.support, card["ts"])
    await canal.sandbox.wait_for(
        lambda: any(
            "Forwarding is switched off for Support" in words_of(one)
            for one in canal.sandbox.ephemerals(canal.ana)
        )
    )
    assert canal.sandbox.open_views(canal.ana) == []
