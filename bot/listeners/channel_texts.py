"""A channel in a few words: for /canal list, the App Home and the answers of /canal. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.listeners.modals.sign_in_views import awaited_sign_in, start_button
from bot.slack.elements import escape_text
from bot.slack.kit import actions, button, section
from bot.slack.texts import Texts
from handlers.channels.channels import ChannelStatus
from handlers.channels.health import why_failing
from storage.records import ConnectionRecord

Json = dict[str, Any]


def channel_block(status: ChannelStatus, texts: Texts, now: datetime) -> Json:
    """`Support  #support  support@us.example  in ✔ 12 s ago  out ✔ 3 min ago`."""
    channel = status.channel
    state = texts("  ⏸ paused") if channel.state == "paused" else ""
    title = (
        f"*{escape_text(channel.name)}*  <#{channel.slack_channel_id}>  "
        f"{escape_text(channel.primary_address)}{state}"
    )
    incoming = _health(texts("in"), status.connection("in"), texts, now)
    outgoing = _health(texts("out"), status.connection("out"), texts, now)
    lines = [title, f"{incoming}  ·  {outgoing}"]
    if channel.incoming == "internal" and channel.inbound_address:
        lines.append(
            texts("Forward its mail to `{address}`", address=escape_text(channel.inbound_address))
        )
    return section("\n".join(lines))


def channel_buttons(status: ChannelStatus, texts: Texts) -> Json:
    """What an admin can do with the channel right there."""
    name = status.channel.name
    found = []
    if any(one.failing_since is not None for one in status.connections):
        found.append(button(texts("Reconnect"), "channel_reconnect", name, style="primary"))
    elif target := awaited_sign_in(status):
        found.append(start_button(texts, target))
    found.append(button(texts("Edit"), "channel_edit", name))
    if status.channel.state == "paused":
        found.append(button(texts("Resume"), "channel_resume", name))
    else:
        found.append(button(texts("Pause"), "channel_pause", name))
    return actions(*found, block_id=f"channel_{status.channel.id}")


def _health(name: str, connection: ConnectionRecord, texts: Texts, now: datetime) -> str:
    if connection.failing_since is not None:
        why = escape_text(texts.own(why_failing(connection))[:200])
        since = connection.failing_since
        day = "%H:%M UTC" if now - since < timedelta(hours=20) else "%Y-%m-%d %H:%M UTC"
        return texts("{name} ❌ since {since}: {why}", name=name, since=f"{since:{day}}", why=why)
    if connection.last_ok_at is None and connection.kind == "internal":
        return texts("{name}: through Canal's own server", name=name)
    if connection.last_ok_at is None:
        return texts("{name}: nothing yet", name=name)
    age = now - connection.last_ok_at
    if age < timedelta(minutes=1):
        return texts("{name} ✔ {n} s ago", name=name, n=max(int(age.total_seconds()), 0))
    return texts("{name} ✔ {age} ago", name=name, age=texts.age(age))
