"""conversations.*: channels, their members, and what was said in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.sandbox.errors import SlackError
from bot.sandbox.ids import new_id, parse_ts
from bot.sandbox.model import Channel, Json
from bot.sandbox.rendering import render_channel, render_message
from bot.sandbox.webapi.call import Call, Method, missing_scope, paginate

_NAME = re.compile(r"[^A-Z\s#@<>&\"'`.,;:!?()\[\]{}|\\/]{1,80}")
_TYPES = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


async def info(call: Call) -> Json:
    channel = call.channel()
    call.need_scope_for(channel, "read")
    shown = render_channel(call.world, channel)
    if call.args.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    if call.args.flag("include_locale"):
        shown["locale"] = "en-US"
    return {"channel": shown}


async def list_(call: Call) -> Json:
    types = call.args.words("types") or ["public_channel"]
    for kind in types:
        if kind not in _TYPES:
            raise SlackError("invalid_types")
        call.need_scope(f"{_TYPES[kind]}:read")
    kinds = {_TYPES[kind].rstrip("s") for kind in types}
    found = [
        channel
        for channel in call.world.channels.values()
        if channel.kind in kinds
        and (call.is_member(channel) or not channel.is_private)
        and not (channel.is_archived and call.args.flag("exclude_archived"))
    ]
    page, more = paginate(found, call.args, default=100, most=1000)
    return {"channels": [_listed(call, channel) for channel in page], **more}


async def users_conversations(call: Call) -> Json:
    """users.conversations: where the bot (or `user`) is a member."""
    user = call.args.text("user") or call.world.bot_user_id
    kinds = {_TYPES.get(one, "").rstrip("s") for one in call.args.words("types")} or {"channel"}
    found = [
        channel
        for channel in call.world.channels.values()
        if user in channel.members
        and channel.kind in kinds
        and (call.is_member(channel) or not channel.is_private)
        and not (channel.is_archived and call.args.flag("exclude_archived"))
    ]
    page, more = paginate(found, call.args, default=100, most=999)
    return {"channels": [render_channel(call.world, channel) for channel in page], **more}


def _listed(call: Call, channel: Channel) -> Json:
    return render_channel(call.world, channel) | {"num_members": len(channel.members)}


async def history(call: Call) -> Json:
    channel = call.channel()
    call.need_scope_for(channel, "history")
    if not call.is_member(channel):
        raise SlackError("not_in_channel")
    messages = [
        message
        for ts, message in channel.messages.items()
        if message.get("thread_ts", ts) == ts or message.get("subtype") == "thread_broadcast"
    ]
    chosen = _between(call, messages)
    chosen.reverse()
    page, more = paginate(chosen, call.args, default=100, most=999)
    has_more = bool(more["response_metadata"]["next_cursor"])
    found = {"messages": _shown(call, channel, page), "has_more": has_more, "pin_count": 0}
    return found | (more if has_more else {})


async def replies(call: Call) -> Json:
    """The thread of a root, root first; for a reply's ts only that reply."""
    channel = call.channel()
    call.need_scope_for(channel, "history")
    if not call.is_member(channel):
        raise SlackError("not_in_channel")
    [ts] = call.args.need("ts")
    root = channel.messages.get(ts)
    if root is None:
        raise SlackError("thread_not_found")
    thread = [root] if root.get("thread_ts", ts) != ts else [root, *channel.replies(ts)]
    chosen = _between(call, thread[1:])
    page, more = paginate([root, *chosen], call.args, default=1000, most=1000)
    has_more = bool(more["response_metadata"]["next_cursor"])
    found: Json = {"messages": _shown(call, channel, page), "has_more": has_more}
    return found | (more if has_more else {})


def _between(call: Call, messages: list[Json]) -> list[Json]:
    """Those within oldest and latest (exclusive unless `inclusive`), oldest first."""
    oldest, latest = call.args.time("oldest"), call.args.time("latest")
    margin = 0 if call.args.flag("inclusive") else 1
    low = -1 if oldest is None else oldest + (margin if oldest else 0)
    high = 2**62 if latest is None else latest - margin
    return [one for one in messages if low <= (parse_ts(one["ts"]) or 0) <= high]


def _shown(call: Call, channel: Channel, messages: list[Json]) -> list[Json]:
    metadata = call.args.flag("include_all_metadata")
    world = call.world
    return [render_message(world, channel, one, metadata=metadata) for one in messages]


async def members(call: Call) -> Json:
    channel = call.channel()
    call.need_scope_for(channel, "read")
    page, more = paginate(channel.members, call.args, default=100, most=1000)
    return {"members": page, **more}


