"""The buttons of a digest and of the window that lists all its tickets."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of, whisper_text
from bot.listeners.services import Services
from bot.slack.digests import build_window
from handlers.tickets.digests import PAGE

Json = dict[str, Any]
_LOOKS = (0.5, 1.0, 2.0, 4.0)
"""Seconds between looks whether the card that was asked for is there."""


def register(app: AsyncApp, services: Services) -> None:
    @app.action("digest_open")
    async def on_open(ack: AsyncAck, body: Json, action: Json) -> None:
        ticket_id = int(action["value"])
        await services.digests.open_ticket(ticket_id, user_of(body))
        await ack()
        if body.get("view"):
            services.background.start(_follow(services, body, ticket_id))

    @app.action("digest_all")
    async def on_all(ack: AsyncAck, body: Json, action: Json) -> None:
        user_id = user_of(body)
        count = await services.digests.open_all(int(action["value"]), user_id)
        await ack()
        own = await services.speaking_to(user_id)
        sentence = own.texts.t.ngettext("{n} card is posted.", "{n} cards are posted.", count)
        services.background.start(whisper_text(services, body, sentence.format(n=count)))

    @app.action("digest_list")
    async def on_list(ack: AsyncAck, body: Json, action: Json) -> None:
        texts = await services.chat.texts_for(user_of(body))
        post = await services.digests.page(int(action["value"]), 0)
        view = build_window(post, texts, page=PAGE)
        view_id = await services.chat.open_view(body["trigger_id"], view)
        await ack()
        services.background.start(_show(services, body, view_id, f"{post.digest_id}:0"))

    async def on_turn(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        view_id = str(body["view"]["id"])
        services.background.start(_show(services, body, view_id, str(action["value"])))

    app.action("digest_back")(on_turn)
    app.action("digest_on")(on_turn)


async def _show(services: Services, body: Json, view_id: str, where: str) -> None:
    """Put the page `digest:offset` into the window, with links to the cards that are there."""
    digest_id, _, offset = where.partition(":")
    texts = await services.chat.texts_for(user_of(body))
    post = await services.digests.page(int(digest_id), int(offset))
    view = build_window(await services.chat.with_links(post), texts, page=PAGE)
    await services.chat.update_view(view_id, view)


async def _follow(services: Services, body: Json, ticket_id: int) -> None:
    """The window says that the card is on its way, and leads to it once it is there."""
    view = body["view"]
    where, view_id = str(view["private_metadata"]), str(view["id"])
    await _show(services, body, view_id, where)
    for pause in _LOOKS:
        await asyncio.sleep(pause)
        ticket = await services.tickets.find(ticket_id)
        if ticket is not None and ticket.root_ts is not None:
            await _show(services, body, view_id, where)
            return
