"""Slack's rate limits: token buckets per method, per channel for posts, and for all posts.

A tier of N per minute is a bucket of N that fills at N per minute, since Slack tolerates bursts.
Posting is special: about one message per second and channel with a small burst, and several
hundred per minute in the workspace.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.errors import RateLimitedError


@dataclass(frozen=True, slots=True)
class Rate:
    burst: float
    per_second: float


TIERS = {
    "t1": Rate(4, 1 / 60),
    "t2": Rate(20, 20 / 60),
    "t3": Rate(50, 50 / 60),
    "t4": Rate(100, 100 / 60),
    # apps.connections.open is in tier 1; but ten sockets may be open, and each opens once.
    "connect": Rate(12, 1 / 60),
    # auth.test: hundreds per minute.
    "auth": Rate(200, 200 / 60),
    "none": Rate(math.inf, 1),
}
POSTS_PER_CHANNEL = Rate(4, 1.0)
POSTS = Rate(100, 5.0)


class _Bucket:
    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self.tokens = rate.burst
        self.at = now

    def wait(self, now: float) -> float:
        """Seconds until the next token; fills the bucket first."""
        gained = max(0.0, now - self.at) * self.rate.per_second
        self.tokens = min(self.rate.burst, self.tokens + gained)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.rate.per_second


class Limits:
    """`clock` is in seconds; `enabled` False lets everything through."""

    def __init__(self, clock: Callable[[], float], *, enabled: bool) -> None:
        self.enabled = enabled
        self.posts = POSTS
        """All messages of the workspace together; a test may ask for less."""
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, method: str, tier: str) -> None:
        """Counts a call. Raises RateLimitedError."""
        self._take([(("method", method), TIERS[tier])])

    def take_post(self, channel: str) -> None:
        """Counts a message posted to the channel. Raises RateLimitedError."""
        self._take([(("post", channel), POSTS_PER_CHANNEL), (("posts", ""), self.posts)])

    def _take(self, wanted: list[tuple[tuple[str, str], Rate]]) -> None:
        """Takes from every bucket, or from none when one of them is empty."""
        if not self.enabled:
            return
        now = self._clock()
        buckets = [self._buckets.setdefault(key, _Bucket(rate, now)) for key, rate in wanted]
        wait = max(bucket.wait(now) for bucket in buckets)
        if wait > 0:
            raise RateLimitedError(max(1, math.ceil(wait)))
        for bucket in buckets:
            bucket.tokens -= 1
