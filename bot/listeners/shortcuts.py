"""Message shortcuts: what can be done with one message of a thread, and the global one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of, whisper_outcome
from bot.listeners.home import open_overview
from bot.listeners.modals.forward import open_forward_mail
from bot.listeners.modals.show_mail import open_mail
from bot.listeners.moving import split_off
from bot.listeners.services import Services
from handlers.errors import UserError
from handlers.replies.outcomes import Outcome
from mail.sentences import say
from storage.records import MessageRecord

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    @app.shortcut("show_full_mail")
    async def on_show(ack: AsyncAck, body: Json) -> None:
        message = await _message_behind(services, body)
        await open_mail(services, body, message.id)
        await ack()

    @app.shortcut("open_canal")
    async def on_open(ack: AsyncAck, body: Json) -> None:
        await open_overview(services, body)
        await ack()

    @app.shortcut("forward_ticket")
    async def on_forward(ack: AsyncAck, body: Json) -> None:
        message = await _message_behind(services, body)
        await open_forward_mail(services, body, message.id)
        await ack()

    @app.shortcut("not_this_ticket")
    async def on_not_this(ack: AsyncAck, body: Json) -> None:
        message = await _message_behind(services, body)
        await split_off(services, body, message.id)
        await ack()

    app.shortcut("reply_to_customer")(_on_reply(services, services.replies.send))
    app.shortcut("make_note")(_on_reply(services, services.replies.make_note))


def _on_reply(
    services: Services, do: Callable[[int, str], Awaitable[Outcome]]
) -> Callable[..., Awaitable[None]]:
    async def on_shortcut(ack: AsyncAck, body: Json) -> None:
        message = await _message_behind(services, body)
        if message.slack_user_id is None:
            raise UserError(say("This is a mail from outside. Choose a message of a colleague's."))
        user_id = user_of(body)
        outcome = await do(message.id, user_id)
        await ack()
        services.background.start(whisper_outcome(services, outcome, user_id))

    return on_shortcut


async def _message_behind(services: Services, body: Json) -> MessageRecord:
    """Raises UserError when the Slack message is none of a ticket's."""
    channel, ts = body["channel"]["id"], str(body["message"]["ts"])
    message = await services.replies.find_message(channel, ts)
    if message is None:
        raise UserError(say("This message belongs to no ticket. Choose one in a ticket's thread."))
    return message
