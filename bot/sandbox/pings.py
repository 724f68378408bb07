"""Whom a message would really notify.

Strict on purpose: what Slack might parse counts. So a bare @here in a mrkdwn text object without
`verbatim` counts ("certain mentions will be automatically parsed", says Slack's reference), and a
mention in `text` counts even beside blocks. Text elements of rich_text, plain_text objects and
escaped text never ping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.model import Json

_MENTION = re.compile(
    r"<(?:@([UWB][A-Z0-9]{2,20})|!subteam\^(S[A-Z0-9]{2,20})|!(channel|here|everyone|group))(?:\|[^<>]*)?>"
)
_BARE = re.compile(r"(?<![\w@<!])@(channel|here|everyone|group)\b")


def find_pings(message: Json, *, link_names: bool = False) -> list[str]:
    """The targets, each once: user ids, usergroup ids, "channel", "here", "everyone"."""
    found: list[str] = []
    if message.get("mrkdwn", True):
        found += _in_mrkdwn(str(message.get("text") or ""), bare=link_names)
    found += _in_blocks(message.get("blocks") or [])
    for attachment in message.get("attachments") or []:
        found += _in_attachment(attachment)
    return list(dict.fromkeys("channel" if one == "group" else one for one in found))


def _in_mrkdwn(text: str, *, bare: bool) -> Iterator[str]:
    for match in _MENTION.finditer(text):
        yield match[1] or match[2] or match[3]
    if bare:
        yield from _BARE.findall(text)


def _in_blocks(value: Any) -> Iterator[str]:
    """Walks anything JSON. Iterative, since hostile JSON can be deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        elif isinstance(one, dict):
            yield from _in_object(one)
            waiting.extend(
                inner for inner in reversed(one.values()) if isinstance(inner, list | dict)
            )


def _in_object(one: Json) -> Iterator[str]:
    kind = one.get("type")
    if kind == "mrkdwn":
        yield from _in_mrkdwn(str(one.get("text", "")), bare=not one.get("verbatim", False))
    elif kind == "markdown":
        yield from _in_mrkdwn(str(one.get("text", "")), bare=True)
    elif kind == "user":
        yield str(one.get("user_id", ""))
    elif kind == "usergroup":
        yield str(one.get("usergroup_id", ""))
    elif kind == "broadcast":
        yield str(one.get("range", ""))


def _in_attachment(attachment: Json) -> Iterator[str]:
    for name in ("pretext", "text", "fallback", "title"):
        yield from _in_mrkdwn(str(attachment.get(name) or ""), bare=False)
    for field in attachment.get("fields") or []:
        if isinstance(field, dict):
            yield from _in_mrkdwn(str(field.get("value") or ""), bare=False)
    yield from _in_blocks(attachment.get("blocks") or [])
