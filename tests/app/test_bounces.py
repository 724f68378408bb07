"""What servers say of a reply that did not arrive: shown at that reply, and nowhere else."""

from __future__ import annotations

import pytest

from bot.sandbox.caught import CaughtMail
from tests.app.harness import Harness, Json, words_of


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def replied(canal: Harness, *, cc: str = "") -> tuple[Json, str, CaughtMail]:
    """A ticket with a reply that left: its card, the agent's message, the mail."""
    headers = {"Cc": cc} if cc else {}
    await canal.write(message_id=canal.new_id(), headers=headers)
    card = await canal.ticket()
    ts = await canal.say(card, "We look into it.")
    sent = await canal.sent()
    await canal.wait_reaction(ts, "white_check_mark")
    return card, ts, sent


def report(
    returned: str,
    *,
    address: str = "jo@cust.example",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "550 5.1.1 no such user",
) -> bytes:
    """A delivery report of RFC 3464 with `returned` as the head of the mail that comes back."""
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.cust.example>
To: support@acme.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 02 Mar 2026 10:05:00 +0000
Message-ID: <{abs(hash(returned + action + address))}@mx.cust.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail could not be delivered to <{address}>.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.cust.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--b
Content-Type: text/rfc822-headers

{returned}

--b--
""".replace("\n", "\r\n").encode()


def head_of(sent: CaughtMail, *names: str) -> str:
    return "\n".join(f"{name}: {sent.header(name)}" for name in names)


def thread_words(canal: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in canal.replies(card))


async def settled(canal: Harness) -> None:
    await canal.idle()
    assert len(canal.roots()) == 1


async def test_it_turns_the_tick_into_a_cross_and_says_why(canal: Harness) -> None:
    card, ts, sent = await replied(canal)
    await canal.deliver(report(head_of(sent, "From", "Message-ID")), [canal.inbound], "")
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.wait_for(lambda: "the mailbox does not exist" in thread_words(canal, card))
    assert f"<@{canal.ana}>" in thread_words(canal, card)
    await settled(canal)


async def test_a_relay_that_rewrote_the_message_id_is_seen_through(canal: Harness) -> None:
    """SES and Exchange give the mail another id, but return our signed Reply-To."""
    _, ts, sent = await replied(canal)
    head = "Message-ID: <0100018e@email.amazonses.example>\n" + head_of(sent, "From", "Reply-To")
    await canal.deliver(report(head), [canal.inbound], "")
    await canal.wait_reaction(ts, "x")
    await settled(canal)


async def test_no_message_id_at_all_but_the_marker_of_the_body(canal: Harness) -> None:
    _, ts, sent = await replied(canal)
    marker = next(line for line in sent.text.splitlines() if "[#canal-" in line)
    plain = f"""From: MAILER-DAEMON@mx.cust.example
To: support@acme.example
Subject: Mail delivery failed: returning message to sender
Message-ID: {canal.new_id()}

This message was created automatically by mail delivery software.
A message that you sent could not be delivered to all of its recipients:

  jo@cust.example
    550 5.1.1 unknown user

------ This is a copy of the message, including all the headers. ------

From: support@acme.example
To: jo@cust.example
Subject: Re: Help

We look into it.

{marker}
""".replace("\n", "\r\n")
    await canal.deliver(plain.encode(), [canal.inbound], "")
    await canal.wait_reaction(ts, "x")
    await settled(canal)


async def test_one_that_names_nobody_is_about_the_only_recipient(canal: Harness) -> None:
    card, ts, sent = await replied(canal)
    plain = f"""From: "Mail System" <>
To: support@acme.example
Subject: Mail Error
Message-ID: {canal.new_id()}

Your mail cannot be delivered: mail box space not enough, account=jo

---- Header of the source mail attached ----

