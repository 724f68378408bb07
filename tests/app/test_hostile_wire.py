"""What strangers get who use Canal's SMTP server for what it is not there for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.app.harness import Harness
from tests.app.process import ProcessHarness
from tests.mail.smtp_wire import Wire

_MEGABYTE = 1024 * 1024


@asynccontextmanager
async def connected(canal: Harness) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection(*canal.smtp_address)
    wire = Wire(reader, writer)
    try:
        assert (await wire.hear()).startswith("220 ")
        yield wire
    finally:
        wire.close()


@pytest.mark.parametrize(
    "recipient",
    ["jo@cust.example", "nobody@in.acme.example", "support@in.acme.example", "root@localhost", "x"],
)
async def test_canal_is_no_relay_and_knows_its_own(canal: Harness, recipient: str) -> None:
    async with connected(canal) as wire:
        await wire.ask("EHLO client")
        await wire.ask("MAIL FROM:<jo@cust.example>")
        assert (await wire.ask(f"RCPT TO:<{recipient}>")).startswith("550 5.1.1")
        assert (await wire.ask(f"RCPT TO:<{canal.inbound}>")).startswith("250")


async def test_a_percent_hack_and_a_route_lead_nowhere(canal: Harness) -> None:
    async with connected(canal) as wire:
        await wire.ask("EHLO client")
        await wire.ask("MAIL FROM:<jo@cust.example>")
        domain = canal.inbound.partition("@")[2]
        for recipient in (f"jo%cust.example@{domain}", f"@{domain}:jo@cust.example", "a!b"):
            assert (await wire.ask(f"RCPT TO:<{recipient}>")).startswith("5")


async def test_a_mail_that_is_too_large_is_refused_before_and_after_it_was_sent(
    tmp_path: Path,
) -> None:
    canal = Harness(tmp_path, env={"CANAL_SMTP_SIZE": str(_MEGABYTE)})
    try:
        await canal.start()
        await canal.add_channel()
        async with connected(canal) as wire:
            await wire.ask("EHLO client")
            told = await wire.ask(f"MAIL FROM:<jo@cust.example> SIZE={2 * _MEGABYTE}")
            assert told.startswith("552 5.3.4")
            await wire.begin_mail(canal.inbound)
            for _ in range(20):
                await wire.say((b"x" * 998 + b"\r\n") * 100)
            await wire.say(b".\r\n")
            assert (await wire.hear()).startswith("552 5.3.4")
    finally:
        await canal.stop()


def peak_memory(pid: int) -> int:
    """Bytes of the process's largest resident set so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
async def test_endless_lines_are_refused_without_eating_memory(tmp_path: Path) -> None:
    canal = ProcessHarness(tmp_path)
    try:
        await canal.start()
        async with connected(canal) as wire:
            await wire.begin_mail(canal.inbound)
            await wire.say(b"Subject: warm up\r\n\r\nHello\r\n.\r\n")
            assert (await wire.hear()).startswith("250")
        await canal.sandbox.wait_for(lambda: canal.roots(), 20)
        before = peak_memory(canal.process.pid)
        async with connected(canal) as wire:
            await wire.begin_mail(canal.inbound)
            await wire.say(b"Subject: " + b"A" * (3 * _MEGABYTE))
            await wire.say(b"\r\n\r\nHello\r\n.\r\n")
            assert (await wire.hear())[:1] == "5"
        async with connected(canal) as wire:
            await wire.begin_mail(canal.inbound)
            assert await pour(wire, b"X" * _MEGABYTE, 300) < 300
        async with connected(canal) as wire:
            assert await pour(wire, b"E" * _MEGABYTE, 300) < 300
        assert peak_memory(canal.process.pid) - before < 24 * _MEGABYTE
        await canal.write("Still there")
        await canal.sandbox.wait_for(lambda: len(canal.roots()) == 2, 20)
    finally:
        await canal.stop()


async def pour(wire: Wire, piece: bytes, most: int) -> int:
    """How often the piece could be sent before the server had enough."""
    for count in range(most):
        try:
            await wire.say(piece)
        except ConnectionError:
            return count
    return most
