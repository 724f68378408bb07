"""A whole Canal in this process: the sandbox for Slack, the catcher for everybody else's mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.app.harness import Harness

BOTH = pytest.mark.parametrize(
    "canal",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)
"""Runs the tests of a module once on each database."""


@pytest.fixture
async def canal(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    """Running, with one email channel whose undo time is zero; on SQLite unless marked `BOTH`."""
    env = {}
    if getattr(request, "param", "sqlite") == "postgres":
        env["CANAL_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    harness = Harness(tmp_path, env=env)
    await harness.start()
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_canal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    """One Canal for a whole file of tests that need nothing special of it."""
    harness = Harness(tmp_path_factory.mktemp("canal"))
    try:
        await harness.start()
        await harness.add_channel()
        yield harness
    finally:
        await harness.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def shared_canal(module_canal: Harness) -> Harness:
    """That one, as if nothing had happened yet."""
    await module_canal.idle()
    module_canal.begin_anew()
    return module_canal
