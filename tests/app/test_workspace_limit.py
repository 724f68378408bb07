"""Slack limits a whole workspace: what it takes is shared out, and quiet channels go first."""

from __future__ import annotations

import asyncio

from bot.sandbox.limits import Rate
from tests.app.harness import Harness

_FLOODED = 8


async def test_many_flooded_channels_share_what_slack_takes_and_a_quiet_one_goes_first(
    canal: Harness,
) -> None:
    quiet = (canal.support, canal.inbound)
    places = [await add_place(canal, number) for number in range(_FLOODED)]
    canal.sandbox.limits.posts = Rate(2, 5.0)
    canal.sandbox.limits.enabled = True
    await write_to_each(canal, places)
    async with asyncio.timeout(5):
        while not is_paced(canal):
            await asyncio.sleep(0.01)
    await canal.sandbox.wait_for(lambda: len(canal.roots(places[-1][0])) == 1)
    canal.sandbox.refusals.clear()
    await write_to_each(canal, places)
    clock = asyncio.get_running_loop().time
    asked_at = clock()
    await canal.write("I am in no hurry.", recipients=[quiet[1]])
    await canal.sandbox.wait_for(lambda: len(canal.roots(quiet[0])) == 1)
    assert clock() - asked_at < 1.5
    await canal.sandbox.wait_for(lambda: posted(canal, places) == 2 * _FLOODED, 15)
    assert len(canal.sandbox.refusals) <= 1, "what Slack takes was not exceeded again"


async def add_place(canal: Harness, number: int) -> tuple[str, str]:
    """A Slack channel, and the address that posts there."""
    room = canal.sandbox.add_channel(f"team{number}", bot_is_member=True)
    await canal.add_channel(
        name=f"Team {number}", slack_channel_id=room, primary=f"team{number}@acme.example"
    )
    return room, canal.inbound


async def write_to_each(canal: Harness, places: list[tuple[str, str]]) -> None:
    await asyncio.gather(*(
        canal.write("Hurry!", message_id=canal.new_id(), recipients=[address])
        for _, address in places
    ))  # fmt: skip


def posted(canal: Harness, places: list[tuple[str, str]]) -> int:
    return sum(len(canal.roots(room)) for room, _ in places)


def is_paced(canal: Harness) -> bool:
    now = asyncio.get_running_loop().time()
    return canal.canal.parts.outbox._lanes.is_limited("slack:CNEW", now)
