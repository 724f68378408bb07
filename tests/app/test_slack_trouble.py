"""Slack limits, breaks, hangs up, and closes its doors: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from itertools import pairwise

import pytest

from tests.app.harness import Harness, Json, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


async def numbered(canal: Harness, numbers: range, recipients: list[str] | None = None) -> None:
    await asyncio.gather(*(
        canal.write(f"Mail {n:03}.", message_id=canal.new_id(), recipients=recipients)
        for n in numbers
    ))  # fmt: skip


def shown(cards: list[Json]) -> Counter[str]:
    return Counter(word for card in cards for word in words_of(card).split() if word[:3].isdigit())


async def test_a_rate_limit_is_waited_out_and_the_channel_paced_from_then_on(
    canal: Harness,
) -> None:
    clock = asyncio.get_running_loop().time
    canal.sandbox.fail("chat.postMessage", "ratelimited", retry_after=1)
    times = [clock()]
    await numbered(canal, range(1))
    await canal.ticket()
    await numbered(canal, range(1, 4))
    for count in (1, 2, 3, 4):
        await canal.sandbox.wait_for(partial(has_roots, canal, count), 10)
        times.append(clock())
    assert len(canal.roots()) == 4
    assert all(later - earlier > 0.8 for earlier, later in pairwise([times[0], *times[2:]]))


def has_roots(canal: Harness, count: int) -> bool:
    return len(canal.roots()) >= count


async def test_a_flood_in_one_channel_delays_no_other(canal: Harness) -> None:
    """The lane of the first Slack channel is paced by the test before, which is the point."""
    sales = canal.sandbox.add_channel(f"sales{len(canal.new_id())}", bot_is_member=True)
    support = canal.inbound
    other = await canal.add_channel(
        name="Sales", slack_channel_id=sales, primary="sales@acme.example"
    )
    await numbered(canal, range(6), [support])
    await numbered(canal, range(6), [str(other.channel.inbound_address)])
    await canal.sandbox.wait_for(lambda: len(canal.roots(sales)) == 6, 3)
    canal.inbound = support
    await canal.canal.channels.remove("Sales")
    await canal.idle(20)
    assert len(canal.roots()) == 6
