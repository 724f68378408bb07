"""A copy of each sent mail in the mailbox's own folder for sent mail. Never fails the sending."""

from __future__ import annotations

import logging
from datetime import timedelta

from handlers.context import Context
from handlers.outbox.settling import Later, Settle
from handlers.ports import MailConnection, SentFolder
from mail.errors import MailError
from storage.queries import channels, mails, messages
from storage.records import OutboxRecord

_log = logging.getLogger(__name__)
_ATTEMPTS = 6
_PAUSE = timedelta(minutes=5)


class SentCopies:
    def __init__(self, context: Context, folder: SentFolder) -> None:
        self._context = context
        self._folder = folder

    async def save_sent(self, item: OutboxRecord) -> Settle | None:
        """One attempt; after some the copy is given up, the mail itself has left long ago."""
        async with self._context.db.read() as tx:
            message = await messages.find(tx, item.payload["message_id"])
            if message is None or message.raw_mail_id is None:
                return None
            data = await mails.find_raw(tx, message.raw_mail_id)
            channel = await channels.get(tx, message.email_channel_id)
            record = await channels.find_connection(tx, channel.id, "in")
            secret = await channels.open_secret(tx, channel, "in")
        if data is None or record is None or record.kind != "imap":
            return None
        connection = MailConnection.of(channel, record, secret)
        try:
            await self._folder.append_sent(connection, data, message.rfc_message_id)
        except MailError as error:
            if item.attempts < _ATTEMPTS:
                raise Later(_PAUSE * item.attempts, str(error)) from error
            _log.warning("no copy of message %d in the folder for sent mail: %s", message.id, error)
        return None
