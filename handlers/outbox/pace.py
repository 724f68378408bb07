"""The pace of all lanes of one kind together, when Slack limits them together.

Slack limits posts in a whole workspace, and each method of its API. What tells that is only that
several lanes are told to slow down close together. From then on all lanes of that kind start a few
items a second in total; half as many for every further limit, twice as many after each quiet
minute, until there is no pace any more.
"""

from __future__ import annotations

_SEVERAL = 3
"""Lanes …"""
_CLOSE_TOGETHER = 5.0
"""… within so many seconds."""
_FIRST = 4.0
"""Items a second."""
_SLOWEST = 0.5
_SETTLES = 2.0
"""Limits that come so soon after a change are of what was under way before it."""
_QUIET = 60.0


class Pace:
    """Of one kind of lane. Times are those of the event loop's clock."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._per_second = 0.0
        """0 while there is no pace."""
        self._changed_at = 0.0
        self._next_at = 0.0

    def note_limit(self, lane: str, now: float) -> None:
        """A lane of the kind was told to slow down."""
        is_on = self.is_on(now)
        self._told[lane] = now
        self._told = {one: at for one, at in self._told.items() if now - at <= _CLOSE_TOGETHER}
        if is_on and now - self._changed_at > _SETTLES:
            self._change(max(self._per_second / 2, _SLOWEST), now)
        elif not is_on and len(self._told) >= _SEVERAL:
            self._change(_FIRST, now)

    def is_on(self, now: float) -> bool:
        while self._per_second and now - self._changed_at >= _QUIET:
            faster = self._per_second * 2
            self._change(faster if faster <= _FIRST else 0.0, self._changed_at + _QUIET)
        return self._per_second > 0

    def take(self, now: float) -> bool:
        """Whether one item may start now; it counts."""
        if not self.is_on(now):
            return True
        if now < self._next_at:
            return False
        pause = 1 / self._per_second
        self._next_at = max(self._next_at, now - pause) + pause  # what wakes late catches up
        return True

    def opens_in(self, now: float) -> float:
        """Seconds until one may start."""
        return max(0.0, self._next_at - now) if self.is_on(now) else 0.0

    def _change(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._changed_at = now
