"""`canal db …`: upgrading, checking, backing up and moving the database."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.support import Offline, run_offline, say, say_json
from bot.clock import SystemClock
from bot.config.secret_key import find_secret_keys, refuse_lost_key
from bot.config.settings import Settings, load_settings
from bot.config.types import parse_database_url
from bot.lock import alone_on
from bot.problems import StartupError
from bot.runtime import run
from handlers.upkeep.startup import go_on_from_backup
from storage.backup import backup as write_backup
from storage.checks import find_problems
from storage.crypto import Vault
from storage.engine import Database, open_database
from storage.errors import Finding
from storage.move import Moved, move
from storage.move import reopen as forget_move
from storage.schema import head_revision, look
from storage.secrets import rotate_all
from storage.startup import verify

db_app = typer.Typer(help="The database: upgrade, check, backup, copy.", no_args_is_help=True)


@db_app.command("upgrade")
def upgrade() -> None:
    """Bring the database to this version's schema. A start of Canal does it too."""

    async def work(offline: Offline) -> str:
        return offline.settings.database_shown

    say(f"{run_offline(work)} has schema {head_revision()}, the newest that this Canal knows.")


@db_app.command("check")
def check(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Look for what does not fit, and change nothing. Exit status 2 when something is broken."""
    found = run(_check())
    broken = any(finding.broken for finding in found)
    if as_json:
        problems = [{"broken": one.broken, "sentence": one.sentence} for one in found]
        say_json({"ok": not broken, "problems": problems})
    else:
        for one in found:
            say(f"{'✗' if one.broken else '!'} {one.sentence}")
        if not found:
            say("Everything fits.")
    raise typer.Exit(2 if broken else 0)


async def _check() -> list[Finding]:
    settings = load_settings(os.environ)
    if _is_missing(settings):
        return [Finding(True, f"There is no database {settings.database_shown} yet.")]
    async with _opened(settings) as database:
        await verify(database, even_moved=True)
        revision = await look(database)
        if revision != head_revision():
            was = f"schema {revision}" if revision else "no tables"
            return [Finding(True, f"The database has {was}: run “canal db upgrade” first.")]
        return await find_problems(database, now=SystemClock().now())


@db_app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="New file for the copy.")],
) -> None:
    """Copy the SQLite database while Canal runs. Keep the secret key elsewhere, and safe."""
    settings = load_settings(os.environ)
    if _is_missing(settings):
        raise StartupError(f"There is no database {settings.database_shown} yet.")

    async def main() -> int:
        async with _opened(settings) as database:
            await verify(database, even_moved=True)
            return await write_backup(database, file)

    say(f"{file}: {run(main()):,} bytes, complete.")
    say("It opens only with the secret key: keep that too, and not in the same place.")


@db_app.command("copy")
def copy(
    to: Annotated[str, typer.Option(help="postgresql://USER:PASSWORD@HOST/NAME, empty.")],
) -> None:
    """Move a SQLite installation to PostgreSQL: everything, or nothing. Stop Canal before."""
    settings = _sqlite_settings(
        "This Canal runs on PostgreSQL already: use pg_dump and pg_restore."
    )
    try:
        target_url = parse_database_url(to)
    except ValueError as error:
        raise StartupError(f"--to {error}") from error
    if not target_url.startswith("postgresql"):
        raise StartupError("--to must name a PostgreSQL database; a file is copied by backup.")

    def tell(moved: Moved) -> None:
        say(f"{moved.table}: {moved.rows}")

    async def main() -> None:
        async with _opened(settings) as source:
            await verify(source, even_moved=True)
            target = open_database(target_url, source.vault)
            try:
                await move(source, target, tell=tell)
            finally:
                await target.close()

    with alone_on(settings):
        run(main())
    say("Everything is copied. Set CANAL_DATABASE_URL to the new database, keep the secret key,")
    say("and start Canal. It does not start on the old file any more (“canal db reopen”).")


@db_app.command("reopen")
def reopen() -> None:
    """Go back to the SQLite file that “canal db copy” has left. Never run Canal on both."""
    settings = _sqlite_settings("CANAL_DATABASE_URL names PostgreSQL: leave it out to go back.")

    async def main() -> bool:
        async with _opened(settings) as database:
            await verify(database, even_moved=True)
            return await forget_move(database)

    with alone_on(settings):
        was_moved = run(main())
    if not was_moved:
        say("This database was not moved: there is nothing to take back.")
        return
    say("Canal starts on this file again. What came to the new database since is not in it.")


def _sqlite_settings(otherwise: str) -> Settings:
    """The settings of an installation on SQLite that is there. Raises StartupError."""
    settings = load_settings(os.environ)
    if not settings.is_sqlite:
        raise StartupError(otherwise)
    if _is_missing(settings):
        raise StartupError(f"There is no database {settings.database_shown} yet.")
    return settings


@db_app.command("restored")
def restored() -> None:
    """After pg_restore, before Canal starts: what may have been done since is not done again.

    A backup by “canal db backup” needs it not: Canal knows one when it starts on it.
    """
    run_offline(lambda offline: go_on_from_backup(offline.context))
    say("What waits is looked for before it is done, replies that waited are asked about, and")
    say("new tickets get higher numbers than any that were lost.")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    keys = find_secret_keys(settings)
    if keys is None:
        refuse_lost_key(settings)
        raise StartupError(
            f"There is no secret key in {settings.data_dir}: without it the database is of no use."
        )
    database = open_database(settings.database_url, Vault(keys))
    try:
        yield database
    finally:
        await database.close()


def _is_missing(settings: Settings) -> bool:
    file = settings.sqlite_file
    return file is not None and not file.exists()


key_app = typer.Typer(help="The key for secrets at rest.", no_args_is_help=True)


@key_app.command("new")
def new_key() -> None:
    """Print a new key for CANAL_SECRET_KEY. It changes nothing by itself."""
    from bot.config.secret_key import new_key as make

    say(make())


@key_app.command("rotate")
def rotate() -> None:
    """Seal every secret anew under the newest of the keys; then the older ones can go.

    CANAL_SECRET_KEY=NEW,OLD canal key rotate, and Canal itself has to have both while it runs.
    """

    async def work(offline: Offline) -> int:
        async with offline.context.db.write() as tx:
            return await rotate_all(tx)

    say(f"{run_offline(work)} secrets are sealed with the newest key.")
