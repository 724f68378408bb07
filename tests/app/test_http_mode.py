"""The main job where Slack posts its events to us, signed, instead of over a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.app import Canal
from tests.app.harness import Harness, words_of


class HttpHarness(Harness):
    async def start_canal(self) -> None:
        self.canal = Canal(self.settings())
        await self.canal.start()
        self.smtp_address = self.canal.smtp.server.address
        await self.sandbox.use_http(self.events_url)

    @property
    def events_url(self) -> str:
        return f"http://{self.canal.http.address}/slack/events".replace("http://http://", "http://")

    def environment(self) -> dict[str, str]:
        env = super().environment()
        del env["SLACK_APP_TOKEN"]
        return {**env, "SLACK_SIGNING_SECRET": self.sandbox.signing_secret}


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[HttpHarness]:
    harness = HttpHarness(tmp_path)
    try:
        await harness.start()
        await harness.add_channel()
        yield harness
    finally:
        await harness.stop()


async def test_mail_in_thread_reply_out_and_buttons(canal: HttpHarness) -> None:
    await canal.write("Hello over HTTP", files={"plan.bin": b"\x00"})
    card = await canal.ticket()
    assert "Hello over HTTP" in words_of(card)
    ts = await canal.say(card, "An answer", files=[("a.txt", b"text")])
    sent = await canal.sent()
    await canal.wait_reaction(ts, "white_check_mark")
    assert "An answer" in str(sent.text)
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_close")
    await canal.sandbox.wait_for(
        lambda: "Closed" in words_of(canal.sandbox.message(canal.support, card["ts"]))
    )
    await canal.sandbox.command(canal.rui, canal.support, "/canal", "list")
    await canal.sandbox.wait_for(lambda: canal.sandbox.ephemerals(canal.rui))


async def test_what_is_not_signed_is_not_heard(canal: HttpHarness) -> None:
    await canal.write()
    card = await canal.ticket()
    event = {
        "type": "event_callback",
        "event": {
            "type": "message", "channel": canal.support, "user": canal.ana,
            "text": "forged", "ts": "1.1", "thread_ts": card["ts"],
        },
    }  # fmt: skip
    async with aiohttp.ClientSession() as session:
        forged = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1"}
        for headers in ({}, forged):
            async with session.post(canal.events_url, json=event, headers=headers) as answer:
                assert answer.status == 401
    await canal.idle()
    assert not canal.catcher.mails
