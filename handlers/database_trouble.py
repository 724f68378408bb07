"""A database that takes nothing, said once: then again at growing intervals, and once when it does.

A full disk, a lock or a server that is away stops everybody who writes, and each of them would log
its own failure every second for as long as that lasts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from storage.engine import Database, Session
from storage.queries import meta
from storage.trouble import is_trouble

_log = logging.getLogger(__name__)
_FIRST_REMINDER = 60.0
_LONGEST = 3600.0
_WELL_AFTER = 10.0
"""Seconds without a failure: a small write may find room where a mail does not."""
_PROBE = "probe"


class DatabaseTrouble:
    """`clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._why = ""
        self._since: float | None = None
        self._failed_at = 0.0
        self._told_at = 0.0
        self._pause = 0.0

    @property
    def sentence(self) -> str | None:
        """For who asks whether Canal is ready; None while all is well."""
        if self._since is None:
            return None
        return (
            f"The database has taken nothing for {self._lasts():.0f} seconds ({self._why}): see "
            "whether its disk is full, or what keeps it."
        )

    def note(self, error: BaseException) -> bool:
        """Whether this failure is the database's; then it is said here, and needs no other word."""
        if not is_trouble(error):
            return False
        now = self._clock()
        self._failed_at = now
        self._why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:200]
        if self._since is None:
            self._since = self._told_at = now
            self._pause = _FIRST_REMINDER
            _log.warning(
                "The database takes nothing (%s): see whether its disk is full, or what keeps it. "
                "Mail is asked to come again, everything else waits, and Canal goes on trying",
                self._why,
            )
        elif now - self._told_at >= self._pause:
            self._told_at, self._pause = now, min(self._pause * 4, _LONGEST)
            _log.warning("%s", self.sentence)
        return True

    async def look(self, db: Database) -> None:
        """While it lasts, try to write; raises what `note` wants to know."""
        if self._since is None:
            return
        await db.in_write(_probe)
        if self._clock() - self._failed_at >= _WELL_AFTER:
            _log.warning("The database works again after %.0f seconds", self._lasts())
            self._since = None

    def _lasts(self) -> float:
        return 0.0 if self._since is None else self._clock() - self._since


async def _probe(tx: Session) -> None:
    await meta.put(tx, _PROBE, b"")
