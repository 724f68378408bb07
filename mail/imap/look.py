"""What a thread of the watcher does in one go, so that a look costs one change of threads."""

from __future__ import annotations

from collections.abc import Sequence

from mail.connections import FetchedBatch, ImapCursor
from mail.imap.account import ImapAccount


class Look:
    """What a thread does in one go: set `\\Seen`, look, and go back to IDLE when nothing is new."""

    def __init__(
        self,
        imap: ImapAccount,
        cursor: ImapCursor | None,
        to_mark: Sequence[tuple[int, int]],
        *,
        resting: bool,
    ) -> None:
        self._imap = imap
        self._cursor = cursor
        self._to_mark = to_mark
        self._resting = resting

    def __call__(self) -> FetchedBatch | None:
        imap = self._imap
        current = imap.uidvalidity
        imap.mark_seen([uid for uidvalidity, uid in self._to_mark if uidvalidity == current])
        if self._resting and not imap.idling:
            imap.noop()
        for _ in range(3):
            batch = imap.next_batch(self._cursor)
            # What came between the look and IDLE was announced before we listened: look again.
            if batch is not None or not imap.can_idle or not imap.idle_start():
                return batch
        return None
