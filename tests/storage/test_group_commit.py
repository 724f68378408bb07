from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.group_commit import CommitterStopped, GroupCommitter


class PoisonedError(Exception):
    """This item cannot be stored."""


@dataclass
class Store:
    """Commits integers; a negative one fails its batch. Waits at the gate while it is closed."""

    batches: list[list[int]] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    broken: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    async def commit(self, items: Sequence[int]) -> list[str]:
        assert self.running == 0, "two commits at a time"
        self.running += 1
        self.batches.append(list(items))
        self.begun.set()
        try:
            await self.gate.wait()
            if self.broken or any(item < 0 for item in items):
                raise PoisonedError(items[0])
            self.stored += items
            return [f"stored {item}" for item in items]
        finally:
            self.running -= 1

    def committer(
        self, *, window: float = 0, max_items: int = 100, max_bytes: int = 10**9
    ) -> GroupCommitter[int, str]:
        return GroupCommitter(
            self.commit, window=window, max_items=max_items, max_bytes=max_bytes, size_of=abs
        )


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_each_gets_its_own_outcome() -> None:
    store = Store()
    committer = store.committer()
    outcomes = await asyncio.gather(*(committer.submit(item) for item in range(5)))
    assert outcomes == [f"stored {item}" for item in range(5)]
    assert store.batches == [[0, 1, 2, 3, 4]]


async def test_what_arrives_during_a_commit_makes_the_next_one() -> None:
    store = Store()
    committer = store.committer()
    store.gate.clear()
    first = asyncio.create_task(committer.submit(1))
    await store.begun.wait()
    others = [asyncio.create_task(committer.submit(item)) for item in (2, 3, 4)]
    await settle()
    assert store.batches == [[1]]
    store.gate.set()
    await asyncio.gather(first, *others)
    assert store.batches == [[1], [2, 3, 4]]


async def test_the_first_waits_for_others_as_long_as_the_window() -> None:
    store = Store()
    loop = asyncio.get_running_loop()
    committer = store.committer(window=0.05)
    start = loop.time()
    first = asyncio.create_task(committer.submit(1))
    await asyncio.sleep(0.01)
    await asyncio.gather(first, committer.submit(2))
    assert store.batches == [[1, 2]]
    assert loop.time() - start >= 0.045


async def test_a_full_batch_does_not_wait_for_the_window() -> None:
    store = Store()
    by_count = store.committer(window=3600, max_items=3)
    await asyncio.gather(*(by_count.submit(item) for item in (1, 2, 3)))
    by_size = store.committer(window=3600, max_bytes=10)
    await asyncio.gather(*(by_size.submit(item) for item in (4, 6)))
    assert store.batches == [[1, 2, 3], [4, 6]]


async def test_a_batch_is_bounded_in_items_and_bytes() -> None:
    store = Store()
    by_count = store.committer(max_items=2)
    await asyncio.gather(*(by_count.submit(item) for item in (1, 2, 3)))
    assert store.batches == [[1, 2], [3]]
    store.batches.clear()
    by_size = store.committer(max_bytes=10)
    await asyncio.gather(*(by_size.submit(item) for item in (4, 5, 2, 50, 1)))
    assert store.batches == [[4, 5], [2], [50], [1]]


async def test_one_that_cannot_be_stored_does_not_fail_its_neighbours() -> None:
    store = Store()
    committer = store.committer()
    outcomes = await asyncio.gather(
        *(committer.submit(item) for item in (1, -2, 3)), return_exceptions=True
    )
    assert outcomes[0] == "stored 1"
    assert isinstance(outcomes[1], PoisonedError)
    assert outcomes[2] == "stored 3"
    assert store.batches == [[1, -2, 3], [1], [-2], [3]]
    assert await committer.submit(4) == "stored 4"


async def test_one_alone_is_not_tried_twice() -> None:
    store = Store()
    committer = store.committer()
    with pytest.raises(PoisonedError):
        await committer.submit(-1)
    assert store.batches == [[-1]]


