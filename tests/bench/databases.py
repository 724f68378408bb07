"""What the cases run on: new databases, and full ones.

PostgreSQL is started once for all cases. Its millions of rows are made once, too, and copied.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

import psycopg
from cryptography.fernet import Fernet

from tests.bench.fill import fill
from tests.servers.postgres import PostgresServer, running_postgres

_FULL = "canal_full"
Prepare = Callable[[str], Awaitable[None]]
"""Adds the email channel to the database at the URL."""


class Databases:
    """Databases as durable as in earnest; all of them have one key, so that one can be copied."""

    def __init__(self, tickets: int) -> None:
        self.key = Fernet.generate_key().decode()
        self.tickets = tickets
        self._stack = ExitStack()
        self._server: PostgresServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @asynccontextmanager
    async def opened(self, kind: str, *, filled: bool, prepare: Prepare) -> AsyncIterator[str]:
        """The URL of a prepared database of its own, with `tickets` tickets when `filled`."""
        if kind == "sqlite":
            with tempfile.TemporaryDirectory() as folder:
                url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
                await self._make(url, prepare, filled=filled)
                yield url
            return
        server = self._postgres()
        if filled and not server.has_database(_FULL):
            full = server.create_database(_FULL)
            await self._make(full, prepare, filled=True)
            _vacuum(full)
        url = server.create_database(template=_FULL) if filled else server.create_database()
        if not filled:
            await self._make(url, prepare, filled=False)
        yield url
        server.drop_database(url.rpartition("/")[2])

    async def _make(self, url: str, prepare: Prepare, *, filled: bool) -> None:
        await prepare(url)
        if filled:
            await fill(url, self.key, self.tickets)

    def _postgres(self) -> PostgresServer:
        if self._server is None:
            self._server = self._stack.enter_context(running_postgres(durable=True))
        return self._server


def _vacuum(url: str) -> None:
    """As an old database is: else the server does it by itself while we measure."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")
