"""manifest.yml against the limits that Slack states for app manifests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

MANIFEST = Path(__file__).parents[2] / "manifest.yml"

SCOPE_OF_EVENT = {
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_left": "channels:read",
    "channel_rename": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_left": "groups:read",
    "group_rename": "groups:read",
    "group_unarchive": "groups:read",
    "member_joined_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "reaction_added": "reactions:read",
}
NEED_NO_SCOPE = {"app_home_opened", "app_uninstalled", "tokens_revoked"}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return read


def test_names_and_descriptions_keep_slacks_lengths(manifest: dict[str, Any]) -> None:
    about = manifest["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 175 <= len(about["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-f]{6}", about["background_color"])
    assert re.fullmatch(r"[a-z0-9_.-]{1,80}", manifest["features"]["bot_user"]["display_name"])
    assert manifest["_metadata"]["major_version"] in {1, 2}


def test_the_slash_command_keeps_slacks_lengths(manifest: dict[str, Any]) -> None:
    commands = manifest["features"]["slash_commands"]
    assert [each["command"] for each in commands] == ["/canal"]
    for each in commands:
        assert len(each["command"]) <= 32
        assert len(each["description"]) <= 2000
        assert len(each["usage_hint"]) <= 1000


def test_shortcuts_are_few_short_and_distinct(manifest: dict[str, Any]) -> None:
    shortcuts = manifest["features"]["shortcuts"]
    assert len(shortcuts) <= 10
    assert len({each["callback_id"] for each in shortcuts}) == len(shortcuts)
    for each in shortcuts:
        assert each["type"] in {"message", "global"}
        assert len(each["name"]) <= 24
        assert len(each["callback_id"]) <= 255
        assert len(each["description"]) <= 150


def test_every_event_has_the_scope_that_it_needs(manifest: dict[str, Any]) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    assert len(events) == len(set(events)) <= 100
    for event in events:
        assert event in NEED_NO_SCOPE or SCOPE_OF_EVENT[event] in scopes, event


def test_scopes_are_a_bots_and_each_says_what_it_is_for(manifest: dict[str, Any]) -> None:
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    assert len(scopes) == len(set(scopes))
    assert all(re.fullmatch(r"[a-z_.]+(:[a-z_.]+)*", scope) for scope in scopes)
    written = MANIFEST.read_text(encoding="utf-8").partition("    bot:\n")[2]
    unexplained = [s for s in scopes if not re.search(rf"- {re.escape(s)} # ", written)]
    assert unexplained == ["groups:read"], "groups:read stands under the line that explains both"


def test_no_address_is_needed_in_socket_mode(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert "request_url" not in settings["event_subscriptions"]
    assert "url" not in manifest["features"]["slash_commands"][0]


def test_the_comments_say_how_to_use_http_mode() -> None:
    text = MANIFEST.read_text(encoding="utf-8")
    assert text.count("https://canal.acme.example/slack/events") == 2
    assert "SLACK_SIGNING_SECRET" in text
