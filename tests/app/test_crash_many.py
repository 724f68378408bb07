"""kill -9 in the middle of many mails and many replies: none lost, none posted or sent twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiosmtplib
import pytest

from tests.app.harness import Json, words_of
from tests.app.process import ProcessHarness

_MANY = 20
_KILLS = 3
_PATIENCE = 40.0
_AT_ONCE = 2
"""Connections to one smarthost: so many mails can be in the air when Canal dies."""


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[ProcessHarness]:
    harness = ProcessHarness(tmp_path)
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


async def send_like_a_server(canal: ProcessHarness, number: int) -> None:
    """Tries again until it has heard 250, as every mail server does."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                await canal.write(f"Mail {number:03}.", message_id=f"<{number}@cust.example>")
            except (aiosmtplib.SMTPException, OSError):
                await canal.until_running()
            else:
                return


async def kill_after(canal: ProcessHarness, calls: int) -> None:
    """kill -9 as soon as so many further calls have come in at Slack; then start it again."""
    seen = len(canal.sandbox.calls)
    await canal.sandbox.wait_for(lambda: len(canal.sandbox.calls) >= seen + calls, _PATIENCE)
    await canal.kill()
    await canal.start_canal()


def numbers_in(posts: list[Json], word: str, numbers: range) -> Counter[int]:
    texts = [words_of(one) for one in posts]
    return Counter(n for n in numbers for text in texts if f"{word} {n:03}." in text)


async def test_many_mails_and_replies_survive_being_killed_again_and_again(
    canal: ProcessHarness,
) -> None:
    dice = random.Random(20260302)
    numbers = range(_MANY)
    senders = [asyncio.create_task(send_like_a_server(canal, number)) for number in numbers]
    for _ in range(_KILLS):
        await kill_after(canal, dice.randint(1, 5))
    await asyncio.gather(*senders)
    await canal.sandbox.wait_for(lambda: len(canal.roots()) >= _MANY, _PATIENCE)
    assert numbers_in(canal.roots(), "Mail", numbers) == Counter(numbers)

    said = {
        await canal.say(card, f"Reply {number:03}.") for number, card in enumerate(canal.roots())
    }
    for _ in range(_KILLS):
        await kill_after(canal, dice.randint(3, 10))
    await canal.sandbox.wait_for(
        lambda: all(canal.reactions(ts) & {"white_check_mark", "x"} for ts in said), _PATIENCE
    )
    sent = Counter(
        n for one in canal.catcher.mails for n in numbers if f"Reply {n:03}." in str(one.text)
    )
    asked = [ts for ts in said if canal.reactions(ts) == {"x"}]
    assert max(sent.values()) == 1
    assert len(sent) >= _MANY - len(asked)
    assert len(asked) <= _KILLS * _AT_ONCE
    assert len(canal.roots()) == _MANY
