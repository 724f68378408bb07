"""Which workspace the bot's token belongs to."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.problems import SLACK_SENTENCES, StartupError
from handlers.upkeep.startup import find_team
from storage.engine import Database

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workspace:
    team_id: str
    name: str = ""
    bot_user_id: str | None = None


async def identify(client: AsyncWebClient, database: Database) -> Workspace:
    """Ask Slack; when it cannot be reached, trust what the database remembers of the last start.

    Raises:
        SlackApiError: Slack refuses the token.
        StartupError: Slack cannot be reached and this is the first start.
    """
    try:
        answer = await client.auth_test()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        known = await find_team(database)
        if known is None:
            raise StartupError(
                f"Slack cannot be reached at {client.base_url} ({error}): check the network and "
                "SLACK_API_URL. The first start needs it."
            ) from error
        _log.warning("Slack cannot be reached yet; mail is taken in meanwhile: %s", error)
        return Workspace(known)
    except SlackApiError as error:
        # Only a refusal that somebody has to mend ends the start: the others pass by themselves.
        known = None if _is_for_the_operator(error) else await find_team(database)
        if known is None:
            raise
        _log.warning("Slack does not answer yet; mail is taken in meanwhile: %s", error)
        return Workspace(known)
    return Workspace(
        str(answer.get("team_id")), str(answer.get("team") or ""), answer.get("user_id")
    )


def _is_for_the_operator(error: SlackApiError) -> bool:
    return error.response.status_code < 500 and error.response.get("error") in SLACK_SENTENCES
