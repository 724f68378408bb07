"""How one delivery ends, as the worker and those who deliver agree on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from storage.engine import Session
from storage.records import OutboxRecord

Settle = Callable[[Session], Awaitable[None]]
"""What to write in the transaction that also takes the item out of the outbox."""
Deliver = Callable[[OutboxRecord], Awaitable[Settle | None]]


async def untouched(_tx: Session) -> None:
    """The settle of what needed nothing of Slack: whether Slack lets us in is as open as before."""


class Later(Exception):  # noqa: N818 - an outcome, not an error
    """A delivery's wish to be repeated after `delay`; with an `order_key`, in another order."""

    def __init__(self, delay: timedelta, reason: str, order_key: str | None = None) -> None:
        super().__init__(reason)
        self.delay = delay
        self.order_key = order_key


class ClaimLost(Exception):  # noqa: N818 - an outcome, not an error
    """Another process has the item now, and decides what becomes of it."""
