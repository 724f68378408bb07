"""kill -9 before and after every step of both flows, on both databases: all there, none twice.

A file of tests for each database (test_every_step_*.py), so that they run side by side.

`make test` kills before every other step on one database and after it on the other, in the midst of
250 mails and 250 replies on each. `make faults` kills at each point alone, three times, in the
midst of 500 mails and 500 replies.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.harness import PATIENCE, Crashing
from tests.faults.points import NO_STEPS, STEPS, Point

IN_FULL = os.environ.get("CANAL_FAULTS") == "full"
MAILS = 500 if IN_FULL else 250
_HITS = (1, 4, 12)
_WAVE = 5
_IN_THE_AIR = 4
"""Mails that can be on their way to the smarthost when Canal dies: of each, nobody can know."""
TIMEOUT = 1800 if IN_FULL else 600
in_turn_only = pytest.mark.skipif(IN_FULL, reason="make faults kills at each point alone")
in_full_only = pytest.mark.skipif(not IN_FULL, reason="make faults")


@asynccontextmanager
async def crashing(folder: Path, database_url: str | None) -> AsyncIterator[Crashing]:
    harness = Crashing(folder, database_url=database_url)
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


async def all_there_none_twice(canal: Crashing) -> None:
    await canal.run_undisturbed()
    await canal.until_all_is_done()
    asked = await canal.answer_questions()
    numbers = Counter(range(canal.count))
    assert canal.posted_mails() == numbers
    assert canal.sent_replies() == numbers
    await canal.sandbox.wait_for(lambda: canal.shared_files() >= canal.wanted_files(), PATIENCE)
    assert canal.shared_files() == canal.wanted_files()
    assert asked <= len(canal.crashes) * _IN_THE_AIR


async def kill_at_every_step_in_turn(canal: Crashing) -> None:
    """And every step that Canal takes has a point."""
    on_sqlite = "CANAL_DATABASE_URL" not in canal.environment()
    turn = ("before", "after") if on_sqlite else ("after", "before")
    points = [Point(step, turn[n % 2], hit=1 + n % 3) for n, step in enumerate(STEPS)]
    unreached = [
        str(point)
        for point in points
        if not await canal.run_until_it_dies_at(point, MAILS // len(points))
    ]
    canal.hand_in(max(0, MAILS - canal.count))
    await all_there_none_twice(canal)
    assert unreached == [], "Canal does not come to these any more: see tests/faults/points.py"
    seen = set(canal.seen_file.read_text().splitlines())
    assert seen - set(STEPS) - set(NO_STEPS) == set(), "steps without a point in faults/points.py"


async def kill_at_one_point(canal: Crashing, point: Point) -> None:
    for hit in _HITS:
        one = Point(point.step, point.when, hit)
        assert await canal.run_until_it_dies_at(one, MAILS // 4, wave=_WAVE), one
    canal.hand_in(max(0, MAILS - canal.count))
    await all_there_none_twice(canal)
