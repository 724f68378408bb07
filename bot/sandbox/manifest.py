"""Reads manifest.yml, the one truth about what the app may do and hears of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True)
class Command:
    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    name: str
    type: str
    """"message" or "global"."""
    callback_id: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of a Slack app manifest that change how Slack treats the app."""

    name: str
    bot_name: str
    scopes: frozenset[str]
    events: frozenset[str]
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    home_enabled: bool
    interactive: bool
    socket_mode: bool

    def find_command(self, command: str) -> Command | None:
        return next((known for known in self.commands if known.command == command), None)

    def find_shortcut(self, callback_id: str) -> Shortcut | None:
        return next((one for one in self.shortcuts if one.callback_id == callback_id), None)


def read_manifest(path: Path) -> Manifest:
    """Reads and checks the file; SandboxError says in a sentence what is wrong with it."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise SandboxError(f"The app manifest {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise SandboxError(f"The app manifest {path} is not valid YAML: {error}") from error
    if not isinstance(data, dict) or "display_information" not in data:
        raise SandboxError(f"{path} is not a Slack app manifest: no display_information.")
    return parse_manifest(data)


def parse_manifest(data: dict[str, Any]) -> Manifest:
    """The manifest's own nesting to a flat value; what is absent is off, as in Slack."""
    name = str(data["display_information"].get("name", "App"))
    features, settings = data.get("features") or {}, data.get("settings") or {}
    bot_user = features.get("bot_user") or {}
    scopes = ((data.get("oauth_config") or {}).get("scopes") or {}).get("bot") or []
    events = (settings.get("event_subscriptions") or {}).get("bot_events") or []
    return Manifest(
        name=name,
        bot_name=str(bot_user.get("display_name", name)),
        scopes=frozenset(map(str, scopes)),
        events=frozenset(map(str, events)),
        commands=tuple(_command(item) for item in features.get("slash_commands") or []),
        shortcuts=tuple(_shortcut(item) for item in features.get("shortcuts") or []),
        home_enabled=bool((features.get("app_home") or {}).get("home_tab_enabled", False)),
        interactive=bool((settings.get("interactivity") or {}).get("is_enabled", False)),
        socket_mode=bool(settings.get("socket_mode_enabled", False)),
    )


def _command(item: dict[str, Any]) -> Command:
    return Command(
        command=str(item["command"]),
        description=str(item.get("description", "")),
        usage_hint=str(item.get("usage_hint", "")),
        should_escape=bool(item.get("should_escape", False)),
    )


def _shortcut(item: dict[str, Any]) -> Shortcut:
    return Shortcut(
        name=str(item["name"]),
        type=str(item["type"]),
        callback_id=str(item["callback_id"]),
        description=str(item.get("description", "")),
    )
