"""A consistent copy of a SQLite installation while Canal runs on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from storage.engine import Database
from storage.errors import StorageError
from storage.queries.meta import IS_A_BACKUP


async def backup(db: Database, target: Path) -> int:
    """Write all of the database to a new file; returns its size in bytes.

    The copy is of one moment and says that it is a copy; writers go on meanwhile. The file appears
    under its name only when it is whole and on the disk.

    Raises:
        StorageError: the database is no SQLite file, or the target exists or cannot be written.
    """
    if not db.is_sqlite:
        raise StorageError(
            "This Canal runs on PostgreSQL: use pg_dump, which copies it while it runs "
            "(pg_dump --format=custom --file=canal.dump, and pg_restore to bring it back)."
        )
    draft = target.with_name(f".{target.name}.part")
    try:
        await asyncio.to_thread(_begin, draft, target)
        await _copy(db, draft)
        await asyncio.to_thread(_mark, draft)
        return await asyncio.to_thread(_finish, draft, target)
    except (DBAPIError, sqlite3.Error) as error:
        cause = getattr(error, "orig", error)
        raise StorageError(f"{target} cannot be written: {cause}.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"{target} cannot be written: {reason}.") from error
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)


def _begin(draft: Path, target: Path) -> None:
    if target.exists():
        raise StorageError(f"{target} exists already: choose a new name.")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # it holds secrets


def _finish(draft: Path, target: Path) -> int:
    _flush(draft)
    draft.rename(target)
    _flush(target.parent)
    return target.stat().st_size


async def _copy(db: Database, draft: Path) -> None:
    async with db.engine.connect() as connection:
        # Not within a transaction: VACUUM INTO makes its own.
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        async with raw.driver_connection.execute("VACUUM INTO ?", (str(draft),)):
            pass


def _mark(draft: Path) -> None:
    """Whoever starts on the copy has to know that the world went on without it."""
    with contextlib.closing(sqlite3.connect(draft)) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (IS_A_BACKUP, b"1"))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
