"""A consistent copy of a SQLite installation while Canal runs on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path

from storage.engine import Database
from storage.errors import StorageError
from storage.queries.meta import IS_A_BACKUP
from storage.schema import DAMAGED, unusable


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
    return await asyncio.to_thread(_write, db, Path(str(db.engine.url.database)), target)


def _write(db: Database, source: Path, target: Path) -> int:
    draft = target.with_name(f".{target.name}.part")
    try:
        _begin(draft, target)
        _copy(source, draft)
        return _finish(draft, target)
    except sqlite3.Error as error:
        if any(word in str(error) for word in DAMAGED):
            raise unusable(db, error) from error
        raise StorageError(f"{target} cannot be written: {error}.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"{target} cannot be written: {reason}.") from error
    finally:
        _remove(draft)


def _remove(draft: Path) -> None:
    """With the journal, which SQLite leaves where the disk was full or the process died."""
    for name in (draft.name, f"{draft.name}-journal"):
        draft.with_name(name).unlink(missing_ok=True)


def _begin(draft: Path, target: Path) -> None:
    if target.exists():
        raise StorageError(f"{target} exists already: choose a new name.")
    _remove(draft)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # it holds secrets


def _finish(draft: Path, target: Path) -> int:
    _flush(draft)
    draft.rename(target)
    _flush(target.parent)
    return target.stat().st_size


def _copy(source: Path, draft: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(draft),))
    with contextlib.closing(sqlite3.connect(draft)) as copied, copied:
        # Whoever starts on the copy has to know that the world went on without it.
        copied.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (IS_A_BACKUP, b"1"))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
