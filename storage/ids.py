"""Ids that the application makes, so that a batch is one executemany without asking back."""

from __future__ import annotations

import itertools
import secrets
import time

_EPOCH_MS = 1_767_225_600_000  # 2026-01-01


class IdMaker:
    """63-bit ids that grow with time: 41 bits of milliseconds, 12 of replica, 10 of counter."""

    def __init__(self) -> None:
        self._replica = secrets.randbits(12)
        self._counter = itertools.count(secrets.randbits(10))

    def __call__(self) -> int:
        elapsed = max(0, time.time_ns() // 1_000_000 - _EPOCH_MS)
        return (elapsed << 22) | (self._replica << 10) | (next(self._counter) & 0x3FF)
