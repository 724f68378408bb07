"""Every element of Block Kit: how it shows, and what it tells the app."""

# ruff: noqa: E501 (Block Kit and scripts for the browser read best one thing a line)

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.sandbox.page_browser import OpenPage, launched_browser, opened
from tests.sandbox.page_fake import CHANNEL, PageFake, message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOW = time.time()
TS = f"{NOW:.6f}"
Json = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str, **more: Any) -> Json:
    return {"text": plain(text), "value": text.lower()} | more


def element(kind: str, **more: Any) -> Json:
    return {"type": kind, "action_id": "a"} | more


def fake_with(*elements: Json, kind: str = "actions") -> PageFake:
    fake = PageFake()
    block = {"type": kind, "block_id": "b", "elements": list(elements)}
    fake.messages[CHANNEL] = [message(NOW, "", blocks=[block])]
    return fake


async def action_of(it: OpenPage) -> Json:
    body = await it.fake.wait_for_asked("POST", "/ui/actions")
    assert (body["channel"], body["ts"], body["block_id"]) == (CHANNEL, TS, "b")
    return body


async def test_a_button_tells_its_value_and_where_it_stands(browser: Browser) -> None:
    button = element("button", text=plain("Take"), value="42", style="primary")
    async with opened(browser, fake_with(button)) as it:
        await it.page.get_by_role("button", name="Take").click()
        body = await action_of(it)
        assert (body["type"], body["action_id"], body["value"]) == ("button", "a", "42")


async def test_a_button_with_confirm_asks_first(browser: Browser) -> None:
    confirm = {"title": plain("Sure?"), "text": plain("It closes."), "confirm": plain("Close it")}
    button = element("button", text=plain("Close"), value="1", confirm=confirm)
    async with opened(browser, fake_with(button)) as it:
        await it.page.get_by_role("button", name="Close", exact=True).click()
        dialog = it.page.get_by_role("dialog", name="Sure?")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).to_have_count(0)
        assert not it.fake.asked
        await it.page.get_by_role("button", name="Close", exact=True).click()
        await dialog.get_by_role("button", name="Close it").click()
        assert (await action_of(it))["value"] == "1"


async def test_a_button_that_fails_shows_the_reason(browser: Browser) -> None:
    fake = fake_with(element("button", text=plain("Take")))
    fake.answers["/ui/actions"] = (504, {"error": "Canal did not answer in time."})
    async with opened(browser, fake) as it:
        await it.page.get_by_role("button", name="Take").click()
        toast = it.page.get_by_test_id("toast")
        await expect(toast).to_contain_text("Canal did not answer in time.")


async def test_a_button_with_an_address_opens_it_and_tells_the_app(browser: Browser) -> None:
    fake = fake_with(element("button", text=plain("Open"), url="https://a.example/"))
    async with opened(browser, fake) as it:
        button = it.page.get_by_role("link", name="Open", exact=True)
        await expect(button).to_have_attribute("href", "https://a.example/")
        await button.evaluate("el => el.addEventListener('click', e => e.preventDefault())")
        await button.click()
        assert (await action_of(it))["type"] == "button"


async def test_an_overflow_menu_offers_its_options(browser: Browser) -> None:
    menu = element("overflow", options=[option("Snooze…"), option("Tags…")])
    async with opened(browser, fake_with(menu)) as it:
        await it.page.get_by_role("button", name="More actions").first.click()
        await it.page.keyboard.press("ArrowDown")
        await it.page.keyboard.press("Enter")
        assert (await action_of(it))["selected_option"]["value"] == "tags…"


async def test_every_select_sends_what_was_picked(browser: Browser) -> None:
    cases: list[tuple[str, Json, str, str, Any]] = [
        ("static_select", {"options": [option("One"), option("Two")]}, "Two", "selected_option", option("Two")),
        ("users_select", {}, "Rui Costa", "selected_user", "U0RUI"),
        ("channels_select", {}, "#sales", "selected_channel", "C0SALES"),
        ("conversations_select", {}, "#support", "selected_conversation", CHANNEL),
        ("multi_users_select", {}, "Ana Silva", "selected_users", ["U0ANA"]),
        ("multi_channels_select", {}, "#sales", "selected_channels", ["C0SALES"]),
        ("multi_static_select", {"options": [option("One")]}, "One", "selected_options", [option("One")]),
    ]  # fmt: skip
    selects = [
        element(kind, placeholder=plain(kind), **more | {"action_id": kind})
        for kind, more, *_ in cases
    ]
    async with opened(browser, fake_with(*selects)) as it:
        for kind, _, picked, key, expected in cases:
            it.fake.asked.clear()
            await it.page.get_by_role("combobox", name=kind, exact=True).click()
            await it.page.get_by_role("option", name=picked).click()
            body = await action_of(it)
            assert (body["type"], body["action_id"], body[key]) == (kind, kind, expected)
            assert body["state"]["b"][kind][key] == expected
            await it.page.keyboard.press("Escape")
            await expect(it.page.locator(".popover")).to_have_count(0)


