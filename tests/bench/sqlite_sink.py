"""A durable store for the benchmarks: what a mail costs at least when 250 means stored.

One SQLite file, WAL, synchronous=FULL, one writer thread, one transaction for the mails that wait.
The product's own intake does more (several tables, deduplication); see smtp_accept.
"""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mail.model import ReceivedMail
from storage.group_commit import GroupCommitter

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inbound_mail (
  id INTEGER PRIMARY KEY, raw BLOB NOT NULL, mail_from TEXT, rcpt_to TEXT NOT NULL, peer TEXT
)
"""


_SMALL = 16 * 1024
_Row = tuple[bytes, str | None, str, str | None]


def _facts(mail: ReceivedMail) -> tuple[str | None, str, str | None]:
    return mail.envelope.mail_from, ",".join(mail.envelope.rcpt_to), mail.peer


class SqliteSink:
    """`deliver` returns when the mail is on the disk."""

    def __init__(
        self, path: Path, *, window: float = 0.002, level: int = 1, max_items: int = 64
    ) -> None:
        self._path = path
        self._level = level
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._connection: sqlite3.Connection | None = None
        self.groups: list[int] = []
        self._committer = GroupCommitter[ReceivedMail, None](
            self._commit,
            window=window,
            max_items=max_items,
            max_bytes=16 * 1024 * 1024,
            size_of=lambda mail: len(mail.data),
        )

    async def open(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def deliver(self, mail: ReceivedMail) -> None:
        await self._committer.submit(mail)

    async def close(self) -> None:
        await self._committer.stop()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def _commit(self, mails: Sequence[ReceivedMail]) -> list[None]:
        self.groups.append(len(mails))
        # A small mail is compressed here: handing the GIL over costs more than that.
        rows = [(self._shrink(mail.data, small=True), *_facts(mail)) for mail in mails]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._write, rows)
        return [None] * len(mails)

    def _shrink(self, data: bytes, *, small: bool) -> bytes:
        return zlib.compress(data, self._level) if (len(data) <= _SMALL) is small else data

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_SCHEMA)

    def _write(self, rows: list[_Row]) -> None:
        """One transaction. One statement for all rows: each step of SQLite hands the GIL over."""
        assert self._connection is not None
        values = [
            value for raw, *facts in rows for value in (self._shrink(raw, small=False), *facts)
        ]
        places = ", ".join(["(?, ?, ?, ?)"] * len(rows))
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(
            f"INSERT INTO inbound_mail (raw, mail_from, rcpt_to, peer) VALUES {places}", values
        )
        self._connection.execute("COMMIT")

    def _close(self) -> None:
        assert self._connection is not None
        self._connection.close()
