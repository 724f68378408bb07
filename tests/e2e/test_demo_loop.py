"""The whole loop as a newcomer goes it: `canal demo`, a mail, an answer, an answer to that, Ctrl-C,
and on."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.demo_process import running_demo
from tests.e2e.desk import Desk, opened_desk, reaction
from tests.sandbox.page_browser import launched_browser

pytestmark = pytest.mark.browser

SUBJECT = "Invoice 2231 is wrong"
TEXT = "Hello,\n\nthe invoice from May lists two seats, we have one.\n\nJo"
PDF = b"%PDF-1.4 an invoice"
ANSWER = "Hello Jo, you are right: *one* seat. Here are the _corrected_ figures."


async def test_the_loop_of_the_demo_survives_a_restart(tmp_path: Path) -> None:
    async with launched_browser() as browser, running_demo(tmp_path) as demo:
        async with opened_desk(browser, demo.page_url) as desk:
            await desk.picture("01-the-first-look")
            await _customer_writes(desk)
            await _agent_answers(desk)
            await _the_mail_that_left(desk)
            await desk.answer_as_customer("Thank you, that was quick!")
            await _lands_in_the_thread(desk, "Thank you, that was quick!")
        assert await demo.interrupt() < 5
        await demo.start()
        async with opened_desk(browser, demo.page_url) as desk:
            thread = await desk.open_thread(SUBJECT)
            await expect(thread.filter(has_text="Thank you, that was quick!")).to_have_count(1)
            await expect(thread.filter(has_text="you are right")).to_have_count(1)
            await desk.picture("09-after-a-restart")
            mail = await desk.open_mail(f"Re: {SUBJECT}")
            await expect(mail.get_by_test_id("mail-frame")).to_be_visible()
            await desk.answer_as_customer("One more thing: the address.")
            await _lands_in_the_thread(desk, "One more thing: the address.")
            said = await desk.say("The address is right now.")
            await expect(reaction(said, "white_check_mark")).to_be_visible(timeout=20_000)
        assert await demo.interrupt() < 5


async def _customer_writes(desk: Desk) -> None:
    """A card, within two seconds of the mail's acceptance, for somebody who looks at #support."""
    watcher = Desk(await desk.page.context.new_page())
    await watcher.page.goto(desk.page.url)
    await desk.page.get_by_test_id("nav-write").click()
    await desk.picture("02-write-as-a-customer")
    file = {"name": "invoice-2231.pdf", "mimeType": "application/pdf", "buffer": PDF}
    await desk.write_as_customer(SUBJECT, TEXT, files=[file])  # type: ignore[list-item]
    accepted = time.monotonic()
    card = watcher.card(SUBJECT)
    await expect(card).to_be_visible(timeout=2_000)
    assert time.monotonic() - accepted < 2
    await expect(card).to_contain_text(re.compile(r"#1\s+Invoice 2231 is wrong"))
    await expect(card).to_contain_text("Jo Miller <jo@bakery.example>")
    await expect(card).to_contain_text("the invoice from May lists two seats, we have one.")
    await expect(card).to_contain_text("📎 invoice-2231.pdf")
    await expect(card).to_contain_text("🔵 Open")
    await watcher.picture("03-the-ticket-card")
    await watcher.page.close()


async def _agent_answers(desk: Desk) -> None:
    thread = await desk.open_thread(SUBJECT)
    file = thread.get_by_test_id("file").filter(has_text="invoice-2231.pdf")
    await expect(file).to_be_visible()
    said = await desk.say(ANSWER)
    sent = time.monotonic()
    await expect(reaction(said, "hourglass_flowing_sand")).to_be_visible()
    whisper = desk.whisper("Goes to jo@bakery.example in 10 s.")
    await expect(whisper.get_by_role("button", name="Undo")).to_be_visible()
    await desk.picture("04-held-for-ten-seconds")
    await expect(reaction(said, "white_check_mark")).to_be_visible(timeout=20_000)
    assert time.monotonic() - sent > 9
    await expect(reaction(said, "hourglass_flowing_sand")).to_have_count(0)
    await expect(desk.card(SUBJECT)).to_contain_text("🟡 Waiting for customer")
    await desk.picture("05-sent")


async def _the_mail_that_left(desk: Desk) -> None:
    """Rendered, as text, and its headers."""
    mail = await desk.open_mail(f"Re: {SUBJECT}")
    frame = mail.frame_locator("iframe")
    await expect(frame.locator("b, strong").filter(has_text="one")).to_be_visible()
    await expect(frame.locator("i, em").filter(has_text="corrected")).to_be_visible()
    await expect(frame.get_by_text("Ana Silva")).to_be_visible()
    await desk.picture("06-the-mail-that-left")
    await mail.get_by_role("tab", name="Text").click()
    text = mail.get_by_test_id("mail-text")
    await expect(text).to_contain_text("you are right")
    await expect(text).to_contain_text("-- \nAna Silva\nCustomer care · Acme")
    await expect(text).to_contain_text("> the invoice from May")
    await desk.picture("07-as-text")
    await mail.get_by_role("tab", name="Source").click()
    await _expect_headers(mail)
    await desk.picture("08-source")


async def _expect_headers(mail: Locator) -> None:
    async def header(name: str) -> str:
        head = mail.page.get_by_role("rowheader", name=name, exact=True)
        row = mail.get_by_role("row").filter(has=head)
        return " ".join((await row.get_by_role("cell").last.inner_text()).split())

    assert await header("From") == "Acme Support <support@acme.example>"
    assert await header("To") == "Jo Miller <jo@bakery.example>"
    assert await header("Subject") == f"Re: {SUBJECT}"
    assert re.fullmatch(r"<canal\.1\.\S+@acme\.example>", await header("Message-ID"))
    assert re.fullmatch(
        r"Acme Support <support-\w{4}\+1\.\w+@inbound\.localhost>", await header("Reply-To")
    )
    asked = await header("In-Reply-To")
    assert re.fullmatch(r"<\S+@bakery\.example>", asked)
    assert await header("References") == asked


async def _lands_in_the_thread(desk: Desk, text: str) -> None:
    thread = await desk.open_thread(SUBJECT)
    post = thread.filter(has_text=text)
    await expect(post).to_have_count(1)
    await expect(post).to_contain_text("Jo Miller")
    await expect(post).to_contain_text("quoted)")
    await expect(desk.page.get_by_test_id("channel-messages").get_by_text("#2")).to_have_count(0)
    await expect(desk.card(SUBJECT)).to_contain_text("🔵 Open")
