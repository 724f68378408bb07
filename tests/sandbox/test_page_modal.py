"""Modals: fields, errors, stack, updates, keyboard."""

# ruff: noqa: E501 (Block Kit and scripts for the browser read best one thing a line)

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.sandbox.page_browser import launched_browser, opened
from tests.sandbox.page_fake import PageFake

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

Json = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(block_id: str, label: str, kind: str = "plain_text_input", **more: Any) -> Json:
    block_more = {k: more.pop(k) for k in ("optional", "dispatch_action", "hint") if k in more}
    element = {"type": kind, "action_id": "v"} | more
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element} | block_more  # fmt: skip


def view(vid: str, title: str, *blocks: Json, **more: Any) -> Json:
    buttons = {"submit": plain("Save"), "close": plain("Cancel")}
    return {"id": vid, "hash": "1", "type": "modal", "title": plain(title), "blocks": list(blocks)} | buttons | more  # fmt: skip


async def test_what_is_typed_reaches_the_app_in_slacks_shape(browser: Browser) -> None:
    fake = PageFake()
    yes: Json = {"text": plain("Yes"), "value": "y"}
    fake.views = [view("V1", "Add", field("name", "Name"), field("mail", "Address", "email_text_input"),
        field("n", "Seconds", "number_input"), field("web", "Site", "url_text_input", optional=True), field("who", "Agents", "multi_users_select", optional=True),
        field("sure", "Sure?", "radio_buttons", options=[yes]), field("sig", "Signature", "rich_text_input", optional=True))]  # fmt: skip
    fake.on_post["/ui/views/V1/submit"] = lambda body: fake.views.clear()
    async with opened(browser, fake) as it:
        dialog = it.page.get_by_role("dialog", name="Add")
        await expect(dialog.get_by_label("Name")).to_be_focused()
        await dialog.get_by_label("Name").fill("Support")
        await dialog.get_by_label("Address").fill("a@b.example")
        await dialog.get_by_label("Seconds").fill("10")
        await dialog.get_by_role("combobox", name="Agents").click()
        await it.page.get_by_role("option", name="Rui Costa").click()
        await it.page.keyboard.press("Escape")
        await dialog.get_by_label("Yes").check()
        await dialog.get_by_role("button", name="Save").click()
        body = await fake.wait_for_asked("POST", "/ui/views/V1/submit")
        state = body["state"]
        assert state["name"]["v"] == {"type": "plain_text_input", "value": "Support"}
        assert state["mail"]["v"] == {"type": "email_text_input", "value": "a@b.example"}
        assert state["n"]["v"]["value"] == "10"
        assert state["web"]["v"]["value"] is None
        assert state["who"]["v"]["selected_users"] == ["U0RUI"]
        assert state["sure"]["v"]["selected_option"] == yes
        assert state["sig"]["v"]["rich_text_value"] is None
        await expect(dialog).to_have_count(0)


async def test_missing_and_wrong_answers_are_named_at_their_field(browser: Browser) -> None:
    fake = PageFake()
    fake.views = [view("V1", "Add", field("name", "Name", min_length=3), field("mail", "Address", "email_text_input"))]  # fmt: skip
    async with opened(browser, fake) as it:
        dialog = it.page.get_by_role("dialog", name="Add")
        await dialog.get_by_label("Name").fill("ab")
        await dialog.get_by_role("button", name="Save").click()
        blocks = dialog.get_by_test_id("input-block")
        await expect(blocks.nth(0)).to_contain_text("at least 3 characters")
        await expect(blocks.nth(1)).to_contain_text("Please complete this required field.")
        await expect(dialog.get_by_label("Name")).to_be_focused()
        await expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
        assert not fake.asked
        await dialog.get_by_label("Name").fill("abc")
        await dialog.get_by_label("Address").fill("nobody")
        await dialog.get_by_label("Address").press("Enter")
        await expect(blocks.nth(1)).to_contain_text("valid email address")
        await expect(blocks.nth(0).get_by_role("alert")).to_be_hidden()


async def test_the_apps_errors_stand_under_their_fields(browser: Browser) -> None:
    fake = PageFake()
    fake.views = [view("V1", "Add", field("name", "Name"), field("pass", "Password"))]
    sentence = "imap.gmail.com refused this password."
    fake.answers["/ui/views/V1/submit"] = (200, {"response_action": "errors", "errors": {"pass": sentence}})  # fmt: skip
    async with opened(browser, fake) as it:
        dialog = it.page.get_by_role("dialog", name="Add")
        await dialog.get_by_label("Name").fill("x")
        await dialog.get_by_label("Password").fill("y")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_test_id("input-block").nth(1)).to_contain_text(sentence)
        await expect(dialog.get_by_label("Name")).to_have_value("x")


async def test_an_app_that_does_not_answer_keeps_what_was_typed(browser: Browser) -> None:
    fake = PageFake()
    fake.views = [view("V1", "Add", field("name", "Name"))]
    fake.answers["/ui/views/V1/submit"] = (504, {"error": "Canal did not answer in time."})
    async with opened(browser, fake) as it:
        dialog = it.page.get_by_role("dialog", name="Add")
        await dialog.get_by_label("Name").fill("x")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_text("Canal did not answer in time.")).to_be_visible()
        await expect(dialog.get_by_label("Name")).to_have_value("x")


