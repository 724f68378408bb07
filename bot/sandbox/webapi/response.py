"""response_url: an app's later answer to an interaction, 5 times in 30 minutes."""

from __future__ import annotations

from typing import Any

from bot.sandbox.errors import SlackError
from bot.sandbox.messages import app_fields
from bot.sandbox.model import Json, ResponseUrl
from bot.sandbox.webapi.call import Args, Backend, Call
from bot.sandbox.webapi.content import read_content

MAX_USES = 5
LIFETIME = 30 * 60


async def answer(back: Backend, key: str, body: Any) -> None:
    """Does what the body asks for. Raises SlackError; the codes are Slack's plain-text ones."""
    place = back.world.response_urls.get(key)
    if place is None:
        raise SlackError("invalid_url")
    if back.world.clock() - place.made_at > LIFETIME:
        raise SlackError("expired_url")
    if place.uses >= MAX_USES:
        raise SlackError("used_url")
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    place.uses += 1
    call = Call(back, Args(body), "response_url")
    if call.args.flag("delete_original"):
        _delete(back, place)
    elif call.args.flag("replace_original") and place.ts is not None:
        _replace(back, place, read_content(call))
    else:
        _post(call, place, read_content(call))
    await back.world.store.flush()


def _delete(back: Backend, place: ResponseUrl) -> None:
    if place.ts is None:
        raise SlackError("invalid_payload")
    own = _find_ephemeral(back, place)
    if own is not None:
        back.world.ephemerals[place.user].remove(own)
        back.messages.tell_ephemeral(place.user, own)
        return
    channel = back.world.channels[place.channel]
    message = channel.messages.get(place.ts)
    if message is not None:
        back.messages.delete(channel, message)


def _replace(back: Backend, place: ResponseUrl, content: Json) -> None:
    fields: dict[str, Any] = {"blocks": None, "attachments": None, **content}
    own = _find_ephemeral(back, place)
    if own is not None:
        for name, value in fields.items():
            if value is None:
                own.pop(name, None)
            else:
                own[name] = value
        back.messages.tell_ephemeral(place.user, own)
        return
    channel = back.world.channels[place.channel]
    message = channel.messages.get(place.ts or "")
    if message is not None:
        back.messages.change(channel, message, fields, by=None)


def _post(call: Call, place: ResponseUrl, content: Json) -> None:
    channel = call.world.channels[place.channel]
    message = app_fields(call.world) | content
    thread_ts = call.args.text("thread_ts") or (place.thread_ts if place.ts else None)
    if thread_ts and thread_ts in channel.messages:
        message["thread_ts"] = thread_ts
    if call.args.text("response_type") == "in_channel":
        call.back.messages.post(channel, message)
    else:
        call.back.messages.show_only_to(place.user, channel, message)


def _find_ephemeral(back: Backend, place: ResponseUrl) -> Json | None:
    shown = back.world.ephemerals.get(place.user, [])
    return next((one for one in shown if one["ts"] == place.ts), None)
