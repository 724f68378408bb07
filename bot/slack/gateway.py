"""Slack as the `Chat` port: what handlers want done becomes Web API calls, errors become theirs.

slack_sdk's own repetition after a dropped connection is switched off for everything here: whether
a post that got no answer is there is looked up (`find_post`), never hoped for.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import SlackCalls
from bot.slack.cards import METADATA_EVENT, build_card, build_mail_post
from bot.slack.i18n import Catalogs
from bot.slack.notices import build_notice
from bot.slack.threads import agent_messages_from, slack_file_from
from bot.slack.windows import Windows
from handlers.errors import ChatClosed, ChatError, ChatRefused
from handlers.ports import AgentMessage, Clock, Profile, SlackFile
from handlers.posts import MailPost, Mark, Notice, Place, TicketCard, TicketLink

_log = logging.getLogger(__name__)
Json = dict[str, Any]
_HISTORY_PAGES = 20
_TOO_MUCH = frozenset({"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"})
_ALREADY_SO = frozenset({"already_reacted", "no_reaction"})
_NO_SUCH_METHOD = frozenset({"unknown_method", "http_404", "method_deprecated"})
"""Where an API has less than Slack's: what can be done without, is."""


class SlackChat(Windows):
    """One workspace. Satisfies `handlers.ports.Chat`."""

    def __init__(self, client: AsyncWebClient, catalogs: Catalogs, clock: Clock) -> None:
        super().__init__(SlackCalls(client), catalogs)
        self._clock = clock

    async def close(self) -> None:
        await self._calls.close()

    async def post_card(self, card: TicketCard) -> str:
        return await self._post(card.place, await self._card(card))

    async def update_card(self, card: TicketCard, ts: str) -> None:
        payload = await self._card(card)
        payload.pop("unfurl_links", None)
        payload.pop("unfurl_media", None)
        channel = card.place.slack_channel_id
        await self._or_as_text(
            lambda body: self._calls.call("chat.update", {"channel": channel, "ts": ts, **body}),
            payload,
        )

    async def post_mail(self, post: MailPost) -> str:
        return await self._post(post.place, build_mail_post(post, self.texts))

    async def post_notice(self, place: Place, notice: Notice) -> str:
        return await self._post(place, build_notice(notice, self.texts))

    async def update_notice(self, place: Place, ts: str, notice: Notice) -> None:
        payload = build_notice(notice, self.texts)
        payload.pop("unfurl_links", None)
        payload["metadata"] = payload.get("metadata") or {}
        await self._calls.call(
            "chat.update", {"channel": place.slack_channel_id, "ts": ts, **payload}
        )

    async def whisper(self, place: Place, user_id: str, notice: Notice) -> None:
        payload = build_notice(notice, await self.texts_for(user_id))
        payload.pop("metadata", None)
        payload.pop("unfurl_links", None)
        await self._calls.call(
            "chat.postEphemeral", {**_address(place), "user": user_id, **payload}
        )

    async def tell(self, user_id: str, notice: Notice) -> None:
        place = Place(user_id)
        try:
            opened = await self._calls.call("conversations.open", {"users": user_id})
            place = Place(str(opened["channel"]["id"]))
        except ChatRefused as error:
            if error.code not in _NO_SUCH_METHOD:
                raise  # without that method, a post to the person opens the conversation
        await self._post(place, build_notice(notice, await self.texts_for(user_id)))

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
            if error.code not in _NO_SUCH_METHOD:
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
            for message in page.get("messages", ()):
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            arguments["cursor"] = cursor

    async def upload_file(
        self,
        place: Place,
        filename: str,
        data: bytes,
        *,
        title: str = "",
        on_share: Callable[[str], Awaitable[None]] | None = None,
    ) -> str:
        """The external-upload flow: ask for an address, send the bytes, share the file."""
        if not data:
            raise ChatRefused("empty")
        ticket = await self._calls.call(
            "files.getUploadURLExternal", {"filename": filename, "length": len(data)}
        )
        file_id = str(ticket["file_id"])
        await self._calls.send_bytes(ticket["upload_url"], filename, data)
        if on_share is not None:
            await on_share(file_id)
        await self._calls.call(
            "files.completeUploadExternal",
            {
                "files": [{"id": file_id, "title": title or filename}],
                "channel_id": place.slack_channel_id,
                **({"thread_ts": place.thread_ts} if place.thread_ts else {}),
            },
        )
        return file_id

    async def set_reaction(
        self, place: Place, ts: str, *, before: str | None, after: str | None
    ) -> None:
        target = {"channel": place.slack_channel_id, "timestamp": ts}
        if after:
            await self._react("reactions.add", {**target, "name": after})
        if before:
            await self._react("reactions.remove", {**target, "name": before})

    async def download(self, url: str, *, limit: int) -> bytes:
        return await self._calls.fetch_bytes(url, limit=limit)

    async def look_up_file(self, file_id: str) -> SlackFile:
        answer = await self._calls.call("files.info", {"file": file_id})
        return slack_file_from(answer.get("file") or {})

    async def profile(self, user_id: str) -> Profile:
        return await self.people.profile(user_id)

    async def members_of_group(self, usergroup_id: str) -> frozenset[str]:
        return await self.people.members_of_group(usergroup_id)

    async def workspace_admins(self) -> tuple[str, ...]:
        return await self.people.workspace_admins()

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

    async def check_channel(self, place: Place) -> str:
        answer = await self._calls.call("conversations.info", {"channel": place.slack_channel_id})
        channel = answer.get("channel") or {}
        if channel.get("is_archived"):
            raise ChatClosed("is_archived")
        if channel.get("is_member") is False:
            raise ChatClosed("not_in_channel")
        return str(channel.get("name") or place.slack_channel_id)

    async def join(self, slack_channel_id: str) -> None:
        """Become a member of a public channel; raises ChatClosed for one we must be invited to."""
        await self._calls.call("conversations.join", {"channel": slack_channel_id})

    async def create_channel(self, name: str) -> str:
        """A new public channel with the bot in it; returns its id."""
        answer = await self._calls.call("conversations.create", {"name": name})
        return str(answer["channel"]["id"])

    async def invite(self, slack_channel_id: str, user_id: str) -> None:
        await self._calls.call(
            "conversations.invite", {"channel": slack_channel_id, "users": user_id}
        )

    async def _card(self, card: TicketCard) -> Json:
        assignee = (await self.profile(card.assignee_id)).name if card.assignee_id else ""
        card = replace(
            card,
            suggested=await self._linked(card.suggested),
            linked=await self._linked(card.linked),
            merged_into=await self._linked(card.merged_into),
            forward=card.forward and replace(card.forward, of=await self._linked(card.forward.of)),
        )
        return build_card(card, self.texts, assignee=assignee, now=self._clock.now())

    async def _linked(self, link: TicketLink | None) -> TicketLink | None:
        if link is None or link.place is None:
            return link
        return replace(link, url=await self.find_link(link.place) or "")

    async def _post(self, place: Place, payload: Json) -> str:
        async def send(body: Json) -> Json:
            return await self._calls.call("chat.postMessage", {**_address(place), **body})

        try:
            answer = await self._or_as_text(send, payload)
        except ChatClosed as error:
            if error.code != "not_in_channel":
                raise
            # A public channel can simply be joined; for a private one this fails and is told.
            await self.join(place.slack_channel_id)
            answer = await self._or_as_text(send, payload)
        return str(answer["ts"])

    async def _or_as_text(self, send: Callable[[Json], Awaitable[Json]], payload: Json) -> Json:
        """Should Slack refuse the blocks after all, the words are worth more than their looks."""
        try:
            return await send(payload)
        except ChatRefused as error:
            if error.code not in _TOO_MUCH or "blocks" not in payload:
                raise
            _log.error("Slack refused our blocks: %s", error)
            buttons = [one for one in payload["blocks"] if one["type"] == "actions"]
            text = {"type": "section", "text": {"type": "mrkdwn", "text": payload["text"][:3000]}}
            return await send({**payload, "blocks": [text, *buttons]})

    async def _react(self, method: str, arguments: Json) -> None:
        try:
            await self._calls.call(method, arguments)
        except ChatRefused as error:
            if error.code not in _ALREADY_SO:
                raise


def _address(place: Place) -> Json:
    address: Json = {"channel": place.slack_channel_id}
    if place.thread_ts:
        address["thread_ts"] = place.thread_ts
    return address


def _carries(message: Json, mark: Mark) -> bool:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") == METADATA_EVENT:
        return bool((metadata.get("event_payload") or {}).get("key") == mark.key)
    return any(block.get("block_id") == mark.key for block in message.get("blocks") or ())
