"""What one person sees: modals, the App Home, and answers to their commands and buttons."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.slack.calls import SlackCalls
from bot.slack.i18n import Catalogs
from bot.slack.notices import build_notice
from bot.slack.people import People
from bot.slack.texts import Texts
from handlers.errors import ChatRefused
from handlers.posts import Notice

Json = dict[str, Any]
_WAITS = (0.1, 0.2, 0.4, 0.8, 1.5)
"""Seconds between looks whether Slack shows a view already."""


class Windows:
    """The part of SlackChat that listeners use; handlers know nothing of it."""

    def __init__(self, calls: SlackCalls, catalogs: Catalogs) -> None:
        self._calls = calls
        self._catalogs = catalogs
        self.people = People(calls)
        self.texts = Texts(catalogs.translator(None))
        """For everything that several people read."""

    async def texts_for(self, user_id: str) -> Texts:
        """For what only this person reads; never fails, at worst it is everybody's language."""
        return Texts(self._catalogs.translator((await self.people.profile(user_id)).locale))

    async def open_view(self, trigger_id: str, view: Json) -> str:
        """Open a modal; returns its view id."""
        answer = await self._calls.call("views.open", {"trigger_id": trigger_id, "view": view})
        return str((answer.get("view") or {}).get("id", ""))

    async def push_view(self, trigger_id: str, view: Json) -> None:
        """Put a modal over the one that the interaction came from."""
        await self._calls.call("views.push", {"trigger_id": trigger_id, "view": view})

    async def update_view(self, view_id: str, view: Json, *, if_hash: str | None = None) -> None:
        """`if_hash`: only if nobody has changed it since; else ChatRefused "hash_conflict"."""
        await self._calls.call("views.update", {"view_id": view_id, "view": view}
            | ({"hash": if_hash} if if_hash else {}))  # fmt: skip

    async def update_waiting_view(self, external_id: str, view: Json) -> bool:
        """Replace the view that an answer to Slack has asked for, as soon as Slack shows it.

        False when nobody looks at it: it was closed meanwhile.
        """
        for wait in _WAITS:
            try:
                await self._calls.call("views.update", {"external_id": external_id, "view": view})
            except ChatRefused as error:
                if error.code != "not_found":
                    raise
                await asyncio.sleep(wait)
            else:
                return True
        return False

    async def publish_home(self, user_id: str, view: Json) -> None:
        await self._calls.call("views.publish", {"user_id": user_id, "view": view})

    async def respond(self, response_url: str, text: str) -> None:
        """Answer a command or button by its response_url; only that person sees it."""
        await self._calls.respond(response_url, {"response_type": "ephemeral", "text": text})

    async def replace_answer(self, response_url: str, text: str, blocks: Sequence[Json]) -> None:
        """Put this in the place of the answer whose button was pressed."""
        body = {"replace_original": True, "text": text, "blocks": list(blocks)}
        await self._calls.respond(response_url, body)

    async def replace_whisper(
        self, response_url: str, notice: Notice | None, user_id: str = ""
    ) -> None:
        """Put `notice` in the place of the whisper whose button was pressed; None removes it."""
        body: Json = {"delete_original": True}
        if notice is not None:
            texts = await self.texts_for(user_id) if user_id else self.texts
            payload = build_notice(notice, texts)
            body = {"replace_original": True, "text": payload["text"], "blocks": payload["blocks"]}
        await self._calls.respond(response_url, body)
