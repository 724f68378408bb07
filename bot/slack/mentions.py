"""Whom a message mentions, in the order of its text; and the messages that were shared into it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.slack.mrkdwn import find_mrkdwn_mentions
from bot.slack.names import Mention, MentionKind
from bot.slack.payload import Json, items, string

_MAX_SHARED = 10
_SIGNS = re.compile(r":[a-z0-9_+'-]{1,100}:|&(?:gt|lt|amp);")


def find_mentions(message: Json) -> set[str]:
    """Ids of every user, group and channel whose name is needed to write this message."""
    found = {m.id for _, m in message_mentions(message) if m.kind is not MentionKind.BROADCAST}
    for shared in shared_messages(message):
        found |= {m.id for _, m in message_mentions(shared) if m.kind is not MentionKind.BROADCAST}
    return found


def message_mentions(message: Json) -> Iterator[tuple[bool, Mention]]:
    """(stands at the very start, mention) for each mention of the message's own words."""
    said_nothing, any_blocks = True, False
    for block in items(message, "blocks"):
        any_blocks = any_blocks or block.get("type") == "rich_text"
        for element in _leaves(block, 0):
            mention = mention_of(element)
            if mention:
                yield said_nothing, mention
            text = element.get("text")
            if isinstance(text, str) and element.get("type") == "mrkdwn":
                yield from ((False, found) for _, found in find_mrkdwn_mentions(text))
            said_nothing = said_nothing and _is_silent(element)
    text = message.get("text")
    if not any_blocks and isinstance(text, str):
        for position, found in find_mrkdwn_mentions(text):
            yield not _says_something(text[:position]), found


def _is_silent(element: Json) -> bool:
    """Signs, spaces and emoji before a mention leave it at the start."""
    kind, text = element.get("type"), element.get("text")
    return kind == "emoji" or (kind == "text" and not _says_something(str(text)))


def _says_something(text: str) -> bool:
    return any(char.isalnum() for char in _SIGNS.sub("", text))


def _leaves(element: Json, depth: int) -> Iterator[Json]:
    """All elements below, in the order of the text, that hold no others."""
    if depth > 8:
        return
    inner = [*items(element, "elements"), *items(element, "fields")]
    for row in element.get("rows") or () if isinstance(element.get("rows"), list) else ():
        inner += (
            [cell for cell in row if isinstance(cell, Mapping)] if isinstance(row, list) else []
        )
    text = element.get("text")
    if isinstance(text, Mapping):
        inner.insert(0, text)
    if not inner and depth:
        yield element
    for one in inner:
        yield from _leaves(one, depth + 1)


def mention_of(element: Json) -> Mention | None:
    """The mention that an inline element is."""
    match element.get("type"):
        case "user":
            return Mention(MentionKind.USER, string(element, "user_id"))
        case "usergroup":
            return Mention(MentionKind.GROUP, string(element, "usergroup_id"))
        case "channel":
            return Mention(MentionKind.CHANNEL, string(element, "channel_id"))
        case "broadcast":
            return Mention(MentionKind.BROADCAST, string(element, "range") or "channel")
        case _:
            return None


def shared_messages(message: Json) -> Iterator[Json]:
    """Messages shared into this one; unfurled links of the web are not part of what was said."""
    for attachment in items(message, "attachments")[:_MAX_SHARED]:
        if attachment.get("is_msg_unfurl") is True or attachment.get("is_share") is True:
            blocks: list[Json] = []
            for wrapped in items(attachment, "message_blocks"):
                inner = wrapped.get("message")
                blocks += items(inner, "blocks") if isinstance(inner, Mapping) else []
            yield {**attachment, "blocks": blocks or items(attachment, "blocks")}
