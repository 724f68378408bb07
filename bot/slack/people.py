"""Who is who in the workspace: profiles and usergroups, asked once and remembered for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from bot.slack.calls import SlackCalls, within
from handlers.errors import ChatClosed, ChatError, ChatRefused, ChatUnavailable
from handlers.ports import Profile

_log = logging.getLogger(__name__)
_KEPT = 600.0
_KEPT_UNKNOWN = 30.0
_KEPT_FAILED = 1.0
"""A reply may be waiting for who its author is."""
_PATIENCE = 1.5
"""Seconds: an event must be acknowledged within 3, and a name is not worth losing it."""
_MOST = 5000
_MOST_PAGES = 50
_NEVER = frozenset({"missing_scope", "no_permission"})
_STRANGERS = frozenset({"user_not_found", "user_not_visible"})
"""Slack shows its members to every app, so these are not of our workspace."""


class People:
    """Answers about people; at worst it knows only the id."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._profiles: dict[str, tuple[float, Profile]] = {}
        self._channels: dict[str, tuple[float, str]] = {}
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}

    async def profile(self, user_id: str) -> Profile:
        known = self._profiles.get(user_id)
        if known and known[0] > time.monotonic():
            return known[1]
        profile, kept = await self._ask_for(user_id, known[1] if known else None)
        if len(self._profiles) > _MOST:
            self._profiles.clear()
        self._profiles[user_id] = (time.monotonic() + kept, profile)
        return profile

    async def _ask_for(self, user_id: str, stale: Profile | None) -> tuple[Profile, float]:
        """The profile, and for how many seconds it may be kept."""
        arguments = {"user": user_id, "include_locale": True}
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._calls.call("users.info", arguments)
            return _profile(answer["user"]), _KEPT
        except (ChatRefused, ChatClosed) as error:
            if error.code in _STRANGERS:
                return Profile(user_id, is_guest=True), _KEPT_UNKNOWN
            if isinstance(error, ChatRefused) or error.code in _NEVER:
                return stale or Profile(user_id), _KEPT_UNKNOWN  # Slack never tells
        except (ChatError, TimeoutError, KeyError):
            pass
        return stale or Profile(user_id, is_known=False), _KEPT_FAILED

    async def names(self, ids: set[str]) -> dict[str, str]:
        """Names of users and Slack channels among the ids; what Slack does not tell is left out."""
        found = {}
        for one in ids:
            if one.startswith(("U", "W")):
                name = (await self.profile(one)).name
            else:
                name = await self._channel_name(one) if one.startswith(("C", "G")) else ""
            if name:
                found[one] = name
        return found

    async def _channel_name(self, slack_channel_id: str) -> str:
        known = self._channels.get(slack_channel_id)
        if known and known[0] > time.monotonic():
            return known[1]
        call = self._calls.call("conversations.info", {"channel": slack_channel_id})
        answer = await within(_PATIENCE, call, None)
        name = str(((answer or {}).get("channel") or {}).get("name") or "")
        if len(self._channels) > _MOST:
            self._channels.clear()
        kept = _KEPT if name else _KEPT_UNKNOWN
        self._channels[slack_channel_id] = (time.monotonic() + kept, name)
        return name

    async def members_of_group(self, usergroup_id: str) -> frozenset[str]:
        known = self._groups.get(usergroup_id)
        if known and known[0] > time.monotonic():
            return known[1]
        try:
            answer = await self._calls.call("usergroups.users.list", {"usergroup": usergroup_id})
            members = frozenset(answer.get("users", ()))
        except ChatError as error:
            _log.warning("usergroup %s cannot be read: %s", usergroup_id, error.code)
            if not known and not isinstance(error, ChatRefused) and error.code not in _NEVER:
                raise ChatUnavailable(error.code) from error
            members = known[1] if known else frozenset()
        self._groups[usergroup_id] = (time.monotonic() + 60.0, members)
        return members

    async def workspace_admins(self) -> tuple[str, ...]:
        """Empty where Slack never tells them. Raises ChatError where it does not now."""
        found: list[str] = []
        arguments: dict[str, Any] = {"limit": 200}
        for _ in range(_MOST_PAGES):
            try:
                answer = await self._calls.call("users.list", arguments)
            except ChatError as error:
                if not isinstance(error, ChatRefused) and error.code not in _NEVER:
                    raise
                _log.warning("the workspace's admins cannot be read: %s", error.code)
                return ()
            found += [
                user["id"]
                for user in answer.get("members", ())
                if (user.get("is_admin") or user.get("is_owner")) and not user.get("deleted")
            ]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
            arguments["cursor"] = cursor
        return tuple(found)


def _profile(user: dict[str, Any]) -> Profile:
    shown = user.get("profile") or {}
    name = (
        shown.get("real_name")
        or user.get("real_name")
        or shown.get("display_name")
        or user.get("name")
        or ""
    )
    return Profile(
        user_id=str(user.get("id", "")),
        name=str(name),
        title=str(shown.get("title") or ""),
        email=str(shown.get("email") or ""),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
        is_guest=bool(
            user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("is_stranger")
        ),
        is_bot=bool(user.get("is_bot")) or user.get("id") == "USLACKBOT",
        locale=user.get("locale"),
        timezone=user.get("tz"),
    )
