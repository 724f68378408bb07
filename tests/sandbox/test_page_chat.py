"""Talking on the page: composer, threads, commands, reactions, editing, live updates."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, expect

from tests.sandbox.page_browser import launched_browser, opened
from tests.sandbox.page_fake import CHANNEL, PageFake, message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOW = time.time()
ROOT = f"{NOW - 60:.6f}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


def workspace() -> PageFake:
    fake = PageFake()
    fake.messages[CHANNEL] = [
        message(NOW - 200, "mine", user="U0ANA"),
        message(NOW - 190, "mine too", user="U0ANA"),
        message(NOW - 60, "*#42* Invoice", reply_count=2, latest_reply=f"{NOW - 30:.6f}"),
    ]
    fake.threads[ROOT] = [message(NOW - 30, "customer's answer", thread_ts=ROOT)]
    return fake


async def test_enter_sends_and_shift_enter_breaks_the_line(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        field = it.page.get_by_role("textbox", name="Message #support")
        await field.fill("first")
        await field.press("Shift+Enter")
        await field.press_sequentially("second")
        await field.press("Enter")
        body = await fake.wait_for_asked("POST", "/ui/messages")
        assert body == {"user": "U0ANA", "channel": CHANNEL, "text": "first\nsecond"}
        await expect(field).to_have_value("")


async def test_a_refused_message_stays_in_the_composer_with_the_reason(browser: Browser) -> None:
    fake = workspace()
    fake.answers["/ui/messages"] = (400, {"error": "The channel is archived."})
    async with opened(browser, fake) as it:
        field = it.page.get_by_test_id("composer-field")
        await field.fill("hello")
        await field.press("Enter")
        await expect(it.page.get_by_test_id("composer-notice")).to_have_text(
            "The channel is archived."
        )
        await expect(field).to_have_value("hello")


async def test_a_thread_opens_beside_takes_a_reply_and_refuses_commands(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        await it.page.get_by_role("link", name="2 replies").click()
        pane = it.page.get_by_test_id("thread-pane")
        await expect(it.messages("thread")).to_have_count(2)
        field = pane.get_by_test_id("thread-composer-field")
        await expect(field).to_be_focused()
        await field.fill("/canal list")
        await field.press("Enter")
        notice = "/canal is not supported in threads. Sorry!"
        await expect(pane.get_by_role("alert")).to_have_text(notice)
        await field.fill("Hello Jo")
        await pane.get_by_label("Also send to #support").check()
        await field.press("Enter")
        body = await fake.wait_for_asked("POST", "/ui/messages")
        assert (body["thread_ts"], body["text"], body["broadcast"]) == (ROOT, "Hello Jo", True)
        assert not [path for _, path, _ in fake.asked if path == "/ui/commands"]


async def test_slash_offers_commands_and_enter_runs_one(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        field = it.page.get_by_test_id("composer-field")
        await field.press_sequentially("/ca")
        await expect(it.page.get_by_test_id("suggestions")).to_contain_text("Set up email channels")
        await field.press("Tab")
        await field.press_sequentially("add")
        await field.press("Enter")
        body = await fake.wait_for_asked("POST", "/ui/commands")
        assert (body["command"], body["text"], body["channel"]) == ("/canal", "add", CHANNEL)
        await field.fill("/nosuch")
        await field.press("Enter")
        await expect(it.page.get_by_test_id("composer-notice")).to_contain_text(
            "not a valid command"
        )


async def test_people_and_emoji_complete_while_typing(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        field = it.page.get_by_test_id("composer-field")
        await field.press_sequentially("ask @ru")
        await field.press("Enter")
        await field.press_sequentially("now :tad")
        await field.press("Enter")
        await expect(field).to_have_value("ask @rui now 🎉 ")


async def test_a_reaction_is_added_by_the_picker_and_taken_back_by_its_pill(
    browser: Browser,
) -> None:
    fake = workspace()
    mark = {"name": "white_check_mark", "count": 2, "users": ["U0ANA", "U0CANAL"]}
    fake.messages[CHANNEL][0]["reactions"] = [mark]
    async with opened(browser, fake) as it:
        pill = it.messages().first.get_by_test_id("reaction")
        await expect(pill).to_have_text("✅2")
        await expect(pill).to_have_attribute("aria-pressed", "true")
        await pill.click()
        body = await fake.wait_for_asked("POST", "/ui/reactions")
        assert (body["name"], body["on"]) == ("white_check_mark", False)
        await it.messages().nth(1).hover()
        await it.messages().nth(1).get_by_role("button", name="Add a reaction").click()
        await it.page.get_by_label("Find an emoji").fill("lock")
        await (
            it.page.get_by_test_id("emoji-picker")
            .get_by_role("button", name="lock", exact=True)
            .click()
        )
        await it.page.wait_for_function("!document.querySelector('.emoji-picker')")
        body = await fake.wait_for_asked("POST", "/ui/reactions")
        assert (body["name"], body["on"]) == ("lock", True)


async def test_own_messages_can_be_edited_and_deleted_and_others_cannot(browser: Browser) -> None:
    fake = workspace()
    fake.messages[CHANNEL][0]["text"] = "ask <@U0RUI> &amp; <https://a.example|a>"
    async with opened(browser, fake) as it:
        own = it.messages().first
        await own.hover()
        await own.get_by_role("button", name="Edit").click()
        field = it.page.get_by_test_id("edit-field")
        await expect(field).to_have_value("ask @rui & https://a.example")
        await field.fill("changed")
        await field.press("Enter")
        body = await fake.wait_for_asked("PATCH", "/ui/messages")
        assert (body["ts"], body["text"]) == (f"{NOW - 200:.6f}", "changed")
        await own.hover()
        await own.get_by_role("button", name="More actions").click()
        await it.page.get_by_role("menuitem", name="Delete message").click()
        await it.page.get_by_test_id("confirm").get_by_role("button", name="Delete").click()
        assert (await fake.wait_for_asked("DELETE", "/ui/messages"))["ts"] == f"{NOW - 200:.6f}"
        other = it.messages().last
        await other.hover()
        await expect(other.get_by_role("button", name="Edit")).to_have_count(0)


async def test_message_shortcuts_and_global_ones_reach_the_app(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        root = it.messages().last
        await root.hover()
        await root.get_by_role("button", name="More actions").click()
        await it.page.get_by_role("menuitem", name="Reply by email").click()
        body = await fake.wait_for_asked("POST", "/ui/shortcuts")
        assert body == {"user": "U0ANA", "callback_id": "reply", "channel": CHANNEL, "ts": ROOT}
        await it.page.get_by_role("button", name="Shortcuts").click()
        await it.page.get_by_role("menuitem", name="New ticket").click()
        await it.page.wait_for_function("!document.querySelector('.menu')")
        body = await fake.wait_for_asked("POST", "/ui/shortcuts")
        assert body == {"user": "U0ANA", "callback_id": "new_ticket"}


async def test_files_go_with_the_message(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        file: FilePayload = {"name": "a <b>.txt", "mimeType": "text/plain", "buffer": b"bytes"}
        composer = it.page.get_by_test_id("composer")
        await composer.get_by_test_id("file-picker").set_input_files(file)
        await expect(it.page.get_by_test_id("composer").get_by_text("a <b>.txt")).to_be_visible()
        await it.page.get_by_role("button", name="Send").click()
        body = await fake.wait_for_asked("POST", "/ui/messages")
        assert base64.b64decode(body["files"][0]["data"]) == b"bytes"
        assert body["files"][0]["name"] == "a <b>.txt"


async def test_ephemerals_say_so_and_can_be_dismissed(browser: Browser) -> None:
    fake = workspace()
    fake.messages[CHANNEL].append(message(NOW, "just you", _ephemeral=True))
    async with opened(browser, fake) as it:
        own = it.messages().last
        await expect(own).to_contain_text("Only visible to you")
        await own.hover()
        fake.messages[CHANNEL].pop()
        await own.get_by_role("button", name="Dismiss").click()
        await fake.wait_for_asked("DELETE", "/ui/ephemerals")
        await expect(it.messages()).to_have_count(3)


async def test_what_happens_elsewhere_appears_without_reload(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        await expect(it.messages()).to_have_count(3)
        fake.messages[CHANNEL].append(message(NOW, "news", user="U0RUI"))
        fake.push(type="message", channel=CHANNEL, ts=f"{NOW:.6f}")
        await expect(it.messages()).to_have_count(4)
        fake.messages[CHANNEL][-1]["text"] = "newer"
        fake.push(type="message_changed", channel=CHANNEL, ts=f"{NOW:.6f}")
        await expect(it.messages().last).to_contain_text("newer")
        fake.state["channels"][1]["unread"] = 3
        fake.push(type="message", channel="C0SALES", ts="1.0")
        await expect(it.page.get_by_test_id("nav-C0SALES")).to_contain_class("unread")


async def test_after_a_lost_connection_everything_is_fetched_again(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        await expect(it.messages()).to_have_count(3)
        fake.messages[CHANNEL].append(message(NOW, "missed"))
        for stream in list(fake.streams):
            stream.put_nowait("")  # ends the stream; the browser comes back by itself
        await expect(it.messages()).to_have_count(4, timeout=15_000)


async def test_the_other_person_is_one_click_away(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        await it.page.get_by_role("radio", name="Rui Costa").click()
        await expect(it.page.get_by_role("radio", name="Rui Costa")).to_be_checked()
        field = it.page.get_by_test_id("composer-field")
        await field.fill("as Rui")
        await field.press("Enter")
        assert (await fake.wait_for_asked("POST", "/ui/messages"))["user"] == "U0RUI"
        await it.go(f"#/c/{CHANNEL}")
        await expect(it.page.get_by_role("radio", name="Rui Costa")).to_be_checked()


async def test_neighbouring_messages_of_one_person_are_grouped_under_a_day(
    browser: Browser,
) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        await expect(it.page.locator(".day").last).to_be_visible()
        await expect(it.messages().nth(0).get_by_test_id("author")).to_have_text("Ana Silva")
        await expect(it.messages().nth(1).get_by_test_id("author")).to_have_count(0)
        await expect(it.messages().nth(2)).to_contain_text("Canal")
        await expect(it.messages().nth(2).locator(".badge")).to_have_text("app")
