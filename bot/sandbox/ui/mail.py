"""The Mail tab: what left Canal, and writing as a customer."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.catcher import MailCatcher, mail_json
from bot.sandbox.caught import CaughtMail, other_parts, part_bytes, part_name
from bot.sandbox.errors import RefusedError, SandboxError
from bot.sandbox.model import Json
from bot.sandbox.ui.chat import RASTER, give_file
from bot.sandbox.ui.guard import answer, read_body

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

_CID = re.compile(r"""cid:([^\s"'<>)]{1,250})""", re.IGNORECASE)


class MailPages:
    """Everything answers 404 with a sentence when there is no catcher."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def _catcher(self) -> MailCatcher:
        if self._sandbox.catcher is None:
            raise RefusedError("No mail is caught here.", "no_mail", 404)
        return self._sandbox.catcher

    async def list(self, request: web.Request) -> web.StreamResponse:
        mails = [mail_json(mail) for mail in reversed(self._catcher.all_mails)]
        return answer({"mails": mails[:500]})

    async def show(self, request: web.Request) -> web.StreamResponse:
        mail = await self._get(request)
        details = {
            "envelope_from": mail.mail_from,
            "envelope_to": mail.rcpt_to,
            "html": bool(mail.html),
            "text": mail.text,
            "headers": [[name, str(value)] for name, value in _headers(mail)],
            "attachments": _attachments(mail),
            "recipients": [{"address": one, "reply": reply} for one, reply in mail.recipients],
        }
        return answer(mail_json(mail) | details)

    async def html(self, request: web.Request) -> web.StreamResponse:
        """The HTML body for a sandboxed frame: no scripts, nothing from elsewhere."""
        mail = await self._get(request)
        if not mail.html:
            raise RefusedError("This mail has no HTML.", "no_html", 404)
        policy = (
            "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
            " sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self';"
            " base-uri 'none'; form-action 'none'"
        )
        headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
        body = _with_images(mail)
        return web.Response(text=body, content_type="text/html", headers=headers)

    async def source(self, request: web.Request) -> web.StreamResponse:
        mail = await self._get(request)
        return web.Response(body=mail.data, content_type="text/plain", charset="utf-8")

    async def download(self, request: web.Request) -> web.StreamResponse:
        mail = await self._get(request)
        return give_file(mail.data or b"", "message/rfc822", f"{mail.id}.eml")

    async def part(self, request: web.Request) -> web.StreamResponse:
        mail = await self._get(request)
        parts = other_parts(mail.message)
        index = int(request.match_info["index"])
        if index >= len(parts):
            raise RefusedError("There is no such attachment.", "not_found", 404)
        part = parts[index]
        return give_file(part_bytes(part), part.get_content_type(), part_name(part))

    async def mark_read(self, request: web.Request) -> web.StreamResponse:
        self._catcher.mark_read()
        return answer()

    async def write(self, request: web.Request) -> web.StreamResponse:
        """A mail as a customer would send it, to Canal's own SMTP server."""
        body = await read_body(request)
        try:
            sent = await self._catcher.send_as_customer(
                from_=body.find_text("from") or "",
                from_name=body.find_text("from_name") or "",
                to=_addresses(body.values.get("to")),
                cc=_addresses(body.values.get("cc")),
                subject=body.find_text("subject") or "",
                text=body.find_text("text") or "",
                files=body.files(),
                reply_to_mail=body.find_text("reply_to_mail"),
                reply_all=body.flag("reply_all"),
                quote=body.values.get("quote") is not False,
            )
        except SandboxError as error:
            raise RefusedError(str(error), "not_sent", 422) from error
        return answer({"ok": True, "id": sent.id})

    async def _get(self, request: web.Request) -> CaughtMail:
        try:
            return await self._catcher.read(request.match_info["mail"])
        except SandboxError as error:
            raise RefusedError(str(error), "not_found", 404) from error


def _addresses(value: object) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value or "")


def _headers(mail: CaughtMail) -> list[tuple[str, str]]:
    """Every header, in order, as readable text; the raw form where it cannot be read."""
    found: list[tuple[str, str]] = []
    for name, raw in mail.message.raw_items():
        try:
            value = str(mail.message.policy.header_fetch_parse(name, raw))
        except Exception:  # noqa: BLE001 - the email package raises anything on broken headers
            value = str(raw)
        found.append((name, value))
    return found


def _attachments(mail: CaughtMail) -> list[Json]:
    found: list[Json] = []
    for index, part in enumerate(other_parts(mail.message)):
        found.append(
            {
                "index": index,
                "filename": part_name(part),
                "content_type": part.get_content_type(),
                "size": len(part_bytes(part)),
                "inline": part.get_content_disposition() == "inline",
                "is_image": part.get_content_type() in RASTER,
            }
        )
    return found


def _with_images(mail: CaughtMail) -> str:
    """The HTML with its own images put in, and links that open elsewhere."""
    places: dict[str, str] = {}
    for part in other_parts(mail.message):
        content_id = str(part.get("Content-ID", "")).strip().strip("<>")
        if content_id and part.get_content_type() in RASTER:
            encoded = base64.b64encode(part_bytes(part)).decode()
            places[content_id] = f"data:{part.get_content_type()};base64,{encoded}"
    body = _CID.sub(lambda match: places.get(match[1], match[0]), mail.html)
    return f'<base target="_blank">{body}'
