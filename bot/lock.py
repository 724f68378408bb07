"""One Canal per SQLite file: a lock that the operating system drops with the process."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from bot.config.settings import Settings
from bot.problems import StartupError


@contextmanager
def alone_on(settings: Settings) -> Iterator[None]:
    """While no other Canal runs on the data folder or the SQLite file, by whatever names.

    Raises StartupError when one does. On PostgreSQL there may be several, and nothing is locked.
    """
    with ExitStack() as held:
        file = settings.sqlite_file
        if file is not None:
            held.enter_context(ProcessLock(settings.data_dir / "canal.lock"))
            file = file.resolve()  # a symbolic link leads to the same file
            if file.parent.is_dir():  # else opening it says so
                held.enter_context(ProcessLock(file.with_name(f"{file.name}.lock"), file))
        yield


class ProcessLock:
    """Held from `acquire` until `release` or the death of the process, also by kill -9."""

    def __init__(self, path: Path, file: Path | None = None) -> None:
        """`file` is what is locked, if not the whole folder."""
        self._path = path
        self._what = f"the data folder {path.parent}" if file is None else f"the database {file}"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Raises StartupError when another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise StartupError(
                f"Another Canal already runs on {self._what}: stop it first, or use PostgreSQL to "
                "run several."
            ) from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()
