"""A real Chromium for the tests of the page, and the page opened in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.sandbox.page_fake import CHANNEL, PageFake
from tests.servers import require

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = (1280, 800)
NARROW = (390, 844)


def chromium_path() -> str:
    """Where Chromium is; skips the test where there is none."""
    known = Path("/usr/bin/chromium")
    path = str(known) if known.exists() else shutil.which("chromium")
    if path is None:
        require("Chromium is not installed")
    return path


@asynccontextmanager
async def launched_browser() -> AsyncIterator[Browser]:
    """One Chromium; each test opens its own context in it."""
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class OpenPage:
    """The page on a fake workspace, with everything the browser complained about."""

    page: Page
    fake: PageFake
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    """Addresses that the page's policy kept the browser from asking at all."""

    def note_failure(self, url: str, reason: str | None) -> None:
        if reason == "csp":
            self.blocked.add(url)

    def went_out(self) -> set[str]:
        """Every address outside of the page's own server that was really asked."""
        outside = {u for u in self.requests if not u.startswith((self.fake.url, "about:", "data:"))}
        return outside - self.blocked

    def messages(self, place: str = "channel") -> Locator:
        return self.page.get_by_test_id(f"{place}-messages").get_by_test_id("message")

    async def go(self, place: str) -> None:
        """Goes to a hash of the page, from scratch."""
        await self.page.goto("about:blank")
        await self.page.goto(self.fake.url + place)
        await expect(self.page.locator("#app .pane >> visible=true").first).to_be_visible()

    async def overflow(self) -> int:
        """How many pixels the document is wider than the window."""
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        width: int = await self.page.evaluate(script)
        return width


@asynccontextmanager
async def opened(
    browser: Browser,
    fake: PageFake,
    *,
    size: tuple[int, int] = WIDE,
    place: str = f"#/c/{CHANNEL}",
    **context: Any,
) -> AsyncIterator[OpenPage]:
    """The page at `place`. Page errors and policy violations fail the test at the end."""
    await fake.start()
    viewport: Any = {"width": size[0], "height": size[1]}
    opened_context = await browser.new_context(viewport=viewport, locale="en-GB", **context)
    try:
        page = await opened_context.new_page()
        page.set_default_timeout(10_000)
        out = OpenPage(page, fake)
        page.on("pageerror", lambda error: out.problems.append(str(error)))
        page.on("request", lambda request: out.requests.append(request.url))
        page.on("requestfailed", lambda request: out.note_failure(request.url, request.failure))
        page.on(
            "console",
            lambda message: (
                out.problems.append(message.text)
                if message.type == "error" and "status of" not in message.text
                else None
            ),
        )
        await out.go(place)
        yield out
        assert out.problems == []
    finally:
        await opened_context.close()
        await fake.stop()
