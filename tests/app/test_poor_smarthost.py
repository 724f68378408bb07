"""Replies that the next mail server cannot take: nothing leaves, and the agent reads why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.harness import Harness, words_of
from tests.servers.smarthost import Smarthost, run_smarthost


@pytest.fixture
async def poor() -> AsyncIterator[Smarthost]:
    async with run_smarthost(size=50_000, smtputf8=False) as host:
        yield host


@pytest.fixture
async def canal(tmp_path: Path, poor: Smarthost) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path, env={"CANAL_SMARTHOST_URL": f"smtp://127.0.0.1:{poor.port}"})
    await harness.start()
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


async def told(canal: Harness, ts: str) -> str:
    await canal.wait_reaction(ts, "x")
    card = canal.roots()[-1]

    def notice() -> str:
        return next((words_of(one) for one in canal.replies(card) if "Retry" in words_of(one)), "")

    return str(await canal.sandbox.wait_for(notice))


async def test_a_mail_that_is_too_large_with_its_files(canal: Harness, poor: Smarthost) -> None:
    await canal.write()
    ts = await canal.say(await canal.ticket(), "Look", files=[("big.bin", b"\x00" * 60_000)])
    sentence = await told(canal, ts)
    assert "0.1 MB with its files" in sentence
    assert f"<@{canal.ana}>" in sentence
    assert poor.mails == []


async def test_an_address_that_the_server_cannot_write(canal: Harness, poor: Smarthost) -> None:
    mail = "From: José <josé@cust.example>\r\nTo: support@acme.example\r\nSubject: Olá\r\n\r\nOlá"
    await canal.deliver(mail.encode(), [canal.inbound])
    ts = await canal.say(await canal.ticket(), "Hello")
    assert "josé@cust.example" in await told(canal, ts)
    assert poor.mails == []
