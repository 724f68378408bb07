"""The main job: mail in, a Slack thread, a reply out."""

from __future__ import annotations

from email.message import EmailMessage

from tests.app.conftest import BOTH
from tests.app.harness import OURS, Harness, words_of

pytestmark = BOTH


async def test_a_mail_becomes_a_ticket_card(canal: Harness) -> None:
    await canal.write("The invoice lists two seats.", subject="Invoice 2231")
    card = await canal.ticket()
    assert "#1  Invoice 2231" in words_of(card)
    assert "Jo Miller" in words_of(card)
    assert "The invoice lists two seats." in words_of(card)
    assert not canal.sandbox.pings


async def test_an_agents_answer_leaves_as_mail(canal: Harness) -> None:
    mail = await canal.write(subject="Invoice", to=f"{OURS}, Ed <ed@cust.example>")
    card = await canal.ticket()
    ts = await canal.say(card, "We *corrected* it.")
    caught = await canal.sent()
    sent = caught.message
    assert sent["From"] == "Acme <support@acme.example>"
    assert sent["To"] == "Jo Miller <jo@cust.example>, Ed <ed@cust.example>"
    assert sent["Subject"] == "Re: Invoice"
    assert sent["In-Reply-To"] == mail["Message-ID"]
    assert mail["Message-ID"] in sent["References"]
    local, _, domain = canal.inbound.partition("@")
    assert sent["Reply-To"].addresses[0].addr_spec.startswith(f"{local}+1.")
    assert sent["Reply-To"].addresses[0].addr_spec.endswith(domain)
    text = part(sent, "plain")
    assert "corrected" in text
    assert "-- \r\nAcme Support" in text
    assert "<b>corrected</b>" in part(sent, "html").replace("strong", "b")
    await canal.wait_reaction(ts, "white_check_mark")


async def test_the_customers_answer_lands_in_the_thread(canal: Harness) -> None:
    await canal.write(subject="Invoice")
    card = await canal.ticket()
    await canal.say(card, "Which seat?")
    caught = await canal.sent()
    sent = caught.message
    await canal.write(
        "The second one.",
        subject="Re: Invoice",
        recipients=[sent["Reply-To"].addresses[0].addr_spec],
        headers={"In-Reply-To": sent["Message-ID"], "References": sent["Message-ID"]},
    )
    await canal.sandbox.wait_for(
        lambda: any("The second one." in words_of(one) for one in canal.replies(card))
    )
    assert len(canal.roots()) == 1


async def test_the_same_mail_again_makes_nothing(canal: Harness) -> None:
    mail = await canal.write()
    await canal.ticket()
    await canal.deliver(mail.as_bytes(), [canal.inbound])
    await canal.write(subject="Another", message_id="<other@cust.example>")
    await canal.ticket(2)
    assert len(canal.roots()) == 2


async def test_one_mail_to_two_channels_makes_a_ticket_in_each(canal: Harness) -> None:
    first = canal.inbound
    sales = canal.sandbox.add_channel("sales", bot_is_member=True)
    await canal.add_channel(name="Sales", slack_channel_id=sales, primary="sales@acme.example")
    await canal.write(recipients=[first, canal.inbound])
    await canal.ticket()
    await canal.sandbox.wait_for(lambda: len(canal.roots(sales)) == 1)


async def test_attachments_follow_as_files_in_the_thread(canal: Harness) -> None:
    await canal.write(files={"plan.bin": b"\x00\x01binary"})
    card = await canal.ticket()
    await canal.sandbox.wait_for(lambda: any(one.get("files") for one in canal.replies(card)))
    shared = next(one for one in canal.replies(card) if one.get("files"))["files"][0]
    assert shared["name"] == "plan.bin"
    assert await canal.sandbox.file_bytes(shared["id"]) == b"\x00\x01binary"


async def test_a_file_that_slack_refuses_is_named_and_holds_up_nothing(canal: Harness) -> None:
    canal.sandbox.fail("files.getUploadURLExternal", error="file_uploads_disabled", times=5)
    await canal.write("Text arrives.", files={"plan.bin": b"x"})
    card = await canal.ticket()
    assert "Text arrives." in words_of(card)
    await canal.sandbox.wait_for(
        lambda: any("plan.bin" in words_of(one) for one in canal.replies(card))
    )


async def test_files_of_the_agent_leave_with_the_reply(canal: Harness) -> None:
    await canal.write()
    card = await canal.ticket()
    await canal.say(card, "Here it is.", files=[("answer.txt", b"forty-two")])
    sent = (await canal.sent()).message
    files = [(part.get_filename(), part.get_content()) for part in sent.iter_attachments()]
    assert [name for name, _ in files] == ["answer.txt"]
    assert "forty-two" in str(files[0][1])


async def test_notes_stay_in_slack(canal: Harness) -> None:
    await canal.write()
    card = await canal.ticket()
    for text in (
        "note: he is angry",
        "Private: call him",
        "// todo",
        "NOTE: x",
        f"<@{canal.rui}> ?",
    ):
        ts = await canal.say(card, text)
        await canal.wait_reaction(ts, "lock")
    await canal.say(card, "Hello Jo")
    await canal.sent()
    assert len(canal.catcher.mails) == 1


async def test_a_refused_recipient_turns_into_a_cross_with_a_sentence(canal: Harness) -> None:
    canal.catcher.refuse("jo@cust.example", "550 5.1.1 no such user")
    await canal.write()
    card = await canal.ticket()
    ts = await canal.say(card, "Hello")
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.wait_for(
        lambda: any("the mailbox does not exist" in words_of(one) for one in canal.replies(card))
    )


async def test_take_close_and_reopen_keep_the_card_true(canal: Harness) -> None:
    await canal.write()
    card = await canal.ticket()

    def words() -> str:
        return words_of(canal.sandbox.message(canal.support, card["ts"]))

    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_take")
    await canal.sandbox.wait_for(lambda: "Ana Silva" in words())
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_close")
    await canal.sandbox.wait_for(lambda: "Closed" in words())
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_reopen")
    await canal.sandbox.wait_for(lambda: "Open" in words() and "waiting" in words())


async def test_a_customers_answer_reopens(canal: Harness) -> None:
    mail = await canal.write(message_id="<one@cust.example>")
    card = await canal.ticket()
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_close")
    await canal.sandbox.wait_for(
        lambda: "Closed" in words_of(canal.sandbox.message(canal.support, card["ts"]))
    )
    await canal.write("Still broken", headers={"In-Reply-To": mail["Message-ID"]})
    await canal.sandbox.wait_for(
        lambda: "🔵 Open" in words_of(canal.sandbox.message(canal.support, card["ts"]))
    )


async def test_a_paused_channel_keeps_its_mail_until_it_is_resumed(canal: Harness) -> None:
    await canal.canal.channels.pause("Support")
    await canal.write("While paused")
    await canal.canal.channels.resume("Support")
    assert "While paused" in words_of(await canal.ticket())


async def test_state_survives_a_restart(canal: Harness) -> None:
    await canal.write("Before")
    card = await canal.ticket()
    await canal.stop_canal()
    await canal.start_canal()
    await canal.say(card, "After")
    assert "After" in part((await canal.sent()).message, "plain")


def part(mail: EmailMessage, kind: str) -> str:
    """The text of the mail's plain or HTML part."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())