async def join(call: Call) -> Json:
    channel = call.channel()
    if channel.is_private:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.is_member(channel):
        return {"channel": render_channel(call.world, channel), "warning": "already_in_channel"}
    add_member(call, channel, call.world.bot_user_id)
    return {"channel": render_channel(call.world, channel)}


def add_member(call: Call, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Lets somebody in, with the line in the channel and the event."""
    channel.members.append(user)
    call.world.save_channel(channel)
    verb = "group_join" if channel.is_private else "channel_join"
    text = f"<@{user}> has joined the channel"
    more = {"inviter": inviter} if inviter else {}
    call.back.messages.system(channel, user, verb, text, **more)
    call.back.events.member("joined", channel, user, inviter)
    call.world.publish("channel", channel=channel.id)


async def invite(call: Call) -> Json:
    channel = call.member_channel(writing=True)
    call.need_scope("groups:write" if channel.is_private else "channels:manage")
    users = call.args.words("users")
    if not users:
        raise SlackError("no_user")
    for user in users:
        if user not in call.world.people:
            raise SlackError("user_not_found")
        if user == call.world.bot_user_id:
            raise SlackError("cant_invite_self")
        if user in channel.members:
            raise SlackError("already_in_channel")
    for user in users:
        add_member(call, channel, user, call.world.bot_user_id)
    return {"channel": render_channel(call.world, channel)}


async def open_(call: Call) -> Json:
    """The direct conversation with one person."""
    if call.args.text("channel"):
        channel = call.channel()
        return {"channel": render_channel(call.world, channel)}
    users = call.args.words("users")
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise missing_scope(call.world, "mpim:write")
    if users[0] not in call.world.people or users[0] == call.world.bot_user_id:
        raise SlackError("user_not_found")
    already = call.world.find_im(users[0]) is not None
    channel = call.world.open_im(users[0])
    extra: Json = {"no_op": True, "already_open": True} if already else {}
    full = call.args.flag("return_im")
    shown = render_channel(call.world, channel) if full else {"id": channel.id}
    return {"channel": shown, **extra}


async def create(call: Call) -> Json:
    [name] = call.args.need("name")
    private = call.args.flag("is_private")
    call.need_scope("groups:write" if private else "channels:manage")
    if len(name) > 80:
        raise SlackError("invalid_name_maxlength")
    if not _NAME.fullmatch(name):
        raise SlackError("invalid_name_specials")
    if call.world.find_channel_named(name) is not None:
        raise SlackError("name_taken")
    bot = call.world.bot_user_id
    channel = Channel(
        id=new_id("C"),
        name=name,
        is_private=private,
        creator=bot,
        created=int(call.world.clock()),
        members=[bot],
    )
    call.world.channels[channel.id] = channel
    call.world.save_channel(channel)
    call.world.publish("channel", channel=channel.id)
    return {"channel": render_channel(call.world, channel)}


async def leave(call: Call) -> Json:
    channel = call.channel()
    if not call.is_member(channel):
        return {"not_in_channel": True}
    channel.members.remove(call.world.bot_user_id)
    call.world.save_channel(channel)
    call.back.events.channel("left", channel, call.world.bot_user_id)
    call.world.publish("channel", channel=channel.id)
    return {}


async def set_topic(call: Call) -> Json:
    channel = call.member_channel(writing=True)
    topic = call.args.text("topic") or ""
    if len(topic) > 250:
        raise SlackError("too_long")
    channel.topic = topic
    call.world.save_channel(channel)
    call.world.publish("channel", channel=channel.id)
    return {"channel": render_channel(call.world, channel)}


_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_MANAGE = ("channels:manage", "groups:write")

METHODS: Mapping[str, Method] = {
    "conversations.info": Method(info, _READ, "t3", form_only=True),
    "conversations.list": Method(list_, _READ, "t2", form_only=True),
    "users.conversations": Method(users_conversations, _READ, "t3", form_only=True),
    "conversations.history": Method(history, _HISTORY, "t3"),
    "conversations.replies": Method(replies, _HISTORY, "t3", form_only=True),
    "conversations.members": Method(members, _READ, "t4", form_only=True),
    "conversations.join": Method(join, ("channels:join",), "t3"),
    "conversations.invite": Method(invite, (*_MANAGE, "channels:write.invites"), "t3"),
    "conversations.open": Method(open_, ("im:write", "mpim:write"), "t3"),
    "conversations.create": Method(create, _MANAGE, "t2"),
    "conversations.leave": Method(leave, (*_MANAGE, "channels:join"), "t3"),
    "conversations.setTopic": Method(
        set_topic, (*_MANAGE, "channels:write.topic", "groups:write.topic"), "t2"
    ),
}
