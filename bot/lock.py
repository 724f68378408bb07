"""One Canal per SQLite file: a lock that the operating system drops with the process."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from bot.problems import StartupError


class ProcessLock:
    """Held from `acquire` until `release` or the death of the process, also by kill -9."""

    def __init__(self, path: Path) -> None:
        self._path = path
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
                f"Another Canal already runs on the data folder {self._path.parent}: stop it "
                "first, or use PostgreSQL to run several."
            ) from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
