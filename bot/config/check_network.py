"""What `canal check` looks at on the network: Slack, the smarthost, the inbound domain."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.problem import Check, Problem, error, warning
from bot.config.settings import Settings
from bot.problems import slack_sentence

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError
    from slack_sdk.web.async_client import AsyncWebClient

SLACK_SECONDS = 8
SMARTHOST_SECONDS = 4.0
DNS_SECONDS = 4.0
CLOCK_SECONDS = 60


def network_checks(settings: Settings) -> list[Check]:
    """Everything that asks somebody else."""
    checks = []
    api = "SLACK_API_URL"
    if settings.slack_bot_token is not None:
        checks.append(
            Check(
                "Slack",
                lambda: find_bot_token_problems(settings),
                frozenset({api, "SLACK_BOT_TOKEN"}),
            )
        )
    if settings.slack_app_token is not None:
        checks.append(
            Check(
                "Slack's Socket Mode",
                lambda: find_app_token_problems(settings),
                frozenset({api, "SLACK_APP_TOKEN"}),
            )
        )
    checks.append(
        Check(
            "the smarthost",
            lambda: find_smarthost_problems(settings),
            frozenset({"CANAL_SMARTHOST_URL"}),
        )
    )
    checks.append(
        Check(
            "the inbound domain",
            lambda: find_domain_problems(settings.inbound_domain),
            frozenset({"CANAL_INBOUND_DOMAIN"}),
        )
    )
    return checks


async def find_bot_token_problems(settings: Settings) -> list[Problem]:
    """auth.test: is the token good, has it the manifest's scopes, and do the clocks agree."""
    from slack_sdk.errors import SlackApiError

    assert settings.slack_bot_token is not None
    client = _client(settings, settings.slack_bot_token.get_secret_value())
    try:
        answer = await client.auth_test()
    except SlackApiError as refused:
        return [error(_refusal(refused))]
    except Exception as failed:  # noqa: BLE001 - slack_sdk lets through whatever aiohttp raises
        return [error(_unreachable(settings, failed))]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return [*find_missing_scopes(headers), *find_clock_problems(headers, datetime.now(UTC))]


async def find_app_token_problems(settings: Settings) -> list[Problem]:
    """apps.connections.open: may Socket Mode be used with this token."""
    from slack_sdk.errors import SlackApiError

    assert settings.slack_app_token is not None
    token = settings.slack_app_token.get_secret_value()
    try:
        await _client(settings, token).apps_connections_open(app_token=token)
    except SlackApiError as refused:
        return [error(f"Socket Mode: {_app_refusal(refused)}")]
    except Exception as failed:  # noqa: BLE001 - slack_sdk lets through whatever aiohttp raises
        return [error(_unreachable(settings, failed))]
    return []


def _client(settings: Settings, token: str) -> AsyncWebClient:
    from slack_sdk.web.async_client import AsyncWebClient

    return AsyncWebClient(
        token=token, base_url=settings.slack_api_url, timeout=SLACK_SECONDS, retry_handlers=[]
    )


def _refusal(refused: SlackApiError) -> str:
    needed = refused.response.get("needed")
    return slack_sentence(str(refused.response.get("error")), str(needed or ""))


def _app_refusal(refused: SlackApiError) -> str:
    """The app-level token is refused with the same codes as the bot's, but mended elsewhere."""
    code = str(refused.response.get("error"))
    if code in {"invalid_auth", "not_authed", "token_revoked", "account_inactive"}:
        return (
            "Slack does not accept SLACK_APP_TOKEN: make a new app-level token (xapp-…) with the "
            "scope connections:write under Basic Information on the app's page."
        )
    if code == "missing_scope":
        return "SLACK_APP_TOKEN lacks the scope connections:write: make a new app-level token."
    return _refusal(refused)


def _unreachable(settings: Settings, failed: Exception) -> str:
    return (
        f"Slack cannot be reached at {settings.slack_api_url} ({type(failed).__name__}): look at "
        f"the network, the proxy and SLACK_API_URL."
    )


def find_missing_scopes(headers: Mapping[str, str]) -> list[Problem]:
    """The manifest's scopes that the token has not; Slack lists its scopes in a header."""
    listed = headers.get("x-oauth-scopes")
    if listed is None:
        return []
    missing = read_scopes() - {scope.strip() for scope in listed.split(",")}
    if not missing:
        return []
    return [
        error(
            f"The Slack app lacks the scopes {', '.join(sorted(missing))}: paste manifest.yml into "
            f"App Manifest on the app's page, then install the app again."
        )
    ]


def read_scopes() -> set[str]:
    """The bot scopes of manifest.yml."""
    import yaml

    manifest = yaml.safe_load(find_manifest().read_text(encoding="utf-8"))
    return set(manifest["oauth_config"]["scopes"]["bot"])


def find_manifest() -> Path:
    """manifest.yml: beside the packages in a checkout, inside `bot` in an installed wheel."""
    packed = Path(__file__).parents[1] / "slack" / "manifest.yml"
    return packed if packed.exists() else Path(__file__).parents[2] / "manifest.yml"


def find_clock_problems(headers: Mapping[str, str], now: datetime) -> list[Problem]:
    """Signatures and leases need a clock that is about right; Slack's answer tells the time."""
    try:
        there = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return []
    away = (now - there).total_seconds()
    if abs(away) <= CLOCK_SECONDS:
        return []
    direction = "ahead of" if away > 0 else "behind"
    return [
        warning(
            f"This machine's clock is {abs(away):.0f} seconds {direction} Slack's: set it by NTP."
        )
    ]


async def find_smarthost_problems(settings: Settings) -> list[Problem]:
    """Connects and logs in; no mail is sent."""
    from mail.errors import MailError
    from mail.sending.smtp import SmtpSender

    account = settings.smarthost
    if account is None:
        return [
            warning(
                "CANAL_SMARTHOST_URL is not set: email channels with internal outgoing mail cannot "
                "send."
            )
        ]
    quick = dataclasses.replace(account, timeout=min(account.timeout, SMARTHOST_SECONDS))
    try:
        async with SmtpSender(quick) as sender:
            await sender.probe()
    except MailError as failed:
        return [error(f"The smarthost of CANAL_SMARTHOST_URL: {failed}")]
    return []


async def find_domain_problems(domain: str) -> list[Problem]:
    """Whether other mail servers could find us. Only a warning: mail may be relayed to us."""
    if domain.rpartition(".")[2] in {"localhost", "test", "example", "internal", "local"}:
        return []
    from dns.asyncresolver import Resolver
    from dns.exception import DNSException, Timeout
    from dns.resolver import NXDOMAIN, NoAnswer

    try:
        resolver = Resolver()
        await resolver.resolve(domain, "MX", lifetime=DNS_SECONDS)
    except NXDOMAIN:
        return [warning(f"CANAL_INBOUND_DOMAIN: the domain {domain} does not exist in DNS.")]
    except NoAnswer:
        return [
            warning(
                f"CANAL_INBOUND_DOMAIN: {domain} has no MX record, so that other mail servers may "
                f"not find Canal."
            )
        ]
    except (Timeout, DNSException, OSError):
        return [warning(f"The DNS does not answer, so that the MX of {domain} was not checked.")]
    return []
