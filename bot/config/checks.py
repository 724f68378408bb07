"""What is wrong with the settings as a whole, though each one reads well.

Pure functions over the variables that are set; each yields sentences for the operator.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mail.sending.account import is_loopback

if TYPE_CHECKING:
    from bot.config.settings import Settings

_OTHER_CANAL_VARIABLES = re.compile(r"CANAL_(REQUIRE_SERVERS|(SERVICE|PORT)(_.*)?)")
"""Ours for the tests, and what Kubernetes sets by itself for a service named canal."""


def find_contradictions(given: Mapping[str, str]) -> list[str]:
    """Variables that make sense only together, or only alone."""
    problems = []
    for one, other in (
        ("CANAL_SMTP_TLS_CERT", "CANAL_SMTP_TLS_KEY"),
        ("CANAL_SMTP_TLS_KEY", "CANAL_SMTP_TLS_CERT"),
        ("CANAL_GOOGLE_CLIENT_ID", "CANAL_GOOGLE_CLIENT_SECRET"),
    ):
        if one in given and other not in given:
            problems.append(f"{one} is set but {other} is not: set both or neither.")
    if "CANAL_SECRET_KEY" in given and "CANAL_SECRET_KEY_FILE" in given:
        problems.append("CANAL_SECRET_KEY and CANAL_SECRET_KEY_FILE are both set: set only one.")
    return problems


def find_missing_for_run(given: Mapping[str, str]) -> list[str]:
    """What the bot needs to speak to Slack and has not."""
    problems = []
    if "SLACK_BOT_TOKEN" not in given:
        problems.append(
            "SLACK_BOT_TOKEN is not set: create the Slack app from manifest.yml, install it, and "
            "copy the bot token (xoxb-…). To look around without Slack, run “canal demo”."
        )
    if "SLACK_APP_TOKEN" not in given and "SLACK_SIGNING_SECRET" not in given:
        problems.append(
            "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set: Socket Mode wants an "
            "app-level token (xapp-…, scope connections:write), HTTP mode the signing secret."
        )
    return problems


def find_unknown_variables(env: Mapping[str, str], known: tuple[str, ...]) -> list[str]:
    """Misspelt variables, with the nearest known name."""
    warnings = []
    for name in sorted(env):
        if not name.startswith("CANAL_") or name in known or _OTHER_CANAL_VARIABLES.fullmatch(name):
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
        hint = f" Did you mean {near[0]}?" if near else ""
        warnings.append(f"{name} is not a variable of Canal and is ignored.{hint}")
    return warnings


def find_doubts(settings: Settings) -> list[str]:
    """What can be meant, but seldom is."""
    warnings = []
    url = settings.slack_api_url
    if url.startswith("http://") and not is_loopback(
        url.split("/")[2].rsplit(":", 1)[0].strip("[]")
    ):
        warnings.append("SLACK_API_URL is not https: tokens and mails cross the network in clear.")
    if not settings.is_sqlite and not (settings.secret_key or settings.secret_key_file):
        warnings.append(
            "PostgreSQL is used but CANAL_SECRET_KEY is not set: every Canal on this database "
            "needs the same key."
        )
    if settings.slack_app_token and settings.slack_signing_secret:
        warnings.append(
            "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both set: Socket Mode is used."
        )
    return warnings
