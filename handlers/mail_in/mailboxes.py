"""Mailboxes at other servers (IMAP): which there are, and taking in what was found in them.

A batch is stored like any other mail, then the cursor, each durably: a crash in between costs a
second look at mails that are known already. The cursor is written under the lease of the mailbox,
so that of two machines that both believe to have it only one moves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.channels import health
from handlers.channels.connection_settings import (
    mailbox_id,
    oauth_of,
    poll_seconds,
    read_cursor,
    read_fetch_options,
    read_imap,
    write_cursor,
)
from handlers.context import Context
from handlers.errors import HandlerError
from handlers.mail_in.intake import Intake
from mail.connections import FetchedBatch, FetchedMail, FetchOptions, ImapCursor, ImapSettings
from mail.errors import DeadGrant, MailError
from mail.model import ReceivedMail
from storage import leases
from storage.group_commit import GroupCommitter
from storage.queries import channels
from storage.records import ChannelRecord

_SAVE_EVERY = 1.0
"""Seconds: while more is known to come, the cursor is written no more often."""
_WINDOW = 0.003
_MOST_AT_ONCE = 500
_NO_LIMIT = 1 << 60
_CLOCK_MARGIN = timedelta(minutes=10)
_NOTE_EVERY = timedelta(minutes=2)


class MailboxGone(HandlerError):  # noqa: N818 - it names the case
    """This mailbox is not watched by this process any more."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox to watch."""

    channel: ChannelRecord
    settings: ImapSettings
    options: FetchOptions
    poll_seconds: float
    cursor: ImapCursor | None
    stored: Mapping[str, Any]
    """The connection's settings as they are stored."""
    secret: Mapping[str, Any] = field(repr=False)
    since: datetime | None
    """When Canal first looked into it."""

    @property
    def lease(self) -> str:
        return f"imap:{self.channel.id}"


@dataclass(slots=True)
class _Taken:
    """What is remembered of a mailbox between its batches."""

    mailbox: Mailbox
    since: datetime
    saved_at: float = float("-inf")
    noted_at: datetime | None = None
    failing: bool = True
    """Until it has worked once: what failed before a restart has to be told off."""


@dataclass(frozen=True, slots=True)
class _Move:
    channel_id: int
    cursor: Mapping[str, Any]
    lease: str
    token: int | None


