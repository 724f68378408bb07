"""The parts of a mail as the standard library's Message, for code that asks headers and types.

Built from our own split, so that nothing recurses without bound; large files are left out, because
nobody reads a bounce out of a video.
"""

from __future__ import annotations

from email.message import Message

from mail.mime.encoded_words import raw_to_text
from mail.mime.headers import HeaderBlock, split_headers
from mail.mime.parts import Part, split_mime
from mail.mime.transfer import decode_transfer

MAX_TEXT = 1_000_000
MAX_OTHER = 200_000
MAX_VALUE = 8_000
MAX_NESTED = 4
MAX_BLOCKS = 200


def build_message(part: Part, *, nested: int = 0) -> Message:
    """A Message (policy compat32) with the same headers and parts; values are real Unicode."""
    root = _with_headers(part.headers)
    waiting = [(part, root)]
    while waiting:
        source, message = waiting.pop()
        message.set_type(source.content_type, requote=False) if not source.declared else None
        if source.is_multipart:
            views = [_with_headers(child.headers) for child in source.children]
            message.set_payload(list[Message | str](views))
            waiting.extend(zip(source.children, views, strict=True))
        elif source.content_type.startswith("message/"):
            _set_message_payload(message, source, nested)
        else:
            limit = MAX_TEXT if source.content_type.startswith("text/") else MAX_OTHER
            size = source.body_end - source.body_start
            body = source.body[:limit] if limit == MAX_TEXT or size <= limit else b""
            message.set_payload(body.decode("ascii", "surrogateescape"))
    return root


def _with_headers(headers: HeaderBlock) -> Message:
    message = Message()
    for name, value in headers.fields[:2000]:
        # The standard library looks for parameters in quadratic time.
        text = raw_to_text(value[:MAX_VALUE].strip(b" \t\r\n"), headers.charset)
        message.set_raw(name, text.replace("\x00", "").replace("\r\n", "\n"))
    return message


def _set_message_payload(message: Message, source: Part, nested: int) -> None:
    """message/rfc822 holds one mail, message/delivery-status one header block per recipient."""
    body = decode_transfer(source.body[: MAX_TEXT * 2], source.encoding).data
    if source.content_type in ("message/rfc822", "message/global") and nested < MAX_NESTED:
        inner = split_mime(body.lstrip(b"\r\n"))
        message.set_payload([build_message(inner.root, nested=nested + 1)])
    elif source.content_type in ("message/delivery-status", "message/global-delivery-status"):
        message.set_payload(list[Message | str](_status_blocks(body)))
    else:
        message.set_payload(body.decode("ascii", "surrogateescape"))


def _status_blocks(body: bytes) -> list[Message]:
    blocks: list[Message] = []
    position = 0
    body = body.lstrip(b"\r\n")
    while position < len(body) and len(blocks) < MAX_BLOCKS:
        headers = split_headers(body, position)
        if headers.fields:
            blocks.append(_with_headers(headers))
        position = max(headers.body_offset, position + 1)
        while body[position : position + 1] in (b"\r", b"\n"):
            position += 1
        if headers.defects:
            next_line = body.find(b"\n", position)
            position = len(body) if next_line < 0 else next_line + 1
    return blocks
