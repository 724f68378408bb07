"""The PostgreSQL of the tests is itself a piece of code that others stand on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.servers.postgres import PostgresServer, _copy, _find_programs


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@pytest.mark.postgres
def test_a_database_made_from_a_template_has_its_tables(postgres_server: PostgresServer) -> None:
    with connect(postgres_server.create_database("template_of_test")) as connection:
        connection.execute("CREATE TABLE mails (id int)")
    url = postgres_server.create_database(template="template_of_test")
    with connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM mails").fetchone() == (0,)
    postgres_server.drop_database("template_of_test")
    assert not postgres_server.has_database("template_of_test")


@pytest.mark.postgres
def test_two_databases_do_not_share_tables(
    postgres_url: str, postgres_server: PostgresServer
) -> None:
    with connect(postgres_url) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with (
        connect(postgres_server.create_database()) as other,
        pytest.raises(psycopg.errors.UndefinedTable),
    ):
        other.execute("SELECT * FROM only_here")


def test_each_engine_is_asked(database_url: str) -> None:
    assert database_url.startswith(("sqlite+aiosqlite:///", "postgresql+psycopg://"))


@pytest.mark.postgres
def test_the_programs_run_from_a_copy_too(tmp_path: Path) -> None:
    """Where the user that runs PostgreSQL cannot reach the installed ones (a folder of root)."""
    programs = _copy(_find_programs(), tmp_path)
    said = subprocess.run(
        [programs / "bin" / "initdb", "--version"], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")
