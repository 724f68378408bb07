"""What people hear of a database that takes nothing: once, then now and then, and its end."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from handlers.database_trouble import DatabaseTrouble
from storage.engine import Database


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def is_ready(trouble: DatabaseTrouble) -> bool:
    return trouble.sentence is None


def full_disk() -> DBAPIError:
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("INSERT …", None, cause)


async def test_it_is_said_once_then_at_growing_intervals_and_when_it_is_over(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    seconds = Seconds()
    trouble = DatabaseTrouble(seconds)
    assert is_ready(trouble)
    for now in range(600):
        seconds.now = float(now)
        assert trouble.note(full_disk())
    begin, *reminders = [record.getMessage() for record in caplog.records]
    assert "takes nothing (database or disk is full): see whether its disk is full" in begin
    assert [text.split(" (")[0] for text in reminders] == [
        "The database has taken nothing for 60 seconds",
        "The database has taken nothing for 300 seconds",
    ]
    await trouble.look(db)
    assert not is_ready(trouble), "a small write may find room where a mail does not"
    seconds.now += 10.0
    await trouble.look(db)
    assert is_ready(trouble)
    assert caplog.records[-1].getMessage() == "The database works again after 609 seconds"


async def test_an_error_of_ours_is_no_trouble_of_the_database() -> None:
    trouble = DatabaseTrouble()
    assert not trouble.note(ValueError("ours"))
    assert is_ready(trouble)
