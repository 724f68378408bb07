"""No query that runs for every mail, reply or tick reads a whole table, on either database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from storage.engine import Database, Session
from storage.queries import (
    arrivals,
    channels,
    digests,
    mails,
    messages,
    outbox,
    outbox_pauses,
    retention,
    tickets,
)
from storage.records import ChannelRecord
from tests.storage.samples import (
    LEASE,
    NOW,
    TEAM,
    add_message,
    add_ticket,
    arrival,
    enqueue,
    message_values,
    raw,
)

GROWING = {
    "raw_mails", "arrivals", "tickets", "ticket_people", "messages", "message_index",
    "attachments", "deliveries", "outbox", "folded_cards", "digests",
}  # fmt: skip
"""The others have a row for each channel or less."""
HARDLY_LESS = re.compile(r"SEARCH (\w+) USING (?:COVERING )?INDEX (\w+) \((\w+)=\?\)")
SAME_FOR_ALL = {"team_id", "email_channel_id"}
"""A search by one of these alone finds all that one workspace, one channel ever had."""
PARTIAL = {"ix_arrivals_held"}
"""Indexes of a few rows only."""
Statement = tuple[str, Any]


@asynccontextmanager
async def heard(db: Database) -> AsyncIterator[list[Statement]]:
    """What is sent to the database meanwhile."""
    statements: list[Statement] = []

    def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT)\b", statement):
            statements.append((statement, parameters))

    event.listen(db.engine.sync_engine, "before_cursor_execute", listen)
    try:
        yield statements
    finally:
        event.remove(db.engine.sync_engine, "before_cursor_execute", listen)


async def scans(db: Database, statements: list[Statement]) -> list[str]:
    """The statements that read a growing table from end to end, with their plans."""
    bad = []
    async with db.engine.connect() as connection:
        if not db.is_sqlite:
            # With few rows a scan is the best plan; only where nothing else is possible it stays.
            await connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in statements:
            one = parameters[0] if isinstance(parameters, list) else parameters
            explain = "EXPLAIN QUERY PLAN " if db.is_sqlite else "EXPLAIN "
            rows = (await connection.exec_driver_sql(explain + statement, one)).all()
            plan = "\n".join(str(row[-1]) for row in rows)
            if statement.startswith("INSERT") and "SELECT" not in statement:
                # SQLite's plan names what it would look for while a deferred foreign key is broken.
                plan = ""
            scanned = re.findall(r"(?:SCAN|Seq Scan on) (\w+)(?! USING)", plan)
            names = {
                re.sub(r"_\d+$", "", name) for name in scanned if f"SCAN {name} USING" not in plan
            }
            # SQLite only: PostgreSQL's choice among indexes depends on how full the tables are.
            names |= {
                table
                for table, index, column in HARDLY_LESS.findall(plan)
                if column in SAME_FOR_ALL and index not in PARTIAL
            }
            if names & GROWING:
                bad.append(f"{statement}\n--\n{plan}")
    return bad


async def run_all(tx: Session, channel: ChannelRecord, ticket_id: int, message_id: int) -> None:
    """Every hot query once."""
    await mails.store(tx, [raw(9)], [arrival(channel, 9)])
    claimed = await mails.claim(tx, "one", now=NOW, lease=LEASE, limit=32)
    await mails.still_claimed(tx, [item.id for item in claimed], "one")
    await mails.find_raw(tx, 9)
    await mails.postpone(tx, claimed[0].id, NOW, "later")
    await mails.settle(tx, claimed[0].id, "filed", message_id=message_id)
    await mails.release_claims(tx, ["one"])
    await mails.list_holders(tx)
    await mails.find_packed(tx, [9])
    await retention.purge_raw(tx, before=NOW, limit=10)
    await arrivals.list_raw_since(tx, channel.id, NOW)
    await channels.release_held(tx, channel.id)

    await tickets.get(tx, ticket_id)
    await tickets.find_by_number(tx, TEAM, 1)
    await tickets.find_by_thread(tx, "C1", "1.1")
    await tickets.find_many(tx, [1, 2])
    await tickets.count_of_customer(tx, channel.id, "jo@cust.example", until=9)
    await tickets.due_for_refresh(tx, NOW)
    await tickets.list_unfinished(tx, team_id=TEAM)
    await tickets.list_linked(tx, ticket_id)
    await tickets.latest_of_customer(tx, channel.id, "jo@cust.example")
    await tickets.add_people(tx, ticket_id, [("jo@cust.example", "Jo")])
    await tickets.is_person_of(tx, ticket_id, "jo@cust.example")
    await tickets.index_ids(tx, channel.id, ticket_id, ["<a@b>"], message_id=message_id)
    await tickets.find_by_ids(tx, channel.id, ["<a@b>", "<c@d>"])
    await tickets.change(tx, ticket_id, updated_at=NOW)

    await messages.add_from_slack(tx, message_values(await tickets.get(tx, ticket_id)))
    await messages.get(tx, message_id)
    await messages.find_by_ts(tx, "C1", "1.1")
    await messages.find_known_ts(tx, "C1", ["1.1", "1.2"])
    await messages.first_of_ticket(tx, ticket_id)
    await messages.list_of_ticket(tx, ticket_id, newest_first=True)
    await messages.list_stoppable(tx, ticket_id, since=NOW)
    await messages.last_reply_before(tx, ticket_id, message_id)
    await messages.move_state(tx, message_id, ["held"], "sending")
    await messages.list_attachments(tx, message_id)
    await messages.list_deliveries(tx, message_id)
    await messages.image_hashes(tx, ticket_id)
    await messages.has_pending_files(tx, message_id)
    await messages.save_deliveries(tx, message_id, [], now=NOW)
    await messages.find_outbound_by_rfc_id(tx, channel.id, "<a@b>")
    await messages.forget_failures(tx, message_id)

    await enqueue(tx, 1, dedupe_key="card:1")
    await enqueue(tx, 2)
    items = await outbox.claim(tx, "one", now=NOW, lease=LEASE, limit=9, per_lane=9)
    await outbox.claim(
        tx, "one", now=NOW + timedelta(days=1), lease=LEASE, limit=9, per_lane=9, busy_lanes=["x"]
    )
    await outbox.next_due_at(tx, ["slack:x"])
    await outbox.renew(tx, [items[0].id], "one", NOW)
    await outbox.retry(tx, items[0].id, "one", not_before=NOW, error="")
    await outbox.bury(tx, items[1].id, "one", "")
    await outbox.done(tx, [items[1].id], "one")
    await outbox.reschedule(tx, "send:1", NOW)
    await outbox.cancel(tx, "send:1")
    await outbox.is_on_its_way(tx, "post_card", "slack:C1")
    await digests.list_foldable(tx, "slack:C1")
    await digests.find_current(tx, "C1")
    digest = await digests.begin(tx, TEAM, "C1", now=NOW, stale_before=NOW)
    await digests.fold(tx, digest, [digests.WaitingCard(1, ticket_id, message_id)], now=NOW)
    await digests.count(tx, digest.id)
    await digests.list_folded(tx, digest.id)
    await digests.list_unopened(tx, digest.id)
    await digests.list_digests_of(tx, [ticket_id])
    await digests.is_digest(tx, "C1", "1.1")
    await digests.bring_up(tx, [ticket_id], now=NOW)
    await outbox_pauses.hurry(tx, ["mail:1"], now=NOW)
    await outbox.list_holders(tx)
    await outbox.release_claims(tx, ["one"])
    await outbox.list_items(tx, state="dead")


async def test_no_hot_query_reads_a_whole_table(db: Database, channel: ChannelRecord) -> None:
    ticket = await add_ticket(db, channel)
    message = await add_message(db, ticket)
    async with heard(db) as statements, db.write() as tx:
        await run_all(tx, channel, ticket.id, message.id)
    assert len(statements) > 50
    bad = await scans(db, statements)
    assert not bad, "\n\n".join(bad)


@pytest.mark.parametrize(
    "query",
    ["SELECT * FROM messages WHERE error = 'x'", "DELETE FROM outbox WHERE kind = 'x'"],
)
async def test_a_query_without_an_index_would_be_noticed(db: Database, query: str) -> None:
    async with heard(db) as statements, db.write() as tx:
        await tx.execute(text(query))
    assert len(await scans(db, statements)) == 1


async def test_a_query_for_all_of_a_workspace_would_be_noticed(db: Database) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL's choice among indexes depends on how full the tables are")
    async with heard(db) as statements, db.read() as tx:
        await tx.execute(text("SELECT * FROM tickets WHERE team_id = 'T1' AND status != 'closed'"))
    assert len(await scans(db, statements)) == 1
