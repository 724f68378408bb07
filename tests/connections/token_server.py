"""A token endpoint that speaks Microsoft's, Google's and Yandex's documented protocol."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


def id_token(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.sig"


@dataclass
class TokenServer:
    """Answers from `answers` first (status, body), then as a friendly provider would."""

    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""
    challenge: str = ""
    """The code_challenge that the authorization was begun with."""
    issued: int = 0
    rotate: bool = True
    entered: bool = True
    """Whether somebody has entered the device code."""
    device: dict[str, Any] = field(
        default_factory=lambda: {
            "device_code": "DEV",
            "user_code": "ABCD-EFGH",
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900,
            "interval": 5,
        }
    )

    async def handle(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        self.paths.append(request.path)
        if self.answers:
            status, body = self.answers.pop(0)
            return web.json_response(body, status=status)
        if request.path.endswith("/devicecode"):
            return web.json_response(self.device)
        return self._token(form)

    def _token(self, form: dict[str, str]) -> web.Response:
        if form["grant_type"].endswith(":device_code") and not self.entered:
            return web.json_response({"error": "authorization_pending"}, status=400)
        if form["grant_type"] == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != self.challenge:
                return web.json_response({"error": "invalid_grant"}, status=400)
        self.issued += 1
        body: dict[str, Any] = {
            "access_token": f"access-{self.issued}",
            "expires_in": 3600,
            "token_type": "Bearer",
            "id_token": id_token(preferred_username="jo@contoso.example"),
        }
        lasting = form["grant_type"] != "client_credentials" and "assertion" not in form
        if lasting and (self.rotate or "refresh_token" not in form):
            body["refresh_token"] = f"refresh-{self.issued}"
        return web.json_response(body)


@asynccontextmanager
async def running_token_server() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