Received: from canal
Message-ID: {sent.message_id}
Subject: Re: Help
""".replace("\n", "\r\n")
    await canal.deliver(plain.encode(), [canal.inbound], "")
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.wait_for(lambda: "jo@cust.example" in thread_words(canal, card))
    await settled(canal)


@pytest.mark.parametrize("forged", ["changed", "made up", "none"])
async def test_a_forged_one_changes_nothing(canal: Harness, forged: str) -> None:
    card, ts, sent = await replied(canal)
    ours = sent.message_id
    nonce = ours.split(".")[2]
    other = ("b" if nonce[0] == "a" else "a") + nonce[1:]
    head = {
        "changed": f"Message-ID: {ours.replace(nonce, other)}",
        "made up": "Message-ID: <canal.1.abcdefghijklmnop.abcdefghijklmnop@acme.example>",
        "none": "From: support@acme.example",
    }[forged]
    before = len(canal.replies(card))
    await canal.deliver(report(head), [canal.inbound], "")
    await settled(canal)
    assert canal.reactions(ts) == {"white_check_mark"}
    assert len(canal.replies(card)) == before


async def test_a_delay_is_told_and_fails_nothing(canal: Harness) -> None:
    card, ts, sent = await replied(canal)
    late = report(
        head_of(sent, "From", "Message-ID"),
        action="delayed",
        status="4.4.1",
        diagnostic="connect timed out",
    )
    await canal.deliver(late, [canal.inbound], "")
    await canal.sandbox.wait_for(lambda: "jo@cust.example" in thread_words(canal, card))
    await settled(canal)
    assert canal.reactions(ts) == {"white_check_mark"}


async def test_a_report_of_success_changes_nothing(canal: Harness) -> None:
    card, ts, sent = await replied(canal)
    before = len(canal.replies(card))
    for action in ("delivered", "relayed", "expanded"):
        head = head_of(sent, "From", "Message-ID")
        await canal.deliver(
            report(head, action=action, status="2.0.0", diagnostic="250 ok"), [canal.inbound], ""
        )
    await settled(canal)
    assert canal.reactions(ts) == {"white_check_mark"}
    assert len(canal.replies(card)) == before


async def test_a_complaint_is_told_at_the_reply_that_it_is_about(canal: Harness) -> None:
    card, ts, sent = await replied(canal)
    arf = f"""From: Feedback Loop <feedback@isp.example>
To: support@acme.example
Subject: FW: Re: Help
Message-ID: {canal.new_id()}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Loop/1.0
Version: 1
Original-Rcpt-To: jo@cust.example

--b
Content-Type: message/rfc822

{head_of(sent, "From", "To", "Subject", "Message-ID")}

We look into it.

--b--
""".replace("\n", "\r\n")
    await canal.deliver(arf.encode(), [canal.inbound], "")
    await canal.sandbox.wait_for(lambda: "jo@cust.example reported" in thread_words(canal, card))
    await settled(canal)
    assert canal.reactions(ts) == {"white_check_mark"}


async def test_one_of_two_recipients_is_named_and_only_they_get_it_again(canal: Harness) -> None:
    card, ts, sent = await replied(canal, cc="ed@cust.example")
    gone = report(head_of(sent, "From", "Message-ID"), address="ed@cust.example")
    await canal.deliver(gone, [canal.inbound], "")
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.wait_for(lambda: "ed@cust.example" in thread_words(canal, card))
    notice = canal.replies(card)[-1]
    await canal.sandbox.click(canal.ana, canal.support, notice["ts"], "reply_send")
    await canal.wait_reaction(ts, "white_check_mark")
    again = await canal.sent(2)
    assert [address for address, _ in again.recipients] == ["ed@cust.example"]


async def test_one_that_comes_while_another_recipient_is_still_tried_stops_nothing(
    canal: Harness,
) -> None:
    canal.catcher.refuse("ed@cust.example", "451 4.7.1 greylisted", times=1)
    await canal.edit_channel(undo_seconds=0)
    await canal.write(message_id=canal.new_id(), headers={"Cc": "ed@cust.example"})
    card = await canal.ticket()
    ts = await canal.say(card, "Both of you")
    sent = await canal.sent()
    await canal.deliver(report(head_of(sent, "From", "Message-ID")), [canal.inbound], "")
    await canal.sandbox.wait_for(lambda: "did not reach" in thread_words(canal, card))
    await canal.sent(2)
    await canal.wait_reaction(ts, "x")
    reached = {
        one for mail in canal.catcher.mails for one, said in mail.recipients if said[0] == "2"
    }
    assert "ed@cust.example" in reached


async def test_what_each_server_said_is_shown_with_the_whole_mail(canal: Harness) -> None:
    canal.catcher.refuse("ed@cust.example", "550 5.1.1 no such user")
    await canal.edit_channel(undo_seconds=0)
    await canal.write(message_id=canal.new_id(), headers={"Cc": "ed@cust.example"})
    card = await canal.ticket()
    ts = await canal.say(card, "Both of you")
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.shortcut(canal.ana, "show_full_mail", canal.support, ts)
    shown = words_of(canal.sandbox.open_views(canal.ana)[-1])
    assert "✅ jo@cust.example: 2.0.0 OK: caught" in shown
    assert "❌ ed@cust.example: 5.1.1 no such user" in shown
