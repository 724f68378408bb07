"""A sandbox with two people, a channel and a client of the real slack_sdk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
COMMAND = "/canal"

ALL_EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_left",
    "channel_rename",
    "group_rename",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)
ALL_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)


def write_manifest(
    folder: Path,
    *,
    scopes: Iterable[str] = ALL_SCOPES,
    events: Iterable[str] = ALL_EVENTS,
    **settings: Any,
) -> Path:
    """An app manifest with these scopes and events."""
    shortcuts = [
        {"name": "Reply", "type": "message", "callback_id": "reply", "description": "Answers"},
        {"name": "Open", "type": "global", "callback_id": "open", "description": "Opens"},
    ]
    manifest = {
        "display_information": {"name": "Canal"},
        "features": {
            "bot_user": {"display_name": "canal"},
            "app_home": {"home_tab_enabled": settings.pop("home", True)},
            "slash_commands": [{"command": COMMAND, "description": "Sets up"}],
            "shortcuts": shortcuts,
        },
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(events)},
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": True,
            **settings,
        },
    }
    path = folder / "manifest.yml"
    path.write_text(yaml.safe_dump(manifest), "utf-8")
    return path


@dataclass
class Room:
    """A running sandbox and what tests mostly need of it."""

    sandbox: Sandbox
    client: AsyncWebClient
    ana: str
    rui: str
    channel: str

    async def post(self, **arguments: Any) -> str:
        """Posts as the app; returns the ts."""
        arguments.setdefault("text", "hello")
        answer = await self.client.chat_postMessage(channel=self.channel, **arguments)
        return str(answer["ts"])


def make_room(sandbox: Sandbox) -> Room:
    ana = sandbox.add_user("ana", "Ana Silva", "ana@us.example", title="Agent")
    rui = sandbox.add_user("rui", "Rui Costa", "rui@us.example", is_admin=True, locale="pt-PT")
    channel = sandbox.add_channel("support")
    client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])
    return Room(sandbox, client, ana, rui, channel)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    sandbox = Sandbox(manifest=write_manifest(tmp_path), limits=False)
    await sandbox.start()
    yield make_room(sandbox)
    await sandbox.stop()


async def refusal(call: Awaitable[Any]) -> str:
    """Slack's error code of a call that must be refused."""
    return str((await refusal_data(call))["error"])


async def refusal_data(call: Awaitable[Any]) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await call
    data = caught.value.response.data
    assert isinstance(data, dict)
    return data


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    """A rich_text block of one section."""
    inner = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [inner]}


def button(action_id: str, text: str = "Press", **more: Any) -> dict[str, Any]:
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "text": label, **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": list(blocks),
        **more,
    }


def text_input(block_id: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": block_id},
        "element": {"type": "plain_text_input", "action_id": block_id, **more},
    }
