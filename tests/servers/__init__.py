"""Real servers for tests: started on demand, on free ports, in folders of their own.

A server that is not installed skips its tests with a reason on a laptop and fails them in CI.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

SERVERS_ARE_REQUIRED = os.environ.get("CANAL_REQUIRE_SERVERS", "") not in {"", "0"}
"""Read at import, before the clean environment of the tests takes the variable away."""


def require(reason: str) -> NoReturn:
    """Skips the test with `reason`; fails it where CANAL_REQUIRE_SERVERS=1 (CI)."""
    if SERVERS_ARE_REQUIRED:
        pytest.fail(f"CANAL_REQUIRE_SERVERS is set, but {reason}", pytrace=False)
    pytest.skip(reason)
