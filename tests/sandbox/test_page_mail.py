"""The Mail tab, writing as a customer, and the first steps."""

# ruff: noqa: E501 (Block Kit and scripts for the browser read best one thing a line)

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, expect

from tests.sandbox.page_browser import NARROW, WIDE, launched_browser, opened
from tests.sandbox.page_fake import CHANNEL, Json, PageFake, message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOW = time.time()
EVIL = "<img src=x onerror='parent.pwned=1'><script>parent.pwned=1</script>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


def mail(mid: str, direction: str, **more: object) -> Json:
    return {
        "id": mid, "direction": direction, "at": "2026-11-22T10:00:00Z", "from": "support@us.example", "from_name": "Acme Support",
        "to": ["Jo Miller <jo@acme.example>"], "cc": [], "subject": "Re: Invoice", "snippet": "Hello Jo", "files": 0, "answered": False,
        "read": True, "html": True, "text": "Hello Jo,\nsorry.", "headers": [["Message-ID", "<1@x>"], ["X-Odd", EVIL]], "attachments": [],
        "reply_to": ["support+42@inbound.example"], "recipients": [],
    } | more  # fmt: skip


def workspace() -> PageFake:
    fake = PageFake()
    fake.mails = [
        mail("m2", "out"),
        mail("m1", "in", **{"from": "jo@acme.example", "from_name": "Jo Miller", "html": False}),
    ]
    fake.html["m2"] = (
        "<img src='https://tracker.example/p.png'><p style='color: rgb(1, 2, 3)'>Rendered</p>"
        + EVIL
    )
    return fake


async def test_the_list_shows_both_directions_and_filters(browser: Browser) -> None:
    fake = workspace()
    fake.mails[1]["read"] = False
    async with opened(browser, fake, place="#/mail") as it:
        items = it.page.get_by_test_id("mail-item")
        await expect(items).to_have_count(2)
        arrived = it.page.get_by_role("link", name="Arrived, from Jo Miller: Re: Invoice, new")
        await expect(arrived).to_be_visible()
        await fake.wait_for_asked("POST", "/ui/mail/read")
        await it.page.get_by_role("button", name="Left", exact=True).click()
        await expect(items).to_have_count(1)
        await expect(items.first).to_have_attribute("data-direction", "out")


async def test_a_mail_has_three_faces_and_its_files(browser: Browser) -> None:
    fake = workspace()
    fake.mails[0]["attachments"] = [{"index": 2, "filename": "<b>.pdf", "content_type": "application/pdf", "size": 9, "inline": False}]  # fmt: skip
    fake.mails[0]["recipients"] = [{"address": "bob@x.example", "reply": "550 5.1.1 no such user"}]
    fake.source = "Subject: hi\r\n\r\n" + EVIL
    fake.html["m2"] = "<p>Rendered</p>"
    async with opened(browser, fake, place="#/mail/m2") as it:
        detail = it.page.get_by_test_id("mail-detail")
        frame = detail.frame_locator("iframe")
        await expect(frame.get_by_text("Rendered")).to_be_visible()
        await detail.get_by_role("tab", name="Text").click()
        await expect(detail.get_by_test_id("mail-text")).to_have_text("Hello Jo,\nsorry.")
        await it.page.keyboard.press("ArrowRight")
        await expect(detail.get_by_role("tab", name="Source")).to_be_focused()
        await expect(detail.get_by_role("row", name="Message-ID")).to_contain_text("<1@x>")
        await expect(detail.get_by_test_id("mail-source")).to_contain_text("<script>")
        link = detail.get_by_role("link", name="Download <b>.pdf")
        await expect(link).to_have_attribute("href", "/ui/mail/m2/parts/2")
        await expect(detail).to_contain_text("bob@x.example: 550 5.1.1 no such user")


async def test_a_hostile_mail_runs_nothing_and_loads_nothing(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake, place="#/mail/m2") as it:
        text = it.page.frame_locator("iframe").get_by_text("Rendered")
        await expect(text).to_have_css("color", "rgb(1, 2, 3)")
        frame = it.page.get_by_test_id("mail-frame")
        assert "allow-scripts" not in (await frame.get_attribute("sandbox") or "allow-scripts")
        assert await it.page.evaluate("window.pwned") is None
        assert it.went_out() == set()
        # Chromium says aloud that the mail's script and picture were blocked: that is the proof.
        assert any("sandboxed" in problem or "Policy" in problem for problem in it.problems)
        it.problems.clear()


