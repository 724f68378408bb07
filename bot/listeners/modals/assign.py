"""Assign…: to whom a ticket is given."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of
from bot.listeners.services import Services
from bot.slack.kit import input_block, label
from bot.slack.texts import Texts
from handlers.errors import NotFound
from mail.sentences import say

Json = dict[str, Any]
CALLBACK_ID = "assign_form"


def register(app: AsyncApp, services: Services) -> None:
    @app.view(CALLBACK_ID)
    async def on_submit(ack: AsyncAck, body: Json, view: Json) -> None:
        chosen = view["state"]["values"]["assignee"]["assignee"].get("selected_user")
        ticket_id = int(view["private_metadata"])
        await services.tickets.assign(ticket_id, user_of(body), chosen or None)
        await ack()


async def open_assign(services: Services, body: Json, ticket_id: int) -> None:
    found = await services.tickets.find(ticket_id)
    if found is None:
        raise NotFound(say("This ticket does not exist any more."))
    texts = await services.chat.texts_for(user_of(body))
    view = build_view(found.id, found.number, found.assignee_id, texts)
    await services.chat.open_view(body["trigger_id"], view)


def build_view(ticket_id: int, number: int, assignee_id: str | None, texts: Texts) -> Json:
    people: Json = {"type": "users_select"}
    if assignee_id:
        people["initial_user"] = assignee_id
    hint = texts("Left empty, the ticket is nobody's again.")
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": label(texts("Assign #{number}", number=number), 24),
        "submit": label(texts("Assign"), 24),
        "close": label(texts("Cancel"), 24),
        "private_metadata": str(ticket_id),
        "blocks": [input_block("assignee", texts("To whom"), people, optional=True, hint=hint)],
    }
