"""The Mail tab's API: what left, in every form, and writing as a customer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from tests.sandbox.pages import Page, opened_page


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with opened_page(tmp_path) as opened:
        yield opened


HTML = (
    """<p>Hello</p><script>alert(1)</script><img src="cid:logo"><img src="https://t.example/x">"""
)


async def caught(page: Page) -> str:
    message = EmailMessage()
    message["From"], message["To"] = "Acme <support@us.example>", "jo@x.example"
    message["Subject"], message["Message-ID"] = "Re: Hello", "<1@us.example>"
    message["Reply-To"] = "support@in.example"
    message.set_content("Hello\n")
    message.add_alternative(HTML, subtype="html")
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo>")
    message.add_attachment(b"pdf", maintype="application", subtype="pdf", filename="a.pdf")
    catcher = page.room.sandbox.catcher
    assert catcher is not None
    await aiosmtplib.send(message, hostname="127.0.0.1", port=catcher.port)
    [mail] = await catcher.wait_for_mails(1)
    return mail.id


async def test_the_mail_tab_shows_a_mail_in_every_form(page: Page) -> None:
    mail_id = await caught(page)
    [mail] = (await page.get("/ui/mail"))["mails"]
    assert (mail["subject"], mail["direction"], mail["to"]) == (
        "Re: Hello",
        "out",
        ["jo@x.example"],
    )
    details = await page.get(f"/ui/mail/{mail_id}")
    assert details["text"] == "Hello\n"
    assert ["Message-ID", "<1@us.example>"] in details["headers"]
    assert details["recipients"] == [{"address": "jo@x.example", "reply": "250 2.1.5 OK"}]
    index = next(one["index"] for one in details["attachments"] if one["filename"] == "a.pdf")
    async with page.raw(f"/ui/mail/{mail_id}/parts/{index}") as answer:
        assert await answer.read() == b"pdf"
    async with page.raw(f"/ui/mail/{mail_id}/source") as answer:
        assert b"Subject: Re: Hello" in await answer.read()
    async with page.raw(f"/ui/mail/{mail_id}/source.eml") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert (await page.ask("GET", "/ui/mail/M0NOTHING"))[0] == 404


async def test_a_mails_html_runs_nothing_and_loads_nothing(page: Page) -> None:
    mail_id = await caught(page)
    async with page.raw(f"/ui/mail/{mail_id}/html") as answer:
        policy = answer.headers["Content-Security-Policy"]
        body = await answer.text()
    assert "default-src 'none'; img-src data:;" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert 'src="data:image/png;base64,' in body


async def test_a_customer_answers_in_the_mail_tab(page: Page) -> None:
    mail_id = await caught(page)
    answer = await page.send("POST", "/ui/mail", text="Thanks", reply_to_mail=mail_id)
    assert answer["ok"] is True
    assert "> Hello" in (await page.get(f"/ui/mail/{answer['id']}"))["text"]
    first, second = (await page.get("/ui/mail"))["mails"]
    assert (first["direction"], first["from"], first["to"]) == (
        "in",
        "jo@x.example",
        ["support@in.example"],
    )
    assert second["answered"] is True
    await page.send("POST", "/ui/mail/read")
    state = await page.get(f"/ui/state?user={page.room.ana}")
    assert state["mail"]["unread"] == 0
    status, answer = await page.ask("POST", "/ui/mail", {"from": "jo@x.example", "text": "x"})
    assert (status, answer["error"]) == (422, "Say whom to write to: an email address in To.")