async def test_option_groups_are_searched_by_typing(browser: Browser) -> None:
    groups = [
        {"label": plain("Fruit"), "options": [option(f"Apple {i}") for i in range(9)]},
        {"label": plain("Trees"), "options": [option("Oak")]},
    ]
    select = element("static_select", placeholder=plain("Pick"), option_groups=groups)
    async with opened(browser, fake_with(select)) as it:
        await it.page.get_by_role("combobox", name="Pick").press("ArrowDown")
        await expect(it.page.get_by_role("option")).to_have_count(10)
        await it.page.keyboard.type("oak")
        await expect(it.page.get_by_role("option")).to_have_count(1)
        await it.page.keyboard.press("Enter")
        assert (await action_of(it))["selected_option"]["value"] == "oak"


async def test_an_external_select_asks_the_app_for_options(browser: Browser) -> None:
    select = element("external_select", placeholder=plain("Pick"), min_query_length=2)
    fake = fake_with(select)
    fake.answers["/ui/options"] = (200, {"options": [option("From the app")]})
    async with opened(browser, fake) as it:
        await it.page.get_by_role("combobox", name="Pick").click()
        await expect(it.page.get_by_text("Type 2 or more letters")).to_be_visible()
        await it.page.keyboard.type("fr")
        await it.page.get_by_role("option", name="From the app").click()
        assert (await fake.wait_for_asked("POST", "/ui/options"))["value"] == "fr"
        assert (await action_of(it))["selected_option"]["value"] == "from the app"


async def test_radio_buttons_checkboxes_and_dates_send_their_choice(browser: Browser) -> None:
    fake = PageFake()
    kinds: list[Json] = [
        element("radio_buttons", action_id="radio", options=[option("Yes"), option("No")]),
        element("checkboxes", action_id="check", options=[option("Quote"), option("Sign")], initial_options=[option("Sign")]),
        element("datepicker", action_id="date"),
        element("timepicker", action_id="time", initial_time="09:00"),
    ]  # fmt: skip
    block = {"type": "actions", "block_id": "b", "elements": kinds}
    fake.messages[CHANNEL] = [message(NOW, "", blocks=[block])]
    async with opened(browser, fake) as it:
        await it.page.get_by_label("No", exact=True).check()
        await it.page.wait_for_function("true")
        assert (await action_of(it))["selected_option"]["value"] == "no"
        await it.page.get_by_label("Quote").check()
        await expect(it.page.get_by_label("Sign")).to_be_checked()
        await it.page.get_by_label("Date").fill("2026-12-24")
        await it.page.get_by_label("Time").fill("10:30")
        await it.page.get_by_label("Time").blur()
        while "selected_time" not in (await action_of(it)):
            await it.page.wait_for_function("true")
        state = (await action_of(it))["state"]["b"]
        assert [o["value"] for o in state["check"]["selected_options"]] == ["quote", "sign"]
        assert state["date"]["selected_date"] == "2026-12-24"
        assert state["time"]["selected_time"] == "10:30"


async def test_every_layout_block_shows_what_it_holds(browser: Browser) -> None:
    fake = PageFake()
    text = {"type": "mrkdwn", "text": "*bold* text"}
    own_image = {
        "type": "image",
        "image_url": "/ui/files/F1",
        "alt_text": "Own picture",
        "title": plain("Title"),
    }
    fake.messages[CHANNEL] = [message(NOW, "", blocks=[
        {"type": "header", "text": plain("A header :tada:")},
        {"type": "section", "text": text, "fields": [text, plain("field two")], "accessory": element("button", text=plain("Side"))},
        {"type": "context", "elements": [text, {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "remote"}]},
        {"type": "divider"}, own_image,
        {"type": "markdown", "text": "# Title\n\n1. one\n2. two\n   - deep\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n> quote"},
        {"type": "table", "column_settings": [{"align": "right"}], "rows": [[{"type": "raw_text", "text": "Head"}], [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "cell", "style": {"bold": True}}]}]}]]},
        {"type": "video", "title": plain("A video"), "video_url": "https://v.example/", "alt_text": "v"},
        {"type": "something_new", "x": 1},
    ])]  # fmt: skip
    async with opened(browser, fake) as it:
        body = it.messages().first
        await expect(body.get_by_role("heading", name="A header 🎉")).to_be_visible()
        await expect(body.locator(".fields .field")).to_have_text(["bold text", "field two"])
        await expect(body.get_by_role("button", name="Side")).to_be_visible()
        await expect(body.get_by_role("separator")).to_have_count(1)
        await expect(body.get_by_role("img", name="Own picture")).to_be_visible()
        await expect(body.get_by_role("link", name="remote")).to_be_visible()
        await expect(body.locator(".markdown ol > li")).to_have_count(2)
        await expect(body.locator(".markdown ol ul > li")).to_have_text(["deep"])
        await expect(body.locator(".markdown td")).to_have_text(["1", "2"])
        await expect(body.locator(".markdown pre")).to_have_text("code")
        await expect(body.locator(".block-table td strong")).to_have_text("cell")
        await expect(body.get_by_role("link", name="A video")).to_be_visible()
        await expect(body.get_by_text("A block of type “something_new”")).to_be_visible()


