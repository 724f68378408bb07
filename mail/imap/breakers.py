"""Mails that end the connection whenever they are asked for.

A server process dies of one mail, a filter in between hangs on it, or it is larger than the line
bears: it would keep the mailbox shut for all that come behind it. So what broke a connection is
asked for mail by mail, and one that breaks each of them for long is left where it is.
"""

from __future__ import annotations

import imaplib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mail.errors import WireError

_TIMES = 5
"""Connections in a row, beside the time: a line that is cut now and then gets each mail through."""


@dataclass(slots=True)
class _Losses:
    since: float
    count: int = 0


class Breakers:
    """What one mailbox remembers of it from connection to connection. For one thread at a time.

    `seconds`: for how long a mail must have broken all connections before it counts as hopeless.
    """

    def __init__(self, seconds: float = 300.0) -> None:
        self._seconds = seconds
        self._uidvalidity = 0
        self._suspects: frozenset[int] = frozenset()
        self._losses: dict[int, _Losses] = {}

    def enter(self, uidvalidity: int) -> None:
        """Another numbering means other mails."""
        if uidvalidity != self._uidvalidity:
            self._uidvalidity = uidvalidity
            self._suspects = frozenset()
            self._losses.clear()

    def is_hopeless(self, uid: int) -> bool:
        found = self._losses.get(uid)
        if found is None or found.count < _TIMES:
            return False
        return time.monotonic() - found.since >= self._seconds

    def portions(self, uids: Sequence[int]) -> list[Sequence[int]]:
        """Together, or, where one of them may have broken the last connection, one by one."""
        if self._suspects.isdisjoint(uids):
            return [uids]
        return [[uid] for uid in uids]

    @contextmanager
    def asking(self, uids: Sequence[int]) -> Iterator[None]:
        """Around one request for the text of these mails."""
        try:
            yield
        except (imaplib.IMAP4.abort, WireError):
            self._lost(uids)
            raise
        for uid in uids:
            self._losses.pop(uid, None)
        self._suspects -= set(uids)

    def _lost(self, uids: Sequence[int]) -> None:
        self._suspects = frozenset(uids)
        if len(uids) == 1:
            losses = self._losses.setdefault(uids[0], _Losses(time.monotonic()))
            losses.count += 1
