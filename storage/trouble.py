"""Whether the database itself failed, and not what was asked of it.

Such a failure says nothing of a mail, a reply or a post that was in hand: it is tried again until
the database is well, however often.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import exc

_SQLITE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
}  # fmt: skip
_POSTGRES = ("08", "25006", "40", "53", "55", "57", "58")
"""No connection, a standby, a conflict, no room, a lock, a server that stops, a broken system."""


def is_trouble(error: BaseException) -> bool:
    """The database was away, full, locked or about to stop."""
    if isinstance(error, exc.DisconnectionError | exc.TimeoutError):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # The lower byte is the kind; what is above says more of it.
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    code = getattr(error.orig, "sqlstate", None)
    if code is None:  # libpq could not connect, or the connection was lost
        return isinstance(error, exc.OperationalError) or error.connection_invalidated
    return str(code).startswith(_POSTGRES)
