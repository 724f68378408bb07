"""Slack's message payloads as AgentMessages: which of them a person wrote, and what they say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.slack.people import People
from bot.slack.richtext import document_from_message, find_mentions
from handlers.ports import AgentMessage, SlackFile
from handlers.posts import Place

Json = dict[str, Any]
_PERSONS_SUBTYPES = frozenset({None, "file_share", "thread_broadcast", "me_message"})


def is_persons_message(message: Json) -> bool:
    """Written by a person, as opposed to a bot, Canal itself, or Slack (joins, topics, …)."""
    return bool(
        message.get("user")
        and not message.get("bot_id")
        and message.get("subtype") in _PERSONS_SUBTYPES
    )


async def agent_message_from(
    message: Json, *, channel: str, team_id: str, people: People
) -> AgentMessage:
    """A person's message in a thread, mentions replaced by names."""
    names = await people.names(find_mentions(message))
    text = document_from_message(message, names)
    return AgentMessage(
        team_id=team_id,
        slack_channel_id=channel,
        ts=str(message["ts"]),
        thread_ts=str(message.get("thread_ts") or message["ts"]),
        user_id=str(message["user"]),
        document=text.document,
        plain=text.plain,
        starts_with_mention=text.starts_with_mention,
        files=tuple(slack_file_from(one) for one in message.get("files") or ()),
    )


async def agent_messages_from(
    messages: Iterable[Json], place: Place, team_id: str, people: People
) -> list[AgentMessage]:
    return [
        await agent_message_from(
            one, channel=place.slack_channel_id, team_id=team_id, people=people
        )
        for one in messages
        if is_persons_message(one) and one.get("ts") != place.thread_ts
    ]


def slack_file_from(file: Json) -> SlackFile:
    """A file of Slack's; its address is empty where only `files.info` tells it."""
    return SlackFile(
        file_id=str(file.get("id", "")),
        name=str(file.get("name") or file.get("title") or "file"),
        content_type=str(file.get("mimetype") or "application/octet-stream"),
        size=int(file.get("size") or 0),
        url=str(file.get("url_private_download") or file.get("url_private") or ""),
    )
