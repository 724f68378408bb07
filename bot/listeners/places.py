"""What happens to Slack channels and to the installation: work that waits for them goes on.

Bolt acknowledges only events that have a listener, and Slack sends the others again; so everything
that manifest.yml subscribes to is listened to here, if nowhere else.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.listeners.services import Services

Json = dict[str, Any]
_log = logging.getLogger(__name__)


def register(app: AsyncApp, services: Services) -> None:
    """To be registered last: the end of the list takes whatever nobody else wanted."""

    async def on_open_again(event: Json, context: Json) -> None:
        channel = event.get("channel")
        if not isinstance(channel, str):
            return
        await services.places.on_available(channel)
        if event.get("user") == context.get("bot_user_id"):
            # What was written in its threads while we were not in it is read.
            services.background.start(services.backfill.run(channel))

    for name in ("channel_unarchive", "group_unarchive", "member_joined_channel"):
        app.event(name)(on_open_again)

    @app.event(re.compile("app_uninstalled|tokens_revoked"))
    async def on_uninstalled(event: Json) -> None:
        _log.error("the Slack app was removed from its workspace: %s", event.get("type"))

    @app.event(re.compile(".*"))
    async def on_anything_else() -> None:
        """Nothing to do, but acknowledged."""
