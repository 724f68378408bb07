"""What the page in a browser asks, without the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox import MailCatcher, Sandbox
from tests.sandbox.conftest import Room, make_room, write_manifest


class Page:
    """A browser's requests, without the browser."""

    def __init__(self, room: Room, session: aiohttp.ClientSession) -> None:
        self.room = room
        self._session = session

    async def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        url = self.room.sandbox.page_url.rstrip("/") + path
        async with self._session.request(method, url, json=body) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> Any:
        status, answer = await self.ask("GET", path)
        assert status == 200, answer
        return answer

    async def send(self, method: str, path: str, **body: Any) -> Any:
        status, answer = await self.ask(method, path, {"user": self.room.ana, **body})
        assert status == 200, answer
        return answer

    def raw(self, path: str, **options: Any) -> Any:
        url = self.room.sandbox.page_url.rstrip("/") + path
        return self._session.request(options.pop("method", "GET"), url, **options)


@asynccontextmanager
async def opened_page(folder: Path) -> AsyncIterator[Page]:
    """A sandbox with a catcher, and the page's requests to it."""
    sandbox = Sandbox(manifest=write_manifest(folder), limits=False)
    canal = MailCatcher()
    await canal.start()
    catcher = MailCatcher(
        sandbox.store,
        canal_smtp=("127.0.0.1", canal.port),
        addresses=lambda: [{"name": "Support", "address": "support@in.example"}],
    )
    sandbox.attach_catcher(catcher)
    await catcher.start()
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        yield Page(make_room(sandbox), session)
    await catcher.stop()
    await canal.stop()
    await sandbox.stop()
