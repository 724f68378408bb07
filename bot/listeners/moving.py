"""Mails in the wrong ticket, or of the wrong person: "Not this ticket", "Link to #12", "Make Jo
the customer"; and those that a flood held back."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of, whisper_text
from bot.listeners.services import Services

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    @app.action("ticket_link")
    async def on_link(ack: AsyncAck, body: Json, action: Json) -> None:
        await services.merges.link(int(action["value"]), user_of(body))
        await ack()

    @app.action("flood_show")
    async def on_flood(ack: AsyncAck, body: Json, action: Json) -> None:
        user_id = user_of(body)
        count = await services.muted.show(int(action["value"]), user_id)
        await ack()
        if count == 0:
            own = await services.speaking_to(user_id)
            sentence = own.texts("All mails of this ticket are shown.")
            services.background.start(whisper_text(services, body, sentence))

    @app.action("original_customer")
    async def on_original(ack: AsyncAck, body: Json, action: Json) -> None:
        await services.originals.make_customer(int(action["value"]), user_of(body))
        await ack()


async def split_off(services: Services, body: Json, message_id: int) -> None:
    """Give the mail a ticket of its own, and say which."""
    moved = await services.moves.split(message_id, user_of(body))
    services = await services.speaking_to(user_of(body))
    sentence = services.texts(
        "The mail is #{number} now; its next answers go there too.", number=moved.target.number
    )
    services.background.start(whisper_text(services, body, sentence))
