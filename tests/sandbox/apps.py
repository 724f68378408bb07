"""A real Bolt app on a sandbox, for tests of what Slack sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox


@dataclass
class Heard:
    """What the app heard: events, and other payloads."""

    events: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str, subtype: str | None = None) -> list[dict[str, Any]]:
        return [
            event
            for event in self.events
            if event["type"] == kind and event.get("subtype") == subtype
        ]


def make_app(sandbox: Sandbox) -> tuple[AsyncApp, Heard]:
    """An app that hears everything, its own messages too, and acks."""
    client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url)
    app = AsyncApp(
        client=client,
        signing_secret=sandbox.signing_secret,
        ignoring_self_events_enabled=False,
    )
    heard = Heard()

    async def hear(event: dict[str, Any], body: dict[str, Any]) -> None:
        heard.events.append(event)
        heard.bodies.append(body)

    import re

    app.event(re.compile(".*"))(hear)
    return app, heard


@asynccontextmanager
async def connected(sandbox: Sandbox, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app on Socket Mode."""
    assert app.client.base_url == sandbox.api_url
    before = sandbox.sockets_open
    handler = AsyncSocketModeHandler(app, sandbox.app_token, web_client=app.client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await sandbox.wait_for(lambda: sandbox.sockets_open > before)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
