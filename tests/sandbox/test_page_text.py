"""What strangers write stays text: markup, scripts, addresses and very long lines."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.sandbox.page_browser import launched_browser, opened
from tests.sandbox.page_fake import CHANNEL, PageFake, message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>\'"><svg onload=pwned=1>'
NOW = time.time()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched_browser() as launched:
        yield launched


def rich(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return [{"type": "rich_text", "elements": [section]}]


def mrkdwn(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


async def test_hostile_text_renders_inert_everywhere(browser: Browser) -> None:
    fake = PageFake()
    plain = {"type": "plain_text", "text": EVIL}
    fake.state["team"]["name"] = EVIL + "Acme"
    fake.state["channels"][0]["topic"] = EVIL
    fake.messages[CHANNEL] = [
        message(NOW - 9, EVIL, user="U0ANA"),
        message(NOW - 8, EVIL, username=EVIL, blocks=mrkdwn(EVIL)),
        message(NOW - 7, EVIL, blocks=rich({"type": "text", "text": EVIL})),
        message(NOW - 6, EVIL, blocks=[{"type": "markdown", "text": EVIL + "\n\n**" + EVIL}]),
        message(NOW - 5, EVIL, blocks=[{"type": "header", "text": plain}]),
        message(NOW - 4, EVIL, files=[{"id": "F1", "name": EVIL, "title": EVIL, "size": 3}]),
        message(NOW - 3, EVIL, reactions=[{"name": EVIL, "count": 1, "users": [EVIL]}]),
        message(NOW - 2, EVIL, blocks=[{"type": EVIL, "text": EVIL}]),
        message(NOW - 1, EVIL, attachments=[{"title": EVIL, "text": EVIL}]),
        message(
            NOW, EVIL, blocks=[{"type": "table", "rows": [[{"type": "raw_text", "text": EVIL}]]}]
        ),
    ]
    async with opened(browser, fake) as it:
        await expect(it.messages()).to_have_count(10)
        assert await it.page.evaluate("window.pwned") is None
        markup = it.page.locator("#app img, #app script, #app iframe, #app svg[onload]")
        await expect(markup).to_have_count(0)
        await expect(it.messages().first).to_contain_text('<img src=x onerror="window.pwned=1">')


async def test_only_web_and_mail_addresses_become_links(browser: Browser) -> None:
    fake = PageFake()
    bad = "javascript:window.pwned=1"
    markdown = f"[md]({bad}) [ok](https://b.example)"
    word = {"type": "plain_text", "text": "Press"}
    button = {"type": "button", "url": bad, "text": word}
    fake.messages[CHANNEL] = [
        message(
            NOW - 4,
            "",
            blocks=mrkdwn(f"<{bad}|click> <data:text/html,x|data> <https://a.example|good>"),
        ),
        message(NOW - 3, "", blocks=rich({"type": "link", "url": bad, "text": "rich"})),
        message(NOW - 2, "", blocks=[{"type": "markdown", "text": markdown}]),
        message(NOW - 1, "", blocks=[{"type": "video", "title_url": bad, "title": word}]),
        message(NOW, "", blocks=[{"type": "actions", "elements": [button]}]),
    ]
    async with opened(browser, fake) as it:
        await expect(it.messages()).to_have_count(5)
        links = it.page.get_by_test_id("message-text").locator("a")
        found = await links.evaluate_all("all => all.map(a => a.href)")
        assert found == ["https://a.example/", "https://b.example/"]
        assert await links.first.get_attribute("rel") == "noopener noreferrer"


async def test_mrkdwn_becomes_elements(browser: Browser) -> None:
    fake = PageFake()
    text = (
        "*bold _both_* ~gone~ `co*de*` snake_case_name 2*3*4 "
        "&lt;b&gt; &amp;amp; :tada: :no_such_one:\n"
        "> quoted\nafter <@U0ANA> <#C0SALES> <!channel> <https://a.example/x?a=1&amp;b=2|label> "
        "<!date^1700000000^{date_num}|then> <mailto:jo@a.example|jo@a.example>\n```let *x* = 1```"
    )
    fake.messages[CHANNEL] = [message(NOW, text)]
    async with opened(browser, fake) as it:
        body = it.messages().first.get_by_test_id("message-text")
        await expect(body.locator("strong")).to_have_text("bold both")
        await expect(body.locator("strong em")).to_have_text("both")
        await expect(body.locator("s")).to_have_text("gone")
        await expect(body.locator("code")).to_have_text("co*de*")
        await expect(body.locator("blockquote")).to_have_text("quoted")
        await expect(body.locator("pre")).to_have_text("let *x* = 1")
        await expect(body.locator("em")).to_have_count(1)
        await expect(body).to_contain_text("snake_case_name 2*3*4 <b> &amp; 🎉 :no_such_one:")
        await expect(body.locator(".mention")).to_have_text(["@Ana Silva", "#sales", "@channel"])
        await expect(body.locator("time")).to_have_text("2023-11-14")
        link = body.get_by_role("link", name="label")
        await expect(link).to_have_attribute("href", "https://a.example/x?a=1&b=2")


@pytest.mark.parametrize("piece", ["*", "*a ", "`", "> ", "*a_b~", "[x]("])
async def test_endless_markers_cost_no_more_than_their_length(browser: Browser, piece: str) -> None:
    fake = PageFake()
    long = piece * (40_000 // len(piece))
    blocks = [{"type": "markdown", "text": long[:12_000]}]
    fake.messages[CHANNEL] = [message(NOW - 1, long), message(NOW, "", blocks=blocks)]
    async with opened(browser, fake) as it:
        started = time.monotonic()
        await expect(it.messages()).to_have_count(2)
        assert time.monotonic() - started < 8
        assert await it.overflow() <= 0


async def test_long_words_and_wide_things_scroll_inside_themselves(browser: Browser) -> None:
    fake = PageFake()
    wide_row = [{"type": "raw_text", "text": f"column number {i}"} for i in range(20)]
    code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x" * 3000}]}
    fake.messages[CHANNEL] = [
        message(NOW - 4, "w" * 4000, user="U0ANA"),
        message(NOW - 3, "", blocks=[{"type": "table", "rows": [wide_row, wide_row]}]),
        message(NOW - 2, "", blocks=[{"type": "rich_text", "elements": [code]}]),
        message(NOW - 1, "", username="n" * 300, blocks=mrkdwn("https://a.example/" + "p" * 2000)),
        message(NOW, "", files=[{"id": "F1", "name": "f" * 255 + ".pdf", "size": 1}]),
    ]
    async with opened(browser, fake, size=(390, 844)) as it:
        await expect(it.messages()).to_have_count(5)
        assert await it.overflow() <= 0
        scroller = it.page.locator(".scroller").first
        assert await scroller.evaluate("el => el.scrollWidth <= el.clientWidth")
        table = it.page.get_by_role("region", name="Table")
        assert await table.evaluate("el => el.scrollWidth > el.clientWidth")


async def test_the_page_asks_nobody_but_its_own_server(browser: Browser) -> None:
    fake = PageFake()
    picture = {"type": "image", "image_url": "https://tracker.example/p.png", "alt_text": "A chart"}
    fake.messages[CHANNEL] = [message(NOW, "", blocks=[picture])]
    async with opened(browser, fake) as it:
        await expect(it.page.get_by_role("link", name="A chart")).to_be_visible()
        assert it.went_out() == set()
