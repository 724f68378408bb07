"""Makes the pictures of the README from a real run of the demo: `python -m tests.e2e.pictures`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.e2e.demo_process import ROOT, DemoProcess, running_demo
from tests.e2e.desk import Desk, opened_desk, reaction
from tests.sandbox.page_browser import launched_browser

IMAGES = ROOT / "docs" / "images"
SUBJECT = "Invoice 2231 is wrong"
MARA = ("Mara Lind", "mara@lindcafe.example")
TOM = ("Tom Becker", "tom@becker-events.example")
JO = ("Jo Miller", "jo@bakery.example")
INVOICE: Any = {
    "name": "invoice-2231.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.4\n".ljust(84_000, b"."),
}


async def make_pictures(folder: Path) -> None:
    async with launched_browser() as browser, running_demo(folder) as demo:
        await demo.run("channels", "edit", "Support", "--undo-seconds", "0")
        async with opened_desk(browser, demo.page_url) as desk:
            await desk.page.evaluate("localStorage.setItem('canal.hints', 'hidden')")
            await _earlier_tickets(desk)
            await _the_ticket(desk)
            await _held_reply(desk, demo)
            await desk.open_mail(f"Re: {SUBJECT}")
            await _take(desk, "mail")


async def _earlier_tickets(desk: Desk) -> None:
    """One that is done, one that waits for its customer."""
    await desk.write_as_customer(
        "Two cups arrived broken", "Hello, see the photo. Mara", sender=MARA
    )
    await desk.open_channel()
    card = desk.card("Two cups arrived broken")
    await card.get_by_role("button", name="Take", exact=True).click()
    await card.get_by_role("button", name="Close").click()
    await expect(card).to_contain_text("Closed")
    text = "Do you ship to Lisbon, and how long does it take?\nTom"
    await desk.write_as_customer("Shipping to Lisbon", text, sender=TOM)
    await desk.act_as("rui")
    await desk.open_thread("Shipping to Lisbon")
    card = desk.card("Shipping to Lisbon")
    await card.get_by_role("button", name="Take", exact=True).click()
    said = await desk.say("Hello Tom, yes: two days, and free from 50 €.")
    await expect(reaction(said, "white_check_mark")).to_be_visible()


async def _the_ticket(desk: Desk) -> None:
    text = "Hello,\nthe invoice from May lists two seats, we have one. Could you correct it?\nJo"
    await desk.write_as_customer(SUBJECT, text, sender=JO, files=[INVOICE])
    await desk.act_as("ana")
    await desk.open_thread(SUBJECT)
    await desk.card(SUBJECT).get_by_role("button", name="Take", exact=True).click()
    said = await desk.say("Hello Jo, you are right: *one* seat, and it is corrected.")
    await expect(reaction(said, "white_check_mark")).to_be_visible()
    await desk.open_mail(f"Re: {SUBJECT}")
    await desk.answer_as_customer("Thank you! Please send it to our new address in Porto.")
    await desk.act_as("rui")
    thread = await desk.open_thread(SUBJECT)
    await expect(thread.filter(has_text="new address in Porto")).to_be_visible()
    note = await desk.say("note: the contract has Porto already, no need to ask")
    await expect(reaction(note, "lock")).to_be_visible()
    await desk.act_as("ana")


async def _held_reply(desk: Desk, demo: DemoProcess) -> None:
    """The picture: a reply that can still be taken back, by day and by night."""
    await demo.run("channels", "edit", "Support", "--undo-seconds", "10")
    await asyncio.sleep(2)  # what the command line changes takes effect within 2 s
    await desk.open_thread(SUBJECT)
    said = await desk.say("With pleasure: it goes to Porto.")
    await expect(reaction(said, "hourglass_flowing_sand")).to_be_visible()
    await expect(desk.whisper("in 10 s").get_by_role("button", name="Undo")).to_be_visible()
    await _take(desk, "canal")
    await desk.page.emulate_media(color_scheme="dark")
    await _take(desk, "canal-dark")
    await desk.page.emulate_media(color_scheme="light")


async def _take(desk: Desk, name: str) -> None:
    """Without a pointer, a cursor or a message that goes away."""
    page = desk.page
    await expect(page.get_by_test_id("toast")).to_have_count(0)
    await page.mouse.move(900, 30)
    await page.evaluate("document.activeElement?.blur()")
    IMAGES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=IMAGES / f"{name}.png", caret="hide", animations="disabled")
    sys.stdout.write(f"{IMAGES / name}.png\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(make_pictures(Path(made)))
