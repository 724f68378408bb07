"""The circuit breaker: an address that writes like a machine floods no Slack channel.

Everything is filed and nothing is lost; what is over the limit is only not posted one by one. One
notice says so, with a button that shows the rest. The counts are this process's own: several
Canals each let their share through, and a restart begins anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """How many mails within `window` are posted one by one."""

    window: timedelta = timedelta(minutes=10)
    automatic_per_address: int = 20
    automatic_per_channel: int = 200
    answers_per_address: int = 100
    """Into tickets that are there already: two machines that answer each other."""
    new_per_address: int = 1000
    """New tickets of one address: a form on a web site may well have many."""


@dataclass(frozen=True, slots=True)
class Flood:
    """A mail over the limit; `is_first` where nobody has been told yet."""

    is_first: bool


class FloodGate:
    """Counts mails of each address and channel in a sliding window."""

    def __init__(self, limits: FloodLimits | None = None) -> None:
        self.limits = limits or FloodLimits()
        self._seen: OrderedDict[tuple[object, ...], list[float]] = OrderedDict()
        """Times in POSIX seconds; who wrote longest ago comes first."""
        self._told: OrderedDict[tuple[int, str], datetime] = OrderedDict()
        self.collectors: dict[int, int] = {}
        """Channel → the ticket that takes what of a flood has no ticket of its own."""

    def judge(
        self, channel_id: int, address: str, now: datetime, *, automatic: bool, is_new: bool
    ) -> Flood | None:
        """Count one mail; not None where it is one too many."""
        sender = address.casefold()
        limits = self.limits
        over = False
        if automatic:
            over |= self._count((channel_id, sender, "auto"), now) > limits.automatic_per_address
            over |= self._count((channel_id, "auto"), now) > limits.automatic_per_channel
        elif is_new:
            over |= self._count((channel_id, sender, "new"), now) > limits.new_per_address
        else:
            over |= self._count((channel_id, sender, "answer"), now) > limits.answers_per_address
        return Flood(self._is_first(channel_id, sender, now)) if over else None

    def _count(self, key: tuple[object, ...], now: datetime) -> int:
        moment = now.timestamp()
        since = moment - self.limits.window.total_seconds()
        times = self._seen.setdefault(key, [])
        self._seen.move_to_end(key)
        times.append(moment)
        del times[: bisect_left(times, since)]
        self._forget_before(since)
        return len(times)

    def _forget_before(self, since: float) -> None:
        """Nobody is kept who did not write within the window, nor more than a bounded number."""
        while True:
            longest_ago = next(iter(self._seen))
            if self._seen[longest_ago][-1] >= since and len(self._seen) <= _MOST_ADDRESSES:
                return
            del self._seen[longest_ago]

    def _is_first(self, channel_id: int, sender: str, now: datetime) -> bool:
        """Told once in each window, however long the flood goes on."""
        told = self._told.get((channel_id, sender))
        if told is not None and now - told <= self.limits.window:
            return False
        self._told[(channel_id, sender)] = now
        self._told.move_to_end((channel_id, sender))
        while len(self._told) > _MOST_ADDRESSES:
            self._told.popitem(last=False)
        return True
