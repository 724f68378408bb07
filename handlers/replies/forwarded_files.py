"""The bytes of files that a forward passes on: out of the mail they came with, or from Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from handlers.context import Context
from handlers.mail_in.file_mail import WHOLE_MAIL
from handlers.replies.compose_forward import PassedOn, forwarded_content_id
from mail.errors import MailError
from mail.reading.parse import read_attachment
from mail.writing.compose import OutgoingFile
from storage.queries import mails
from storage.records import AttachmentRecord


class NotKept(MailError):  # noqa: N818 - it names the case
    """A file of the forwarded mails is not kept any more, so nothing was sent."""


async def read_passed_on(
    context: Context,
    passed_on: Sequence[PassedOn],
    fetch: Callable[[AttachmentRecord], Awaitable[OutgoingFile]],
) -> list[OutgoingFile]:
    """Every file of every mail, in order; `fetch` gets the ones that agents attached in Slack.

    Raises:
        NotKept: the mail was purged; the sentence names the file.
    """
    found: list[OutgoingFile] = []
    for one in passed_on:
        if not one.files:
            continue
        raw = await _raw_of(context, one)
        for file in one.files:
            if one.message.slack_user_id is not None:
                found.append(await fetch(file))
            else:
                found.append(await asyncio.to_thread(_read, file, raw, one.message.id))
    return found


async def _raw_of(context: Context, one: PassedOn) -> bytes | None:
    if one.message.raw_mail_id is None:
        return None
    async with context.db.read() as tx:
        return await mails.find_raw(tx, one.message.raw_mail_id)


def _read(file: AttachmentRecord, raw: bytes | None, message_id: int) -> OutgoingFile:
    if raw is None:
        raise NotKept(f"{file.filename} is not kept any more, so nothing was sent.")
    data = raw if file.part_index == WHOLE_MAIL else read_attachment(raw, file.part_index)
    content_id = forwarded_content_id(message_id, file.content_id) if file.content_id else None
    return OutgoingFile(file.filename, file.content_type, data, content_id=content_id)
