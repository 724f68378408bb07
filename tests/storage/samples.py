"""Rows that the storage tests begin with."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.crypto import Vault
from storage.engine import Database, Session
from storage.queries import channels, mails, messages, meta, outbox, tickets
from storage.queries.mails import NewArrival, NewRaw
from storage.records import ChannelRecord, MessageRecord, OutboxRecord, TicketRecord

KEY = "T2Zfa2V5X29mX3RoZV90ZXN0c19vbmx5X18zMmJ5dGU="
VAULT = Vault([KEY])
NOW = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)
TEAM = "T1"
LEASE = timedelta(minutes=5)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def add_channel(db: Database, name: str = "Support", **values: Any) -> ChannelRecord:
    columns = {
        "team_id": TEAM,
        "name": name,
        "slack_channel_id": f"C{name.upper()}",
        "primary_address": f"{name.lower()}@acme.example",
        "from_email": f"{name.lower()}@acme.example",
        **values,
    }
    async with db.write() as tx:
        return await channels.add(tx, columns, now=NOW)


async def add_ticket(db: Database, channel: ChannelRecord, **values: Any) -> TicketRecord:
    columns = {
        "email_channel_id": channel.id,
        "subject": "Help",
        "slack_channel_id": channel.slack_channel_id,
        "opened_at": NOW,
        "updated_at": NOW,
        **values,
    }
    async with db.write() as tx:
        await meta.ensure_workspace(tx, TEAM, now=NOW)
        return await tickets.add(tx, TEAM, columns)


def message_values(ticket: TicketRecord, **values: Any) -> dict[str, Any]:
    return {
        "team_id": TEAM,
        "ticket_id": ticket.id,
        "email_channel_id": ticket.email_channel_id,
        "direction": "outbound",
        "state": "held",
        "slack_user_id": "UANA",
        "slack_channel_id": ticket.slack_channel_id,
        "slack_ts": "1772445600.000100",
        "created_at": NOW,
        **values,
    }


async def add_message(db: Database, ticket: TicketRecord, **values: Any) -> MessageRecord:
    async with db.write() as tx:
        return await messages.add(tx, message_values(ticket, **values))


async def enqueue(tx: Session, number: int = 0, **values: Any) -> None:
    await outbox.enqueue(
        tx,
        **{
            "team_id": TEAM,
            "kind": "post_mail",
            "lane": "slack:C1",
            "order_key": f"thread:{number}",
            "payload": {"number": number},
            "now": NOW,
            **values,
        },
    )


async def claim(
    db: Database, holder: str = "one", *, now: datetime = NOW, **values: Any
) -> list[OutboxRecord]:
    options = {"lease": LEASE, "limit": 100, "per_lane": 100, **values}
    async with db.write() as tx:
        return await outbox.claim(tx, holder, now=now, **options)


def raw(number: int, data: bytes = b"Subject: hello\r\n\r\nhello\r\n") -> NewRaw:
    return NewRaw(number, TEAM, mails.pack(data), len(data), NOW)


def arrival(channel: ChannelRecord, number: int, **values: Any) -> NewArrival:
    columns = {
        "team_id": TEAM,
        "email_channel_id": channel.id,
        "raw_mail_id": number,
        "dedupe_key": f"key-{number}",
        "source": "smtp",
        "envelope": {"mail_from": "jo@cust.example"},
        "received_at": NOW,
        **values,
    }
    return NewArrival(**columns)


def break_rules(db: Database, statement: str) -> None:
    """Change a SQLite file behind everybody's back, foreign keys or not."""
    with contextlib.closing(sqlite3.connect(str(db.engine.url.database))) as connection:
        connection.execute(statement)
        connection.commit()
