"""Keeps the sandbox's state in one SQLite file.

The state lives in memory; every change is noted here and written behind the event loop's back by
one thread, many changes in one transaction. `flush` waits for the commit: the Web API answers and
events leave only after it, so a sandbox that is killed forgets nothing that it told anybody.
SQLite runs in WAL mode with synchronous=NORMAL: safe against the process dying, which is what a
demo needs; a power cut may lose the last moments.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bot.sandbox.errors import SandboxError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
);
CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""

_Key = tuple[str, str]


class Store:
    """A table of JSON objects by (kind, id), and one of bytes by id. `path` None: memory only."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._dirty: dict[_Key, Callable[[], Any] | None] = {}
        self._dirty_blobs: dict[str, bytes | None] = {}
        self._memory_blobs: dict[str, bytes] = {}
        self._database: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._writing = asyncio.Lock()
        self._background: asyncio.Task[None] | None = None

    async def open(self) -> dict[str, dict[str, Any]]:
        """Opens the file and returns everything in it: {kind: {id: object}}, oldest first."""
        if self._path is None:
            return {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sandbox-store")
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._read, self._path
        )

    def put(self, kind: str, key: str, body: Callable[[], Any]) -> None:
        """Notes that the object changed; `body` is called for its JSON value when it is written."""
        if self._path is not None:
            self._dirty[(kind, key)] = body
            self._wake()

    def delete(self, kind: str, key: str) -> None:
        if self._path is not None:
            self._dirty[(kind, key)] = None
            self._wake()

    def put_blob(self, key: str, body: bytes) -> None:
        if self._path is None:
            self._memory_blobs[key] = body
        else:
            self._dirty_blobs[key] = body
            self._wake()

    def delete_blob(self, key: str) -> None:
        self._memory_blobs.pop(key, None)
        if self._path is not None:
            self._dirty_blobs[key] = None
            self._wake()

    async def read_blob(self, key: str) -> bytes:
        """The bytes under the key. Raises KeyError."""
        if self._path is None:
            return self._memory_blobs[key]
        await self.flush()
        thread, loop = self._thread, asyncio.get_running_loop()
        body = await loop.run_in_executor(thread, self._read_blob, key) if thread else None
        if body is None:
            raise KeyError(key)
        return body

    async def flush(self) -> None:
        """Returns when everything noted so far is committed."""
        if not self._dirty and not self._dirty_blobs and not self._writing.locked():
            return
        async with self._writing:
            if self._thread is None or not (self._dirty or self._dirty_blobs):
                return
            objects = [
                (kind, key, None if body is None else json.dumps(body(), separators=(",", ":")))
                for (kind, key), body in self._dirty.items()
            ]
            dirty, blobs = self._dirty, self._dirty_blobs
            self._dirty, self._dirty_blobs = {}, {}
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(self._thread, self._write, objects, blobs)
            except sqlite3.Error as error:
                self._dirty = dirty | self._dirty  # what changed meanwhile is newer
                self._dirty_blobs = blobs | self._dirty_blobs
                raise SandboxError(f"The sandbox's file cannot be written: {error}.") from error

    async def close(self) -> None:
        await self.flush()
        if self._background is not None:
            await self._background
        if self._thread is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
            self._thread.shutdown()
            self._thread = None

    def _wake(self) -> None:
        """Lets a change that nobody waits for be written soon."""
        if self._thread is None:
            return  # not open yet: `open` is followed by a flush
        if self._background is None or self._background.done():
            self._background = asyncio.get_running_loop().create_task(self._write_behind())

    async def _write_behind(self) -> None:
        while self._dirty or self._dirty_blobs:
            await self.flush()

    def _read(self, path: Path) -> dict[str, dict[str, Any]]:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise SandboxError(f"The sandbox's file {path} cannot be used: {error}.") from error
        path.chmod(0o600)  # it holds the tokens and whatever people wrote
        self._database = database
        found: dict[str, dict[str, Any]] = {}
        for kind, key, body in database.execute(
            "SELECT kind, id, body FROM objects ORDER BY rowid"
        ):
            found.setdefault(kind, {})[key] = json.loads(body)
        return found

    def _read_blob(self, key: str) -> bytes | None:
        assert self._database is not None
        row = self._database.execute("SELECT body FROM blobs WHERE id = ?", (key,)).fetchone()
        return bytes(row[0]) if row else None

    def _write(
        self, objects: list[tuple[str, str, str | None]], blobs: dict[str, bytes | None]
    ) -> None:
        assert self._database is not None
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            self._write_all(database, objects, blobs)
        except sqlite3.Error:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")

    @staticmethod
    def _write_all(
        database: sqlite3.Connection,
        objects: list[tuple[str, str, str | None]],
        blobs: dict[str, bytes | None],
    ) -> None:
        database.executemany(
            "INSERT INTO objects VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            [row for row in objects if row[2] is not None],
        )
        gone = [(kind, key) for kind, key, body in objects if body is None]
        database.executemany("DELETE FROM objects WHERE kind = ? AND id = ?", gone)
        database.executemany(
            "INSERT INTO blobs VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            [(key, body) for key, body in blobs.items() if body is not None],
        )
        lost = [(key,) for key, body in blobs.items() if body is None]
        database.executemany("DELETE FROM blobs WHERE id = ?", lost)

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
