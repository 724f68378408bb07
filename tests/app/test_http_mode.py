"""The main job where Slack posts its events to us, signed, instead of over a socket."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

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
    body = json.dumps(event)
    async with aiohttp.ClientSession() as session:
        forged = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1"}
        for headers in ({}, forged, signed(canal, body, age=600)):
            async with session.post(canal.events_url, data=body, headers=headers) as answer:
                assert answer.status == 401
        hello = json.dumps({"type": "url_verification", "challenge": "heard"})
        headers = {**signed(canal, hello, age=0), "Content-Type": "application/json"}
        async with session.post(canal.events_url, data=hello, headers=headers) as answer:
            assert (answer.status, "heard" in await answer.text()) == (200, True)
    await canal.idle()
    assert not canal.catcher.mails


def signed(canal: HttpHarness, body: str, *, age: float) -> dict[str, str]:
    """The headers of a request that was signed rightly so many seconds ago."""
    at = str(int(time.time() - age))
    signature = SignatureVerifier(canal.sandbox.signing_secret).generate_signature(
        timestamp=at, body=body
    )
    return {"X-Slack-Signature": str(signature), "X-Slack-Request-Timestamp": at}
