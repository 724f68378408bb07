"""A start that cannot succeed: one clear sentence each on stderr, exit status 2, no traceback."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.command_line import Canal, Said, command_line
from tests.app.harness import Harness
from tests.app.process import run_cli
from tests.servers.postgres import PostgresServer

_KEY = "M2fmgS2eMTkGPcYIUSgZNDYAMVkLLqbjRyUPpQxP2vE="
_TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}


@pytest.fixture
def canal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Canal:
    return command_line(monkeypatch, capsys, tmp_path)


def the_sentence(said: Said) -> str:
    assert (said.status, said.out) == (2, ""), said
    assert "Traceback" not in said.err
    (line,) = said.err.strip().splitlines()
    assert line.startswith("canal: ")
    return line


def test_all_settings_that_are_missing_or_wrong_are_told_at_once(canal: Canal) -> None:
    said = canal(
        "run", SLACK_APP_TOKEN="xoxb-mixed-up", CANAL_SMTP_LISTEN="nowhere",
        CANAL_SMARTHOST_URL="http://relay", CANAL_SECRET_KEY="short",
    )  # fmt: skip
    assert (said.status, said.out) == (2, "")
    lines = said.err.strip().splitlines()
    for name in (
        "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "CANAL_SMTP_LISTEN", "CANAL_SMARTHOST_URL",
        "CANAL_SECRET_KEY",
    ):  # fmt: skip
        assert sum(name in line for line in lines) == 1, name
    assert len(lines) == 5
    assert "mixed-up" not in said.err


def test_a_database_of_a_newer_version(canal: Canal, tmp_path: Path) -> None:
    canal("channels", "list")
    with sqlite3.connect(tmp_path / "data" / "canal.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    for words in (("run",), ("channels", "list")):
        assert "newer" in the_sentence(canal(*words, **_TOKENS))
    assert "newer" in canal("check", **_TOKENS).out


def test_an_occupied_port_of_the_demos_page(canal: Canal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = the_sentence(canal("demo", "--port", port, CANAL_SMTP_LISTEN="127.0.0.1:0"))
    assert f"127.0.0.1:{port}" in sentence
    assert "--port" in sentence


def test_a_wrong_secret_key(canal: Canal) -> None:
    canal("channels", "list")
    for words in (("run",), ("channels", "list")):
        sentence = the_sentence(canal(*words, CANAL_SECRET_KEY=_KEY, **_TOKENS))
        assert "key" in sentence
        assert _KEY not in sentence


def test_a_file_that_is_no_database(canal: Canal, tmp_path: Path) -> None:
    canal("channels", "list")
    (tmp_path / "data" / "canal.db").write_bytes(b"this is not a database" * 100)
    assert "canal.db" in the_sentence(canal("run", **_TOKENS))


def test_a_data_folder_is_made_for_its_owner_alone_also_with_a_key_from_elsewhere(
    canal: Canal, tmp_path: Path
) -> None:
    assert canal("channels", "list", CANAL_SECRET_KEY=_KEY).status == 0
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_data_folder_that_is_a_file(canal: Canal, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert str(tmp_path / "data") in the_sentence(canal("run", **_TOKENS))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_is_not_ours(canal: Canal, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    assert str(tmp_path / "data") in the_sentence(canal("run", **_TOKENS))


@pytest.mark.skipif(not Path("/proc/sys").exists(), reason="needs a folder nobody can write to")
def test_a_data_folder_where_nothing_can_be_made(canal: Canal) -> None:
    said = canal("run", CANAL_DATA_DIR="/proc/sys/canal", **_TOKENS)
    assert "CANAL_DATA_DIR" in the_sentence(said)


def test_a_key_file_that_cannot_be_read(canal: Canal, tmp_path: Path) -> None:
    said = canal("run", CANAL_SECRET_KEY_FILE=str(tmp_path / "none"), **_TOKENS)
    assert "CANAL_SECRET_KEY_FILE" in the_sentence(said)


def test_a_database_that_is_not_there(canal: Canal) -> None:
    said = canal(
        "run",
        CANAL_DATABASE_URL="postgresql+psycopg://u:hunter2@127.0.0.1:1/x",
        CANAL_SECRET_KEY=_KEY,
        **_TOKENS,
    )
    assert "127.0.0.1:1" in the_sentence(said)
    assert "hunter2" not in said.err


def test_a_database_of_a_kind_that_nobody_knows(canal: Canal) -> None:
    said = canal("run", CANAL_DATABASE_URL="oracle://x", **_TOKENS)
    assert "CANAL_DATABASE_URL" in the_sentence(said)


def test_a_slack_that_is_not_there_at_the_first_start(canal: Canal) -> None:
    said = canal("run", SLACK_API_URL="http://127.0.0.1:1/api/", **_TOKENS)
    assert "Slack cannot be reached" in the_sentence(said)


@pytest.mark.postgres
def test_a_postgres_that_is_full_or_does_not_have_the_database(
    canal: Canal, postgres_server: PostgresServer, postgres_url: str
) -> None:
    postgres_server.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        crowded = postgres_url.replace("postgres@", "crowded@")
        said = canal("run", CANAL_DATABASE_URL=crowded, CANAL_SECRET_KEY=_KEY, **_TOKENS)
        assert "too many connections" in the_sentence(said)
    finally:
        postgres_server.execute("DROP ROLE crowded")
    gone = f"{postgres_url}_gone"
    said = canal("run", CANAL_DATABASE_URL=gone, CANAL_SECRET_KEY=_KEY, **_TOKENS)
    assert "does not exist" in the_sentence(said)


def test_check_says_everything_in_sentences(canal: Canal) -> None:
    said = canal("check", SLACK_API_URL="http://127.0.0.1:1/api/", **_TOKENS)
    assert said.status == 2
    assert "Traceback" not in said.out + said.err
    assert all(line.rstrip().endswith((".", ":")) for line in said.out.strip().splitlines())
    found = canal("check", "--json", SLACK_API_URL="http://127.0.0.1:1/api/", **_TOKENS).json()
    assert found


def test_check_changes_nothing(canal: Canal, tmp_path: Path) -> None:
    canal("check", SLACK_API_URL="http://127.0.0.1:1/api/", **_TOKENS)
    assert not (tmp_path / "data").exists()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path)
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


async def test_a_second_process_on_one_sqlite_file(running: Harness) -> None:
    status, out, err = await run_cli(running.environment(), "run")
    assert "Another Canal already runs" in the_sentence(Said(status, out, err))


async def test_a_second_process_with_a_data_folder_of_its_own_on_one_sqlite_file(
    running: Harness, tmp_path: Path
) -> None:
    """The file is named by CANAL_DATABASE_URL, here by a symbolic link to it."""
    link = tmp_path / "the same.db"
    link.symlink_to(tmp_path / "data" / "canal.db")
    env = {
        **running.environment(),
        "CANAL_DATA_DIR": str(tmp_path / "other"),
        "CANAL_SECRET_KEY_FILE": str(tmp_path / "data" / "secret.key"),
        "CANAL_DATABASE_URL": f"sqlite+aiosqlite:///{link}",
    }
    for words in (("run",), ("db", "copy", "--to", "postgresql://u@127.0.0.1:1/x")):
        status, out, err = await run_cli(env, *words)
        assert "Another Canal already runs" in the_sentence(Said(status, out, err))


async def test_what_only_shows_against_a_living_slack(
    running: Harness, canal: Canal, tmp_path: Path
) -> None:
    env = {**running.environment(), "CANAL_DATA_DIR": str(tmp_path / "other")}

    async def refused(**more: str) -> str:
        return the_sentence(await asyncio.to_thread(canal, "run", **{**env, **more}))

    assert "SLACK_BOT_TOKEN" in await refused(SLACK_BOT_TOKEN="xoxb-wrong")
    assert "SLACK_APP_TOKEN" in await refused(SLACK_APP_TOKEN="xapp-wrong")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for name in ("CANAL_SMTP_LISTEN", "CANAL_HTTP_LISTEN"):
            sentence = await refused(**{name: address})
            assert name in sentence
            assert address in sentence
