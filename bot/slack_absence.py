"""A Slack that is away, said once: then again at growing intervals, and once when it is back.

slack_sdk would log two lines every ten seconds for as long as it lasts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)
_GRACE = 5.0
"""A connection that is replaced within so many seconds is no news."""
_FIRST_REMINDER = 60.0
_LONGEST = 3600.0
_FASTEST_RETRY = 2.0
_SLOWEST_RETRY = 20.0


class Absence(logging.Filter):
    """`note` is called at every look; as a filter it silences the logger of what tries meanwhile.

    `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since: float | None = None
        self._told_at: float | None = None
        self._pause = 0.0
        self._reason = ""

    def note(self, *, is_away: bool, reason: str = "") -> None:
        now = self._clock()
        self._reason = reason or self._reason
        if not is_away:
            self._end(now)
            return
        if self._since is None:
            self._since = now
        away_for = now - self._since
        if self._told_at is None and away_for >= _GRACE:
            self._told_at, self._pause = now, _FIRST_REMINDER
            _log.warning(
                "Slack cannot be reached%s; mail is taken in meanwhile, what is to be posted "
                "waits, and Canal goes on trying",
                self._because,
            )
        elif self._told_at is not None and now - self._told_at >= self._pause:
            self._told_at, self._pause = now, min(self._pause * 4, _LONGEST)
            _log.warning("Slack has been away for %s%s", _duration(away_for), self._because)

    def sentence(self) -> str:
        """For who asks whether Canal is ready, while it is away."""
        lasts = 0.0 if self._since is None else self._clock() - self._since
        return f"Slack's socket has not been connected for {_duration(lasts)}{self._because}."

    def retry_after(self) -> float:
        """Seconds until it is worth trying again: few at first, more the longer it lasts."""
        lasts = 0.0 if self._since is None else self._clock() - self._since
        return min(max(_FASTEST_RETRY, lasts / 10), _SLOWEST_RETRY)

    def filter(self, record: logging.LogRecord) -> bool:
        """While Slack is away, the reason is kept and nothing is logged of the attempts."""
        if self._since is None:
            return True
        if record.levelno >= logging.WARNING:
            self._reason = record.getMessage().partition("message: ")[2].rstrip(")")[:300]
        return False

    @property
    def _because(self) -> str:
        return f" ({self._reason})" if self._reason else ""

    def _end(self, now: float) -> None:
        if self._told_at is not None and self._since is not None:
            _log.warning("Slack is back after %s", _duration(now - self._since))
        self._since = self._told_at = None
        self._reason = ""


def _duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
