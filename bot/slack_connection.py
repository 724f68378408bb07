"""How Slack's events reach us: Socket Mode, or HTTP with a signing secret."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.settings import Settings
from bot.listeners import register
from bot.listeners.services import Services
from bot.problems import StartupError
from bot.slack.gateway import SlackChat
from bot.slack_absence import Absence

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 2.0
_START_SECONDS = 3.0
_NOT_ACCEPTED = (
    "Slack does not accept SLACK_APP_TOKEN ({code}): copy an app-level token (xapp-…) with the "
    "scope connections:write from Basic Information on the app's page."
)
_LOOK_SECONDS = 0.5
_FATAL = frozenset({"invalid_auth", "not_allowed_token_type", "account_inactive", "token_revoked"})


def build_client(settings: Settings) -> AsyncWebClient:
    """The Web API client; slack_sdk repeats nothing by itself (the outbox decides)."""
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
    return AsyncWebClient(token=token, base_url=settings.slack_api_url, retry_handlers=[])


def build_bolt(settings: Settings, client: AsyncWebClient, services: Services) -> AsyncApp:
    """Bolt, answering Slack only when a listener is finished."""
    secret = settings.slack_signing_secret
    logger = logging.getLogger("bot.bolt")
    logger.setLevel(logging.ERROR)  # it warns of SLACK_BOT_TOKEN, which the client has already
    app = AsyncApp(
        client=client,
        authorize=_authorize_once(services.chat),
        signing_secret=secret.get_secret_value() if secret else "socket mode needs none",
        process_before_response=True,
        raise_error_for_unhandled_request=False,
        logger=logger,
    )
    logger.setLevel(logging.NOTSET)
    register(app, services)
    return app


def _authorize_once(chat: SlackChat) -> Callable[[AsyncBoltContext], Awaitable[AuthorizeResult]]:
    """Who we are, by which Bolt knows what we did ourselves.

    Left to itself, Bolt acknowledges what came while Slack does not answer that: it would be lost.
    """
    known: list[AuthorizeResult] = []

    async def authorize(context: AsyncBoltContext) -> AuthorizeResult:
        if not known:
            answer = await chat.fetch_identity()
            known.append(
                AuthorizeResult(
                    enterprise_id=answer.get("enterprise_id"),
                    team_id=answer.get("team_id"),
                    bot_user_id=answer.get("user_id"),
                    bot_id=answer.get("bot_id"),
                    bot_token=context.client.token,
                )
            )
        return known[0]

    return authorize


class SocketMode:
    """One Socket Mode connection that comes back by itself."""

    def __init__(self, app: AsyncApp, settings: Settings, client: AsyncWebClient) -> None:
        token = settings.slack_app_token
        self._handler = AsyncSocketModeHandler(
            app,
            token.get_secret_value() if token else "",
            web_client=client,
            logger=logging.getLogger("bot.socket_mode"),
        )
        self.absence = Absence()
        self._handler.client.logger.addFilter(self.absence)
        self._is_starting = True
        self._tasks: list[asyncio.Task[None]] = []
        self.on_connected: Callable[[], None] = lambda: None
        """Called at every connection that followed a time without one."""
        self._was_away = True
        """Since the last "hello" there was a moment without a connection, or there was none yet."""
        self._handler.client.message_listeners.append(self._on_socket_message)

    async def start(self) -> None:
        """Connect; while Slack cannot be reached, keep trying in the background.

        Raises:
            StartupError: Slack does not accept the app-level token.
        """
        self._handler.client.logger.setLevel(logging.NOTSET)
        self._tasks = [
            asyncio.create_task(self._connect()),
            asyncio.create_task(self._refresh()),
            asyncio.create_task(self._notice_absence()),
        ]
        try:
            async with asyncio.timeout(_START_SECONDS):
                await asyncio.shield(self._tasks[0])
        except TimeoutError:
            _log.warning("Slack's socket is not open yet; it will be as soon as Slack answers")
        finally:
            self._is_starting = False

    async def is_connected(self) -> bool:
        return await self._handler.client.is_connected()

    async def stop(self) -> None:
        self._handler.client.logger.removeFilter(self.absence)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # What is in hand can't be acknowledged any more, and comes again: no news for the log.
        self._handler.client.logger.setLevel(logging.CRITICAL)
        await self._handler.close_async()  # type: ignore[no-untyped-call]

    async def _connect(self) -> None:
        """Until it is done. slack_sdk's own loop would try a wrong token, too, for ever."""
        client = self._handler.client
        while True:
            try:
                opened = await client.web_client.apps_connections_open(app_token=client.app_token)
                client.wss_uri = str(opened["url"])
            except SlackApiError as error:
                code = str(error.response.get("error"))
                if code in _FATAL and self._is_starting:
                    raise StartupError(_NOT_ACCEPTED.format(code=code)) from error
                self.absence.note(is_away=True, reason=code)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.absence.note(is_away=True, reason=str(error))
            else:
                await self._handler.connect_async()  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(self.absence.retry_after())

    async def _refresh(self) -> None:
        """slack_sdk would try the address of a failed connection again; each opens but one."""
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            self._handler.client.wss_uri = None

    async def _on_socket_message(
        self, _client: object, message: dict[str, Any], _raw: str | None = None
    ) -> None:
        """A "hello" opens a connection; a refreshed one overlaps the old and misses nothing."""
        if message.get("type") == "hello" and self._was_away:
            self._was_away = False
            self.on_connected()

    async def _notice_absence(self) -> None:
        """The socket's own ping-pong may be answered before its "hello" is read, so that it does
        not tell for how long there was none."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            is_away = not await self.is_connected()
            self._was_away = self._was_away or is_away
            self.absence.note(is_away=is_away)
