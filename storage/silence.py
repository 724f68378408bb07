"""PostgreSQL that takes a question and never answers, and how long it is waited for.

libpq knows no such limit: where the way to the server is cut behind a proxy that stays, or the
server hangs, TCP sees nothing wrong, and whoever has asked waits for ever.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event


@dataclass(slots=True)
class Patience:
    """Read again and again by those who wait, so that a change reaches them too."""

    seconds: float | None = None


def limit_silence(engine: Engine, patience: Patience) -> None:
    """Every statement through `engine` fails, and its connection is given up, after `patience`."""
    import psycopg  # an extra; only where PostgreSQL is used

    class PatientConnection(psycopg.Connection[Any]):
        def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
            return super().wait(_patiently(gen, self, patience), *args, **options)

    class PatientAsyncConnection(psycopg.AsyncConnection[Any]):
        async def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
            return await super().wait(_patiently(gen, self, patience), *args, **options)

    def connect(dialect: Any, _record: Any, args: Any, options: Any) -> Any:
        if dialect.is_async:
            options["async_creator_fn"] = PatientAsyncConnection.connect
            return None  # SQLAlchemy goes on with it
        return PatientConnection.connect(*args, **options)

    event.listen(engine, "do_connect", connect)


def _patiently(
    gen: Generator[Any, Any, Any], connection: Any, patience: Patience
) -> Generator[Any, Any, Any]:
    """`gen`, which asks for the socket to be ready and hears ten times a second that it is not."""
    from psycopg import OperationalError

    silent_since = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            now = time.monotonic()
            if ready:
                silent_since = now
            elif patience.seconds is not None and now - silent_since > patience.seconds:
                connection.pgconn.finish()
                raise OperationalError(f"PostgreSQL was silent for {patience.seconds:.0f} s")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