async def test_an_update_keeps_answers_and_focus_of_fields_that_stay(browser: Browser) -> None:
    fake = PageFake()
    kind = field("kind", "Kind", "radio_buttons", dispatch_action=True, options=[{"text": plain("IMAP"), "value": "imap"}])  # fmt: skip
    fake.views = [view("V1", "Add", field("name", "Name"), kind)]
    async with opened(browser, fake) as it:
        dialog = it.page.get_by_role("dialog", name="Add")
        await dialog.get_by_label("Name").fill("Support")
        await dialog.get_by_label("IMAP").check()
        body = await fake.wait_for_asked("POST", "/ui/actions")
        assert (body["view_id"], body["selected_option"]["value"]) == ("V1", "imap")
        assert body["state"]["name"]["v"]["value"] == "Support"
        await dialog.get_by_label("Name").focus()
        fake.views = [view("V1", "Add", field("name", "Name"), kind, field("host", "Server"), hash="2")]  # fmt: skip
        fake.push(type="view_updated", view_id="V1")
        await expect(dialog.get_by_label("Server")).to_be_visible()
        await expect(dialog.get_by_label("Name")).to_have_value("Support")
        await expect(dialog.get_by_label("Name")).to_be_focused()
        await expect(dialog.get_by_label("IMAP")).to_be_checked()


async def test_a_pushed_view_lies_over_the_first_and_back_returns(browser: Browser) -> None:
    fake = PageFake()
    first, second = view("V1", "First", field("name", "Name")), view("V2", "Second", submit=None)
    fake.views = [first]
    fake.on_post["/ui/views/V2/close"] = lambda body: fake.views.pop()
    async with opened(browser, fake) as it:
        await it.page.get_by_label("Name").fill("kept")
        fake.views = [first, second]
        fake.push(type="view_opened", view_id="V2")
        await expect(it.page.get_by_role("dialog", name="Second")).to_be_visible()
        await it.page.get_by_role("button", name="Back").click()
        await expect(it.page.get_by_role("dialog", name="First")).to_be_visible()
        await expect(it.page.get_by_label("Name")).to_have_value("kept")


async def test_escape_closes_and_tab_stays_inside(browser: Browser) -> None:
    fake = PageFake()
    fake.views = [view("V1", "Add", field("name", "Name", optional=True))]
    fake.on_post["/ui/views/V1/close"] = lambda body: fake.views.clear()
    async with opened(browser, fake) as it:
        dialog = it.page.get_by_role("dialog", name="Add")
        await expect(dialog.get_by_label("Name")).to_be_focused()
        for _ in range(8):
            await it.page.keyboard.press("Tab")
            assert await dialog.evaluate("el => el.contains(document.activeElement)")
        await it.page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        assert (await fake.wait_for_asked("POST", "/ui/views/V1/close"))["user"] == "U0ANA"


async def test_the_small_editor_makes_rich_text(browser: Browser) -> None:
    fake = PageFake()
    fake.views = [view("V1", "Add", field("sig", "Signature", "rich_text_input"))]
    async with opened(browser, fake) as it:
        dialog = it.page.get_by_role("dialog", name="Add")
        editor = dialog.get_by_role("textbox", name="Signature")
        await editor.click()
        await it.page.keyboard.press("Control+b")
        await it.page.keyboard.type("Acme")
        await it.page.keyboard.press("Control+b")
        await it.page.keyboard.type(" Support")
        await it.page.keyboard.press("Enter")
        await dialog.get_by_role("button", name="Bulleted list").click()
        await it.page.keyboard.type("one")
        await it.page.keyboard.press("Enter")
        await it.page.keyboard.type("two ")
        await dialog.get_by_role("button", name="Link").click()
        await it.page.get_by_label("Address of the link").fill("acme.example")
        await it.page.keyboard.press("Enter")
        await dialog.get_by_role("button", name="Save").click()
        body = await fake.wait_for_asked("POST", "/ui/views/V1/submit")
        section, bullets = body["state"]["sig"]["v"]["rich_text_value"]["elements"]
        assert section["elements"] == [
            {"type": "text", "text": "Acme", "style": {"bold": True}},
            {"type": "text", "text": " Support"},
        ]
        assert (bullets["type"], bullets["style"]) == ("rich_text_list", "bullet")
        assert [item["elements"][0]["text"] for item in bullets["elements"]] == ["one", "two "]
        link = {"type": "link", "url": "https://acme.example", "text": "https://acme.example"}
        assert bullets["elements"][1]["elements"][1] == link


async def test_the_editor_gives_back_what_it_was_given_and_takes_no_markup(
    browser: Browser,
) -> None:
    fake = PageFake()
    given: Json = {"type": "rich_text", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "a <b>\n"}, {"type": "text", "text": "c", "style": {"italic": True}}, {"type": "user", "user_id": "U0RUI"}]},
        {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q"}]},
    ]}  # fmt: skip
    fake.views = [view("V1", "Add", field("sig", "Signature", "rich_text_input", initial_value=given))]  # fmt: skip
    async with opened(browser, fake) as it:
        editor = it.page.get_by_role("textbox", name="Signature")
        await it.page.get_by_role("button", name="Save").click()
        body = await fake.wait_for_asked("POST", "/ui/views/V1/submit")
        assert body["state"]["sig"]["v"]["rich_text_value"] == given
        await editor.evaluate(
            """el => { const data = new DataTransfer();
              data.setData('text/html', '<img src=x onerror="window.pwned=1">');
              data.setData('text/plain', '<i>as text</i>'); el.focus();
              el.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""
        )
        await expect(editor).to_contain_text("<i>as text</i>")
        await expect(editor.locator("img, i")).to_have_count(0)
