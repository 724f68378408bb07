"""Slack as the `Chat` port: what handlers want done becomes Web API calls, errors become theirs.

slack_sdk's own repetition after a dropped connection is switched off for everything here: whether
a post that got no answer is there is looked up (`find_post`), never hoped for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import SlackCalls
from bot.slack.cards import build_card, build_mail_post
from bot.slack.digests import build_digest
from bot.slack.history import NO_SUCH_METHOD, History
from bot.slack.i18n import Catalogs
from bot.slack.notices import build_notice
from bot.slack.threads import slack_file_from
from handlers.errors import ChatClosed, ChatRefused
from handlers.ports import Clock, Profile, SlackFile
from handlers.posts import (
    DigestLine,
    DigestPost,
    MailPost,
    Notice,
    Place,
    TicketCard,
    TicketLink,
)

_log = logging.getLogger(__name__)
Json = dict[str, Any]
_TOO_MUCH = frozenset({"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"})
_ALREADY_SO = frozenset({"already_reacted", "no_reaction"})


class SlackChat(History):
    """One workspace. Satisfies `handlers.ports.Chat`."""

    def __init__(self, client: AsyncWebClient, catalogs: Catalogs, clock: Clock) -> None:
        super().__init__(SlackCalls(client), catalogs)
        self._clock = clock

    async def close(self) -> None:
        await self._calls.close()

    async def fetch_identity(self) -> Json:
        """Whom Slack takes us for: team_id, user_id and bot_id among others."""
        return await self._calls.call("auth.test")

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

    async def post_digest(self, post: DigestPost) -> str:
        return await self._post(post.place, build_digest(await self.with_links(post), self.texts))

    async def update_digest(self, post: DigestPost, ts: str) -> None:
        payload = build_digest(await self.with_links(post), self.texts)
        payload.pop("unfurl_links")
        place = {"channel": post.place.slack_channel_id, "ts": ts}
        await self._calls.call("chat.update", {**place, **payload})

    async def with_links(self, post: DigestPost) -> DigestPost:
        """The lines whose cards are there lead to them."""

        async def linked(line: DigestLine) -> DigestLine:
            url = await self.find_link(line.place) if line.place else None
            return replace(line, url=url or "")

        return replace(post, lines=tuple(await asyncio.gather(*map(linked, post.lines))))

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
            if error.code not in NO_SUCH_METHOD:
                raise  # without that method, a post to the person opens the conversation
        await self._post(place, build_notice(notice, await self.texts_for(user_id)))

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
                "files": [{"id": file_id, "title": self.texts.own(title) or filename}],
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

    async def _rejoin(self, slack_channel_id: str, closed: ChatClosed) -> None:
        """A public channel can simply be joined; into a private one we have to be invited."""
        try:
            await self.join(slack_channel_id)
        except ChatRefused as error:
            raise closed from error

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
            await self._rejoin(place.slack_channel_id, error)
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
