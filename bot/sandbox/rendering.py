"""Stored objects as Slack shows them: messages with their thread counts, files with their URLs."""

from __future__ import annotations

from bot.sandbox.model import Channel, Json, Person
from bot.sandbox.world import World

TOMBSTONE = "tombstone"


def render_message(
    world: World, channel: Channel, message: Json, *, metadata: bool = False
) -> Json:
    """A copy for the outside; what is nested in it is never changed in place afterwards."""
    shown = {key: value for key, value in message.items() if not key.startswith("_")}
    if not metadata:
        shown.pop("metadata", None)
    if "files" in shown:
        known = (world.files.get(file) for file in shown["files"])
        shown["files"] = [render_file(world, file) for file in known if file is not None]
    if shown.get("reactions"):
        shown["reactions"] = [dict(one, users=list(one["users"])) for one in shown["reactions"]]
    replies = channel.replies(message["ts"])
    if replies:
        users = list(dict.fromkeys(_author(reply) for reply in replies))
        shown |= {
            "thread_ts": message["ts"],
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
            "reply_users": users,
            "is_locked": False,
            "subscribed": False,
        }
    return shown


def _author(message: Json) -> str:
    return str(message.get("user") or message.get("bot_id") or "")


def render_file(world: World, file: Json) -> Json:
    """A file object; the URLs follow the port that the sandbox has today."""
    base = f"{world.base_url}/files-pri/{world.team_id}-{file['id']}"
    name = file["_url_name"]
    shown = {key: value for key, value in file.items() if not key.startswith("_")}
    return shown | {
        "url_private": f"{base}/{name}",
        "url_private_download": f"{base}/download/{name}",
        "permalink": f"{world.base_url}/files/{file['user']}/{file['id']}/{name}",
        "shares": _shares(world, file),
        "channels": [one for one in file["_channels"] if not world.channels[one].is_private],
        "groups": [one for one in file["_channels"] if world.channels[one].kind == "group"],
        "ims": [one for one in file["_channels"] if world.channels[one].is_im],
    }


def _shares(world: World, file: Json) -> Json:
    shares: Json = {}
    for channel_id, ts, thread_ts in file["_shares"]:
        side = "private" if world.channels[channel_id].is_private else "public"
        share = {"ts": ts} | ({"thread_ts": thread_ts} if thread_ts else {})
        shares.setdefault(side, {}).setdefault(channel_id, []).append(share)
    return shares


def render_channel(world: World, channel: Channel) -> Json:
    """A conversation object as conversations.info gives it."""
    if channel.is_im:
        other = next((one for one in channel.members if one != world.bot_user_id), "")
        return {
            "id": channel.id,
            "created": channel.created,
            "is_im": True,
            "is_archived": False,
            "user": other,
            "context_team_id": world.team_id,
            "is_org_shared": False,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_member": world.bot_user_id in channel.members,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "created": channel.created,
        "creator": channel.creator,
        "unlinked": 0,
        "context_team_id": world.team_id,
        "shared_team_ids": [world.team_id],
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
    }


def render_person(
    world: World, person: Person, *, email: bool = False, locale: bool = False
) -> Json:
    """A user object; the address is there only with the scope users:read.email."""
    profile = _profile(world, person)
    if email and not person.is_bot:
        profile["email"] = person.email
    shown: Json = {
        "id": person.id,
        "team_id": world.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "color": person.color,
        "real_name": person.real_name,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "profile": profile,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": person.updated,
    }
    if locale:
        shown["locale"] = person.locale
    return shown


def _profile(world: World, person: Person) -> Json:
    first, _, last = person.real_name.partition(" ")
    display_name = "" if person.is_bot else person.name
    profile: Json = {
        "title": person.title,
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": display_name,
        "display_name_normalized": display_name,
        "first_name": first,
        "last_name": last,
        "status_text": "",
        "status_emoji": "",
        "team": world.team_id,
    }
    if person.is_bot:
        profile |= {"api_app_id": world.app_id, "bot_id": world.bot_id, "always_active": True}
    return profile


def permalink(world: World, channel: Channel, message: Json) -> str:
    """What chat.getPermalink answers; the page opens it."""
    link = f"{world.base_url}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    root = message.get("thread_ts")
    if root and root != message["ts"]:
        link += f"?thread_ts={root}&cid={channel.id}"
    return link
