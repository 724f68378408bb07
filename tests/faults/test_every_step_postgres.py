"""Killed at every step on PostgreSQL: see tests/faults/every_step.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults import every_step
from tests.faults.harness import Crashing
from tests.faults.points import Point, every_point

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(every_step.TIMEOUT)]


@pytest.fixture
async def canal(tmp_path: Path, postgres_url: str) -> AsyncIterator[Crashing]:
    async with every_step.crashing(tmp_path, postgres_url) as harness:
        yield harness


@every_step.in_turn_only
async def test_killed_at_every_step_in_turn(canal: Crashing) -> None:
    """And every step that Canal takes has a point."""
    await every_step.kill_at_every_step_in_turn(canal)


@every_step.in_full_only
@pytest.mark.parametrize("point", every_point() if every_step.IN_FULL else [], ids=str)
async def test_killed_at_one_point(canal: Crashing, point: Point) -> None:
    await every_step.kill_at_one_point(canal, point)
