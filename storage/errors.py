"""Errors of the storage layer.

StorageError
├── WrongKey        the secret key does not fit this database
├── NewerDatabase   the database was written by a newer Canal
├── Unreachable     the database cannot be opened
├── MovedAway       everything in it was moved to another one
└── Locked          another Canal process holds this SQLite database

The docstring of a class is its default message.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What `canal db check` found. `broken`: something is wrong; else it wants attention."""

    broken: bool
    sentence: str


class StorageError(Exception):
    """The database could not be used."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().partition("\n")[0])


class WrongKey(StorageError):  # noqa: N818 - it names the case
    """The secret key does not fit this database: set CANAL_SECRET_KEY to the key that made it."""


class NewerDatabase(StorageError):  # noqa: N818
    """This database was written by a newer Canal: upgrade Canal, or restore an older backup."""


class Unreachable(StorageError):  # noqa: N818
    """The database cannot be opened: check CANAL_DATABASE_URL."""


class MovedAway(StorageError):  # noqa: N818
    """This database was moved to another one: set CANAL_DATABASE_URL to that."""


class Locked(StorageError):  # noqa: N818
    """Another Canal already runs on this database: stop it first, or use PostgreSQL for several."""
