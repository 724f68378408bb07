"""The bytes of a reply or forward: composed at its first attempt, the same at every further one."""

from __future__ import annotations

import asyncio
from datetime import datetime

from handlers.context import Context
from handlers.errors import ChatError, ChatRateLimited, ChatUnavailable
from handlers.ports import Chat
from handlers.replies.compose_forward import build_forward, load_passed_on
from handlers.replies.compose_reply import ReplyParts, build_mail
from handlers.replies.forwarded_files import read_passed_on
from handlers.replies.forwarding import FORWARD
from mail.errors import Deferred, MailError
from mail.sentences import say
from mail.writing.compose import OutgoingFile, OutgoingMail, compose
from mail.writing.dkim_sign import sign
from storage.engine import Session
from storage.queries import dkim, mails, messages
from storage.queries.mails import NewRaw
from storage.records import AttachmentRecord, OutboxRecord

_FILE_LIMIT = 100 * 1024 * 1024
_FILE_ATTEMPTS = 4
_THREAD_FROM = 64 * 1024
"""Bytes of files from which composing leaves the event loop."""


class FileMissing(MailError):  # noqa: N818 - it names the case
    """A file of the reply could not be fetched from Slack, so nothing was sent."""


class MailDrafts:
    def __init__(self, context: Context, chat: Chat) -> None:
        self._context = context
        self._chat = chat

    async def data_of(self, item: OutboxRecord, parts: ReplyParts) -> bytes:
        """The mail as it leaves, stored before anybody sees it.

        Raises MailError, whose sentence tells what is missing, or ChatRateLimited.
        """
        message = parts.message
        if message.raw_mail_id is not None:
            known_as = message.raw_mail_id
            stored = await self._context.db.in_read(lambda tx: mails.find_raw(tx, known_as))
            if stored is not None:
                return stored
        now = self._context.clock.now()
        draft = await self._draft(item, parts, now)
        size = sum(len(file.data) for file in draft.attachments)
        data = await asyncio.to_thread(compose, draft) if size > _THREAD_FROM else compose(draft)
        data = await self._signed(parts, data)
        raw_id = self._context.db.new_id()
        raw = NewRaw(raw_id, message.team_id, mails.pack(data), len(data), now)

        async def keep(tx: Session) -> None:
            await mails.add_raw(tx, raw)
            await messages.change(tx, message.id, raw_mail_id=raw_id)

        await self._context.db.in_write(keep)
        return data

    async def _draft(self, item: OutboxRecord, parts: ReplyParts, now: datetime) -> OutgoingMail:
        message = parts.message
        agent = await self._chat.profile(message.slack_user_id or "")
        if message.kind != FORWARD:
            files = [await self._fetch_file(item, one) for one in parts.attachments]
            return build_mail(parts, self._context, agent, files, date=now)
        passed_on = await load_passed_on(self._context, message)
        files = await read_passed_on(
            self._context, passed_on, lambda file: self._fetch_file(item, file)
        )
        return build_forward(parts, passed_on, self._context, agent, files, date=now)

    async def _signed(self, parts: ReplyParts, data: bytes) -> bytes:
        """With a DKIM signature, where the mail leaves through our own relay and there is a key;
        a customer's own server signs itself."""
        if parts.channel.outgoing != "internal":
            return data
        domain = parts.sender.domain
        key = await self._context.db.in_read(lambda tx: dkim.find_for(tx, domain))
        if key is None:
            return data
        return await asyncio.to_thread(sign, data, key.selector, key.domain, key.private_key)

    async def _fetch_file(self, item: OutboxRecord, attachment: AttachmentRecord) -> OutgoingFile:
        name, content_type = attachment.filename, attachment.content_type
        try:
            url = attachment.url
            if not url and attachment.slack_file_id:
                file = await self._chat.look_up_file(attachment.slack_file_id)
                url, name, content_type = file.url, file.name, file.content_type
            data = await self._chat.download(url or "", limit=_FILE_LIMIT)
        except ChatRateLimited:
            raise
        except ChatError as error:
            if isinstance(error, ChatUnavailable) and item.attempts < _FILE_ATTEMPTS:
                raise Deferred(
                    say("{filename} cannot be fetched yet.", filename=attachment.filename)
                ) from error
            raise FileMissing(
                f"{attachment.filename} could not be fetched from Slack ({error.code}), "
                "so nothing was sent."
            ) from error
        return OutgoingFile(name, content_type, data)
