"""A channel in a few words: for /canal list, the App Home and the answers of /canal. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.slack.elements import escape_text
from bot.slack.kit import section
from bot.slack.texts import Texts
from handlers.channels import ChannelStatus
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


def _health(name: str, connection: ConnectionRecord, texts: Texts, now: datetime) -> str:
    if connection.failing_since is not None:
        why = escape_text((connection.last_error or "")[:200])
        return texts("{name} ❌ since {since}: {why}",
            name=name, since=f"{connection.failing_since:%H:%M} UTC", why=why)  # fmt: skip
    if connection.last_ok_at is None:
        return texts("{name}: nothing yet", name=name)
    age = now - connection.last_ok_at
    if age < timedelta(minutes=1):
        return texts("{name} ✔ just now", name=name)
    return texts("{name} ✔ {age} ago", name=name, age=texts.age(age))
