"""users.*, usergroups.*, reactions.*, and who we are: auth, bots, team."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.emoji import emoji_table, is_emoji_name
from bot.sandbox.errors import SlackError
from bot.sandbox.model import Channel, Json, Person, Usergroup
from bot.sandbox.rendering import TOMBSTONE, permalink, render_message, render_person
from bot.sandbox.webapi.call import Call, Method, paginate

_MAX_REACTIONS = 23
"""Different emoji of one user on one message."""


def _shown(call: Call, person: Person) -> Json:
    email = call.has_scope("users:read.email")
    locale = call.args.flag("include_locale")
    return render_person(call.world, person, email=email, locale=locale)


async def users_info(call: Call) -> Json:
    return {"user": _shown(call, call.person())}


async def users_list(call: Call) -> Json:
    people = list(call.world.people.values())
    page, more = paginate(people, call.args, default=200, most=1000)
    members = [_shown(call, person) for person in page]
    return {"members": members, "cache_ts": int(call.world.clock()), **more}


async def lookup_by_email(call: Call) -> Json:
    [email] = call.args.need("email")
    for person in call.world.people.values():
        if person.email and person.email.casefold() == email.casefold() and not person.deleted:
            return {"user": _shown(call, person)}
    raise SlackError("users_not_found")


def _group(call: Call, group: Usergroup, users: bool) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": call.world.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.created,
        "date_delete": 0,
        "auto_type": None,
        "user_count": len(group.users),
    }
    return shown | ({"users": list(group.users)} if users else {})


async def usergroups_list(call: Call) -> Json:
    users = call.args.flag("include_users")
    return {"usergroups": [_group(call, one, users) for one in call.world.usergroups.values()]}


async def usergroups_users(call: Call) -> Json:
    [wanted] = call.args.need("usergroup")
    group = call.world.usergroups.get(wanted)
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def _reacted(call: Call) -> tuple[Channel, Json]:
    """The message that a reaction is about."""
    if not call.args.text("channel") or not call.args.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = call.channel()
    message = call.message(channel, "timestamp")
    if message.get("subtype") == TOMBSTONE:
        raise SlackError("message_not_found")
    return channel, message


def _name(call: Call) -> str:
    [name] = call.args.need("name")
    name = name.strip(":")
    if not is_emoji_name(name):
        raise SlackError("invalid_name")
    return name


async def reactions_add(call: Call) -> Json:
    name = _name(call)
    channel, message = _reacted(call)
    bot = call.world.bot_user_id
    if channel.is_archived:
        raise SlackError("is_archived")
    if not call.is_member(channel):
        raise SlackError("not_in_channel")
    mine = sum(bot in one["users"] for one in message.get("reactions", ()))
    if mine >= _MAX_REACTIONS:
        raise SlackError("too_many_emoji")
    if not call.back.messages.react(channel, message, bot, name, on=True):
        raise SlackError("already_reacted")
    return {}


async def reactions_remove(call: Call) -> Json:
    name = _name(call)
    channel, message = _reacted(call)
    if channel.is_archived:
        raise SlackError("is_archived")
    if not call.back.messages.react(channel, message, call.world.bot_user_id, name, on=False):
        raise SlackError("no_reaction")
    return {}


async def reactions_get(call: Call) -> Json:
    channel, message = _reacted(call)
    shown = render_message(call.world, channel, message)
    shown["permalink"] = permalink(call.world, channel, message)
    return {"type": "message", "channel": channel.id, "message": shown}


async def auth_test(call: Call) -> Json:
    world = call.world
    return {
        "url": f"{world.base_url}/",
        "team": world.identity["team_name"],
        "user": world.people[world.bot_user_id].name,
        "team_id": world.team_id,
        "user_id": world.bot_user_id,
        "bot_id": world.bot_id,
        "is_enterprise_install": False,
    }


async def bots_info(call: Call) -> Json:
    world = call.world
    wanted = call.args.text("bot") or world.bot_id
    if wanted != world.bot_id:
        raise SlackError("bot_not_found")
    bot = world.people[world.bot_user_id]
    shown = {
        "id": world.bot_id,
        "deleted": False,
        "name": bot.real_name,
        "updated": bot.updated,
        "app_id": world.app_id,
        "user_id": bot.id,
        "icons": {},
    }
    return {"bot": shown}


async def team_info(call: Call) -> Json:
    world = call.world
    team = {
        "id": world.team_id,
        "name": world.identity["team_name"],
        "domain": world.identity["team_domain"],
        "url": f"{world.base_url}/",
        "email_domain": "",
        "icon": {"image_default": True},
    }
    return {"team": team}


async def emoji_list(call: Call) -> Json:
    """Custom emoji only: this workspace has none."""
    assert emoji_table()
    return {"emoji": {}, "cache_ts": str(call.world.clock())}


async def api_test(call: Call) -> Json:
    if call.args.text("error"):
        raise SlackError(str(call.args.text("error")))
    return {"args": call.args.values}


async def connections_open(call: Call) -> Json:
    if not call.world.manifest.socket_mode:
        raise SlackError("forbidden_for_socket_mode_disabled_app")
    return {"url": call.back.sockets.make_url()}


METHODS: Mapping[str, Method] = {
    "users.info": Method(users_info, ("users:read",), "t4", form_only=True),
    "users.list": Method(users_list, ("users:read",), "t2", form_only=True),
    "users.lookupByEmail": Method(lookup_by_email, ("users:read.email",), "t3", form_only=True),
    "usergroups.list": Method(usergroups_list, ("usergroups:read",), "t2", form_only=True),
    "usergroups.users.list": Method(usergroups_users, ("usergroups:read",), "t2", form_only=True),
    "reactions.add": Method(reactions_add, ("reactions:write",), "t3"),
    "reactions.remove": Method(reactions_remove, ("reactions:write",), "t2"),
    "reactions.get": Method(reactions_get, ("reactions:read",), "t3", form_only=True),
    "auth.test": Method(auth_test, (), "auth", caller="any"),
    "bots.info": Method(bots_info, ("users:read",), "t3", form_only=True),
    "team.info": Method(team_info, ("team:read",), "t3", form_only=True),
    "emoji.list": Method(emoji_list, ("emoji:read",), "t2", form_only=True),
    "api.test": Method(api_test, (), "t4", caller="none"),
    "apps.connections.open": Method(connections_open, (), "connect", caller="app"),
}
