"""Taking mail in: durable first, understood later.

A wire hands over bytes; `receive` returns when a commit holds them, and only then does the wire
say 250 or move its cursor. Mails that arrive together share one commit. Nothing is parsed here
beyond what the dedupe key needs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.context import Context
from handlers.errors import HandlerError, UserError
from handlers.mail_in.address_index import AddressIndex
from mail.model import ReceivedMail
from mail.reading.parse import dedupe_key
from storage.group_commit import GroupCommitter
from storage.mail_store import MailStore
from storage.queries import mails
from storage.queries.mails import NewArrival, NewRaw
from storage.records import ChannelRecord

_log = logging.getLogger(__name__)
_OWN_GROUP_FROM = 8
_GROUP_WINDOW = 0.002
_GROUP_ITEMS = 64
_GROUP_BYTES = 32 * 1024 * 1024
_THREAD_FROM = 256 * 1024
"""Bytes from which hashing and compressing leave the event loop."""


class StorageGroupError(HandlerError):
    """A group of mails could not be stored together; one of them may be the reason."""


class NotOurs(UserError):  # noqa: N818 - it names the case
    """No email channel takes mail for this recipient."""

    code = "not_ours"


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail and where it arrived, ready for a group commit."""

    raw: NewRaw
    arrivals: tuple[NewArrival, ...]


class Intake:
    """Stores mail. `start` before use, `stop` to finish what is in hand."""

    def __init__(self, context: Context, index: AddressIndex) -> None:
        self._context = context
        self._index = index
        self._store = MailStore(context.db)
        self._committer: GroupCommitter[StoredMail, bool] = GroupCommitter(
            self._commit,
            window=_GROUP_WINDOW,
            max_items=_GROUP_ITEMS,
            max_bytes=_GROUP_BYTES,
            size_of=lambda item: len(item.raw.packed),
        )

    async def stop(self) -> None:
        await self._committer.stop()
        await self._store.close()

    async def receive(self, mail: ReceivedMail) -> bool:
        """A mail from our SMTP server, for every channel that its recipients name.

        Returns:
            True when it was new to at least one channel.

        Raises:
            NotOurs: no recipient is ours any more.
        """
        found = {
            channel.id: channel
            for recipient in mail.envelope.rcpt_to
            for channel in self._index.channels_for(recipient)
        }
        if not found:
            raise NotOurs
        return await self.receive_for(tuple(found.values()), mail, source="smtp")

    async def receive_for(
        self,
        channels: Sequence[ChannelRecord],
        mail: ReceivedMail,
        *,
        source: str,
        quiet: bool = False,
    ) -> bool:
        """A mail that was found for these channels, by SMTP, IMAP or from disk."""
        now = self._context.clock.now()
        if len(mail.data) >= _THREAD_FROM:
            stored = await asyncio.to_thread(self._prepare, channels, mail, source, quiet, now)
        else:
            stored = self._prepare(channels, mail, source, quiet, now)
        is_new = await self._committer.submit(stored)
        self._context.wake.file()
        return is_new

    async def receive_batch(
        self,
        channel: ChannelRecord,
        batch: Sequence[ReceivedMail],
        *,
        source: str,
        quiet: bool = False,
    ) -> None:
        """Mails that one look into a mailbox found. All are stored when it returns.

        Many of them are a group already, and go to the database as one. Few join the group that
        other wires are filling.
        """
        if len(batch) >= _OWN_GROUP_FROM:
            try:
                return await self._store_group(channel, batch, source, quiet)
            except StorageGroupError as error:
                _log.warning("a batch of %d mails is stored one by one: %s", len(batch), error)
        outcomes = await asyncio.gather(
            *(self.receive_for((channel,), one, source=source, quiet=quiet) for one in batch),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return None

    async def _store_group(
        self, channel: ChannelRecord, batch: Sequence[ReceivedMail], source: str, quiet: bool
    ) -> None:
        def prepare() -> list[StoredMail]:
            now = self._context.clock.now()
            return [self._prepare((channel,), one, source, quiet, now) for one in batch]

        prepared = await asyncio.to_thread(prepare)
        try:
            await self._commit(prepared)
        except Exception as error:
            raise StorageGroupError(str(error)) from error
        self._context.wake.file()

    def _prepare(
        self,
        channels: Sequence[ChannelRecord],
        mail: ReceivedMail,
        source: str,
        quiet: bool,
        now: datetime,
    ) -> StoredMail:
        raw = NewRaw(
            self._context.db.new_id(),
            channels[0].team_id,
            mails.pack(mail.data),
            len(mail.data),
            now,
        )
        key = dedupe_key(mail.data)
        arrivals = tuple(
            NewArrival(
                team_id=channel.team_id,
                email_channel_id=channel.id,
                raw_mail_id=raw.id,
                dedupe_key=key,
                source=source,
                envelope=envelope_to_json(mail),
                received_at=now,
                quiet=quiet,
            )
            for channel in channels
        )
        return StoredMail(raw, arrivals)

    async def _commit(self, group: Sequence[StoredMail]) -> Sequence[bool]:
        arrivals = [arrival for item in group for arrival in item.arrivals]
        try:
            new = await self._store.store([item.raw for item in group], arrivals)
        except Exception as error:
            self._context.trouble.note(error)
            raise
        return [item.raw.id in new for item in group]


def envelope_to_json(mail: ReceivedMail) -> dict[str, Any]:
    facts = {
        "mail_from": mail.envelope.mail_from,
        "rcpt_to": list(mail.envelope.rcpt_to),
        "peer": mail.peer,
        "helo": mail.helo,
        "tls": mail.tls,
        "problem": mail.problem,
    }
    return {key: value for key, value in facts.items() if value not in (None, [])}
