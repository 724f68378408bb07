"""What a person does at the demo's page, and what she sees there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from tests.e2e.demo_process import ROOT
from tests.sandbox.page_browser import WIDE

ARTEFACTS = ROOT / "test-artefacts" / "demo"
Json = dict[str, Any]


class Desk:
    """One browser tab on the demo. `problems` are the errors that the browser reported."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    async def act_as(self, name: str) -> None:
        await self.page.get_by_test_id(f"act-as-{name}").click()

    async def open_channel(self, name: str = "support") -> None:
        await self.page.get_by_test_id("sidebar").get_by_role("link", name=name).click()
        await expect(self.page.get_by_test_id("composer-field")).to_be_visible()

    # --- mail ---------------------------------------------------------------------------------

    async def write_as_customer(
        self,
        subject: str,
        text: str,
        *,
        sender: tuple[str, str] | None = None,
        to: str | None = None,
        files: Sequence[FilePayload] = (),
    ) -> None:
        """Fills in the form and sends; returns when Canal has accepted the mail."""
        await self.page.get_by_test_id("nav-write").click()
        form = self.page.get_by_test_id("mail-form")
        if sender is not None:
            await form.get_by_label("From name").fill(sender[0])
            await form.get_by_label("From address").fill(sender[1])
        if to is not None:
            await form.get_by_label("To", exact=True).fill(to)
        await form.get_by_label("Subject").fill(subject)
        await form.get_by_label("Text").fill(text)
        if files:
            await form.get_by_test_id("file-picker").set_input_files(list(files))
        await form.get_by_test_id("mail-send").click()
        await expect(self.page.get_by_test_id("mail-subject")).to_have_text(subject)

    async def answer_as_customer(self, text: str) -> None:
        """Answers the mail that is open in the Mail tab."""
        await self.page.get_by_test_id("answer-as-customer").click()
        field = self.page.get_by_test_id("mail-form").get_by_label("Text")
        await expect(field).to_be_focused()
        await field.press_sequentially(text)
        await self.page.get_by_test_id("mail-send").click()
        await expect(self.page.get_by_test_id("toast").last).to_contain_text("accepted")

    async def open_mail(self, subject: str, direction: Literal["out", "in"] = "out") -> Locator:
        """The newest mail with this subject in the Mail tab."""
        await self.page.get_by_test_id("nav-mail").click()
        items = self.page.locator(f'[data-testid="mail-item"][data-direction="{direction}"]')
        await items.filter(has_text=subject).first.click()
        detail = self.page.get_by_test_id("mail-detail")
        await expect(detail.get_by_test_id("mail-subject")).to_contain_text(subject)
        return detail

    # --- tickets ------------------------------------------------------------------------------

    def card(self, subject: str) -> Locator:
        messages = self.page.get_by_test_id("channel-messages").get_by_test_id("message")
        return messages.filter(has_text=subject).filter(has_not=self.page.locator(".message-note"))

    async def open_thread(self, subject: str) -> Locator:
        """Opens the ticket's thread; returns the messages in it, the card first."""
        await self.open_channel()
        card = self.card(subject)
        await expect(card).to_be_visible()
        await card.hover()
        await card.get_by_role("button", name="Reply in thread").click()
        thread = self.page.get_by_test_id("thread-messages").get_by_test_id("message")
        await expect(thread.first).to_contain_text(subject)
        return thread

    async def say(self, text: str) -> Locator:
        """Writes in the open thread; returns the message."""
        field = self.page.get_by_test_id("thread-composer-field")
        await field.fill(text)
        await field.press("Enter")
        words = re.sub(r"[*_`~]", "", text.splitlines()[0])
        thread = self.page.get_by_test_id("thread-messages").get_by_test_id("message")
        return thread.filter(has_text=words).first

    def whisper(self, text: str, place: str = "thread") -> Locator:
        messages = self.page.get_by_test_id(f"{place}-messages").get_by_test_id("message")
        return messages.and_(self.page.locator('[data-ephemeral="true"]')).filter(has_text=text)

    async def choose_of(self, message: Locator, entry: str) -> None:
        """A message shortcut, or another entry of the message's menu."""
        await message.hover()
        tools = message.get_by_role("toolbar")
        await tools.get_by_role("button", name="More actions").click()
        await self.page.get_by_role("menuitem", name=entry).click()

    # --- commands -----------------------------------------------------------------------------

    async def command(self, text: str) -> None:
        field = self.page.get_by_test_id("composer-field")
        await field.fill(text)
        await field.press("Escape")  # away with the suggestions
        await field.press("Enter")

    async def told(self, text: str) -> Locator:
        """A whisper of Canal in the Slack channel, once it is there."""
        found = self.whisper(text, "channel").last
        await expect(found).to_be_visible()
        return found

    async def picture(self, name: str) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=ARTEFACTS / f"{name}.png")


def reaction(message: Locator, name: str) -> Locator:
    return message.locator(f'[data-testid="reaction"][data-name="{name}"]')


@asynccontextmanager
async def opened_desk(
    browser: Browser, url: str, *, size: tuple[int, int] = WIDE, **context: Any
) -> AsyncIterator[Desk]:
    """A fresh browser profile at the demo's page; page errors fail the test at the end."""
    viewport: Any = {"width": size[0], "height": size[1]}
    opened = await browser.new_context(viewport=viewport, locale="en-GB", **context)
    try:
        desk = Desk(await opened.new_page())
        await desk.page.goto(url)
        await expect(desk.page.get_by_test_id("composer-field")).to_be_visible()
        yield desk
        assert desk.problems == []
    finally:
        await opened.close()
