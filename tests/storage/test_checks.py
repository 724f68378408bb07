"""`canal db check` finds what does not fit, and nothing else."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from storage.backup import backup
from storage.check_bytes import GO_BACK
from storage.checks import LOOK, find_problems
from storage.engine import Database, open_database
from storage.errors import Unreachable
from storage.models import Arrival, Connection, RawMail, Workspace
from storage.queries import channels, mails, meta, outbox
from storage.records import ChannelRecord
from storage.secrets import list_unreadable, rotate_all
from storage.startup import prepare
from tests.storage.conftest import SQLITE, Open
from tests.storage.samples import (
    NOW,
    VAULT,
    add_channel,
    add_message,
    add_ticket,
    arrival,
    break_rules,
    claim,
    enqueue,
    raw,
)

LATER = NOW + timedelta(hours=2)


async def problems(db: Database) -> list[str]:
    return [
        f"{'✗' if one.broken else '!'} {one.sentence}" for one in await find_problems(db, now=LATER)
    ]


async def test_a_sound_database_has_no_problem(db: Database, channel: ChannelRecord) -> None:
    ticket = await add_ticket(db, channel)
    await add_message(db, ticket, state="sent")
    async with db.write() as tx:
        await channels.set_connection(tx, channel, "in", "imap", {}, secret={"p": "s"})
        await mails.store(tx, [raw(1)], [arrival(channel, 1, received_at=LATER)])
        await enqueue(tx, 1, not_before=LATER)
    assert await problems(db) == []


async def test_a_schema_that_differs(db: Database) -> None:
    async with db.engine.begin() as connection:
        await connection.execute(text("DROP INDEX ix_outbox_order"))
    (one,) = await problems(db)
    assert one.startswith("✗ The schema differs")
    assert "ix_outbox_order" in one


async def test_secrets_that_do_not_open(db: Database, channel: ChannelRecord) -> None:
    async with db.write() as tx:
        await channels.set_connection(tx, channel, "in", "imap", {}, secret={"p": "s"})
        await tx.execute(update(Connection).values(secret=b"gAAAAgarbage"))
    (one,) = await problems(db)
    assert one.startswith(
        "✗ The incoming password or token of “Support” cannot be opened with CANAL_SECRET_KEY: "
    )


async def test_a_key_of_ours_that_is_gone(db: Database) -> None:
    """Without it the addresses that customers hold would open nothing, and nobody would know."""
    async with db.write() as tx:
        await meta.forget(tx, "signing_key")
    (one,) = await problems(db)
    assert one.startswith("✗ The secret “signing_key” is gone")


async def test_a_mail_whose_bytes_are_damaged(db: Database, channel: ChannelRecord) -> None:
    async with db.write() as tx:
        await mails.store(tx, [raw(1), raw(2)], [arrival(channel, 1), arrival(channel, 2)])
        await tx.execute(update(Arrival).values(state="dropped"))
        await tx.execute(update(RawMail).where(RawMail.id == 2).values(data=b"no zlib"))
    (one,) = await problems(db)
    assert one.startswith("✗ 1 kept mails are damaged (number 2)")


async def test_a_mail_that_is_still_to_be_read_and_cannot_be(
    db: Database, channel: ChannelRecord
) -> None:
    async with db.write() as tx:
        await mails.store(tx, [raw(1)], [arrival(channel, 1, received_at=LATER)])
        await tx.execute(update(RawMail).values(data=None))
    (one,) = await problems(db)
    assert one.startswith("✗ 1 mails wait to be filed, but their bytes are gone")


@SQLITE
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE messages SET details = '{'", "details of 1 rows in messages (number 1)"),
        ("UPDATE messages SET body = '7'", "body of 1 rows in messages (number 1)"),
        ("UPDATE tickets SET opened_at = 'yesterday'", "opened_at of 1 rows in tickets (number 1)"),
        ("UPDATE tickets SET number = 'twelve'", "number of 1 rows in tickets (number 1)"),
        ("UPDATE tickets SET subject = x'ff00'", "subject of 1 rows in tickets (number 1)"),
    ],
)
async def test_rows_that_hold_what_is_no_value(
    db: Database, channel: ChannelRecord, change: str, what: str
) -> None:
    await add_message(db, await add_ticket(db, channel), state="sent")
    break_rules(db, change)
    (one,) = await problems(db)
    assert one.startswith(f"✗ The {what} cannot be read.")


async def test_words_that_no_canal_has_written_there(db: Database, channel: ChannelRecord) -> None:
    await add_message(db, await add_ticket(db, channel, status="maybe"), state="flying")
    assert await problems(db) == [
        f"✗ The status of 1 rows in tickets (number 1) is none that Canal knows. {GO_BACK}",
        f"✗ The state of 1 rows in messages (number 1) is none that Canal knows. {GO_BACK}",
    ]


async def test_times_that_are_still_to_come(db: Database, channel: ChannelRecord) -> None:
    await add_ticket(db, channel, opened_at=LATER + timedelta(days=2))
    assert await problems(db) == [
        "! 1 rows in tickets are of the future (number 1): look at the machines' clocks."
    ]


async def test_an_item_whose_payload_is_of_another_kind(db: Database) -> None:
    async with db.write() as tx:
        await enqueue(tx, 1, kind="send_email", payload=[], not_before=LATER)
    assert await problems(db) == []


@SQLITE
async def test_a_column_that_is_missing(db: Database) -> None:
    break_rules(db, "ALTER TABLE tickets DROP COLUMN subject")
    (one,) = await problems(db)
    assert "column subject of table tickets is missing" in one


@SQLITE
async def test_a_damaged_file(prepared_url: str, open_db: Open, tmp_path: Path) -> None:
    db = open_database(prepared_url, VAULT)
    channel = await add_channel(db)
    async with db.write() as tx:
        await mails.store(
            tx, [raw(n, os.urandom(9000)) for n in range(30)],
            [arrival(channel, n) for n in range(30)],
        )  # fmt: skip
    break_rules(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    await db.close()
    file = Path(str(db.engine.url.database))
    bad = bytearray(file.read_bytes())
    bad[-200_000:-20_000] = b"\xaa" * 180_000
    file.write_bytes(bad)
    (one,) = await problems(open_db())
    assert one.startswith("✗ The file is damaged (")
    assert one.endswith("go back to a backup (docs/deploy.md).")
    with pytest.raises(Unreachable, match=r"malformed\)\. Go back to a backup"):
        await backup(open_db(), tmp_path / "copy.db")


async def test_a_counter_that_would_give_a_number_twice(
    db: Database, channel: ChannelRecord
) -> None:
    await add_ticket(db, channel)
    async with db.write() as tx:
        await tx.execute(update(Workspace).values(next_ticket_number=1))
    assert await problems(db) == [
        f"✗ The next ticket of T1 would be #1, but there is #1. {GO_BACK}"
    ]


async def test_mails_and_replies_that_nobody_will_post_or_send(
    db: Database, channel: ChannelRecord
) -> None:
    ticket = await add_ticket(db, channel)
    await add_message(db, ticket, direction="inbound", state="filed", slack_ts=None)
    await add_message(db, ticket, state="held")
    assert await problems(db) == [
        (
            "✗ 1 mails were filed but never posted, and nothing waits to post them (in tickets "
            "#1): ask their writers to send them again."
        ),
        (
            "✗ 1 replies are held, but nothing waits to send them (in tickets #1): "
            "write them again in their threads."
        ),
    ]


async def test_work_that_waits_too_long(db: Database, channel: ChannelRecord) -> None:
    async with db.write() as tx:
        await enqueue(tx, 1)
        await enqueue(tx, 2)
        await mails.store(tx, [raw(1)], [arrival(channel, 1)])
    items = await claim(db, limit=1)
    assert len(items) == 1
    assert await problems(db) == [
        "! 1 outbox items are in the hands of a Canal that is gone: start one.",
        f"! 1 outbox items are due for more than an hour: {LOOK}.",
        f"! 1 mails wait to be filed for more than an hour: {LOOK}.",
    ]


async def test_what_was_given_up(db: Database, channel: ChannelRecord) -> None:
    async with db.write() as tx:
        await enqueue(tx, 1)
        await mails.store(tx, [raw(1)], [arrival(channel, 1)])
        await tx.execute(update(Arrival).values(state="parked"))
    (item,) = await claim(db)
    async with db.write() as tx:
        await outbox.bury(tx, item.id, "one", "no")
    assert await problems(db) == [
        "! 1 outbox items were given up: see “canal outbox list”.",
        "! 1 mails could not be filed, and are kept for the next start: the log says why.",
    ]


async def test_mails_that_belong_to_nothing(db: Database) -> None:
    async with db.write() as tx:
        await mails.add_raw(tx, raw(1))
    assert await problems(db) == [
        "! 1 kept mails belong to nothing: they go when CANAL_RETENTION_DAYS are over."
    ]


@SQLITE
async def test_rows_that_point_nowhere(open_db: Open) -> None:
    db = open_db()
    break_rules(db, "INSERT INTO ticket_people (ticket_id, address, name) VALUES (99, 'a@b', '')")
    (one,) = await problems(open_db())
    assert one.startswith("✗ 1 rows point nowhere, in ticket_people.")


async def test_all_secrets_are_sealed_anew(db: Database, channel: ChannelRecord) -> None:
    from cryptography.fernet import Fernet

    from storage.crypto import Vault
    from storage.engine import open_database
    from tests.storage.samples import KEY

    first = await prepare(db)
    async with db.write() as tx:
        await channels.set_connection(tx, channel, "in", "imap", {}, secret={"p": "s"})
    new = Fernet.generate_key().decode()
    url = db.engine.url.render_as_string(hide_password=False)
    both, only_new = open_database(url, Vault([new, KEY])), open_database(url, Vault([new]))
    async with only_new.read() as tx:
        assert len(await list_unreadable(tx)) == 3
    async with both.write() as tx:
        assert await rotate_all(tx) == 3
    assert await prepare(only_new) == first
    async with only_new.read() as tx:
        assert await list_unreadable(tx) == []
        assert await channels.open_secret(tx, channel, "in") == {"p": "s"}
    await both.close()
    await only_new.close()
