"""Forward as new ticket: to whom, what, with which words."""

from __future__ import annotations

import json
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import own_words, place_of, recipients_line, user_of
from bot.listeners.modals.form_values import read_checked, read_document, read_text
from bot.listeners.services import Services
from bot.slack.kit import choice, cut, input_block, label, option, text_input
from bot.slack.texts import Texts
from handlers.channels.fields import InvalidFields
from handlers.posts import Notice, NoticeKind, Place
from handlers.replies.forwarding import Forwarded, ForwardOffer, ForwardRequest, Scope
from mail.document import Document
from storage.records import MessageRecord

Json = dict[str, Any]
CALLBACK_ID = "forward_form"


def register(app: AsyncApp, services: Services) -> None:
    @app.action("ticket_forward")
    async def on_press(ack: AsyncAck, body: Json, action: Json) -> None:
        offer = await services.forwards.offer(int(action["value"]), user_of(body))
        await _open(services, body, offer)
        await ack()

    @app.view(CALLBACK_ID)
    async def on_submit(ack: AsyncAck, body: Json, view: Json) -> None:
        request = read_request(view, user_of(body))
        try:
            forwarded = await services.forwards.forward(request)
        except InvalidFields as error:
            texts = await services.chat.texts_for(request.user_id)
            await ack(response_action="errors", errors=own_words(texts, error.problems))
            return
        await ack()
        services.background.start(_tell(services, forwarded, request.user_id, view))


async def open_forward_mail(services: Services, body: Json, message_id: int) -> None:
    """The form with one mail chosen."""
    await _open(services, body, await services.forwards.offer_message(message_id, user_of(body)))


async def _open(services: Services, body: Json, offer: ForwardOffer) -> None:
    texts = await services.chat.texts_for(user_of(body))
    view = build_view(offer, texts, place_of(body))
    await services.chat.open_view(body["trigger_id"], view)


def build_view(offer: ForwardOffer, texts: Texts, place: Place | None) -> Json:
    metadata = {
        "ticket_id": offer.ticket.id,
        "channel": place.slack_channel_id if place else None,
        "thread_ts": place.thread_ts if place else None,
    }
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": label(texts("Forward #{number}", number=offer.ticket.number), 24),
        "submit": label(texts("Forward"), 24),
        "close": label(texts("Cancel"), 24),
        "private_metadata": json.dumps(metadata),
        "blocks": [*_people_fields(texts), *_content_fields(offer, texts)],
    }


def _people_fields(texts: Texts) -> list[Json]:
    return [
        input_block(
            "to",
            texts("To"),
            text_input(multiline=True, placeholder="pat@partner.example"),
            hint=texts("One address a line. Their answers come to a thread of their own."),
        ),
        input_block("cc", texts("Cc"), text_input(multiline=True), optional=True),
        input_block("comment", texts("Comment"), {"type": "rich_text_input"}, optional=True),
    ]


def _content_fields(offer: ForwardOffer, texts: Texts) -> list[Json]:
    count = len(offer.mails)
    everything = texts.t.ngettext(
        "The whole correspondence ({n} mail)", "The whole correspondence ({n} mails)", count
    )
    scopes = [
        option(everything.format(n=count), Scope.ALL),
        option(texts("The last mail"), Scope.LAST),
        option(texts("Chosen mails"), Scope.CHOSEN),
    ]
    initial = Scope.CHOSEN if offer.chosen else Scope.ALL
    mails = [option(_describe(one, texts), str(one.id)) for one in reversed(offer.mails)]
    chosen: Json = {"type": "multi_static_select", "options": mails}
    picked = [one for one in mails if one["value"] == str(offer.chosen)]
    if picked:
        chosen["initial_options"] = picked
    files = option(texts("With their files"), "files")
    boxes: Json = {"type": "checkboxes", "options": [files], "initial_options": [files]}
    return [
        input_block("scope", texts("What"), choice(scopes, initial, "radio_buttons")),
        input_block("chosen", texts("Chosen mails"), chosen, optional=True),
        input_block("files", texts("Files"), boxes, optional=True),
    ]


def _describe(message: MessageRecord, texts: Texts) -> str:
    """`2 Mar 10:00 Jo Miller: The invoice…` within the 75 characters of an option."""
    who = message.author_name or message.author_address or texts("an agent")
    shown = message.body if message.visible is None else message.visible
    words = " ".join(Document.from_json(shown).to_text().split())
    return cut(f"{message.created_at:%d.%m. %H:%M} {cut(who, 25)}: {words}", 75)


def read_request(view: Json, user_id: str) -> ForwardRequest:
    """What was typed. Pure."""
    values = view["state"]["values"]
    chosen = read_checked(values, "chosen")
    return ForwardRequest(
        ticket_id=int(json.loads(view["private_metadata"])["ticket_id"]),
        user_id=user_id,
        to=read_text(values, "to") or "",
        cc=read_text(values, "cc") or "",
        comment=read_document(values, "comment"),
        scope=Scope(read_text(values, "scope") or Scope.ALL),
        chosen=tuple(int(one) for one in chosen if one.isdigit()),
        with_files="files" in read_checked(values, "files"),
        key=str(view["id"]),
    )


async def _tell(services: Services, forwarded: Forwarded, user_id: str, view: Json) -> None:
    """Where the button was pressed: whom it goes to, and Undo while there is time."""
    services = await services.speaking_to(user_id)
    metadata = json.loads(view["private_metadata"])
    place = Place(metadata["channel"] or forwarded.original.slack_channel_id, metadata["thread_ts"])
    facts = {
        "message_id": forwarded.message.id,
        "number": forwarded.ticket.number,
        "seconds": forwarded.channel.undo_seconds,
        "addresses": recipients_line(forwarded.message.recipients, services.texts),
    }
    if forwarded.channel.undo_seconds:
        await services.chat.whisper(place, user_id, Notice(NoticeKind.FORWARD_HELD, facts))
