"""The bytes of files that a forward passes on: out of the mail they came with, or from Slack."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

from handlers.context import Context
from handlers.mail_in.file_mail import WHOLE_MAIL
from handlers.replies.compose_forward import PassedOn, forwarded_content_id
from handlers.tokens import without_tokens
from mail.errors import MailError
from mail.reading.parse import read_attachment
from mail.writing.compose import OutgoingFile
from storage.queries import mails
from storage.records import AttachmentRecord

_READABLE = ("message/", "text/")
_BROKEN = re.compile(r"((?:canal|\+\d)[\w.+-]{0,80})=\r?\n(?=[\w.@+-])")


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
    if file.content_type.startswith(_READABLE):
        data = _without_tokens(data)
    return OutgoingFile(file.filename, file.content_type, data, content_id=content_id)


def _without_tokens(data: bytes) -> bytes:
    """An attached mail of the first ticket has our addresses and ids in its head as well.

    A line that quoted-printable breaks inside a token is put together first.
    """
    text = _BROKEN.sub(r"\1", data.decode("latin-1"))
    return without_tokens(text).encode("latin-1")
