"""A stand-in for Microsoft Graph's mail endpoints, as documented."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiohttp import web


@dataclass
class Draft:
    mime: bytes
    attachments: list[dict[str, Any]] = field(default_factory=list)
    uploads: list[tuple[dict[str, Any], bytearray]] = field(default_factory=list)
    sent: bool = False


@dataclass
class GraphServer:
    """`sent` is what sendMail took. `answers` (status, body, headers) come before the real ones."""

    token: str = "good"
    sent: list[bytes] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    hang_up_on: str = ""
    """A request whose path ends so is never answered: the connection is cut."""
    most_at_once: int = 0
    url: str = ""
    _now: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.seen.append(f"{request.method} {request.path}")
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0)
        try:
            return await self._answer(request, body)
        finally:
            self._now -= 1

    async def _answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.hang_up_on and request.path.endswith(self.hang_up_on):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if request.path.startswith("/upload/"):
            assert "Authorization" not in request.headers, "the token is not for this address"
            return self._upload(request, body)
        if self.answers:
            status, answer, headers = self.answers.pop(0)
            return web.json_response(answer, status=status, headers=headers)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": {"code": "InvalidAuthenticationToken"}}, status=401)
        if len(body) > 4_000_000:
            return web.json_response({"error": {"code": "RequestEntityTooLarge"}}, status=413)
        return await self._mail(request, body)

    async def _mail(self, request: web.Request, body: bytes) -> web.Response:
        path = re.sub(r"^/v1\.0/(me|users/[^/]+)", "", request.path)
        if path == "/sendMail":
            self.sent.append(base64.b64decode(body, validate=True))
            return web.Response(status=202)
        if path == "/messages":
            name = f"draft{len(self.drafts) + 1}="
            self.drafts[name] = Draft(base64.b64decode(body, validate=True))
            return web.json_response({"id": name}, status=201)
        match = re.fullmatch(r"/messages/([^/]+)(/.*)?", path)
        assert match is not None, path
        draft = self.drafts[match.group(1)]
        if request.method == "DELETE":
            del self.drafts[match.group(1)]
            return web.Response(status=204)
        return self._change(
            draft, match.group(1), match.group(2), await request.json() if body else {}
        )

    def _change(self, draft: Draft, name: str, action: str, body: dict[str, Any]) -> web.Response:
        if action == "/attachments":
            assert len(body["contentBytes"]) < 4_000_000
            draft.attachments.append(body)
            return web.json_response({}, status=201)
        if action == "/attachments/createUploadSession":
            draft.uploads.append((body["AttachmentItem"], bytearray()))
            number = len(draft.uploads) - 1
            return web.json_response(
                {"uploadUrl": f"{self.url}/upload/{name}/{number}"}, status=201
            )
        assert action == "/send"
        draft.sent = True
        return web.Response(status=202)

    def _upload(self, request: web.Request, body: bytes) -> web.Response:
        _, _, name, number = request.path.split("/")
        item, data = self.drafts[name].uploads[int(number)]
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers["Content-Range"])
        assert span is not None
        first, last, total = (int(one) for one in span.groups())
        assert (first, total) == (len(data), item["size"])
        assert len(body) == last - first + 1 <= 4 * 1024 * 1024
        data += body
        done = len(data) == total
        return web.json_response({}, status=201 if done else 200)

    def mail(self, number: int = -1) -> Message:
        return message_from_bytes(self.sent[number])


@asynccontextmanager
async def running_graph() -> AsyncIterator[GraphServer]:
    server = GraphServer()
    app = web.Application(client_max_size=10 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
