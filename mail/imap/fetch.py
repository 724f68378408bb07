"""Which mails of a folder are new, and fetching them in batches.

The rules: UIDs above the cursor, never a SEARCH over the whole folder (a million mails), always in
batches (one round trip for fifty mails), sizes known before bodies are asked for. A far gap is
walked in windows whose borders are found by bisection over message numbers, because UIDs may be as
sparse as they like. A folder whose UIDVALIDITY changed, or that counts lower than before, is read
again from the day of the last mail: upstream knows each Message-ID.
"""

from __future__ import annotations

import imaplib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mail.connections import (
    Backlog,
    FetchedBatch,
    FetchedMail,
    FetchOptions,
    ImapCursor,
    ImapSettings,
)
from mail.errors import Deferred
from mail.imap.answers import (
    MONTHS,
    Listed,
    bodies_of,
    read_fetch_answer,
    read_listed,
    uid_of,
    uid_set,
)
from mail.imap.breakers import Breakers
from mail.imap.wire import WireClient
from mail.sentences import say

WINDOW = 1000
"""How many mails are listed at a time when there are many."""
RESCAN_MARGIN = timedelta(days=2)
RESCAN_DEFAULT = timedelta(days=30)
_HOPELESS = (
    "The connection to the mail server broke each time that this mail was asked for. "
    "Read it in the mailbox."
)


