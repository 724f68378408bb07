"""Merge…: into which ticket."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import own_words, user_of
from bot.listeners.modals.form_values import read_text
from bot.listeners.services import Services
from bot.slack.kit import input_block, label, text_input
from bot.slack.texts import Texts
from handlers.channels.fields import InvalidFields
from handlers.errors import NotFound
from mail.sentences import say

Json = dict[str, Any]
CALLBACK_ID = "merge_form"
_NUMBER = re.compile(r"#?\s*(\d{1,9})", re.ASCII)


def register(app: AsyncApp, services: Services) -> None:
    @app.view(CALLBACK_ID)
    async def on_submit(ack: AsyncAck, body: Json, view: Json) -> None:
        typed = _NUMBER.fullmatch(read_text(view["state"]["values"], "number") or "")
        try:
            if typed is None:
                raise InvalidFields({"number": say("Give the number of a ticket, such as #12.")})
            ticket_id = int(view["private_metadata"])
            await services.merges.merge(ticket_id, int(typed[1]), user_of(body))
        except InvalidFields as error:
            texts = await services.chat.texts_for(user_of(body))
            await ack(response_action="errors", errors=own_words(texts, error.problems))
            return
        await ack()


async def open_merge(services: Services, body: Json, ticket_id: int) -> None:
    found = await services.tickets.find(ticket_id)
    if found is None:
        raise NotFound(say("This ticket does not exist any more."))
    texts = await services.chat.texts_for(user_of(body))
    view = build_view(found.id, found.number, texts)
    await services.chat.open_view(body["trigger_id"], view)


def build_view(ticket_id: int, number: int, texts: Texts) -> Json:
    hint = texts("Its mails appear there, and #{number} is closed.", number=number)
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": label(texts("Merge #{number}", number=number), 24),
        "submit": label(texts("Merge"), 24),
        "close": label(texts("Cancel"), 24),
        "private_metadata": str(ticket_id),
        "blocks": [
            input_block("number", texts("Into ticket"), text_input(placeholder="#12"), hint=hint)
        ],
    }
