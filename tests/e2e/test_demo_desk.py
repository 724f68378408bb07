"""What can be done with tickets and channels in the demo: buttons, notes, shortcuts, /canal."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.demo_process import DemoProcess, running_demo
from tests.e2e.desk import Desk, opened_desk, reaction
from tests.sandbox.page_browser import NARROW, launched_browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoProcess]:
    async with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, demo: DemoProcess) -> AsyncIterator[Desk]:
    async with opened_desk(browser, demo.page_url) as opened:
        yield opened


async def test_a_ticket_is_taken_given_back_closed_and_reopened(desk: Desk) -> None:
    await desk.write_as_customer("Broken cake stand", "It arrived in two pieces.")
    await desk.open_channel()
    card = desk.card("Broken cake stand")
    await card.get_by_role("button", name="Take", exact=True).click()
    await expect(card).to_contain_text("🔵 Open · Ana Silva · waiting", use_inner_text=True)
    await desk.picture("10-taken")
    await card.locator('[data-action-id="ticket_more"]').click()
    await desk.page.get_by_role("menuitem", name="Assign…").click()
    modal = desk.page.get_by_test_id("modal")
    await desk.picture("10b-assign")
    await modal.get_by_label("To whom").click()
    await desk.page.get_by_text("Clear the choice").click()
    await modal.get_by_test_id("modal-submit").click()
    await expect(card.get_by_role("button", name="Take", exact=True)).to_be_visible()
    await card.get_by_role("button", name="Close").click()
    await expect(card).to_contain_text("⚪ Closed")
    await expect(card).not_to_contain_text("two pieces")
    await desk.picture("11-closed")
    await card.get_by_role("button", name="Reopen").click()
    await expect(card).to_contain_text("🔵 Open · waiting", use_inner_text=True)
    await expect(card).to_contain_text("two pieces")


async def test_what_is_undone_does_not_leave_and_can_be_sent_after_all(desk: Desk) -> None:
    await desk.write_as_customer("Do you ship to Lisbon?", "And how long does it take?")
    thread = await desk.open_thread("Do you ship to Lisbon?")
    said = await desk.say("Yes, in two days.")
    await desk.whisper("Goes to").get_by_role("button", name="Undo").click()
    taken_back = desk.whisper("Taken back: nothing was sent.")
    await expect(taken_back).to_be_visible()
    await expect(desk.whisper("Goes to")).to_have_count(0)
    await expect(reaction(said, "hourglass_flowing_sand")).to_have_count(0)
    await desk.picture("12-taken-back")
    await said.hover()
    await said.get_by_role("button", name="Edit").click()
    await desk.page.get_by_test_id("edit-field").fill("Yes, in three days.")
    await desk.page.get_by_role("button", name="Save").click()
    await expect(taken_back).to_have_count(2)
    await taken_back.last.get_by_role("button", name="Send it after all").click()
    await expect(desk.whisper("Goes to jo@bakery.example in 10 s.")).to_be_visible()
    await expect(reaction(thread.nth(1), "white_check_mark")).to_be_visible(timeout=20_000)
    mail = await desk.open_mail("Re: Do you ship to Lisbon?")
    await expect(mail.frame_locator("iframe").get_by_text("Yes, in three days.")).to_be_visible()


async def test_a_note_stays_in_slack(desk: Desk) -> None:
    await desk.write_as_customer("Wedding in June", "Can you bake for two hundred?")
    await desk.open_thread("Wedding in June")
    note = await desk.say("note: ask the bakery first")
    await expect(reaction(note, "lock")).to_be_visible()
    reply = await desk.say("We will ask.")
    await desk.whisper("Goes to").get_by_role("button", name="Make it a note").click()
    await expect(reaction(reply, "lock")).to_be_visible()
    await expect(desk.whisper("Goes to")).to_have_count(0)
    await desk.picture("13-notes")
    other = await desk.say("Or will we?")
    await expect(reaction(other, "hourglass_flowing_sand")).to_be_visible()
    await desk.choose_of(other, "Make it a note")
    await expect(reaction(other, "lock")).to_be_visible()
    await desk.page.get_by_test_id("nav-mail").click()
    await expect(desk.page.get_by_test_id("mail-item").first).to_be_visible()
    left = desk.page.locator('[data-testid="mail-item"][data-direction="out"]')
    await expect(left.filter(has_text="Wedding in June")).to_have_count(0)


async def test_the_full_mail_is_one_click_away(desk: Desk) -> None:
    await desk.write_as_customer("A long story", "It began in March.")
    thread = await desk.open_thread("A long story")
    await thread.first.locator('[data-action-id="ticket_more"]').click()
    await desk.page.get_by_role("menuitem", name="Show full mail").click()
    modal = desk.page.get_by_test_id("modal")
    await expect(modal).to_contain_text("Jo Miller <jo@bakery.example>")
    await expect(modal).to_contain_text("It began in March.")
    await desk.picture("14-show-full-mail")
    await modal.get_by_role("button", name="Post the .eml file in the thread").click()
    await modal.get_by_test_id("modal-close").click()
    await expect(thread.get_by_test_id("file").filter(has_text=".eml")).to_be_visible()
    await desk.choose_of(thread.first, "Show full mail")
    await expect(modal).to_contain_text("It began in March.")
    await modal.get_by_test_id("modal-close").click()


async def test_canal_explains_itself_and_refuses_who_may_not(desk: Desk) -> None:
    await desk.command("/canal")
    await expect(await desk.told("/canal list")).to_contain_text("/canal add")
    await desk.command("/canal list")
    await expect(await desk.told("Forward its mail to")).to_contain_text("support@acme.example")
    await desk.command("/canal add")
    await desk.told("Only admins of Canal can do this. Ask Rui Costa.")
    await expect(desk.page.get_by_test_id("modal")).to_have_count(0)
    await desk.picture("15-canal-for-agents")


async def test_an_admin_adds_pauses_resumes_and_removes_a_channel(desk: Desk) -> None:
    await desk.act_as("rui")
    await desk.command("/canal add")
    modal = desk.page.get_by_test_id("modal")
    await modal.get_by_label("Name", exact=True).fill("Sales")
    await modal.get_by_label("Address that customers write to").fill("sales@acme")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal.get_by_text("is not an email address").first).to_be_visible()
    await desk.picture("16-a-problem-at-its-field")
    await modal.get_by_label("Address that customers write to").fill("sales@acme.example")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal).to_contain_text("Sales is connected.")
    await desk.picture("17-connected")
    await modal.get_by_test_id("modal-close").click()
    await desk.command("/canal pause Sales")
    await desk.told("Sales is paused")
    await desk.write_as_customer("An offer, please", "For ten.", to="sales@acme.example")
    await desk.open_channel()
    await desk.command("/canal list")
    await expect(await desk.told("sales@acme.example")).to_contain_text("paused")
    await expect(desk.card("An offer, please")).to_have_count(0)
    await desk.command("/canal resume Sales")
    await expect(desk.card("An offer, please")).to_be_visible()
    await desk.command("/canal test Sales")
    await expect(await desk.told("Canal takes mail for")).to_be_visible()
    await desk.command("/canal remove Sales")
    question = await desk.told("Remove Sales?")
    await question.get_by_role("button", name="Remove").click()
    await desk.picture("18-asks-first")
    await desk.page.get_by_test_id("confirm").get_by_role("button", name="Remove").click()
    await expect(await desk.told("Sales is removed.")).to_contain_text("Its 1 ticket stays")
    await desk.picture("19-removed")
    await desk.command("/canal list")
    await expect(desk.whisper("sales@acme.example", "channel")).to_have_count(1)


async def test_the_demo_fits_a_phone_in_the_dark(browser: Browser, demo: DemoProcess) -> None:
    size, dark = NARROW, "dark"
    async with opened_desk(browser, demo.page_url, size=size, color_scheme=dark) as desk:
        await desk.picture("20-phone-in-the-dark")
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await desk.page.evaluate(script) == 0
