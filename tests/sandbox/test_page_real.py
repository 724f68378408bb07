"""The page on the real sandbox, with a real Bolt app behind it and a real SMTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, Envelope
from playwright.async_api import Page, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.sandbox import Sandbox
from bot.sandbox.catcher import MailCatcher
from tests.sandbox.conftest import (
    Room,
    actions,
    button,
    make_room,
    modal,
    section,
    text_input,
    write_manifest,
)
from tests.sandbox.page_browser import launched_browser

pytestmark = pytest.mark.browser


class Inbox:
    """The SMTP server that customers' mails go to."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[str] = asyncio.Queue()

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.put_nowait(envelope.content.decode())
        return "250 OK"


def make_app(room: Room) -> AsyncApp:
    """Posts, reacts, opens a modal and publishes a Home, as Canal does."""
    app = AsyncApp(token=room.sandbox.bot_token, client=None)
    app.client.base_url = room.sandbox.api_url

    @app.command("/canal")
    async def on_command(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("name")))

    @app.view("form")
    async def on_form(ack: Any, view: Any, client: Any, body: Any) -> None:
        name = view["state"]["values"]["name"]["name"]["value"]
        if name == "taken":
            await ack(response_action="errors", errors={"name": "This name is taken."})
            return
        await ack()
        await client.chat_postEphemeral(
            channel=room.channel, user=body["user"]["id"], text=f"{name} is connected."
        )

    @app.action("take")
    async def on_take(ack: Any, body: Any, client: Any) -> None:
        await ack()
        ts, channel = body["message"]["ts"], body["channel"]["id"]
        text = f"Taken by <@{body['user']['id']}>"
        await client.chat_update(channel=channel, ts=ts, text=text, blocks=[section(text)])

    @app.event("message")
    async def on_message(event: Any, client: Any) -> None:
        if event.get("thread_ts") and not event.get("bot_id"):
            await client.reactions_add(
                channel=event["channel"], timestamp=event["ts"], name="hourglass_flowing_sand"
            )

    @app.event("app_home_opened")
    async def on_home(event: Any, client: Any) -> None:
        view = {"type": "home", "blocks": [section("*Your tickets*")]}
        await client.views_publish(user_id=event["user"], view=view)

    return app


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Room, MailCatcher, Inbox]]:
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, hostname="localhost"), "127.0.0.1", 0)
    smtp_port = server.sockets[0].getsockname()[1]
    sandbox = Sandbox(manifest=write_manifest(folder), limits=False)
    catcher = MailCatcher(sandbox.store, canal_smtp=("127.0.0.1", smtp_port))
    sandbox.attach_catcher(catcher)
    await catcher.start(port=0)
    await sandbox.start()
    room = make_room(sandbox)
    app = make_app(room)
    handler: Any = AsyncSocketModeHandler(app, sandbox.app_token)
    handler.client.web_client.base_url = sandbox.api_url
    await handler.connect_async()
    try:
        yield room, catcher, inbox
    finally:
        await handler.close_async()
        await catcher.stop()
        await sandbox.stop()
        server.close()


async def send_reply(catcher: MailCatcher) -> None:
    """A mail that leaves Canal for a customer."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Acme <support@us.example>", "Jo Miller <jo@acme.example>"
    mail["Reply-To"], mail["Subject"] = "support+42@inbound.example", "Re: Invoice"
    mail["Message-ID"] = "<reply@inbound.example>"
    mail.set_content("Hello Jo")
    mail.add_alternative("<p>Hello <b>Jo</b></p>", subtype="html")
    place = urlsplit(catcher.smarthost_url)
    await aiosmtplib.send(mail, hostname=place.hostname, port=place.port, start_tls=False)


async def talk(page: Page, room: Room) -> None:
    messages = page.get_by_test_id("channel-messages").get_by_test_id("message")
    await room.post(text="#42", blocks=[section("*#42* Invoice"), actions(button("take", "Take"))])
    await expect(messages.last).to_contain_text("#42 Invoice")
    await page.get_by_role("button", name="Take").click()
    await expect(messages.last).to_contain_text("Taken by @Ana Silva")
    await messages.last.hover()
    await page.get_by_role("button", name="Reply in thread").click()
    field = page.get_by_test_id("thread-composer-field")
    await field.fill("Hello *Jo*, ask @rui\n- one")
    await field.press("Enter")
    reply = page.get_by_test_id("thread-messages").get_by_test_id("message").last
    await expect(reply.get_by_test_id("reaction")).to_have_text("⏳1")
    await expect(reply.locator("strong")).to_have_text("Jo")
    await expect(reply.locator(".mention")).to_have_text("@Rui Costa")
    await expect(reply.locator("li")).to_have_text("one")


async def set_up(page: Page) -> None:
    field = page.get_by_test_id("composer-field")
    await field.fill("/canal add")
    await field.press("Enter")
    dialog = page.get_by_role("dialog", name="Form")
    await dialog.get_by_label("name").fill("taken")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_test_id("input-block")).to_contain_text("This name is taken.")
    await dialog.get_by_label("name").fill("Support")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_text("Support is connected.").first).to_be_visible()


async def read_and_answer_mail(page: Page, catcher: MailCatcher, inbox: Inbox) -> None:
    await page.get_by_test_id("nav-mail").click()
    await send_reply(catcher)
    await page.get_by_test_id("mail-item").click()
    await expect(page.frame_locator("iframe").get_by_text("Hello Jo")).to_be_visible()
    await page.get_by_role("link", name="Answer as the customer").click()
    await page.get_by_label("Text").press_sequentially("Thank you")
    await page.get_by_role("button", name="Send").click()
    answer = await asyncio.wait_for(inbox.mails.get(), 10)
    assert "In-Reply-To: <reply@inbound.example>" in answer
    assert "To: support+42@inbound.example" in answer
    assert "Thank you" in answer
    assert answer.count("> Hello Jo") == 1


async def test_the_page_and_the_sandbox_understand_each_other(tmp_path: Path) -> None:
    problems: list[str] = []
    async with running(tmp_path) as (room, catcher, inbox), launched_browser() as browser:
        page = await browser.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        await page.goto(room.sandbox.page_url)
        await talk(page, room)
        await set_up(page)
        await page.get_by_test_id("nav-home").click()
        await expect(page.get_by_test_id("home")).to_contain_text("Your tickets")
        await read_and_answer_mail(page, catcher, inbox)
    assert problems == []
