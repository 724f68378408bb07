"""Ten typical replies as a browser draws their HTML: they fit a phone and load nothing.

Screenshots go to test-artefacts/replies/, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from mail.document import Code, Document, Heading, ListItem, Paragraph, Quote, Rule, Span, Table
from mail.model import Address
from mail.writing.compose import OutgoingMail, QuotedMail, compose
from mail.writing.signatures import signature_from_text
from tests.mail.test_compose import DRAFT
from tests.servers import require

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Request

CHROMIUM = Path("/usr/bin/chromium")
ARTEFACTS = Path(__file__).parents[2] / "test-artefacts" / "replies"
S = Span


def p(*spans: str | Span) -> Paragraph:
    return Paragraph(tuple(S(one) if isinstance(one, str) else one for one in spans))


def text(words: str) -> Document:
    return Document.from_text(words)


SIGNED = replace(
    DRAFT,
    signature=signature_from_text(
        "**Ana Silva**\nAcme Support · https://acme.example\n+351 210 000 000"
    ),
    footer=text("Acme GmbH · Musterstr. 1, 10115 Berlin · HRB 12345 · Geschäftsführer: Jo Doe"),
    marker="canal-12.abcdefgh",
)
ASKED = QuotedMail(
    Address("jo@acme.example", "Jo Miller"),
    Document(
        (
            p("Hello, the invoice from May lists two seats, we have one."),
            p("Could you send a corrected one?"),
            Quote((S("older text"),)),
        )
    ),
    DRAFT.date,
)
STEPS = tuple(
    ListItem((S(one),), ordered=True) for one in ("Open Settings", "Choose Billing", "Save")
)
NEEDED = (
    ListItem((S("a browser"),)),
    ListItem((S("Firefox"),), indent=1),
    ListItem((S("Chrome, an item that goes on and on so that it wraps in any window"),), indent=1),
    ListItem((S("your password"),)),
)
SEATS = (("Seat", "Since", "Price"), ("Ana", "May 2026", "10 €"), ("Rui", "June 2026", "10 €"))
REPLIES = {
    "short": replace(
        SIGNED, body=text("Hello Jo,\n\nthe invoice is attached.\n\nBest regards\nAna")
    ),
    "lists": replace(
        SIGNED, body=Document((p("Please do this:"), *STEPS, p("You need:"), *NEEDED))
    ),
    "quote": replace(SIGNED, body=text("Hello Jo,\n\nyou are right."), quote=(ASKED,)),
    "code": replace(
        SIGNED,
        body=Document(
            (
                p("Please run ", S("canal check", code=True), " and send us:"),
                Code("$ canal check\nA long line " + "of output " * 20 + "\n" + "x" * 300),
            )
        ),
    ),
    "answers-between": replace(
        SIGNED,
        body=Document(
            (
                Quote((S("Can I pay by card?"),)),
                p("Yes."),
                Quote((S("And by invoice?"),)),
                p("From 10 seats on."),
            )
        ),
        quote=(ASKED,),
        quote_language="de",
    ),
    "table": replace(
        SIGNED,
        body=Document(
            (
                p("Your seats:"),
                Table(tuple(tuple((S(c),) for c in row) for row in SEATS), header=True),
            )
        ),
    ),
    "styles": replace(
        SIGNED,
        body=Document(
            (
                Heading((S("News of this week"),)),
                p(S("Bold", bold=True), ", ", S("italic", italic=True), ", 🎉 and "),
                p(S("struck", strike=True), ", ", S("a link", link="https://acme.example")),
                Heading((S("Smaller"),), 2),
                Rule(),
                p("https://acme.example/" + "long/" * 40),
            )
        ),
    ),
    "hebrew": replace(
        SIGNED,
        body=text("שלום יוסי,\n\nהחשבונית המתוקנת מצורפת.\n\nבברכה"),
        signature=text("אנה\nAcme"),
        quote=(ASKED,),
        quote_language="he",
    ),
    "japanese": replace(
        SIGNED,
        body=text("田中様\n\nお問い合わせありがとうございます。"),
        quote=(ASKED,),
        quote_language="ja",
    ),
    "long": replace(
        SIGNED, body=text("\n\n".join(["Many words. " * 60] * 4)), quote=(ASKED, ASKED)
    ),
}


def html_of(draft: OutgoingMail) -> str:
    mail = cast("EmailMessage", message_from_bytes(compose(draft), policy=cast("Any", default)))
    body = mail.get_body(("html",))
    assert body is not None
    return str(cast("EmailMessage", body).get_content())


def noting(found: list[Any]) -> Callable[[Request], None]:
    def note(request: Request) -> None:
        found.append(request.url)

    return note


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        require("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield running
        running.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_fits_a_phone_and_loads_nothing(browser: Browser, name: str) -> None:
    html = html_of(REPLIES[name])
    assert len(html) < 8_000
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    for scheme, width in (("light", 640), ("dark", 360)):
        page = browser.new_page(
            viewport={"width": width, "height": 500}, color_scheme=cast("Any", scheme)
        )
        asked: list[Any] = []
        page.on("request", noting(asked))
        page.set_content(html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not page.get_by_text("[#canal-").is_visible()
        assert asked == []
        page.screenshot(path=str(ARTEFACTS / f"{name}-{scheme}.png"), full_page=True)
        page.close()
