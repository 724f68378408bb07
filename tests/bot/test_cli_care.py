"""`canal outbox`, `canal db`, `canal key` and `canal forget`, as a person at a shell uses them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.cli.support import open_offline
from bot.lock import ProcessLock
from bot.problems import explain
from storage.engine import Database
from storage.queries import channels, messages, outbox
from storage.schema import head_revision
from tests.storage.samples import NOW, add_channel, add_message, add_ticket, claim, enqueue

Work = Callable[[Database], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands with an environment; `on` does something to its database first."""

    env: dict[str, str]

    def run(self, *words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, list(words), env=self.env, input=stdin)

    def say(self, *words: str, stdin: str = "") -> str:
        result = self.run(*words, stdin=stdin)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def refuse(self, *words: str) -> str:
        """The sentence of a command that cannot do it."""
        result = self.run(*words)
        assert result.exception is not None
        told = explain(result.exception)
        assert told is not None, result.exception
        return str(told)

    def on(self, work: Work) -> Any:
        async def main() -> Any:
            async with open_offline(self.env) as offline:
                return await work(offline.context.db)

        return asyncio.run(main())


@pytest.fixture
def shell(tmp_path: Path, request: pytest.FixtureRequest) -> Shell:
    env = {"CANAL_DATA_DIR": str(tmp_path / "data")}
    if getattr(request, "param", "sqlite") == "postgres":
        env["CANAL_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    return Shell(env)


BOTH = pytest.mark.parametrize(
    "shell", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


async def fill(db: Database) -> None:
    """Item 1 waits, item 2 was given up."""
    async with db.write() as tx:
        await enqueue(tx, 1, not_before=NOW.replace(year=2099))
        await enqueue(tx, 2, kind="post_card")
    (item,) = await claim(db)
    async with db.write() as tx:
        await outbox.bury(tx, item.id, "one", "msg_too_long")


@BOTH
def test_the_outbox_is_listed(shell: Shell) -> None:
    assert shell.say("outbox", "list") == "The outbox is empty.\n"
    shell.on(fill)
    one, two = shell.say("outbox", "list").splitlines()
    assert one.startswith("1  ready  post_mail  slack:C1  tried 0×")
    assert two == "2  dead  post_card  slack:C1  tried 1×  msg_too_long"
    dead = json.loads(shell.say("outbox", "list", "--state", "dead", "--json"))
    assert [(item["id"], item["kind"], item["last_error"]) for item in dead] == [
        (2, "post_card", "msg_too_long")
    ]
    assert (
        shell.say("outbox", "list", "--state", "claimed") == "Nothing in the outbox is claimed.\n"
    )
    assert shell.run("outbox", "list", "--state", "odd").exit_code == 2


def test_one_item_is_shown(shell: Shell) -> None:
    shell.on(fill)
    assert "last_error: msg_too_long" in shell.say("outbox", "show", "2")
    assert json.loads(shell.say("outbox", "show", "2", "--json"))["payload"] == {"number": 2}
    assert "no item 77" in shell.refuse("outbox", "show", "77")


@BOTH
def test_what_was_given_up_is_tried_again(shell: Shell) -> None:
    shell.on(fill)
    assert shell.say("outbox", "retry", "--all") == "1 item will be tried again.\n"
    assert shell.say("outbox", "retry", "1", "2") == "2 items will be tried again.\n"
    states = json.loads(shell.say("outbox", "list", "--json"))
    assert [(item["state"], item["attempts"]) for item in states] == [("ready", 0), ("ready", 0)]
    assert "no item 77" in shell.refuse("outbox", "retry", "77")
    assert shell.run("outbox", "retry").exit_code == 2
    assert shell.run("outbox", "retry", "1", "--all").exit_code == 2


def test_what_is_in_hand_is_left_alone(shell: Shell) -> None:
    async def take(db: Database) -> None:
        async with db.write() as tx:
            await enqueue(tx, 1)
        await claim(db)

    shell.on(take)
    assert "worked on this moment" in shell.refuse("outbox", "drop", "1", "--yes")
    assert "worked on this moment" in shell.refuse("outbox", "retry", "1")


def test_dropping_asks_first(shell: Shell) -> None:
    shell.on(fill)
    assert shell.run("outbox", "drop", "2", stdin="n\n").exit_code == 1
    assert "Drop 1 item?" in shell.say("outbox", "drop", "2", stdin="y\n")
    assert shell.say("outbox", "drop", "1", "--yes") == "1 item dropped.\n"
    assert shell.say("outbox", "list") == "The outbox is empty.\n"


@pytest.mark.parametrize(
    ("state", "details", "target"),
    [
        ("held", {}, "cancelled"),
        ("sending", {}, "cancelled"),
        ("sending", {"handed_over": True}, "unsure"),
        ("sent", {}, "sent"),
    ],
)
def test_a_reply_that_is_dropped_does_not_look_as_if_it_would_leave(
    shell: Shell, state: str, details: dict[str, Any], target: str
) -> None:
    async def hold(db: Database) -> None:
        ticket = await add_ticket(db, await add_channel(db))
        message = await add_message(db, ticket, state=state, details=details)
        async with db.write() as tx:
            await enqueue(tx, kind="send_email", payload={"message_id": message.id})

    async def look(db: Database) -> str:
        async with db.read() as tx:
            return (await messages.get(tx, 1)).state

    shell.on(hold)
    shell.say("outbox", "drop", "1", "--yes")
    assert shell.on(look) == target


@BOTH
def test_a_database_is_made_and_checked(shell: Shell) -> None:
    assert f"has schema {head_revision()}" in shell.say("db", "upgrade")
    assert shell.say("db", "check") == "Everything fits.\n"
    assert json.loads(shell.say("db", "check", "--json")) == {"ok": True, "problems": []}
    shell.on(fill)
    assert shell.say("db", "check") == (
        "! 1 outbox items were given up: see “canal outbox list”.\n"
    )


def test_a_broken_database_is_exit_status_two(shell: Shell) -> None:
    shell.say("db", "upgrade")
    file = Path(shell.env["CANAL_DATA_DIR"]) / "canal.db"
    with sqlite3.connect(file) as connection:
        connection.execute("DROP INDEX ix_outbox_order")
    connection.close()
    result = shell.run("db", "check", "--json")
    assert result.exit_code == 2
    assert json.loads(result.output)["ok"] is False


def test_checking_makes_nothing(shell: Shell, tmp_path: Path) -> None:
    result = shell.run("db", "check")
    assert result.exit_code == 2
    assert "There is no database" in result.output
    assert not (tmp_path / "data").exists()


def test_a_backup_can_be_started_from(shell: Shell, tmp_path: Path) -> None:
    shell.on(fill)
    copy = tmp_path / "backup.db"
    assert "complete" in shell.say("db", "backup", str(copy))
    key = (tmp_path / "data" / "secret.key").read_text().strip()
    restored = Shell({
        "CANAL_DATA_DIR": str(tmp_path / "other"),
        "CANAL_DATABASE_URL": f"sqlite+aiosqlite:///{copy}",
        "CANAL_SECRET_KEY": key,
    })  # fmt: skip
    assert len(restored.say("outbox", "list").splitlines()) == 2
    assert "exists already" in shell.refuse("db", "backup", str(copy))


@pytest.mark.postgres
def test_an_installation_moves_to_postgresql(
    shell: Shell, postgres_url: str, tmp_path: Path
) -> None:
    async def set_up(db: Database) -> None:
        channel = await add_channel(db)
        async with db.write() as tx:
            await channels.set_connection(tx, channel, "in", "imap", {}, secret={"p": "s"})

    async def secret(db: Database) -> dict[str, Any]:
        async with db.read() as tx:
            channel = (await channels.list_all(tx))[0]
            return await channels.open_secret(tx, channel, "in")

    shell.on(set_up)
    shell.on(fill)
    plain = postgres_url.replace("postgresql+psycopg", "postgresql")
    told = shell.say("db", "copy", "--to", plain)
    assert "outbox: 2" in told
    assert "connections: 1" in told
    moved = Shell({**shell.env, "CANAL_DATABASE_URL": plain})
    assert len(moved.say("outbox", "list").splitlines()) == 2
    assert moved.on(secret) == {"p": "s"}
    assert "not empty" in shell.refuse("db", "copy", "--to", plain)
    assert "PostgreSQL already" in moved.refuse("db", "copy", "--to", plain)
    assert "pg_dump" in moved.refuse("db", "backup", str(tmp_path / "x"))


def test_nothing_is_copied_from_under_a_running_canal(shell: Shell, tmp_path: Path) -> None:
    shell.say("db", "upgrade")
    lock = ProcessLock(tmp_path / "data" / "canal.lock")
    lock.acquire()
    assert "already runs" in shell.refuse("db", "copy", "--to", "postgresql://u@127.0.0.1:1/x")
    lock.release()


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://", "sqlite:////tmp/x.db"])
def test_a_target_that_is_none_is_told(shell: Shell, url: str) -> None:
    shell.say("db", "upgrade")
    assert shell.refuse("db", "copy", "--to", url).startswith("--to ")


def test_a_new_key_is_a_key_and_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    key = shell.say("key", "new").strip()
    Fernet(key)
    assert key != shell.say("key", "new").strip()
    assert not (tmp_path / "data").exists()


def test_the_key_is_changed_in_two_steps(shell: Shell, tmp_path: Path) -> None:
    shell.say("db", "upgrade")
    old = (tmp_path / "data" / "secret.key").read_text().strip()
    new = shell.say("key", "new").strip()
    only_new = Shell({**shell.env, "CANAL_SECRET_KEY": new})
    both = Shell({**shell.env, "CANAL_SECRET_KEY": f"{new},{old}"})
    assert "does not fit" in only_new.refuse("db", "check")
    assert "2 secrets are sealed with the newest key." in both.say("key", "rotate")
    assert only_new.say("db", "check") == "Everything fits.\n"


@BOTH
def test_a_person_is_erased_and_it_is_said_what(shell: Shell) -> None:
    async def set_up(db: Database) -> None:
        ticket = await add_ticket(
            db, await add_channel(db), customer_address="jo@cust.example", root_ts="1.0"
        )
        await add_message(db, ticket, direction="inbound", state="filed", slack_ts="1.0")

    shell.on(set_up)
    assert shell.run("forget", "jo@cust.example", stdin="n\n").exit_code == 1
    told = shell.say("forget", "jo@cust.example", "--yes")
    assert "Erased: 1 messages" in told
    assert "#1: Slack channel CSUPPORT, thread 1.0" in told
    assert shell.say("forget", "jo@cust.example", "--yes") == "Nothing is known of this address.\n"
    assert json.loads(shell.say("forget", "jo@cust.example", "--yes", "--json"))["messages"] == 0
    assert "no mail address" in shell.refuse("forget", "nonsense", "--yes")
