"""Replicas on one PostgreSQL: waking each other, and knowing who is still there.

Each keeps one connection of its own open. On it it listens (NOTIFY of a commit's work wakes the
others at once; what is lost in a broken connection is found by the regular look seconds later),
and holds an advisory lock that stands for its name: PostgreSQL drops the lock with the connection,
so that a process that died is known to be gone without waiting for its leases.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from storage.engine import POSTGRES_OPTIONS, Database, Session

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_log = logging.getLogger(__name__)
_CHANNEL = "canal"
_LOCKS = 0x43414E4C  # "CANL": the class of the advisory locks that stand for processes
_GATHER = 0.02
"""Seconds in which wake-ups of the same kind become one."""
_HEARTBEAT = 10.0
_QUICK = 0.1
"""Seconds: an answer that took longer says too little of the time now."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class Notifier:
    """`start`, then `tell` as often as one likes; `stop` at the end. Nothing to do on SQLite.

    Args:
        holder: this process's name in claims and leases.
        on_notify: called with what another process told, in this event loop. After a connection
            was lost it is called with every name in `names`, since some may have been missed.
        on_time: called with the database's time, every few seconds.
    """

    def __init__(
        self,
        db: Database,
        holder: str,
        on_notify: Callable[[str], None],
        *,
        names: Collection[str],
        on_time: Callable[[datetime], None] = lambda _time: None,
    ) -> None:
        self._db = db
        self._holder = holder
        self._on_notify = on_notify
        self._names = tuple(names)
        self._on_time = on_time
        self._pending: set[str] = set()
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.listening = asyncio.Event()
        """Set while the connection stands."""

    async def start(self) -> None:
        """Returns once this process listens and is known to be there."""
        if self._db.is_sqlite:
            return
        connection = await self._connect()
        self._tasks = [
            asyncio.create_task(self._listen_for_ever(connection), name="notify-listen"),
            asyncio.create_task(self._send_for_ever(), name="notify-send"),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    def tell(self, name: str) -> None:
        """Wake the others, soon; many calls make one wake-up. Call it after the commit."""
        if self._tasks:
            self._pending.add(name)
            self._wanted.set()

    async def _connect(self) -> AsyncConnection[Any]:
        from psycopg import AsyncConnection  # an extra: SQLite installations do without

        url = self._db.engine.url
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        options = {key: val for key, val in POSTGRES_OPTIONS.items() if key not in url.query}
        connection = await AsyncConnection.connect(plain, autocommit=True, **options)  # type: ignore[arg-type]
        try:
            await connection.execute(f"LISTEN {_CHANNEL}")
            lock = "SELECT pg_try_advisory_lock(%s::int, %s::int)"
            await connection.execute(lock, (_LOCKS, _number(self._holder)))
        except BaseException:
            await connection.close()
            raise
        self.listening.set()
        return connection

    async def _listen_for_ever(self, connection: AsyncConnection[Any]) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._listen(connection)
            except Exception as error:  # noqa: BLE001 - whatever broke it, it is opened anew
                _log.warning("the connection that wakes this process was lost: %s", error)
            finally:
                self.listening.clear()
                await connection.close()
            connection, pause = await self._connect_again(pause)
            for name in self._names:
                self._on_notify(name)

    async def _connect_again(self, pause: float) -> tuple[AsyncConnection[Any], float]:
        while True:
            await asyncio.sleep(pause)
            try:
                return await self._connect(), _FIRST_PAUSE
            except Exception as error:  # noqa: BLE001 - tried again, for as long as it takes
                pause = min(pause * 2, _LONGEST_PAUSE)
                _log.warning("PostgreSQL cannot be reached: %s", error)

    async def _listen(self, connection: AsyncConnection[Any]) -> None:
        while True:
            async for notification in connection.notifies(timeout=_HEARTBEAT):
                name, _, sender = notification.payload.partition(" ")
                if sender != self._holder and name in self._names:
                    self._on_notify(name)
            await self._ask_time(connection)  # a dead connection is noticed by asking

    async def _ask_time(self, connection: AsyncConnection[Any]) -> None:
        clock = asyncio.get_running_loop().time
        asked_at = clock()
        cursor = await connection.execute("SELECT clock_timestamp()")
        row = await cursor.fetchone()
        if row is not None and clock() - asked_at < _QUICK:
            self._on_time(row[0])

    async def _send_for_ever(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(_GATHER)
            self._wanted.clear()
            names, self._pending = self._pending, set()
            try:
                async with self._db.write() as tx:
                    for name in names:
                        await notify(tx, name, sender=self._holder)
            except Exception as error:  # noqa: BLE001 - a wake-up is a comfort
                # The others also look by themselves, every second.
                _log.debug("the others were not woken: %s", error)


async def notify(tx: Session, name: str, *, sender: str = "-") -> None:
    """Wake every process but `sender` when the transaction commits; PostgreSQL only."""
    await tx.execute(select(func.pg_notify(_CHANNEL, f"{name} {sender}")))


async def wake_others(db: Database, names: Collection[str]) -> None:
    """What a command on the command line has made work for. On SQLite Canal looks by itself."""
    if names and not db.is_sqlite:
        async with db.write() as tx:
            for name in names:
                await notify(tx, name)


async def find_gone(tx: Session, holders: Collection[str]) -> set[str]:
    """Those of the holders whose process has no connection any more; PostgreSQL only.

    A process whose connection was only cut is back within seconds: ask twice before acting.
    """
    found = await _list_there(tx)
    return {one for one in holders if _number(one) not in found}


async def is_anybody_there(tx: Session, *, but: str | None = None) -> bool:
    """Whether any Canal runs on this PostgreSQL database, `but` this holder."""
    return bool(await _list_there(tx) - ({_number(but)} if but else set()))


async def read_time(tx: Session) -> datetime:
    """The time that all Canals on this PostgreSQL database share."""
    time: datetime | None = await tx.scalar(select(func.clock_timestamp()))
    assert time is not None
    return time


async def _list_there(tx: Session) -> set[int]:
    held = text(
        "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = "
        ":locks AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return {_signed(number) for number in await tx.scalars(held, {"locks": _LOCKS})}


def _number(holder: str) -> int:
    """The 32 bits by which an advisory lock knows a process."""
    return _signed(zlib.crc32(holder.encode()))


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number
