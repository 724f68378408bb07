"""Recipients…: who gets the replies of a ticket, changed in a modal."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import own_words, recipients_line, user_of, whisper_outcome
from bot.listeners.modals.form_values import read_text
from bot.listeners.services import Services
from bot.slack.kit import input_block, label, text_input
from bot.slack.texts import Texts
from handlers.channels.fields import InvalidFields
from handlers.posts import Notice, NoticeKind, Place
from handlers.replies.recipients import ROLES, Changed, TicketPeople

Json = dict[str, Any]
CALLBACK_ID = "recipients_form"


def register(app: AsyncApp, services: Services) -> None:
    @app.action("reply_recipients")
    async def on_press(ack: AsyncAck, body: Json, action: Json) -> None:
        people = await services.recipients.show_of_message(int(action["value"]), user_of(body))
        texts = await services.chat.texts_for(user_of(body))
        await services.chat.open_view(body["trigger_id"], build_view(people, texts))
        await ack()

    @app.view(CALLBACK_ID)
    async def on_submit(ack: AsyncAck, body: Json, view: Json) -> None:
        values = view["state"]["values"]
        to, cc, bcc = (read_text(values, role) or "" for role in ROLES)
        user_id = user_of(body)
        ticket_id = int(view["private_metadata"])
        try:
            changed = await services.recipients.change(ticket_id, user_id, to=to, cc=cc, bcc=bcc)
        except InvalidFields as error:
            texts = await services.chat.texts_for(user_id)
            await ack(response_action="errors", errors=own_words(texts, error.problems))
            return
        await ack()
        services.background.start(_tell(services, changed, user_id))


async def open_recipients(services: Services, body: Json, ticket_id: int) -> None:
    people = await services.recipients.show(ticket_id, user_of(body))
    texts = await services.chat.texts_for(user_of(body))
    await services.chat.open_view(body["trigger_id"], build_view(people, texts))


def build_view(people: TicketPeople, texts: Texts) -> Json:
    labels = {"to": texts("To"), "cc": texts("Cc"), "bcc": texts("Bcc")}
    hints = {
        "to": texts("One address a line."),
        "cc": None,
        "bcc": texts("Nobody else sees these; they stay when the customer answers."),
    }
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": label(texts("Recipients of #{number}", number=people.ticket.number), 24),
        "submit": label(texts("Save"), 24),
        "close": label(texts("Cancel"), 24),
        "private_metadata": str(people.ticket.id),
        "blocks": [
            input_block(
                role,
                labels[role],
                text_input(people.lines(role), multiline=True),
                optional=True,
                hint=hints[role],
            )
            for role in ROLES
        ],
    }


async def _tell(services: Services, changed: Changed, user_id: str) -> None:
    """The agent hears whom replies go to now; the authors of held replies are asked anew."""
    ticket = changed.people.ticket
    services = await services.speaking_to(user_id)
    sentence = services.texts(
        "Replies to #{number} go to {addresses} from now on.",
        number=ticket.number,
        addresses=recipients_line(ticket.participants, services.texts),
    )
    place = Place(ticket.slack_channel_id, ticket.root_ts)
    await services.chat.whisper(place, user_id, Notice(NoticeKind.SAID, {"text": sentence}))
    for outcome in changed.waiting:
        if outcome.message is not None and outcome.message.slack_user_id:
            await whisper_outcome(services, outcome, outcome.message.slack_user_id)
