"""Lanes of the outbox: how much of each may be under way, and which have to wait.

A lane is what is limited together (a Slack channel, a connection). One that is slow or limited
delays no other. One that Slack told to slow down is paced at one item a second for a while. When
several are told that close together, all lanes of their kind share a pace (`handlers.outbox.pace`),
and the one whose last start is longest ago goes first: a flood in some delays no other.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator

from handlers.outbox.pace import Pace
from storage.records import OutboxRecord

AT_ONCE = 4
"""Items of a lane that are under way at a time."""
_PACED_FOR = 600.0


class Lanes:
    """What is in hand, lane by lane: a few items under way, some more waiting behind them."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[OutboxRecord]] = defaultdict(deque)
        self._under_way: Counter[str] = Counter()
        self._closed_until: dict[str, float] = {}
        self._paced_until: dict[str, float] = {}
        self._started_at: dict[str, float] = {}
        """Of lanes in hand, and of those that shared a pace with others."""
        self._paces: dict[str, Pace] = defaultdict(Pace)

    @property
    def in_hand(self) -> int:
        return sum(map(len, self._waiting.values())) + self._under_way.total()

    def busy(self, now: float) -> list[str]:
        """Lanes that want no more work now: enough in hand, or told to wait."""
        lanes = {*self._under_way, *self._waiting}
        full = {one for one in lanes if self._in_hand(one) > self._enough(one, now)}
        closed = (lane for lane, until in self._closed_until.items() if until > now)
        return list({*full, *closed})

    def is_limited(self, lane: str, now: float) -> bool:
        """Whether it goes slowly, because of itself or of all lanes of its kind."""
        return self._is_paced(lane, now) or self._pace_of(lane).is_on(now)

    def limited(self, now: float) -> list[str]:
        """Lanes that go slowly, as far as they were told so or have something in hand."""
        lanes = {*self._paced_until, *self._waiting, *self._under_way}
        return [lane for lane in lanes if self.is_limited(lane, now)]

    def reopens_in(self, now: float) -> float | None:
        """Seconds until the next lane that was told to wait may go on."""
        waits = [until - now for until in self._closed_until.values() if until > now]
        waits += [self._pace_of(lane).opens_in(now) for lane in self._waiting]
        return min((wait for wait in waits if wait > 0), default=None)

    def add(self, item: OutboxRecord) -> None:
        self._waiting[item.lane].append(item)

    def startable(self, now: float) -> Iterator[OutboxRecord]:
        """Items that may start now; each that is given out counts as under way."""
        for lane in sorted(self._waiting, key=lambda one: self._started_at.get(one, 0.0)):
            items = self._waiting[lane]
            while items and self._may_start(lane, now):
                if self._is_paced(lane, now):
                    self._closed_until[lane] = now + 1.0
                self._under_way[lane] += 1
                self._started_at[lane] = now
                yield items.popleft()
            if not items:
                del self._waiting[lane]

    def leave(self, lane: str) -> None:
        self._under_way[lane] -= 1
        if not self._under_way[lane]:
            del self._under_way[lane]

    def slow_down(self, lane: str, seconds: float, now: float) -> list[OutboxRecord]:
        """Close the lane for a while; returns what was waiting in it, to be given back."""
        self._closed_until[lane] = now + seconds
        self._paced_until[lane] = now + seconds + _PACED_FOR
        self._pace_of(lane).note_limit(lane, now)
        return list(self._waiting.pop(lane, ()))

    def _may_start(self, lane: str, now: float) -> bool:
        has_room = self._under_way[lane] < (1 if self._is_paced(lane, now) else AT_ONCE)
        is_open = self._closed_until.get(lane, 0.0) <= now
        return has_room and is_open and self._pace_of(lane).take(now)

    def _enough(self, lane: str, now: float) -> int:
        """More than so many in hand, and the lane wants no more."""
        return 0 if self.is_limited(lane, now) else AT_ONCE

    def _in_hand(self, lane: str) -> int:
        return self._under_way[lane] + len(self._waiting.get(lane, ()))

    def _is_paced(self, lane: str, now: float) -> bool:
        return self._paced_until.get(lane, 0.0) > now

    def _pace_of(self, lane: str) -> Pace:
        return self._paces[lane.partition(":")[0]]