async def test_answering_as_the_customer_prefills_everything(browser: Browser) -> None:
    fake = workspace()
    fake.html["m2"] = "<p>Rendered</p>"
    fake.answers["/ui/mail"] = (200, {"ok": True, "id": "m1"})
    async with opened(browser, fake, place="#/mail/m2") as it:
        await it.page.get_by_role("link", name="Answer as the customer").click()
        form = it.page.get_by_role("form", name="Write as a customer")
        await expect(form.get_by_label("From address")).to_have_value("jo@acme.example")
        await expect(form.get_by_label("From name")).to_have_value("Jo Miller")
        await expect(form.get_by_label("To", exact=True)).to_have_value(
            "support+42@inbound.example"
        )
        await expect(form.get_by_label("Subject")).to_have_value("Re: Invoice")
        text = form.get_by_label("Text")
        await expect(text).to_be_focused()
        await expect(text).to_have_value(re.compile(r"> Hello Jo,\n> sorry\."))
        await text.press_sequentially("Thank you!")
        await form.get_by_role("button", name="Send").click()
        body = await fake.wait_for_asked("POST", "/ui/mail")
        assert body["reply_to_mail"] == "m2"
        assert body["text"] == "Thank you!"  # the sandbox quotes the answered mail itself


async def test_writing_as_a_customer_sends_what_was_filled_in(browser: Browser) -> None:
    fake = workspace()
    fake.answers["/ui/mail"] = (200, {"ok": True, "id": "m1"})
    async with opened(browser, fake) as it:
        await it.page.get_by_role("link", name="Write as a customer").first.click()
        form = it.page.get_by_test_id("mail-form")
        await form.get_by_label("From name").fill("Kim Berg")
        await form.get_by_label("From address").fill("kim@berg.example")
        await form.get_by_role("button", name="sales@us.example").click()
        await form.get_by_label("Cc").fill("boss@berg.example")
        await form.get_by_label("Subject").fill("Offer")
        await form.get_by_label("Text").fill("Hello")
        file: FilePayload = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}
        await form.get_by_test_id("file-picker").set_input_files(file)
        await form.get_by_role("button", name="Send").click()
        body = await fake.wait_for_asked("POST", "/ui/mail")
        files = body.pop("files")
        assert body == {
            "from": "kim@berg.example",
            "from_name": "Kim Berg",
            "to": "sales@us.example",
            "cc": "boss@berg.example",
            "subject": "Offer",
            "text": "Hello",
        }
        assert files[0]["name"] == "a.txt"
        await expect(it.page.get_by_test_id("toast")).to_contain_text("accepted")


async def test_a_refused_mail_says_why_and_keeps_the_form(browser: Browser) -> None:
    fake = workspace()
    fake.answers["/ui/mail"] = (400, {"error": "550 5.1.1 There is no such address here."})
    async with opened(browser, fake, place="#/mail/write") as it:
        await it.page.get_by_label("Subject").fill("kept")
        await it.page.get_by_test_id("mail-send").click()
        await expect(it.page.get_by_test_id("mail-error")).to_contain_text("no such address")
        await expect(it.page.get_by_label("Subject")).to_have_value("kept")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_three_hints_go_away_as_they_are_done(browser: Browser, size: tuple[int, int]) -> None:  # fmt: skip
    fake = workspace()
    fake.html["m2"] = "<p>Rendered</p>"
    root = message(NOW - 60, "#1 Hello")
    fake.messages[CHANNEL] = [root]
    fake.answers["/ui/mail"] = (200, {"ok": True})
    async with opened(browser, fake, size=size) as it:
        hints = it.page.get_by_test_id("hints")
        await expect(it.page.get_by_test_id("hint-write")).to_contain_class("next")
        await hints.get_by_role("link", name="Write as a customer").click()
        await it.page.get_by_test_id("mail-send").click()
        await expect(it.page.get_by_test_id("hint-answer")).to_contain_class("next")
        await it.go(f"#/c/{CHANNEL}/t/{root['ts']}")
        await it.page.get_by_test_id("thread-composer-field").fill("Hi")
        await it.page.get_by_test_id("thread-composer-field").press("Enter")
        await fake.wait_for_asked("POST", "/ui/messages")
        await expect(it.page.get_by_test_id("hint-look")).to_contain_class("next")
        await it.go("#/mail/m2")
        await expect(it.page.get_by_test_id("mail-subject")).to_be_visible()
        await expect(hints).to_have_count(0)


async def test_hints_can_be_put_away_for_good(browser: Browser) -> None:
    async with opened(browser, workspace()) as it:
        await it.page.get_by_role("button", name="Hide the hints").click()
        await expect(it.page.get_by_test_id("hints")).to_have_count(0)
        await it.go("#/mail")
        await expect(it.page.get_by_test_id("hints")).to_have_count(0)
