"""Ten typical mails as the demo's page shows them.

Pictures go to test-artefacts/incoming/, to be looked at.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Locator, expect

from tests.e2e.demo_process import ROOT, DemoProcess, running_demo
from tests.e2e.desk import Desk, opened_desk
from tests.e2e.typical_mails import TypicalMail, typical_mails
from tests.sandbox.page_browser import launched_browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ARTEFACTS = ROOT / "test-artefacts" / "incoming"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoProcess]:
    async with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(browser: Browser, demo: DemoProcess) -> AsyncIterator[Desk]:
    async with opened_desk(browser, demo.page_url, size=(1280, 1600)) as opened:
        await asyncio.to_thread(send, demo.smtp, typical_mails())
        await opened.open_channel()
        yield opened


def send(address: str, mails: list[TypicalMail]) -> None:
    host, _, port = address.rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=60) as wire:
        for mail in mails:
            wire.send_message(mail.message)


@pytest.mark.parametrize("mail", typical_mails(), ids=lambda mail: mail.name)
async def test_a_typical_mail_is_shown_as_its_writer_meant_it(
    desk: Desk, mail: TypicalMail
) -> None:
    card = desk.card(mail.subject).last
    await expect(card).to_be_visible(timeout=60_000)
    for words in mail.shown:
        await expect(card).to_contain_text(words)
    for words in mail.hidden:
        await expect(card).not_to_contain_text(words)
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    await take_picture(card, ARTEFACTS / f"{mail.name}.png")


async def take_picture(card: Locator, file: Path) -> None:
    """The page draws a card anew when its files arrive: then the new one is taken."""
    async with asyncio.timeout(60):
        while True:
            try:
                await card.screenshot(path=file, timeout=5_000)
            except Error:
                await expect(card).to_be_visible()
            else:
                return
