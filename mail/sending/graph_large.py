"""Mails too large for one request to Graph: attachments taken out, and uploaded one by one."""

from __future__ import annotations

import base64
import email.policy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.generator import BytesGenerator
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from io import BytesIO
from typing import Any, Protocol, cast

from mail.errors import Deferred, TooLarge
from mail.sending.graph_errors import graph_error
from mail.sentences import say

DIRECT_LIMIT = 2_900_000
"""Graph takes attachments of less than 3 MB in one request, larger ones by an upload session."""
CHUNK = 320 * 1024 * 10
"""Pieces of an upload are multiples of 320 KiB."""


class Account(Protocol):
    @property
    def user(self) -> str: ...

    @property
    def graph_url(self) -> str: ...


class Requests(Protocol):
    """What `GraphSender` lends to an upload: its requests as the account."""

    @property
    def account(self) -> Account: ...

    async def request(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> dict[str, Any]: ...

    async def exchange(
        self, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], float | None]: ...


@dataclass(frozen=True, slots=True)
class Detached:
    """An attachment that was taken out of a mail."""

    name: str
    content_type: str
    data: bytes
    content_id: str | None
    inline: bool

    async def attach(self, sender: Requests, place: str) -> None:
        """Add it to the draft at `place`."""
        if len(self.data) <= DIRECT_LIMIT:
            await self._attach_at_once(sender, place)
        else:
            await self._upload(sender, place)

    async def _attach_at_once(self, sender: Requests, place: str) -> None:
        body = {
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": self.name,
            "contentType": self.content_type,
            "isInline": self.inline,
            "contentBytes": base64.b64encode(self.data).decode(),
        }
        if self.content_id:
            body["contentId"] = self.content_id
        await sender.request("POST", f"{place}/attachments", *_json(body))

    async def _upload(self, sender: Requests, place: str) -> None:
        item: dict[str, object] = {
            "attachmentType": "file",
            "name": self.name,
            "size": len(self.data),
            "contentType": self.content_type,
            "isInline": self.inline,
        }
        if self.content_id:
            item["contentId"] = self.content_id
        answer = await sender.request(
            "POST", f"{place}/attachments/createUploadSession", *_json({"AttachmentItem": item})
        )
        url = str(answer.get("uploadUrl", ""))
        if not url.startswith(("https://", sender.account.graph_url)):
            raise Deferred(say("Microsoft 365 did not say where to upload the attachment."))
        total = len(self.data)
        for start in range(0, total, CHUNK):
            piece = self.data[start : start + CHUNK]
            # The address is its own permission: the token is not for it.
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"bytes {start}-{start + len(piece) - 1}/{total}",
            }
            status, said, wait = await sender.exchange("PUT", url, piece, headers)
            if status >= 300:
                raise graph_error(status, said, wait, sender.account.user)


def detach_large(mime: bytes, request_limit: int) -> tuple[bytes, list[Detached]]:
    """The mail without as many attachments, largest first, as make it fit, and these.

    Raises TooLarge when the text alone does not fit.
    """
    mail = BytesParser(policy=email.policy.compat32).parsebytes(mime)
    found = sorted(_files(mail), key=lambda one: -one[2])
    detached: list[Detached] = []
    size = len(mime)
    for siblings, part, length in found:
        if size * 4 // 3 < request_limit - 200_000:
            break
        size -= length
        siblings.remove(part)
        detached.append(_detached(part))
    rest = _as_bytes(mail)
    if (len(rest) + 2) // 3 * 4 > request_limit:
        raise TooLarge(say("The text of the mail is larger than Microsoft 365 takes."))
    return rest, detached


def _files(mail: Message) -> Iterator[tuple[list[Message], Message, int]]:
    """Parts that may travel apart (files, attached mails; not the text), with the list that each
    is in and how long it is."""
    waiting = [mail]
    while waiting:
        parent = waiting.pop()
        payload = parent.get_payload()
        if parent.get_content_maintype() != "multipart" or not isinstance(payload, list):
            continue
        siblings = cast("list[Message]", payload)
        for part in siblings:
            if part.get_content_maintype() == "multipart":
                waiting.append(part)
            elif parent.get_content_type() != "multipart/alternative" and _is_file(part):
                yield siblings, part, len(_as_bytes(part))


def _is_file(part: Message) -> bool:
    named = part.get_filename() or part.get("Content-ID")
    return bool(named) or part.get_content_disposition() == "attachment"


def _detached(part: Message) -> Detached:
    content_id = str(part.get("Content-ID", "")).strip(" <>\r\n")
    return Detached(
        str(make_header(decode_header(part.get_filename() or "attachment"))),
        part.get_content_type(),
        _content(part),
        content_id or None,
        part.get_content_disposition() == "inline",
    )


def _content(part: Message) -> bytes:
    inner = part.get_payload()
    if isinstance(inner, list):  # message/rfc822
        return b"".join(_as_bytes(one) for one in inner if isinstance(one, Message))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _as_bytes(mail: Message) -> bytes:
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=mail.policy.clone(linesep="\r\n")).flatten(mail)
    return out.getvalue()


def _json(body: object) -> tuple[bytes, dict[str, str]]:
    return json.dumps(body).encode(), {"Content-Type": "application/json"}
