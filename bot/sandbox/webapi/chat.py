"""chat.*: the app's messages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.errors import SlackError
from bot.sandbox.ids import parse_ts
from bot.sandbox.messages import app_fields
from bot.sandbox.model import Channel, Json
from bot.sandbox.rendering import TOMBSTONE, permalink, render_message
from bot.sandbox.webapi.call import Call, Method
from bot.sandbox.webapi.content import (
    MAX_TEXT,
    MAX_UPDATE_TEXT,
    read_attachments,
    read_blocks,
    read_content,
    read_metadata,
)


async def post_message(call: Call) -> Json:
    channel = _target(call)
    content = read_content(call) | _author(call) | read_thread(call, channel)
    call.back.limits.take_post(channel.id)
    stored = call.back.messages.post(channel, content, link_names=_links_names(call))
    shown = render_message(call.world, channel, stored)
    return {"channel": channel.id, "ts": stored["ts"], "message": shown}


async def post_ephemeral(call: Call) -> Json:
    channel, person = call.member_channel(writing=True), call.person()
    if person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = read_content(call) | _author(call) | read_thread(call, channel)
    content.pop("metadata", None)
    stored = call.back.messages.show_only_to(person.id, channel, content)
    return {"message_ts": stored["ts"]}


async def update(call: Call) -> Json:
    channel = call.channel()
    call.args.need("ts")
    if channel.is_archived:
        raise SlackError("is_archived")
    message = _own_message(call, channel, "cant_update_message")
    fields = _changes(call)
    by = call.world.bot_user_id if "text" in fields and "blocks" not in call.args.values else None
    call.back.messages.change(channel, message, fields, by=by)
    shown = render_message(call.world, channel, message)
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": shown}


async def delete(call: Call) -> Json:
    channel = call.channel()
    call.args.need("ts")
    message = _own_message(call, channel, "cant_delete_message")
    call.back.messages.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


async def get_permalink(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel, "message_ts")
    return {"channel": channel.id, "permalink": permalink(call.world, channel, message)}


def _target(call: Call) -> Channel:
    """By id, by name, or a user id, which means the direct conversation with them."""
    [wanted] = call.args.need("channel")
    world = call.world
    if wanted in world.people:
        if wanted == world.bot_user_id or world.people[wanted].deleted:
            raise SlackError("channel_not_found")
        return world.open_im(wanted)
    channel = world.channels.get(wanted) or world.find_channel_named(wanted)
    if channel is None or (channel.is_private and not call.is_member(channel)):
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not call.is_member(channel) and not call.has_scope("chat:write.public"):
        raise SlackError("not_in_channel")
    return channel


def read_thread(call: Call, channel: Channel) -> Json:
    """thread_ts and reply_broadcast. thread_ts must be a root's ts in this channel."""
    thread_ts = call.args.text("thread_ts")
    if not thread_ts:
        return {}
    if parse_ts(thread_ts) is None or "." not in thread_ts:
        raise SlackError("invalid_thread_ts")
    root = channel.messages.get(thread_ts)
    if root is None:
        raise SlackError("thread_not_found")
    if root.get("thread_ts", thread_ts) != thread_ts:
        raise SlackError("invalid_thread_ts")
    if str(root.get("subtype", "")).startswith(("channel_", "group_")):
        raise SlackError("cannot_reply_to_message")
    fields: Json = {"thread_ts": thread_ts}
    if call.args.flag("reply_broadcast"):
        fields["subtype"] = "thread_broadcast"
    return fields


def _author(call: Call) -> Json:
    """The app's marks; with a name or icon of its own the message is a bot_message."""
    fields = app_fields(call.world)
    names = ("username", "icon_emoji", "icon_url")
    custom = {name: call.args.text(name) for name in names if call.args.text(name)}
    if not custom:
        return fields
    call.need_scope("chat:write.customize")
    fields["subtype"] = "bot_message"
    if "username" in custom:
        fields["username"] = custom["username"]
    icons: Json = {}
    if "icon_emoji" in custom:
        icons["emoji"] = custom["icon_emoji"]
    if "icon_url" in custom:
        icons["image_48"] = custom["icon_url"]
    return fields | ({"icons": icons} if icons else {})


def _links_names(call: Call) -> bool:
    """Whether a bare @channel in `text` counts."""
    return call.args.flag("link_names") or call.args.text("parse") == "full"


def _own_message(call: Call, channel: Channel, refusal: str) -> Json:
    [ts] = call.args.need("ts")
    found = channel.messages.get(ts)
    if found is None or found.get("subtype") == TOMBSTONE:
        # An ephemeral message has a ts too, but no method finds it.
        raise SlackError("message_not_found")
    if found.get("bot_id") != call.world.bot_id:
        raise SlackError(refusal)
    return found


def _changes(call: Call) -> Json:
    """What chat.update changes: text without blocks removes the blocks; the rest stays."""
    text, blocks = call.args.text("text"), read_blocks(call)
    attachments, metadata = read_attachments(call), read_metadata(call)
    if not text and not blocks and not attachments and metadata is None:
        raise SlackError("no_text")
    if text is not None and len(text) > MAX_UPDATE_TEXT:
        raise SlackError("msg_too_long")
    fields: Json = {}
    if text is not None:
        fields["text"] = text[:MAX_TEXT]
    if blocks is not None or text is not None:
        fields["blocks"] = blocks or None
    if attachments is not None:
        fields["attachments"] = attachments or None
    if metadata is not None:
        fields["metadata"] = metadata or None
    return fields


METHODS: Mapping[str, Method] = {
    "chat.postMessage": Method(post_message, ("chat:write",), "none"),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",), "t4"),
    "chat.update": Method(update, ("chat:write",), "t3"),
    "chat.delete": Method(delete, ("chat:write",), "t3"),
    "chat.getPermalink": Method(get_permalink, (), "none", form_only=True),
}
