"""The wishes that go into the outbox: one function for each kind, typed payloads, right lanes.

Order keys: posts to one ticket's thread keep their order; its card, its files and its mails each
have their own, so that a mail on hold or a file that Slack refuses holds up nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from handlers.posts import Notice, NoticeKind
from mail.sentences import restored, taken_apart
from storage.engine import Session
from storage.queries import digests, outbox
from storage.records import MessageRecord, OutboxRecord, TicketRecord

_DIGEST_PAUSE = timedelta(seconds=1.5)
"""Between the updates of a digest, so that a flood of mails is no flood of updates."""


class WorkKind(StrEnum):
    POST_CARD = "post_card"
    POST_MAIL = "post_mail"
    UPDATE_CARD = "update_card"
    UPLOAD_FILES = "upload_files"
    SEND_EMAIL = "send_email"
    REACT = "react"
    NOTICE = "notice"
    REPLACE_POST = "replace_post"
    SAVE_SENT = "save_sent"
    CATCH_UP = "catch_up"
    DIGEST = "digest"


def send_key(message_id: int) -> str:
    """Finds the send of a message while it waits, to move or cancel it."""
    return f"send:{message_id}"


def slack_lane(slack_channel_id: str) -> str:
    return f"slack:{slack_channel_id}"


def slack_channel_of(lane: str) -> str | None:
    """The Slack channel that is posted to in this lane."""
    kind, _, slack_channel_id = lane.partition(":")
    return slack_channel_id if kind == "slack" else None


async def post_card(
    tx: Session,
    ticket: TicketRecord,
    message_id: int,
    *,
    now: datetime,
    foldable: bool = False,
    digest_id: int | None = None,
) -> None:
    """`foldable`: in a flood, a digest may list the ticket instead. `digest_id`: one did."""
    await outbox.enqueue(
        tx,
        team_id=ticket.team_id,
        kind=WorkKind.POST_CARD,
        lane=slack_lane(ticket.slack_channel_id),
        order_key=f"thread:{ticket.id}",
        payload={
            "ticket_id": ticket.id,
            "message_id": message_id,
            **({"foldable": True} if foldable else {}),
            **({"digest_id": digest_id} if digest_id else {}),
        },
        now=now,
    )


async def post_mail(tx: Session, ticket: TicketRecord, message_id: int, *, now: datetime) -> None:
    await bring_up(tx, ticket, now=now)
    await outbox.enqueue(
        tx,
        team_id=ticket.team_id,
        kind=WorkKind.POST_MAIL,
        lane=slack_lane(ticket.slack_channel_id),
        order_key=f"thread:{ticket.id}",
        payload={"ticket_id": ticket.id, "message_id": message_id},
        now=now,
    )


async def bring_up(tx: Session, *wanted: TicketRecord, now: datetime) -> int:
    """Post the cards of those tickets that a digest lists instead; returns how many."""
    hidden = {ticket.id: ticket for ticket in wanted if ticket.root_ts is None}
    if not hidden:
        return 0
    found = await digests.bring_up(tx, hidden, now=now)
    for one in found:
        ticket = hidden[one.ticket_id]
        await post_card(tx, ticket, one.message_id, now=now, digest_id=one.digest_id)
    for digest_id in {one.digest_id for one in found}:
        await show_digest(tx, digest_id, now=now)
    return len(found)


async def show_digest(tx: Session, digest_id: int, *, now: datetime) -> None:
    """Make Slack show the digest as it will be by then; many wishes make one post or update."""
    digest = await digests.find(tx, digest_id)
    if digest is None:
        return
    is_there = digest.ts is not None
    where = digest.slack_channel_id
    await outbox.enqueue(
        tx,
        team_id=digest.team_id,
        kind=WorkKind.DIGEST,
        lane=f"update:{where}" if is_there else slack_lane(where),
        order_key=f"digest:{digest.id}",
        dedupe_key=f"digest:{digest.id}",
        payload={"digest_id": digest.id},
        now=now,
        not_before=now + _DIGEST_PAUSE if is_there else now,
    )


async def update_card(tx: Session, ticket: TicketRecord, *, now: datetime) -> None:
    """Something happened to the ticket: its card shows it, and comes out of a digest for it."""
    await bring_up(tx, ticket, now=now)
    await redraw_card(tx, ticket, now=now)


async def redraw_card(tx: Session, ticket: TicketRecord, *, now: datetime) -> None:
    """Many wishes before the next update make one update."""
    await outbox.enqueue(
        tx,
        team_id=ticket.team_id,
        kind=WorkKind.UPDATE_CARD,
        lane=f"update:{ticket.slack_channel_id}",
        order_key=f"card:{ticket.id}",
        dedupe_key=f"card:{ticket.id}",
        payload={"ticket_id": ticket.id},
        now=now,
    )


async def upload_files(
    tx: Session, ticket: TicketRecord, message_id: int, *, now: datetime
) -> None:
    await outbox.enqueue(
        tx,
        team_id=ticket.team_id,
        kind=WorkKind.UPLOAD_FILES,
        lane=f"files:{ticket.slack_channel_id}",
        order_key=f"files:{ticket.id}",
        payload={"ticket_id": ticket.id, "message_id": message_id},
        now=now,
    )


async def send_email(
    tx: Session, message: MessageRecord, *, now: datetime, not_before: datetime
) -> None:
    await outbox.enqueue(
        tx,
        team_id=message.team_id,
        kind=WorkKind.SEND_EMAIL,
        lane=f"mail:{message.email_channel_id}",
        order_key=f"mail:{message.ticket_id}",
        dedupe_key=send_key(message.id),
        payload={"message_id": message.id},
        now=now,
        not_before=not_before,
    )


async def save_sent(tx: Session, message: MessageRecord, *, now: datetime) -> None:
    """File a copy of what left in the mailbox's folder for sent mail."""
    await outbox.enqueue(
        tx,
        team_id=message.team_id,
        kind=WorkKind.SAVE_SENT,
        lane=f"sent:{message.email_channel_id}",
        order_key=f"sent:{message.id}",
        payload={"message_id": message.id},
        now=now,
    )


