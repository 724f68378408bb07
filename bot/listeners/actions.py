"""Buttons on ticket cards and notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import answer_press, place_of, user_of
from bot.listeners.modals.show_mail import open_mail
from bot.listeners.more import openers
from bot.listeners.services import Services
from handlers.posts import Place
from handlers.replies.outcomes import Outcome

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    @app.action("ticket_take")
    async def on_take(ack: AsyncAck, body: Json, action: Json) -> None:
        user_id = user_of(body)
        await services.tickets.assign(int(action["value"]), user_id, user_id)
        await ack()

    @app.action("ticket_close")
    async def on_close(ack: AsyncAck, body: Json, action: Json) -> None:
        await services.tickets.close(int(action["value"]), user_of(body))
        await ack()

    @app.action("ticket_reopen")
    async def on_reopen(ack: AsyncAck, body: Json, action: Json) -> None:
        await services.tickets.reopen(int(action["value"]), user_of(body))
        await ack()

    menu = openers()

    @app.action("ticket_more")
    async def on_more(ack: AsyncAck, body: Json, action: Json) -> None:
        what, _, number = action["selected_option"]["value"].partition(":")
        if what == "show_mail":
            await open_mail(services, body, int(number))
        elif what == "post_eml":
            services.background.start(post_eml(services, body, int(number)))
        elif what in menu:
            await menu[what](services, body, int(number))
        await ack()

    @app.action("mail_show")
    async def on_show(ack: AsyncAck, body: Json, action: Json) -> None:
        await open_mail(services, body, int(action["value"]))
        await ack()

    _register_replies(app, services)


def _register_replies(app: AsyncApp, services: Services) -> None:
    replies = services.replies

    async def send_reopened(message_id: int, user_id: str) -> Outcome:
        found = await services.tickets.find_message(message_id)
        if found is not None:
            await services.tickets.reopen(found[0].id, user_id)
        return await replies.send(message_id, user_id)

    presses: dict[str, Callable[[int, str], Awaitable[Outcome]]] = {
        "reply_undo": replies.undo,
        "reply_note": replies.make_note,
        "reply_send": replies.send,
        "reply_reopen_send": send_reopened,
    }
    for action_id, press in presses.items():
        app.action(action_id)(_pressed(services, press))


def _pressed(
    services: Services, press: Callable[[int, str], Awaitable[Outcome]]
) -> Callable[..., Awaitable[None]]:
    async def on_press(ack: AsyncAck, body: Json, action: Json) -> None:
        user_id = user_of(body)
        outcome = await press(int(action["value"]), user_id)
        await ack()
        services.background.start(answer_press(services, body, outcome, user_id))

    return on_press


async def post_eml(services: Services, body: Json, message_id: int) -> None:
    """The mail as it came, as a file in the thread."""
    message, raw = await services.tickets.fetch_raw(message_id, user_of(body))
    place = place_of(body)
    if place is None:
        return
    ts = str((body.get("message") or {}).get("ts") or "")
    thread = Place(place.slack_channel_id, place.thread_ts or ts)
    await services.chat.upload_file(thread, f"mail-{message.id}.eml", raw)
