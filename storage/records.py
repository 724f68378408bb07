"""What queries return: frozen values, cut from rows, that outlive their transaction."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    id: int
    team_id: str
    uid: str
    name: str
    slack_channel_id: str
    state: str
    incoming: str
    outgoing: str
    primary_address: str
    inbound_address: str | None
    from_name: str
    from_email: str
    copy_to: str | None
    copy_as_bcc: bool
    signature: list[Json] | None
    footer: list[Json] | None
    quote: str
    forward_opens_ticket: bool
    reply_mode: str
    undo_seconds: int
    reopen_days: int
    agents: list[str]
    options: Json
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AddressRecord:
    email_channel_id: int
    address: str
    kind: str


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    id: int
    email_channel_id: int
    direction: str
    kind: str
    settings: Json
    cursor: Json
    last_ok_at: datetime | None
    failing_since: datetime | None
    failures: int
    last_error: str | None
    last_error_parts: Json | None
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class ArrivalRecord:
    id: int
    team_id: str
    email_channel_id: int
    raw_mail_id: int
    source: str
    quiet: bool
    envelope: Json
    state: str
    attempts: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class TicketRecord:
    id: int
    team_id: str
    number: int
    email_channel_id: int
    subject: str
    customer_name: str
    customer_address: str
    participants: list[Json]
    status: str
    assignee_id: str | None
    slack_channel_id: str
    root_ts: str | None
    last_seen_ts: str | None
    linked_ticket_id: int | None
    suggested_ticket_id: int | None
    opened_at: datetime
    waiting_since_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MessageRecord:
    id: int
    team_id: str
    ticket_id: int
    email_channel_id: int
    direction: str
    kind: str
    state: str
    rfc_message_id: str | None
    author_name: str
    author_address: str
    slack_user_id: str | None
    slack_channel_id: str | None
    slack_ts: str | None
    reaction: str | None
    subject: str
    body: list[Json]
    visible: list[Json] | None
    folded_lines: int
    recipients: list[Json]
    references: list[str]
    raw_mail_id: int | None
    details: Json
    error: str | None
    send_at: datetime | None
    sent_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    id: int
    message_id: int
    part_index: int
    filename: str
    content_type: str
    size: int
    inline: bool
    content_id: str | None
    sha256: str
    summary: str
    slack_file_id: str | None
    url: str | None
    state: str
    error: str | None


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    message_id: int
    address: str
    state: str
    code: int | None
    status: str | None
    reply: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DigestRecord:
    id: int
    team_id: str
    slack_channel_id: str
    ts: str | None
    is_current: bool
    folded_at: datetime


@dataclass(frozen=True, slots=True)
class FoldedRecord:
    ticket_id: int
    digest_id: int
    message_id: int
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    id: int
    team_id: str
    kind: str
    lane: str
    order_key: str
    payload: Json
    state: str
    attempts: int
    uncertain: bool
    not_before: datetime
    last_error: str | None
    created_at: datetime


def cut(record: type[T], row: object) -> T:
    """A record with the row's attributes of the same names."""
    return record(**{field.name: getattr(row, field.name) for field in fields(record)})  # type: ignore[arg-type]
