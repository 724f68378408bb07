"""Retry and Drop under the notice of what was given up; whoever sees it may retry, admins drop."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of, whisper_text
from bot.listeners.services import Services

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    @app.action("work_retry")
    async def on_retry(ack: AsyncAck, body: Json, action: Json) -> None:
        await services.given_up.retry(int(action["value"]))
        await ack()
        own = await services.speaking_to(user_of(body))
        services.background.start(whisper_text(services, body, own.texts("It is tried again.")))

    @app.action("work_drop")
    async def on_drop(ack: AsyncAck, body: Json, action: Json) -> None:
        await services.admins.require(user_of(body))
        await services.given_up.drop(int(action["value"]))
        await ack()
        own = await services.speaking_to(user_of(body))
        sentence = own.texts("It is dropped: nobody will try it again.")
        services.background.start(whisper_text(services, body, sentence))
