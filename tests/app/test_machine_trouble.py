"""The machine itself: a full disk, a database that another program locks."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest

from tests.app.harness import words_of
from tests.app.process import ProcessHarness

_PATIENCE = 40.0


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[ProcessHarness]:
    harness = ProcessHarness(tmp_path)
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


async def answer_to(canal: ProcessHarness, text: str, size: int = 0) -> int:
    """The reply code that a sender gets for one mail."""
    try:
        await canal.write(text, message_id=f"<{text}@disk.example>", files={"a": b"\x7f" * size})
    except aiosmtplib.SMTPResponseException as error:
        return error.code
    return 250


async def unready(canal: ProcessHarness) -> set[str]:
    """What /readyz says is not so."""
    url = f"http://{canal.process.http}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        checks = (await answer.json())["checks"]
    return {name for name, told in checks.items() if told != "ok"}


def texts(canal: ProcessHarness) -> str:
    return "\n".join(map(words_of, canal.roots()))


async def test_a_full_disk_refuses_for_the_moment_and_loses_nothing(canal: ProcessHarness) -> None:
    """The kernel lets no file of this process grow beyond what it has; then there is room again."""
    refused: list[int] = []
    assert await answer_to(canal, "case0.") == 250
    await canal.sandbox.wait_for(lambda: canal.roots(), _PATIENCE)
    largest = max(one.stat().st_size for one in (canal.folder / "data").iterdir())
    limit = max(largest, 200_000)
    resource.prlimit(canal.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for number in range(1, 12):
        code = await answer_to(canal, f"case{number}.", 80_000)
        assert code == 250 or 400 <= code < 500
        refused += [number] if code != 250 else []
    assert refused, "the disk was never full"
    assert canal.process.is_running
    assert "database" in await unready(canal)
    everything = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(canal.process.pid, resource.RLIMIT_FSIZE, everything)
    for number in refused:
        assert await answer_to(canal, f"case{number}.", 80_000) == 250
    await canal.sandbox.wait_for(lambda: len(canal.roots()) >= 12, _PATIENCE)
    for number in range(12):
        assert texts(canal).count(f"case{number}.") >= 1
    assert len(canal.roots()) == 12
    assert (await canal.process.end()) == 0
    assert (await canal.process.errors()).count("The database takes nothing") == 1


async def test_a_database_that_another_program_locks_is_waited_for(canal: ProcessHarness) -> None:
    await canal.write("before.")
    await canal.sandbox.wait_for(lambda: canal.roots(), _PATIENCE)
    other = sqlite3.connect(canal.folder / "data" / "canal.db", isolation_level=None, timeout=10)
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        sending = [asyncio.create_task(answer_to(canal, f"case{n}.")) for n in range(3)]
        ts = await canal.say(canal.roots()[0], "Hello Jo")
        done, _ = await asyncio.wait(sending, timeout=3)
        assert not done, "a mail was accepted that nothing holds"
        other.execute("ROLLBACK")
    assert await asyncio.gather(*sending) == [250, 250, 250]
    assert time.monotonic() - started < _PATIENCE
    await canal.sandbox.wait_for(lambda: canal.reactions(ts) == {"white_check_mark"}, _PATIENCE)
    await canal.sandbox.wait_for(lambda: len(canal.roots()) >= 4, _PATIENCE)
    assert len(canal.roots()) == 4
    assert len(canal.catcher.mails) == 1


async def test_sigterm_in_the_midst_of_work_leaves_nothing_claimed(canal: ProcessHarness) -> None:
    """One post hangs at Slack, others wait behind it; another Canal could go on at once."""
    gate = canal.sandbox.stop_at("chat.postMessage", done=True)
    for number in range(8):
        await canal.write(f"case{number}.")
    await asyncio.wait_for(gate.reached.wait(), _PATIENCE)
    started = time.monotonic()
    assert await canal.process.end(within=10) == 0
    assert time.monotonic() - started < 10
    with contextlib.closing(sqlite3.connect(canal.folder / "data" / "canal.db")) as database:
        for table in ("outbox", "arrivals"):
            count = f"SELECT count(*) FROM {table} WHERE claimed_by IS NOT NULL"
            assert database.execute(count).fetchone() == (0,)
    gate.opened.set()
    await canal.start_canal()
    await canal.sandbox.wait_for(lambda: len(canal.roots()) >= 8, _PATIENCE)
    assert [texts(canal).count(f"case{number}.") >= 1 for number in range(8)] == [True] * 8
    assert len(canal.roots()) == 8