async def test_a_store_that_is_down_is_not_asked_once_an_item() -> None:
    store = Store(broken=True)
    committer = GroupCommitter(
        store.commit, window=0, max_items=100, max_bytes=100, retry_seconds=0
    )
    outcomes = await asyncio.gather(
        *(committer.submit(item) for item in range(9)), return_exceptions=True
    )
    assert all(isinstance(outcome, PoisonedError) for outcome in outcomes)
    assert len(store.batches) == 1


async def test_a_wrong_number_of_outcomes_is_an_error_and_no_success() -> None:
    async def commit(items: Sequence[int]) -> list[str]:
        return ["stored"] * (len(items) + 1)

    committer = GroupCommitter(commit, window=0, max_items=9, max_bytes=9)
    with pytest.raises(RuntimeError, match="2 outcomes for 1 items"):
        await committer.submit(1)


async def test_who_leaves_before_the_commit_takes_the_item_back() -> None:
    store = Store()
    committer = store.committer()
    store.gate.clear()
    first = asyncio.create_task(committer.submit(1))
    await store.begun.wait()
    leaver, stayer = (asyncio.create_task(committer.submit(item)) for item in (2, 3))
    await settle()
    leaver.cancel()
    store.gate.set()
    assert (await first, await stayer) == ("stored 1", "stored 3")
    assert store.stored == [1, 3]
    assert leaver.cancelled()


async def test_who_leaves_within_the_commit_harms_nobody() -> None:
    store = Store()
    committer = store.committer()
    store.gate.clear()
    leaver, stayer = (asyncio.create_task(committer.submit(item)) for item in (1, 2))
    await store.begun.wait()
    leaver.cancel()
    await settle()
    store.gate.set()
    assert await stayer == "stored 2"
    assert store.stored == [1, 2]
    assert await committer.submit(3) == "stored 3"


async def test_the_only_one_may_leave_before_its_window_ends() -> None:
    store = Store()
    committer = store.committer(window=0.02)
    task = asyncio.create_task(committer.submit(1))
    await settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await committer.submit(2) == "stored 2"
    assert store.stored == [2]


async def test_stopping_commits_what_waits_and_takes_nothing_more() -> None:
    store = Store()
    committer = store.committer(window=3600)
    waiting = [asyncio.create_task(committer.submit(item)) for item in (1, 2)]
    await settle()
    await asyncio.wait_for(committer.stop(), 20)
    assert [await task for task in waiting] == ["stored 1", "stored 2"]
    with pytest.raises(CommitterStopped):
        await committer.submit(3)
    await committer.stop()


@settings(max_examples=60)
@given(
    items=st.lists(st.integers(-3, 20).filter(bool), max_size=25),
    max_items=st.integers(1, 6),
    max_bytes=st.integers(1, 40),
    cancelled=st.sets(st.integers(0, 24), max_size=4),
    pauses=st.sets(st.integers(0, 24)),
)
def test_every_item_is_stored_once_or_reported(
    items: list[int], max_items: int, max_bytes: int, cancelled: set[int], pauses: set[int]
) -> None:
    async def run() -> None:
        store = Store()
        committer = store.committer(max_items=max_items, max_bytes=max_bytes)
        tasks: list[asyncio.Task[str]] = []
        for number, item in enumerate(items):
            tasks.append(asyncio.create_task(committer.submit(item)))
            if number in pauses:
                await asyncio.sleep(0)
        for number in cancelled:
            if number < len(tasks):
                tasks[number].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for item, outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, asyncio.CancelledError):
                continue
            if item < 0:
                assert isinstance(outcome, PoisonedError)
            else:
                assert outcome == f"stored {item}"
        reported = sum(isinstance(outcome, str) for outcome in outcomes)
        assert reported <= len(store.stored) <= sum(item > 0 for item in items)
        await committer.stop()

    asyncio.run(run())