class Mailboxes:
    """`load` first, then hand batches to `take` and news of the connection to `note`."""

    def __init__(self, context: Context, intake: Intake) -> None:
        self._context = context
        self._intake = intake
        self._known: dict[int, _Taken] = {}
        self.paused = 0
        """How many mailboxes are left alone because their channels are paused."""
        self._cursors: GroupCommitter[_Move, bool] = GroupCommitter(
            self._move, window=_WINDOW, max_items=_MOST_AT_ONCE, max_bytes=_NO_LIMIT
        )
        self._successes: GroupCommitter[int, None] = GroupCommitter(
            self._note_successes, window=_WINDOW, max_items=_MOST_AT_ONCE, max_bytes=_NO_LIMIT
        )

    async def stop(self) -> None:
        """Finish what is in hand."""
        await self._cursors.stop()
        await self._successes.stop()

    async def load(self) -> list[Mailbox]:
        """The mailboxes of all active channels, as they are configured now."""
        async with self._context.db.read() as tx:
            known = await channels.list_all(tx, self._context.team_id)
            outside = [one for one in known if one.incoming == "imap"]
            active = {one.id: one for one in outside if one.state == "active"}
            self.paused = len(outside) - len(active)
            secrets = await channels.open_secrets(tx, active.values(), "in")
            found = [
                _mailbox(
                    active[one.email_channel_id],
                    one.settings,
                    one.cursor,
                    secrets.get(one.email_channel_id, {}),
                )
                for one in await channels.list_connections(tx)
                if one.direction == "in"
                and one.email_channel_id in active
                and _can_sign_in(one.settings)
            ]
        self._remember(found)
        return found

    async def take(self, channel_id: int, batch: FetchedBatch, token: int | None = None) -> None:
        """Store a batch durably: the mails, then how far the mailbox was read.

        `token` is the fencing token of the mailbox's lease, None where there is one process only.

        Raises:
            MailboxGone: the channel is no more, or another machine has the mailbox now.
        """
        taken = self._known.get(channel_id)
        if taken is None:
            raise MailboxGone
        wanted = [one for one in batch if not _was_never_ours(one, batch.reason, taken.since)]
        quiet = batch.reason == "import"
        await self._intake.receive_batch(
            taken.mailbox.channel, [_received(one) for one in wanted], source="imap", quiet=quiet
        )
        now = asyncio.get_running_loop().time()
        if not batch.more or now - taken.saved_at >= _SAVE_EVERY:
            await self._save(taken, batch.cursor, token)
            taken.saved_at = now

    async def note(self, channel_id: int, error: MailError | None) -> None:
        """The mailbox could be used, or could not for this reason."""
        taken = self._known.get(channel_id)
        if taken is None:
            return
        now = self._context.clock.now()
        if error is None:
            if taken.failing or not taken.noted_at or now - taken.noted_at >= _NOTE_EVERY:
                await self._successes.submit(channel_id)
                taken.failing, taken.noted_at = False, now
        else:
            taken.failing = True
            dead = isinstance(error, DeadGrant)
            async with self._context.db.write() as tx:
                await health.note_failure(tx, channel_id, "in", str(error), now=now, reconnect=dead)
        self._context.wake.deliver()

    async def _save(self, taken: _Taken, cursor: ImapCursor, token: int | None) -> None:
        mailbox = taken.mailbox
        stored = write_cursor(cursor, mailbox.stored, taken.since.isoformat())
        if not await self._cursors.submit(_Move(mailbox.channel.id, stored, mailbox.lease, token)):
            raise MailboxGone

    async def _move(self, moves: Sequence[_Move]) -> Sequence[bool]:
        """Write the cursors of those that we still have; of two for one mailbox the later."""
        tokens = {one.lease: one.token for one in moves if one.token is not None}
        async with self._context.db.write() as tx:
            held = await leases.hold(tx, tokens, self._context.holder)
            good = [one.token is None or one.lease in held for one in moves]
            await channels.save_cursors(
                tx,
                "in",
                {
                    one.channel_id: one.cursor
                    for one, is_ours in zip(moves, good, strict=True)
                    if is_ours
                },
            )
        return good

    async def _note_successes(self, channel_ids: Sequence[int]) -> Sequence[None]:
        async with self._context.db.write() as tx:
            now = self._context.clock.now()
            await health.note_successes(tx, set(channel_ids), "in", now=now)
        return [None] * len(channel_ids)

    def _remember(self, found: list[Mailbox]) -> None:
        before, self._known = self._known, {}
        for mailbox in found:
            known = before.get(mailbox.channel.id)
            if known and mailbox_id(known.mailbox.stored) == mailbox_id(mailbox.stored):
                known.mailbox = mailbox
            else:
                known = _Taken(mailbox, mailbox.since or self._context.clock.now())
            self._known[mailbox.channel.id] = known


def _mailbox(
    channel: ChannelRecord,
    settings: Mapping[str, Any],
    cursor: Mapping[str, Any],
    secret: Mapping[str, Any],
) -> Mailbox:
    read = read_cursor(cursor, settings)
    return Mailbox(
        channel=channel,
        settings=read_imap(settings, secret),
        options=read_fetch_options(settings),
        poll_seconds=poll_seconds(settings),
        cursor=read,
        stored=settings,
        secret=secret,
        since=datetime.fromisoformat(cursor["since"]) if read and cursor.get("since") else None,
    )


def _can_sign_in(settings: Mapping[str, Any]) -> bool:
    """False while somebody has still to sign in for the first time."""
    choice = oauth_of(settings)
    return choice is None or bool(choice.granted_at)


def _was_never_ours(mail: FetchedMail, reason: str, since: datetime) -> bool:
    """Whether a mail that a renumbered folder shows again was there before Canal came.

    Such mail was left alone at the first look ("a first connect imports nothing old"), so that it
    is no mail that was missed now.
    """
    if reason != "rescan" or mail.received_at is None:
        return False
    return mail.received_at < since - _CLOCK_MARGIN


def _received(mail: FetchedMail) -> ReceivedMail:
    data = mail.data or _stand_in(mail)
    return ReceivedMail(data, problem=mail.problem)


def _stand_in(mail: FetchedMail) -> bytes:
    """What is filed for a mail that the server lists but gives nothing of; each is another one."""
    place = f"{mail.uidvalidity}.{mail.uid}"
    return (
        f"Message-ID: <unreadable.{place}@canal.invalid>\r\n"
        "Subject: (unreadable mail)\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        f"{mail.problem or ''}\r\n"
    ).encode()
