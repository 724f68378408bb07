"""Replicas are woken for what one cannot do alone, and left in peace with everything else."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from storage.queries import mails
from storage.queries.mails import NewArrival, NewRaw
from tests.app.harness import Harness
from tests.storage.samples import enqueue

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("canal", ["postgres"], indirect=True),
]


@pytest.fixture
def asked(canal: Harness) -> asyncio.Queue[str]:
    """For what the others were woken."""
    found: asyncio.Queue[str] = asyncio.Queue()
    canal.canal.parts.context.wake.listen_for_help(found.put_nowait)
    return found


async def test_a_mail_and_its_answer_wake_nobody_else(
    canal: Harness, asked: asyncio.Queue[str]
) -> None:
    await canal.write("Hello")
    ts = await canal.say(await canal.ticket(), "Hello Jo")
    await canal.wait_reaction(ts, "white_check_mark")
    await canal.idle()
    assert asked.empty()


async def test_a_mail_of_a_channel_that_another_is_filing_for_is_left_to_it(
    canal: Harness, asked: asyncio.Queue[str]
) -> None:
    context = canal.canal.parts.context
    (channel,) = await canal.canal.channels.list()
    now = context.clock.now()
    async with context.db.write() as tx:
        raw = NewRaw(1, context.team_id, mails.pack(b"Subject: x\r\n\r\nx"), 16, now)
        arrival = NewArrival(
            team_id=context.team_id, email_channel_id=channel.channel.id, raw_mail_id=1,
            dedupe_key="x", source="smtp", envelope={}, received_at=now,
        )  # fmt: skip
        await mails.store(tx, [raw], [arrival])
        assert await mails.claim(tx, "another", now=now, lease=timedelta(hours=1), limit=1)
    await canal.write("Hello")
    async with asyncio.timeout(10):
        assert await asked.get() == "filing"
    assert canal.roots() == []
    async with context.db.write() as tx:
        await mails.release_claims(tx, ["another"])
    context.wake.by_another("filing")
    await canal.ticket(2)


async def test_more_than_one_can_take_is_shared(canal: Harness, asked: asyncio.Queue[str]) -> None:
    context = canal.canal.parts.context
    async with context.db.write() as tx:
        for number in range(40):
            await enqueue(
                tx, number, kind="react", payload={"message_id": -1}, now=context.clock.now(),
                team_id=context.team_id,
            )  # fmt: skip
    context.wake.deliver()
    await canal.idle()
    assert {asked.get_nowait() for _ in range(asked.qsize())} == {"outbox"}