class Fetcher:
    """The mails of the folder that is open on `client`. `state` is what SELECT answered."""

    def __init__(
        self,
        client: WireClient,
        settings: ImapSettings,
        options: FetchOptions,
        state: Mapping[bytes, Any],
        breakers: Breakers,
    ) -> None:
        self._client = client
        self._settings = settings
        self._options = options
        self.exists = int(state.get(b"EXISTS", 0))
        self.uidvalidity = int(state.get(b"UIDVALIDITY", 0))
        self._breakers = breakers
        breakers.enter(self.uidvalidity)
        told = int(state.get(b"UIDNEXT", 0))
        self._uidnext_is_told = told > 0
        self._uidnext: int = told or self._ask_uidnext()
        self._listed: deque[Listed] = deque()
        self._listed_after = -1
        self._backlog: deque[int] | None = None

    def next_batch(self, cursor: ImapCursor | None) -> FetchedBatch | None:
        """See `ImapAccount.next_batch`."""
        self._client.wire.untagged_responses.clear()
        if cursor is None:
            return FetchedBatch((), self._first_cursor())
        if self._is_renumbered(cursor):
            return FetchedBatch((), self._renumbered(cursor), "rescan")
        batch = self._new_batch(cursor)
        return self._backlog_batch(cursor) if batch is None else batch

    # Where to start

    def _ask_uidnext(self) -> int:
        if self.exists == 0:
            return 1
        return max((one.uid for one in self._list("*", by_uid=False)), default=0) + 1

    def _first_cursor(self) -> ImapCursor:
        today = datetime.now(UTC).date()
        last = self._uidnext - 1
        backlog = None
        if self._options.import_days > 0 and last > 0:
            since = today - timedelta(days=self._options.import_days)
            backlog = Backlog("import", 0, last, since)
        return ImapCursor(self.uidvalidity, last, today, backlog)

    def _is_renumbered(self, cursor: ImapCursor) -> bool:
        # A folder restored from a backup may keep its UIDVALIDITY and count again from below.
        counts_lower = self._uidnext_is_told and cursor.last_uid >= self._uidnext
        return cursor.uidvalidity != self.uidvalidity or counts_lower

    def _renumbered(self, cursor: ImapCursor) -> ImapCursor:
        looked_on = cursor.looked_on
        today = datetime.now(UTC).date()
        since = looked_on - RESCAN_MARGIN if looked_on else today - RESCAN_DEFAULT
        last = self._uidnext - 1
        if cursor.backlog is not None:
            since = min(since, cursor.backlog.since)
        backlog = Backlog("rescan", 0, last, since) if last > 0 else None
        return ImapCursor(self.uidvalidity, last, looked_on, backlog)

    # New mail

    def _new_batch(self, cursor: ImapCursor) -> FetchedBatch | None:
        if self._listed_after != cursor.last_uid or not self._listed:
            self._listed = deque(self._list_after(cursor.last_uid))
        if not self._listed:
            return None
        chosen = self._cut(self._listed)
        last = chosen[-1]
        self._listed_after = last.uid
        # The mails that follow may have grown the folder since SELECT.
        self._uidnext = max(self._uidnext, last.uid + 1)
        moved = replace(cursor, last_uid=last.uid, looked_on=_not_later(last.day, cursor))
        return FetchedBatch(tuple(self._fetch(chosen)), moved, more=bool(self._listed))

    def _list_after(self, uid: int) -> list[Listed]:
        end = "*"
        if self._uidnext - 1 - uid > WINDOW and self.exists > WINDOW:
            end = self._window_end(uid)
        # "n:*" names the last mail even when its UID is below n (RFC 3501 6.4.8).
        found = {one.uid: one for one in self._list(f"{uid + 1}:{end}") if one.uid > uid}
        return [found[key] for key in sorted(found)]

    def _window_end(self, uid: int) -> str:
        """The UID that closes a window of WINDOW mails after `uid`, or "*"."""
        low, high = 1, self.exists + 1
        while low < high:
            middle = (low + high) // 2
            if self._uid_at(middle) > uid:
                high = middle
            else:
                low = middle + 1
        last = low + WINDOW - 1
        return str(self._uid_at(last)) if last < self.exists else "*"

    def _uid_at(self, number: int) -> int:
        found: list[int] = []
        with suppress(self._client.Error):
            found = [one.uid for one in self._list(str(number), by_uid=False, items="(UID)")]
        if not found:
            raise Deferred(say("The folder changed while it was being read; it is read again."))
        return found[-1]

    def _cut(self, listed: deque[Listed]) -> list[Listed]:
        """Take from `listed` what makes up one batch: never nothing, bounded in mails and bytes."""
        chosen: list[Listed] = []
        total = 0
        while listed and len(chosen) < self._options.batch_mails:
            size = min(listed[0].size, self._options.max_mail_bytes)
            if chosen and total + size > self._options.batch_bytes:
                break
            total += size
            chosen.append(listed.popleft())
        return chosen

    # Old mail: import and rescan

    def _backlog_batch(self, cursor: ImapCursor) -> FetchedBatch | None:
        backlog = cursor.backlog
        if backlog is None:
            return None
        if self._backlog is None:
            self._backlog = deque(self._search_backlog(backlog))
        uids = [
            self._backlog.popleft()
            for _ in range(min(len(self._backlog), self._options.batch_mails))
        ]
        if not uids:
            self._backlog = None
            return FetchedBatch((), replace(cursor, backlog=None), backlog.reason)
        found = {one.uid: one for one in self._list(uid_set(uids)) if one.uid in set(uids)}
        listed = deque(found[key] for key in sorted(found))
        chosen = self._cut(listed)
        if listed:
            self._backlog.extendleft(one.uid for one in reversed(listed))
        last = chosen[-1].uid if listed else uids[-1]
        left = replace(backlog, after_uid=last) if self._backlog else None
        if left is None:
            self._backlog = None
        moved = replace(cursor, backlog=left)
        return FetchedBatch(tuple(self._fetch(chosen)), moved, backlog.reason, left is not None)

    def _search_backlog(self, backlog: Backlog) -> list[int]:
        since = f"{backlog.since.day}-{MONTHS[backlog.since.month - 1]}-{backlog.since.year}"
        criteria = f"UID {backlog.after_uid + 1}:{backlog.up_to_uid} SINCE {since}"
        if backlog.reason == "import" or self._options.unread_only:
            criteria += " UNSEEN"
        uids = {int(uid) for uid in self._client.search(criteria)}
        return sorted(uid for uid in uids if backlog.after_uid < uid <= backlog.up_to_uid)

    # The wire

    def _fetch(self, listed: list[Listed]) -> Iterator[FetchedMail]:
        wanted = [
            one for one in listed if not (self._options.unread_only and r"\Seen" in one.flags)
        ]
        hopeless = {one.uid for one in wanted if self._breakers.is_hopeless(one.uid)}
        limit = self._options.max_mail_bytes
        whole = [one for one in wanted if one.size <= limit and one.uid not in hopeless]
        bodies = self._bodies([one.uid for one in whole])
        missing = [one.uid for one in whole if one.uid not in bodies]
        # Gone since it was listed, or still there and not handed out? Only the latter is a mail.
        still_there = {one.uid for one in self._list(uid_set(missing))} if missing else set()
        for one in wanted:
            data = bodies.get(one.uid)
            if data is not None:
                yield self._mail(one, data)
            elif one.uid in hopeless:
                yield self._mail(one, b"", _HOPELESS)
            elif one.size > limit:
                yield self._large(one)
            elif one.uid in still_there:
                yield self._unreadable(one)

    def _mail(self, listed: Listed, data: bytes, problem: str | None = None) -> FetchedMail:
        if not data and problem is None:
            problem = "The mail server handed this mail out empty."
        return FetchedMail(listed.uid, self.uidvalidity, data, listed.flags, problem, listed.at)

    def _large(self, listed: Listed) -> FetchedMail:
        limit = self._options.max_mail_bytes
        data = self._partial(listed.uid, f"BODY.PEEK[]<0.{limit}>")
        size = listed.size / 1024 / 1024
        return self._mail(
            listed,
            data,
            f"The mail has {size:.0f} MB; only its first {limit // 2**20} MB were taken.",
        )

    def _unreadable(self, listed: Listed) -> FetchedMail:
        """A mail that the server lists but does not give: at least its header."""
        data = self._bodies([listed.uid]).get(listed.uid)
        if data:
            return self._mail(listed, data)
        header = self._partial(listed.uid, "BODY.PEEK[HEADER]")
        return self._mail(listed, header, "The mail server could not hand out this mail.")

    def _partial(self, uid: int, item: str) -> bytes:
        try:
            with self._breakers.asking([uid]):
                entries = self._uid_fetch(str(uid), f"(UID {item})")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            return b""
        return next((body for found, body in bodies_of(entries) if found == uid), b"")

    def _bodies(self, uids: list[int]) -> dict[int, bytes]:
        bodies: dict[int, bytes] = {}
        for portion in self._breakers.portions(uids):
            bodies |= self._bodies_of(portion)
        return bodies

    def _bodies_of(self, uids: Sequence[int]) -> dict[int, bytes]:
        if not uids:
            return {}
        try:
            with self._breakers.asking(uids):
                entries = self._uid_fetch(uid_set(uids), "(UID BODY.PEEK[])")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            # One mail that the server cannot read must not hold up the others.
            if len(uids) == 1:
                return {}
            half = len(uids) // 2
            return self._bodies_of(uids[:half]) | self._bodies_of(uids[half:])
        wanted = set(uids)
        return {uid: body for uid, body in bodies_of(entries) if uid in wanted}

    def _list(
        self,
        numbers: str,
        *,
        by_uid: bool = True,
        items: str = "(UID FLAGS RFC822.SIZE INTERNALDATE)",
    ) -> Iterable[Listed]:
        if by_uid:
            entries = self._uid_fetch(numbers, items)
        else:
            entries = self._answers("FETCH", self._client.wire.fetch(numbers, items))
        # Flags that the server tells unasked come without the size.
        asked = b"RFC822.SIZE" if "RFC822.SIZE" in items else b"UID"
        return [read_listed(entry) for entry in entries if uid_of(entry) and asked in entry]

    def _uid_fetch(self, uids: str, items: str) -> list[dict[bytes, Any]]:
        return self._answers("FETCH", self._client.wire.uid("FETCH", uids, items))

    def _answers(self, name: str, answer: tuple[str, list[Any]]) -> list[dict[bytes, Any]]:
        status, data = answer
        self._client._checkok(name, status, data)
        return read_fetch_answer(data)


def _not_later(day: date | None, cursor: ImapCursor) -> date | None:
    if day is None:
        return cursor.looked_on
    return min(day, datetime.now(UTC).date())
