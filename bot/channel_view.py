"""An email channel for people and for scripts. Secrets are never among what is shown. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers.channels.channels import ChannelStatus
from handlers.channels.connection_settings import oauth_of
from handlers.channels.health import state_of
from mail.document import Document
from storage.records import ChannelRecord, ConnectionRecord

_MARKS = {"up": "✔", "new": "…", "down": "❌", "paused": "⏸"}


def channel_to_json(status: ChannelStatus) -> dict[str, Any]:
    """A channel for scripts. The field names are fixed."""
    channel = status.channel

    def text(data: list[dict[str, Any]] | None) -> str:
        return Document.from_json(data).to_text() if data else ""

    return {
        "name": channel.name,
        "state": channel.state,
        "slack_channel": channel.slack_channel_id,
        "incoming": channel.incoming,
        "outgoing": channel.outgoing,
        "inbound_address": channel.inbound_address,
        "primary": channel.primary_address,
        "additional": list(status.additional),
        "from_name": channel.from_name,
        "from_email": channel.from_email,
        "copy_to": channel.copy_to,
        "signature": text(channel.signature),
        "footer": text(channel.footer),
        "quote": channel.quote,
        "forward_opens_ticket": channel.forward_opens_ticket,
        "reply_mode": channel.reply_mode,
        "undo_seconds": channel.undo_seconds,
        "reopen_days": channel.reopen_days,
        "trusted_forwarders": list(channel.options.get("trusted_forwarders", ())),
        "trusted_server": channel.options.get("authserv_id", ""),
        "agents": list(channel.agents),
        "tickets": status.tickets,
        "connections": {one.direction: _settings(one) for one in status.connections},
        "health": {one.direction: _health(channel, one) for one in status.connections},
    }


def describe_channel(status: ChannelStatus) -> str:
    """One channel on one line, and a line for each connection that fails."""
    channel = status.channel
    state = "" if channel.state == "active" else f"  ({channel.state})"
    directions = "  ".join(_short(channel, one) for one in status.connections)
    line = f"{channel.name}  {channel.slack_channel_id}  {channel.primary_address}{state}"
    lines = [f"{line}  {directions}".rstrip()]
    lines += [
        f"    {_WORDS[one.direction]} fails since {_moment(one.failing_since)}: {one.last_error}"
        for one in status.connections
        if one.failing_since is not None
    ]
    return "\n".join(lines)


_WORDS = {"in": "receiving", "out": "sending"}


def _settings(record: ConnectionRecord) -> dict[str, Any]:
    """The settings without empty ones; how it signs in, but nothing that it signs in with."""
    shown = {
        key: value for key, value in record.settings.items() if value is not None and key != "oauth"
    }
    choice = oauth_of(record.settings)
    if choice is not None:
        shown["sign_in"] = {
            "provider": choice.provider,
            "mode": choice.mode,
            "account": choice.account,
            "since": choice.granted_at,
        }
    return {"kind": record.kind, **shown}


def _health(channel: ChannelRecord, record: ConnectionRecord) -> dict[str, Any]:
    return {
        "kind": record.kind,
        "state": state_of(channel, record),
        "last_ok_at": record.last_ok_at,
        "failing_since": record.failing_since,
        "failures": record.failures,
        "last_error": record.last_error,
    }


def _short(channel: ChannelRecord, record: ConnectionRecord) -> str:
    state = state_of(channel, record)
    worked = f" {_moment(record.last_ok_at)}" if record.last_ok_at else ""
    return f"{record.direction}: {record.kind} {_MARKS[state]}{worked}"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"
