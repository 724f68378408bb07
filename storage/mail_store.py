"""Storing a group of mails, on the shortest way that the database has."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import cast

from sqlalchemy import Table

from storage.engine import _BUSY_TIMEOUT_MS, Database, _configure_sqlite
from storage.models import Arrival, RawMail
from storage.queries import mails
from storage.queries.mails import NewArrival, NewRaw
from storage.sqlite_writer import BulkInsert, Prepared, SqliteWriter, run_prepared

_RAW_COLUMNS = ("id", "team_id", "data", "size", "stored_at")
_ARRIVAL_COLUMNS = (
    "team_id",
    "email_channel_id",
    "raw_mail_id",
    "dedupe_key",
    "source",
    "quiet",
    "envelope",
    "state",
    "attempts",
    "received_at",
)
_IS_USED = "SELECT 1 FROM arrivals WHERE raw_mail_id = ? LIMIT 1"


class MailStore:
    """`store` is `mails.store` in a transaction of its own; `close` at the end."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._writer = _make_writer(db)
        self._raws = BulkInsert(
            cast(Table, RawMail.__table__), _RAW_COLUMNS, plain=("id", "team_id", "data", "size")
        )
        self._arrivals = BulkInsert(
            cast(Table, Arrival.__table__),
            _ARRIVAL_COLUMNS,
            "ON CONFLICT DO NOTHING",
            plain=[name for name in _ARRIVAL_COLUMNS if name not in ("envelope", "received_at")],
        )

    async def store(self, raws: Sequence[NewRaw], arrivals: Sequence[NewArrival]) -> set[int]:
        """Durable when it returns; arrivals already known add nothing.

        Returns:
            The ids of the raw mails that were new somewhere.
        """
        if self._writer is None:
            return await self._db.in_write(lambda tx: mails.store(tx, raws, arrivals))
        # Its turn among the writers of this process; another process is waited for by SQLite.
        async with self._db._writer or contextlib.nullcontext():
            first = self._raws.prepare(map(mails._raw_row, raws))
            then = self._arrivals.prepare(map(mails._arrival_row, arrivals))
            ids = {raw.id for raw in raws}
            return await self._writer.run(partial(_write, first, then, ids, len(arrivals)))

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()


def _write(
    raws: Sequence[Prepared],
    arrivals: Sequence[Prepared],
    ids: set[int],
    count: int,
    connection: sqlite3.Connection,
) -> set[int]:
    run_prepared(connection, raws)
    if run_prepared(connection, arrivals) == count:
        return ids
    # Asked only where something was known: each row that SQLite gives back costs a handover of the
    # interpreter's lock.
    new = {raw_id for raw_id in ids if connection.execute(_IS_USED, (raw_id,)).fetchone()}
    connection.executemany("DELETE FROM raw_mails WHERE id = ?", [(one,) for one in ids - new])
    return new


def _make_writer(db: Database) -> SqliteWriter | None:
    path = db.engine.url.database
    if not db.is_sqlite or not path or path.startswith((":memory:", "file:")):
        return None
    return SqliteWriter(path, _configure_sqlite, _BUSY_TIMEOUT_MS / 1000)
