"""A whole Canal in this process: the sandbox for Slack, the catcher for everybody else's mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.harness import Harness


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[Harness]:
    """Running, with one email channel whose undo time is zero."""
    harness = Harness(tmp_path)
    await harness.start()
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()
