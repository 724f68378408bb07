"""Whole transactions in one visit to one thread: SQLite without a hop for each statement.

Through the async session every statement is a message to aiosqlite's thread and back, and each of
them hands the interpreter's lock over twice. Where mails come by the hundred that costs several
times as much as the statements themselves. A visit takes the whole transaction, from BEGIN to
COMMIT, to a thread where SQLite is spoken to directly:

    event loop ──work──▶ thread: BEGIN · work(session) · COMMIT ──result──▶ event loop

Works that come while another visit is under way go together on the next one and share its commit,
which costs a flush to the disk however much is in it. Each has a savepoint of its own: one that
fails takes nothing of its neighbours back.

`work` is the same coroutine function on PostgreSQL (`storage.postgres_visits`). In a visit it is
driven to its end without an event loop, so that it can await its session and nothing else:
the rule that no transaction is open while a network is awaited holds by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from storage.errors import StorageError

R = TypeVar("R")
Work = Callable[[AsyncSession], Awaitable[R]]
"""What a transaction does: it awaits its session and queries, and nothing else."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The outcome of a work that raised: what it wrote was rolled back."""

    error: Exception


class Visits:
    """One thread with a connection of its own. `info` is that of the sessions."""

    def __init__(self, name: str, engine: Engine, info: dict[str, Any]) -> None:
        self._engine = engine
        self._info = info
        self._thread = ThreadPoolExecutor(1, name)

    async def run(self, work: Work[R]) -> R:
        """The result of `work`, committed; what it raises, rolled back."""
        outcome = (await self.run_together([work]))[0]
        if isinstance(outcome, Failed):
            raise outcome.error
        return cast(R, outcome)

    async def run_together(self, works: Sequence[Work[Any]]) -> list[Any]:
        """One commit for all: the result of each, or `Failed`. Raises when the commit fails."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(self._transact, works))

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=False)

    def _transact(self, works: Sequence[Work[Any]]) -> list[Any]:
        with self._engine.connect() as connection, connection.begin():
            if len(works) == 1:
                return [self._do(works[0], connection)]
            return [self._attempt(work, connection) for work in works]

    def _attempt(self, work: Work[Any], connection: Connection) -> Any:
        connection.exec_driver_sql("SAVEPOINT work")
        try:
            outcome = self._do(work, connection)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for this work
            connection.exec_driver_sql("ROLLBACK TO work")
            outcome = Failed(error)
        connection.exec_driver_sql("RELEASE work")
        return outcome

    def _do(self, work: Work[R], connection: Connection) -> R:
        session = VisitingSession(connection, dict(self._info))
        with session:
            return drive(work(cast(AsyncSession, session)))


def drive(work: Awaitable[R]) -> R:
    """Run a coroutine that never has to wait."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return cast(R, end.value)
    raise StorageError("A transaction awaited something else than its database.")


class VisitingSession:
    """What queries use of an AsyncSession: every await ends at once.

    Statements over tables go straight to the connection; the ORM's session, which costs more than
    such a statement, is made when somebody first needs it.
    """

    def __init__(
        self, connection: Connection, info: dict[str, Any], *, savepoints: bool = True
    ) -> None:
        self._connection = connection
        self._joins: Any = "create_savepoint" if savepoints else "rollback_only"
        self._made: OrmSession | None = None
        self.info = info
        self.did_something = False
        """Some statement has succeeded, or an object waits to be written."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, failure: type[BaseException] | None, *_rest: object) -> None:
        if self._made is not None:
            if failure is None:
                self._made.commit()
            self._made.close()

    @property
    def _orm(self) -> OrmSession:
        if self._made is None:
            self._made = OrmSession(
                self._connection,
                expire_on_commit=False,
                join_transaction_mode=self._joins,
                info=self.info,
            )
        return self._made

    def _for(self, statement: Any) -> Connection | OrmSession:
        # What the ORM has marked as its own needs its session (as in Session.execute itself).
        is_orm = getattr(statement, "_propagate_attrs", None)
        return self._orm if is_orm else self._connection

    def get_bind(self) -> Engine:
        return self._connection.engine

    def add(self, row: object) -> None:
        self.did_something = True
        self._orm.add(row)

    def add_all(self, rows: Iterable[object]) -> None:
        self.did_something = True
        self._orm.add_all(rows)

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        return self._noted(self._for(statement).execute(statement, parameters))

    async def scalar(self, statement: Any, parameters: Any = None) -> Any:
        return self._noted(self._for(statement).scalar(statement, parameters))

    async def scalars(self, statement: Any, parameters: Any = None) -> Any:
        return self._noted(self._for(statement).scalars(statement, parameters))

    def _noted(self, outcome: R) -> R:
        self.did_something = True
        return outcome

    async def get(self, *args: Any, **options: Any) -> Any:
        return self._noted(self._orm.get(*args, **options))

    async def get_one(self, *args: Any, **options: Any) -> Any:
        return self._noted(self._orm.get_one(*args, **options))

    async def refresh(self, *args: Any, **options: Any) -> None:
        self._orm.refresh(*args, **options)

    async def flush(self) -> None:
        self._orm.flush()
