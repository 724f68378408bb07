"""Old mail that is imported is filed like any other, and calls nobody."""

from __future__ import annotations

import pytest

from mail.model import ReceivedMail
from tests.app.harness import Harness, words_of
from tests.app.test_bounces import replied, report


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def import_mail(canal: Harness, data: bytes) -> None:
    """As a mailbox does at its first connect, with --import-days."""
    channel = (await canal.canal.channels.show("Support")).channel
    await canal.canal.parts.intake.receive_for(
        [channel], ReceivedMail(data), source="imap", quiet=True
    )


def old_mail(number: int, sender: str = "jo@cust.example", text: str = "Hello") -> bytes:
    return (
        f"From: {sender}\r\nTo: support@acme.example\r\nSubject: Old {number}\r\n"
        f"Message-ID: <old{number}@cust.example>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
        f"\r\n{text}\r\n"
    ).encode()


async def test_an_old_bounce_shows_in_its_thread_without_calling_the_author(
    canal: Harness,
) -> None:
    card, ts, sent = await replied(canal)
    before = len(canal.sandbox.pings)
    returned = f"Message-ID: {sent.message['Message-ID']}\n"
    await import_mail(canal, report(returned))
    await canal.wait_reaction(ts, "x")
    await canal.sandbox.wait_for(
        lambda: any("did not reach" in words_of(one) for one in canal.replies(card))
    )
    assert len(canal.sandbox.pings) == before


async def test_an_old_forwarding_request_is_a_ticket_and_no_call_to_the_admins(
    canal: Harness,
) -> None:
    direct = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
    before = sum(len(canal.sandbox.messages(one)) for one in direct)
    link = "https://mail-settings.google.com/mail/vf-%5BANGjdJ9%5D-Ab_c"
    words = f"jo@cust.example has requested to automatically forward mail.\r\n{link}"
    data = old_mail(1, "Gmail Team <forwarding-noreply@google.com>", words)
    subject = b"Subject: (#12) Gmail Forwarding Confirmation - Receive Mail from jo@cust.example"
    await import_mail(canal, data.replace(b"Subject: Old 1", subject))
    assert "Gmail Forwarding Confirmation" in words_of(await canal.ticket())
    await canal.idle()
    direct = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
    assert sum(len(canal.sandbox.messages(one)) for one in direct) == before


async def test_many_old_mails_of_one_sender_are_tickets_of_their_own(canal: Harness) -> None:
    for number in range(100, 125):
        automatic = b"Auto-Submitted: auto-replied\r\nSubject:"
        await import_mail(canal, old_mail(number).replace(b"Subject:", automatic))
    await canal.ticket(25)
    assert len(canal.roots()) == 25
