"""Lanes: one that is limited delays no other; several that are limited share a pace."""

from __future__ import annotations

from collections import Counter

import pytest

from handlers.outbox.lanes import Lanes
from storage.records import OutboxRecord
from tests.storage.samples import NOW

STEP = 0.05


def item(lane: str) -> OutboxRecord:
    return OutboxRecord(1, "T1", "notice", lane, lane, {}, "ready", 0, False, NOW, None, NOW)


class Run:
    """Time goes on in small steps; what starts ends at once, unless Slack refuses it."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.now = 0.0
        self.started: list[tuple[float, str]] = []

    def fill(self, lane: str, count: int) -> None:
        for _ in range(count):
            self.lanes.add(item(lane))

    def limit(self, *names: str) -> None:
        for name in names:
            self.lanes.slow_down(name, 1.0, self.now)

    def go_on(self, seconds: float) -> Counter[str]:
        """What starts within that time, by lane."""
        end = self.now + seconds
        before = len(self.started)
        while self.now < end:
            for one in list(self.lanes.startable(self.now)):
                self.started.append((self.now, one.lane))
                self.lanes.leave(one.lane)
            self.now += STEP
        return Counter(lane for _, lane in self.started[before:])


@pytest.fixture
def run() -> Run:
    return Run()


def flooded(run: Run, count: int = 6) -> list[str]:
    """So many Slack channels are flooded, and Slack limits the workspace."""
    names = [f"slack:C{number}" for number in range(count)]
    run.limit(*names)
    run.now += 1.0
    for name in names:
        run.fill(name, 100)
    return names


def test_one_limited_lane_leaves_the_others_as_fast_as_ever(run: Run) -> None:
    run.limit("slack:C1", "slack:C1", "slack:C1")
    run.now += 1.0
    run.fill("slack:C1", 50)
    run.fill("slack:C2", 50)
    started = run.go_on(5)
    assert 5 <= started["slack:C1"] <= 6
    assert started["slack:C2"] == 50


def test_several_limited_together_share_a_few_items_a_second_in_turn(run: Run) -> None:
    names = flooded(run)
    started = run.go_on(30)
    assert 110 <= started.total() <= 121
    assert max(started.values()) - min(started[name] for name in names) <= 1


def test_a_quiet_lane_goes_before_the_flooded_ones(run: Run) -> None:
    flooded(run, 20)
    run.go_on(10)
    run.fill("slack:QUIET", 1)
    asked_at = run.now
    assert "slack:QUIET" in run.lanes.limited(run.now)
    run.go_on(2)
    (at,) = [at for at, lane in run.started if lane == "slack:QUIET"]
    assert at - asked_at < 0.5


def test_other_kinds_of_work_are_not_paced_with_them(run: Run) -> None:
    flooded(run)
    run.fill("mail:1", 40)
    run.fill("update:C1", 40)
    started = run.go_on(1)
    assert started["mail:1"] == started["update:C1"] == 40


def test_limits_that_go_on_make_it_slower_and_quiet_minutes_lift_it(run: Run) -> None:
    names = flooded(run)
    run.go_on(3)
    run.limit(names[0], names[1])
    run.fill(names[0], 100)
    run.fill(names[1], 100)
    run.go_on(1)
    assert 18 <= run.go_on(10).total() <= 21
    run.now += 61
    run.fill(names[0], 300)
    assert 36 <= run.go_on(10).total() <= 41
    run.now += 61
    assert not run.lanes.is_limited("slack:NEW", run.now)


def test_the_worker_is_told_when_the_next_may_start(run: Run) -> None:
    flooded(run)
    run.go_on(1)
    wait = run.lanes.reopens_in(run.now)
    assert wait is not None
    assert 0 < wait <= 0.25
    assert run.lanes.busy(run.now) != []
