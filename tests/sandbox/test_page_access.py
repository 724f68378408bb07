"""Keyboard alone, small screens, dark and light, enough contrast."""

# ruff: noqa: E501 (Block Kit and scripts for the browser read best one thing a line)

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.sandbox.page_browser import NARROW, launched_browser, opened
from tests.sandbox.page_fake import CHANNEL, PageFake, message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOW = time.time()
ROOT = f"{NOW - 60:.6f}"

CONTRAST = """() => {
  const probe = document.body.appendChild(document.createElement("i"));
  const channels = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [high, low] = [light(channels(a)), light(channels(b))].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const pairs = [];
  for (const back of ["--bg", "--side-bg", "--hover", "--raised"])
    for (const front of ["--text", "--muted", "--link", "--accent", "--danger"]) pairs.push([front, back]);
  pairs.push(["--text", "--pressed"], ["--muted", "--pressed"], ["--accent-ink", "--accent"], ["--danger-ink", "--danger"],
    ["--accent", "--accent-soft"], ["--text", "--accent-soft"], ["--muted", "--accent-soft"], ["--danger", "--danger-soft"],
    ["--warn-text", "--warn-soft"], ["--code-text", "--code-bg"]);
  const result = Object.fromEntries(pairs.map(([a, b]) => [`${a} on ${b}`, ratio(a, b)]));
  probe.remove();
  return result;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


def workspace() -> PageFake:
    fake = PageFake()
    button = {"type": "button", "action_id": "take", "value": "1"}
    button_block = {"type": "actions", "block_id": "b", "elements": [button | {"text": {"type": "plain_text", "text": "Take"}}]}  # fmt: skip
    fake.messages[CHANNEL] = [
        message(NOW - 90, "hello", user="U0RUI"),
        message(NOW - 60, "#42", blocks=[button_block], reply_count=1),
    ]
    fake.threads[ROOT] = [message(NOW - 30, "answer", thread_ts=ROOT)]
    return fake


async def test_the_whole_loop_by_keyboard_alone(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake) as it:
        await expect(it.messages()).to_have_count(2)
        keys = it.page.keyboard

        async def tab_until(script: str, limit: int = 40) -> None:
            for _ in range(limit):
                await keys.press("Tab")
                if await it.page.evaluate(
                    f"(() => {{ const el = document.activeElement; return {script} }})()"
                ):
                    outline = "getComputedStyle(document.activeElement).outlineStyle"
                    box = "getComputedStyle(document.activeElement.closest('.composer-box') ?? document.body).boxShadow"
                    assert (
                        await it.page.evaluate(outline) != "none"
                        or await it.page.evaluate(box) != "none"
                    )
                    return
            raise AssertionError(f"Tab never reached: {script}")

        await tab_until("el.classList.contains('skip-link')")
        await tab_until("el.dataset.key === 'C0SUPPORT'")
        await keys.press("ArrowDown")
        assert await it.page.evaluate("document.activeElement.dataset.key") == "C0SALES"
        await tab_until(f"el.dataset.ts === '{ROOT}'")
        await keys.press("ArrowUp")
        assert await it.page.evaluate("document.activeElement.textContent.includes('hello')")
        await keys.press("ArrowDown")
        await tab_until("el.textContent === 'Take'", 5)
        await keys.press("Enter")
        assert (await fake.wait_for_asked("POST", "/ui/actions"))["value"] == "1"
        await keys.press("Escape")
        assert await it.page.evaluate("document.activeElement.dataset.ts") == ROOT
        await keys.press("Enter")
        reply = it.page.get_by_test_id("thread-composer-field")
        await expect(reply).to_be_focused()
        await keys.type("by keyboard")
        await keys.press("Enter")
        assert (await fake.wait_for_asked("POST", "/ui/messages"))["thread_ts"] == ROOT
        await keys.press("Escape")
        await expect(it.page.get_by_test_id("thread-pane")).to_be_hidden()
        await expect(it.page.get_by_test_id("composer-field")).to_be_focused()


async def test_a_narrow_screen_has_a_drawer_and_the_thread_as_a_page(browser: Browser) -> None:
    fake = workspace()
    async with opened(browser, fake, size=NARROW) as it:
        sidebar = it.page.get_by_test_id("sidebar")
        await expect(sidebar).to_be_hidden()
        await it.page.get_by_role("button", name="Open the menu").click()
        await expect(sidebar).to_be_visible()
        await it.page.keyboard.press("Escape")
        await expect(sidebar).to_be_hidden()
        await it.page.get_by_role("link", name="1 reply").click()
        await expect(it.page.get_by_test_id("thread-pane")).to_be_visible()
        await expect(it.page.get_by_test_id("main")).to_be_hidden()
        await it.page.get_by_role("button", name="Back to the channel").click()
        await expect(it.messages()).to_have_count(2)
        await expect(it.page.get_by_test_id("thread-pane")).to_be_hidden()


async def test_nothing_is_wider_than_a_phone(browser: Browser) -> None:
    async with opened(browser, workspace(), size=(320, 640)) as it:
        for place in [
            f"#/c/{CHANNEL}/t/{ROOT}",
            "#/home",
            "#/mail",
            "#/mail/write",
            f"#/c/{CHANNEL}",
        ]:
            assert await it.overflow() <= 0
            await it.page.evaluate("hash => { location.hash = hash }", place)
            await expect(it.page.locator("#app .pane >> visible=true").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_colour_pair_can_be_read(browser: Browser, scheme: str) -> None:
    async with opened(browser, workspace(), color_scheme=scheme) as it:
        ratios = await it.page.evaluate(CONTRAST)
        assert {pair: round(r, 2) for pair, r in ratios.items() if r < 4.5} == {}


async def test_the_theme_follows_the_system_until_one_is_chosen(browser: Browser) -> None:
    async with opened(browser, workspace(), color_scheme="dark") as it:
        background = "getComputedStyle(document.body).backgroundColor"
        assert await it.page.evaluate(background) == "rgb(27, 31, 34)"
        await it.page.get_by_role("button", name="Light theme").click()
        assert await it.page.evaluate(background) == "rgb(255, 255, 255)"
        await it.go("#/mail")
        assert await it.page.evaluate(background) == "rgb(255, 255, 255)"


async def test_every_control_has_a_name_and_every_target_a_size(browser: Browser) -> None:
    async with opened(browser, workspace()) as it:
        await expect(it.messages()).to_have_count(2)
        nameless = """[...document.querySelectorAll('button, a[href], input, textarea, select')]
          .filter((el) => el.checkVisibility())
          .filter((el) => !(el.getAttribute('aria-label') || el.getAttribute('aria-labelledby') || el.labels?.length || el.textContent.trim()))
          .map((el) => el.outerHTML)"""
        assert await it.page.evaluate(nameless) == []
        small = """[...document.querySelectorAll('button')].filter((el) => el.checkVisibility())
          .filter((el) => { const box = el.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
          .map((el) => el.outerHTML)"""
        assert await it.page.evaluate(small) == []
