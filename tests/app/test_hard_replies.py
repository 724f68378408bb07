"""Replies that are hard to send: files, odd addresses, edits at the wrong moment, two agents."""

from __future__ import annotations

import pytest

from mail.reading.parse import parse_mail
from tests.app.harness import Harness, Json, words_of


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def opened(canal: Harness, undo_seconds: int = 0, **options: object) -> Json:
    await canal.edit_channel(undo_seconds=undo_seconds, reply_mode="auto")
    await canal.write(message_id=options.pop("message_id", canal.new_id()), **options)  # type: ignore[arg-type]
    return await canal.ticket()


def thread_words(canal: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in canal.replies(card))


async def whispered(canal: Harness, text: str, user: str | None = None) -> None:
    who = user or canal.ana
    await canal.sandbox.wait_for(
        lambda: any(text in words_of(one) for one in canal.sandbox.ephemerals(who))
    )


async def test_a_file_that_is_gone_from_slack_keeps_the_mail_here(canal: Harness) -> None:
    card = await opened(canal, undo_seconds=600)
    ts = await canal.say(card, "See the plan.", files=[("plan.pdf", b"%PDF")])
    await canal.wait_reaction(ts, "hourglass_flowing_sand")
    (file,) = canal.sandbox.message(canal.support, ts)["files"]
    canal.sandbox.world.files.pop(file["id"])
    await canal.make_due(ts)
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.wait_for(
        lambda: "plan.pdf could not be fetched from Slack" in thread_words(canal, card)
    )
    assert not canal.catcher.mails


async def test_an_international_domain_is_answered(canal: Harness) -> None:
    card = await opened(canal, sender="Jörg <joerg@xn--bcher-kva.example>")
    ts = await canal.say(card, "Guten Tag")
    sent = await canal.sent()
    await canal.wait_reaction(ts, "white_check_mark")
    assert [one for one, _ in sent.recipients] == ["joerg@xn--bcher-kva.example"]
    assert b"joerg@xn--bcher-kva.example" in (sent.data or b"")


async def test_a_mail_without_a_message_id_is_answered_like_any_other(canal: Harness) -> None:
    await canal.edit_channel(undo_seconds=0)
    bare = (
        b"From: Jo <jo@cust.example>\r\nTo: support@acme.example\r\nSubject: AW: Seats\r\n\r\n"
        b"Which seats are free?\r\n"
    )
    await canal.deliver(bare, [canal.inbound])
    card = await canal.ticket()
    await canal.say(card, "All of them.")
    sent = parse_mail((await canal.sent()).data or b"")
    assert sent.subject == "Re: Seats"
    assert "Which seats are free?" in sent.text
    assert sent.in_reply_to == ()


async def test_a_note_that_is_edited_into_a_reply_stays_here(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "note: he is wrong")
    await canal.wait_reaction(ts, "lock")
    await canal.sandbox.edit(canal.ana, canal.support, ts, "You are right")
    await canal.sandbox.settled()
    await canal.idle()
    assert canal.reactions(ts) == {"lock"}
    assert not canal.catcher.mails


async def test_a_file_with_a_note_below_it_stays_here(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "Note: his contract", files=[("contract.pdf", b"%PDF")])
    await canal.wait_reaction(ts, "lock")
    await canal.idle()
    assert not canal.catcher.mails


async def test_a_reply_that_never_left_is_quoted_to_nobody(canal: Harness) -> None:
    await canal.edit_channel(quote="all")
    canal.catcher.refuse("jo@cust.example", "550 5.7.1 not today", times=1)
    card = await opened(canal)
    ts = await canal.say(card, "Between us: he is a difficult one")
    await canal.wait_reaction(ts, "x")
    await canal.say(card, "Hello Jo")
    sent = await canal.sent()
    await canal.edit_channel(quote="last")
    assert "difficult" not in (sent.data or b"").decode()


async def test_who_answers_beside_a_colleague_is_told(canal: Harness) -> None:
    card = await opened(canal, undo_seconds=600)
    one = await canal.say(card, "I answer", user=canal.rui)
    await canal.wait_reaction(one, "hourglass_flowing_sand")
    two = await canal.say(card, "So do I")
    await whispered(canal, f"<@{canal.rui}> has just answered as well")
    await canal.wait_reaction(two, "hourglass_flowing_sand")
    await canal.say(card, "And once more", user=canal.rui)
    await whispered(canal, f"<@{canal.ana}> has just answered as well", canal.rui)


async def test_the_send_button_shows_subject_files_and_whose_signature(canal: Harness) -> None:
    card = await opened(canal, subject="Seats")
    await canal.edit_channel(reply_mode="confirm")
    await canal.say(card, "Shall I?", files=[("plan.pdf", b"%PDF" * 21_000)])
    await whispered(canal, "Re: Seats")
    shown = words_of(canal.sandbox.ephemerals(canal.ana)[-1])
    assert "plan.pdf (84 kB)" in shown
    assert "Acme Support" in shown
    await canal.idle()
    assert not canal.catcher.mails


async def test_a_file_of_another_workspace_is_looked_up_and_leaves(canal: Harness) -> None:
    """Slack Connect: the event has the file's id and says `check_file_info`."""
    card = await opened(canal)
    lent = await canal.sandbox.say(canal.ana, canal.support, files=[("offer.pdf", b"%PDF-1.7")])
    (file,) = canal.sandbox.message(canal.support, lent)["files"]
    channel = canal.sandbox.world.get_channel(canal.support)
    stub = {"id": file["id"], "mode": "file_access", "file_access": "check_file_info"}
    message = {
        "user": canal.ana,
        "text": "Our offer",
        "thread_ts": card["ts"],
        "files": [file["id"]],
        "subtype": "file_share",
    }
    canal.sandbox.events.message(channel, {**message, "ts": "1772445600.000100", "files": [stub]})
    sent = await canal.sent()
    assert sent.attachments == [("offer.pdf", b"%PDF-1.7")]


@pytest.mark.parametrize("change", ["edit", "delete", "undo"])
async def test_a_reply_that_reached_somebody_is_never_called_unsent(
    canal: Harness, change: str
) -> None:
    """One server took it, another asks to wait: it is tried again and looks as if on hold."""
    card = await opened(canal, headers={"Cc": "ed@cust.example"})
    canal.catcher.refuse("ed@cust.example", "451 4.7.1 later")
    ts = await canal.say(card, "First words")
    await canal.sent()
    await canal.sandbox.wait_for(lambda: canal.reactions(ts) == {"hourglass_flowing_sand"})
    while (message := await canal.find_message(ts)).state != "held":
        await canal.sandbox.settled()
    if change == "edit":
        await canal.sandbox.edit(canal.ana, canal.support, ts, "Other words")
        await whispered(canal, "on its way already")
        canal.catcher.accept_all()
        later = await canal.sent(2)
        assert "First words" in later.text
        return
    if change == "delete":
        await canal.sandbox.delete(canal.ana, canal.support, ts)
        await whispered(canal, "jo@cust.example has it already")
    else:
        outcome = await canal.canal.parts.replies.undo(message.id, canal.ana)
        assert outcome.reached == ("jo@cust.example",)
    canal.catcher.accept_all()
    await canal.idle()
    assert len(canal.catcher.mails) == 1
