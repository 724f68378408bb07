"""The time, as handlers want it: it never goes back while Canal runs.

The clock of a machine can be set back, by an hour or by a day. Whatever waits until a time would
then wait so much longer, claims would outlive their holders, and what was made before would look
as if it were from the future. So the hours since the start are counted on the monotonic clock: the
machine's clock is followed when it goes forward, and waited for when it went back. At a start
`handlers.upkeep.startup` mends what a clock that was ahead has left in the database.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_log = logging.getLogger(__name__)
_SMALL = timedelta(seconds=2)
"""Steps back of which nobody needs to hear: NTP at work."""


class SystemClock:
    """`wall` and `steady` stand in for the machine's clocks in tests."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._now = wall()
        self._read_at = steady()
        self._told = False

    def now(self) -> datetime:
        wall, steady = self._wall(), self._steady()
        counted = self._now + timedelta(seconds=steady - self._read_at)
        behind = counted - wall
        if behind > _SMALL and not self._told:
            self._told = True
            _log.warning(
                "the machine's clock went back by %s; Canal goes on by its own until it catches up",
                behind,
            )
        self._told = self._told and behind > _SMALL
        self._now, self._read_at = max(wall, self._now if behind <= _SMALL else counted), steady
        return self._now