async def catch_up(tx: Session, ticket: TicketRecord, *, now: datetime) -> None:
    """Read the ticket's thread: what was written in it may have been heard by nobody."""
    await outbox.enqueue(
        tx,
        team_id=ticket.team_id,
        kind=WorkKind.CATCH_UP,
        lane=f"read:{ticket.slack_channel_id}",
        order_key=f"read:{ticket.id}",
        dedupe_key=f"read:{ticket.id}",
        payload={"ticket_id": ticket.id},
        now=now,
    )


async def react(tx: Session, message: MessageRecord, *, now: datetime) -> None:
    """Make Slack show the reaction that fits the message's state, whatever that is by then."""
    await outbox.enqueue(
        tx,
        team_id=message.team_id,
        kind=WorkKind.REACT,
        lane=f"react:{message.slack_channel_id}",
        order_key=f"react:{message.id}",
        dedupe_key=f"react:{message.id}",
        payload={"message_id": message.id},
        now=now,
    )


async def notice_in_thread(
    tx: Session,
    ticket: TicketRecord,
    notice: Notice,
    *,
    now: datetime,
    after: TicketRecord | None = None,
) -> None:
    """`after`: once the posts of that ticket are there, so that they can be linked."""
    await bring_up(tx, ticket, now=now)
    await outbox.enqueue(
        tx,
        team_id=ticket.team_id,
        kind=WorkKind.NOTICE,
        lane=slack_lane(ticket.slack_channel_id),
        order_key=f"thread:{(after or ticket).id}",
        payload={"ticket_id": ticket.id, "notice": notice_to_json(notice)},
        now=now,
    )


async def replace_post(
    tx: Session,
    message: MessageRecord,
    ticket: TicketRecord,
    notice: Notice,
    *,
    now: datetime,
    after: TicketRecord,
) -> None:
    """Put a line of ours in the place of a message's post, once those of `after` are there."""
    await outbox.enqueue(
        tx,
        team_id=ticket.team_id,
        kind=WorkKind.REPLACE_POST,
        lane=f"update:{ticket.slack_channel_id}",
        order_key=f"thread:{after.id}",
        payload={
            "slack_channel_id": message.slack_channel_id,
            "thread_ts": ticket.root_ts,
            "ts": message.slack_ts,
            "notice": notice_to_json(notice),
        },
        now=now,
    )


async def notice_to_admins(
    tx: Session, team_id: str, notice: Notice, *, now: datetime, once_key: str | None = None
) -> None:
    await outbox.enqueue(
        tx,
        team_id=team_id,
        kind=WorkKind.NOTICE,
        lane="admins",
        order_key="admins",
        dedupe_key=once_key,
        payload={"admins": True, "notice": notice_to_json(notice)},
        now=now,
    )


def notice_to_json(notice: Notice) -> dict[str, object]:
    """`said` holds what the sentences among the facts are made of, for the reader's language."""
    apart = {
        name: parts
        for name, fact in notice.facts.items()
        if isinstance(fact, str) and (parts := taken_apart(fact))
    }
    stored: dict[str, object] = {
        "kind": notice.kind.value,
        "facts": notice.facts,
        "mention": notice.mention,
    }
    return {**stored, "said": apart} if apart else stored


def notice_of(item: OutboxRecord) -> Notice:
    return notice_from_json(item.payload["notice"])


def notice_from_json(data: Mapping[str, Any]) -> Notice:
    said = {
        name: restored(data["facts"][name], parts) for name, parts in data.get("said", {}).items()
    }
    return Notice(NoticeKind(data["kind"]), {**data["facts"], **said}, data["mention"])
