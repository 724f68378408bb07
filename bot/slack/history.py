"""What stands in Slack already: looking for posts and files of ours, reading threads."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from bot.slack.cards import METADATA_EVENT
from bot.slack.threads import agent_messages_from
from bot.slack.windows import Windows
from handlers.errors import ChatError, ChatRefused, ChatUncertain
from handlers.ports import AgentMessage
from handlers.posts import Mark, Place

_log = logging.getLogger(__name__)
Json = dict[str, Any]
_HISTORY_PAGES = 20
NO_SUCH_METHOD = frozenset({"unknown_method", "http_404", "method_deprecated"})
"""Where an API has less than Slack's: what can be done without, is."""


class History(Windows):
    """The part of SlackChat that reads."""

    async def find_post(self, place: Place, mark: Mark, since: datetime) -> str | None:
        """Look through what was posted there since: by metadata, or by the mark in a block id."""
        async for message in self._look(place, since):
            if _carries(message, mark):
                return str(message["ts"])
        return None

    async def find_file(self, place: Place, file_id: str, since: datetime) -> bool:
        async for message in self._look(place, since):
            if any(file.get("id") == file_id for file in message.get("files") or ()):
                return True
        return False

    async def _look(self, place: Place, since: datetime) -> AsyncIterator[Json]:
        """What was posted there since, where Slack shows its history at all."""
        method = "conversations.replies" if place.thread_ts else "conversations.history"
        arguments: Json = {
            "channel": place.slack_channel_id,
            "oldest": f"{since.timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": 100,
        }
        if place.thread_ts:
            arguments["ts"] = place.thread_ts
        try:
            async for message in self._pages(method, arguments):
                yield message
        except ChatRefused as error:
            if error.code not in NO_SUCH_METHOD:
                raise
            _log.warning("this Slack shows no history (%s), so nothing is found in it", method)

    async def find_link(self, place: Place) -> str | None:
        arguments = {"channel": place.slack_channel_id, "message_ts": place.thread_ts}
        try:
            answer = await self._calls.call("chat.getPermalink", arguments)
        except ChatError as error:
            # A link is a comfort: the number alone tells as well.
            _log.info("no link to a thread: %s", error)
            return None
        return str(answer["permalink"])

    async def _pages(self, method: str, arguments: Json) -> AsyncIterator[Json]:
        """The messages of a listing method, page after page."""
        arguments = dict(arguments)
        for _ in range(_HISTORY_PAGES):
            page = await self._calls.call(method, arguments)
            if "messages" not in page:
                raise ChatUncertain("no_messages", f"{method} answered without messages")
            for message in page["messages"]:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            arguments["cursor"] = cursor

    async def fetch_latest_replies(self, place: Place, since_ts: str) -> dict[str, str]:
        arguments = {
            "channel": place.slack_channel_id,
            "oldest": since_ts,
            "inclusive": True,
            "limit": 200,
        }
        return {
            str(message["ts"]): str(message.get("latest_reply") or message["ts"])
            async for message in self._pages("conversations.history", arguments)
            if "latest_reply" in message or "reply_count" in message
        }

    async def fetch_thread(self, place: Place, since_ts: str) -> Sequence[AgentMessage]:
        arguments = {
            "channel": place.slack_channel_id,
            "ts": place.thread_ts,
            "oldest": since_ts,
            "inclusive": True,
            "limit": 200,
        }
        found = [one async for one in self._pages("conversations.replies", arguments)]
        return await agent_messages_from(found, place, self._calls.team_id, self.people)


def _carries(message: Json, mark: Mark) -> bool:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") == METADATA_EVENT:
        return bool((metadata.get("event_payload") or {}).get("key") == mark.key)
    return any(block.get("block_id") == mark.key for block in message.get("blocks") or ())
