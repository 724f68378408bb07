"""The schema: migrating a database to this version of Canal, and comparing it with the models.

Rolling upgrades: the first Canal of version N that starts migrates, while those of N-1 go on. So a
migration of N only *expands* (new tables, new columns that have a default or may be null); what N-1
needed and N does not is taken away by N+1 (*contract*). The database says from which revision on
a Canal may run on it (`SERVES`), so that one of N-1 may also be started anew beside N.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from storage.engine import Database
from storage.errors import NewerDatabase, Unreachable
from storage.models import Meta
from storage.trouble import is_trouble

_MIGRATIONS = Path(__file__).parent / "migrations"
SERVES = "0001"
"""The oldest revision whose Canal can work on the newest schema: the one before it after a
migration that expands, the newest itself after one that contracts. Held by a test."""
SERVES_KEY = "schema_serves"
"""In the database: `revision:serves`, by the Canal whose newest revision that is."""
DAMAGED = ("not a database", "malformed")
"""What SQLite says of a file that it cannot make sense of."""
_SAYS_ENOUGH = ("readonly", "unable to open")
"""… and where its words need no advice."""
_ADVISORY_LOCK = 0x43414E414C  # "CANAL": two Canals that start together migrate one after the other


async def upgrade(database: Database) -> bool:
    """Bring the database to the newest schema; creates it when it is empty.

    Returns:
        False when it is that of the next version already, which serves this one too.

    Raises:
        NewerDatabase: it was written by a newer Canal.
        Unreachable: it cannot be opened.
    """
    try:
        async with database.engine.begin() as connection:
            if not database.is_sqlite:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
                await connection.run_sync(_refuse_encoding)
            return await connection.run_sync(_upgrade)
    except (OperationalError, ProgrammingError, OSError) as error:
        # ProgrammingError: no right to make tables, or somebody else's that have our names.
        raise unusable(database, error) from error
    except DBAPIError as error:
        if any(word in str(error.orig) for word in DAMAGED):
            raise unusable(database, error) from error
        raise


async def look(database: Database) -> str | None:
    """The revision that the database has, None for an empty one; changes nothing.

    Raises:
        NewerDatabase, Unreachable: as `upgrade`.
    """
    try:
        async with database.engine.connect() as connection:
            if not database.is_sqlite:
                await connection.run_sync(_refuse_encoding)
            await connection.run_sync(_refuse_newer)
            return await connection.run_sync(current_revision)
    except (DBAPIError, OSError) as error:
        raise unusable(database, error) from error


def unusable(database: Database, error: Exception) -> Unreachable:
    """The error for people: which database, and what its driver says."""
    url = database.engine.url
    cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    if database.is_sqlite:
        return _unusable_file(f"The database file {url.database} cannot be opened", error, cause)
    return Unreachable(
        f"PostgreSQL at {url.host}:{url.port or 5432} cannot be used ({cause}): look at the server "
        "and at the address, user and password by which Canal asks for it."
    )


def _unusable_file(what: str, error: Exception, cause: str) -> Unreachable:
    if any(word in cause for word in DAMAGED):
        return Unreachable(f"{what} ({cause}). Go back to a backup (docs/deploy.md).")
    if not is_trouble(error) or any(word in cause for word in _SAYS_ENOUGH):
        return Unreachable(f"{what} ({cause}).")
    return Unreachable(
        f"{what} ({cause}): see whether the disk is full or broken, and whether another program "
        "holds the file."
    )


def _config(connection: Connection | None = None) -> Any:
    from alembic.config import Config  # 0.2 s to import: only where it is used

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> bool:
    if current_revision(connection) == head_revision():
        return True
    if _refuse_newer(connection):
        return False
    from alembic import command

    command.upgrade(_config(connection), "head")
    return True


def _refuse_newer(connection: Connection) -> bool:
    """True for a newer database on which this Canal may work all the same. Raises NewerDatabase."""
    from alembic.script import ScriptDirectory

    found = current_revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is None or found in known:
        return False
    said = connection.scalar(select(Meta.value).where(Meta.key == SERVES_KEY)) or b""
    of, _, serves = said.decode().partition(":")
    if of != found or serves > head_revision():
        raise NewerDatabase
    return True


def _refuse_encoding(connection: Connection) -> None:
    """Raises Unreachable for a PostgreSQL database that could not hold every mail's text."""
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise Unreachable(
            f"The database {connection.engine.url.database} has the encoding {encoding}: make one "
            "with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )


def current_revision(connection: Connection) -> str | None:
    """The revision that the database says it has; None when it was never migrated."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def head_revision() -> str:
    """The newest revision, by file name: `NNNN_words.py` holds revision NNNN (no import needed)."""
    return max(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def serves_of_this_version() -> bytes:
    """What `SERVES_KEY` says once this version's newest revision is there."""
    return f"{head_revision()}:{SERVES}".encode()


def differences(connection: Connection) -> list[Any]:
    """What differs between the database and the models; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from storage.models import Base

    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "target_metadata": Base.metadata}
    )
    return list(compare_metadata(context, Base.metadata))