async def test_rich_text_shows_all_its_parts(browser: Browser) -> None:
    fake = PageFake()

    def section(*elements: Json) -> Json:
        return {"type": "rich_text_section", "elements": list(elements)}

    def text(words: str, **style: bool) -> Json:
        return {"type": "text", "text": words} | ({"style": style} if style else {})

    inline = section(
        text("plain\nline "), text("bold", bold=True), text("both", bold=True, italic=True), text("gone", strike=True), text("code", code=True),
        {"type": "link", "url": "https://a.example", "text": "link"}, {"type": "link", "url": "mailto:jo@a.example"},
        {"type": "user", "user_id": "U0RUI"}, {"type": "usergroup", "usergroup_id": "S0AGENTS"}, {"type": "channel", "channel_id": "C0SALES"},
        {"type": "broadcast", "range": "here"}, {"type": "emoji", "name": "odd", "unicode": "1f44d-1f3fd"}, {"type": "emoji", "name": "nope"},
        {"type": "date", "timestamp": 1700000000, "format": "{date_num}"}, {"type": "color", "value": "#ff0000"},
    )  # fmt: skip
    lists = [
        {"type": "rich_text_list", "style": "ordered", "indent": 0, "offset": 4, "elements": [section(text("five"))]},
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(text("inner"))]},
    ]  # fmt: skip
    rest = [
        {"type": "rich_text_quote", "elements": [text("said")]},
        {"type": "rich_text_preformatted", "elements": [text("a < b")]},
    ]
    blocks = [{"type": "rich_text", "elements": [inline, *lists, *rest]}]
    fake.messages[CHANNEL] = [message(NOW, "", blocks=blocks)]
    async with opened(browser, fake) as it:
        body = it.messages().first
        await expect(body.locator("strong")).to_have_text(["bold", "both"])
        await expect(body.locator("strong em")).to_have_text("both")
        await expect(body.locator("s")).to_have_text("gone")
        await expect(body.locator("code")).to_have_text("code")
        await expect(body.get_by_role("link", name="jo@a.example")).to_be_visible()
        mentions = ["@Rui Costa", "@agents", "#sales", "@here"]
        await expect(body.locator(".mention")).to_have_text(mentions)
        await expect(body.locator(".emoji")).to_have_text("👍🏽")
        await expect(body.locator(".rich-section").first).to_contain_text(":nope:")
        await expect(body.locator(".rich-section time")).to_have_text("2023-11-14")
        await expect(body.locator("ol")).to_have_attribute("start", "5")
        await expect(body.locator("ul.indent-1")).to_have_text("inner")
        await expect(body.locator("blockquote")).to_have_text("said")
        await expect(body.locator("pre")).to_have_text("a < b")


async def test_files_are_cards_and_pictures(browser: Browser) -> None:
    fake = PageFake()
    pdf = {
        "id": "F1",
        "name": "a.pdf",
        "filetype": "pdf",
        "mimetype": "application/pdf",
        "size": 84123,
    }
    png = {"id": "F2", "name": "b.png", "mimetype": "image/png", "size": 90, "is_image": True}
    svg = {"id": "F3", "name": "c.svg", "mimetype": "image/svg+xml", "size": 90}
    fake.messages[CHANNEL] = [message(NOW, "", files=[pdf, png, svg])]
    async with opened(browser, fake) as it:
        files = it.messages().first.get_by_test_id("file")
        await expect(files.nth(0)).to_contain_text("84 kB")
        link = files.nth(0).get_by_role("link", name="Download a.pdf")
        await expect(link).to_have_attribute("href", "/ui/files/F1")
        await expect(files.nth(1).get_by_role("img", name="b.png")).to_be_visible()
        await expect(files.nth(2).get_by_role("img")).to_have_count(0)


async def test_app_home_shows_its_view_and_follows_it(browser: Browser) -> None:
    fake = PageFake()
    button = element("button", text=plain("Add a channel"), value="x")
    blocks: list[Json] = [{"type": "header", "text": plain("Yours")}, {"type": "actions", "block_id": "b", "elements": [button]}]  # fmt: skip
    fake.home = {"id": "VHOME", "type": "home", "blocks": blocks}
    async with opened(browser, fake, place="#/home") as it:
        await fake.wait_for_asked("POST", "/ui/home/open")
        await it.page.get_by_role("button", name="Add a channel").click()
        body = await fake.wait_for_asked("POST", "/ui/actions")
        assert (body["view_id"], body["value"]) == ("VHOME", "x")
        fake.home = {"id": "VHOME", "blocks": [{"type": "header", "text": plain("Newer")}]}
        fake.push(type="home")
        await expect(it.page.get_by_role("heading", name="Newer")).to_be_visible()
