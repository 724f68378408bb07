"""The notice about a Slack channel, or a whole workspace, that does not let Canal in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack.elements import escape_text
from bot.slack.texts import Texts

Json = dict[str, Any]
Facts = Mapping[str, Any]


def word_closed_channel(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    """What happened, and what an admin can do about it; no buttons."""
    return _sentence(facts, texts), []


def _sentence(facts: Facts, texts: Texts) -> str:
    code = escape_text(str(facts.get("code") or ""))
    if not facts.get("slack_channel_id"):
        return texts(
            "Slack did not let Canal in for a while ({code}). Nothing is lost: what waited is "
            "posted now, and what was written in open threads meanwhile is read.",
            code=code,
        )
    where = f"<#{facts['slack_channel_id']}>"
    if code == "missing_scope":
        return texts(
            "Canal cannot post to {where}: its Slack app lacks a scope. Nothing is lost: mail "
            "waits until it can. Compare the app with manifest.yml, then install it again.",
            where=where,
        )
    return texts(
        "Canal cannot post to {where} ({code}). Nothing is lost: mail waits until it can. "
        "Unarchive the channel, or type /invite @Canal there.",
        where=where,
        code=code,
    )
