"""The time, as handlers want it: it never goes back while Canal runs.

The clock of a machine can be set back, by an hour or by a day. Whatever waits until a time would
then wait so much longer, claims would outlive their holders, and what was made before would look
as if it were from the future. So the hours since the start are counted on the monotonic clock: the
machine's clock is followed when it goes forward, and waited for when it went back. At a start
`handlers.upkeep.startup` mends what a clock that was ahead has left in the database.

Canals on several machines share one time, that of their database (`follow`): a machine whose clock
is minutes ahead would send what is on hold minutes early, and take the others' claims for ended.
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
        self._is_machines = True

    def follow(self, time: datetime) -> None:
        """Go by this time from now on, counted on by the monotonic clock, instead of the machine's.

        Called again and again, so that what the two clocks differ in does not add up.
        """
        steady, since = self._steady, self._steady()
        if self._is_machines:
            # Nothing has been done yet by the machine's own time.
            self._is_machines, self._now, self._read_at = False, time, since
        self._wall = lambda: time + timedelta(seconds=steady() - since)

    def now(self) -> datetime:
        wall, steady = self._wall(), self._steady()
        counted = self._now + timedelta(seconds=steady - self._read_at)
        behind = counted - wall
        if behind > _SMALL and not self._told:
            self._told = True
            _log.warning(
                "the clock went back by %s; Canal goes on by its own until it catches up",
                behind,
            )
        self._told = self._told and behind > _SMALL
        self._now, self._read_at = max(wall, self._now if behind <= _SMALL else counted), steady
        return self._now
