"""Show full mail: the whole text with its history, in a modal; the file itself by a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of
from bot.listeners.services import Services
from bot.slack.blocks import blocks_from_document
from bot.slack.kit import actions, button, context, header, label, mrkdwn, section
from bot.slack.texts import Texts
from handlers.errors import NotFound
from handlers.posts import Place
from mail.document import Document
from mail.sentences import say
from storage.records import DeliveryRecord, MessageRecord, TicketRecord

Json = dict[str, Any]
_SHOWN = 9000
_MOST_DELIVERIES = 10
_SIGNS = {"accepted": "✅", "permanent": "❌", "bounced": "❌"}


def register(app: AsyncApp, services: Services) -> None:
    @app.action("mail_post_eml")
    async def on_post_eml(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        services.background.start(_post_in_thread(services, body, int(action["value"])))


async def open_mail(services: Services, body: Json, message_id: int) -> None:
    """Open the view for one message, within the three seconds of the trigger."""
    found = await services.tickets.find_message(message_id)
    if found is None:
        raise NotFound(say("This mail does not exist any more."))
    ticket, message = found
    texts = await services.chat.texts_for(user_of(body))
    deliveries = await services.tickets.list_deliveries(message_id)
    view = build_view(ticket, message, texts, deliveries)
    await services.chat.open_view(body["trigger_id"], view)


def build_view(
    ticket: TicketRecord,
    message: MessageRecord,
    texts: Texts,
    deliveries: Sequence[DeliveryRecord] = (),
) -> Json:
    rendered = blocks_from_document(
        Document.from_json(message.body), limit_chars=_SHOWN, limit_blocks=80
    )
    author = message.author_address or texts("an agent")
    if message.author_name:
        author = f"{message.author_name} <{message.author_address}>"
    lines = [author]
    for role, name in (("to", texts("To")), ("cc", texts("Cc"))):
        people = [one["address"] for one in message.recipients if one["role"] == role]
        if people:
            lines.append(f"{name}: {', '.join(people[:30])}")
    when: Json = {"type": "context", "elements": [mrkdwn(_when(message))]}
    blocks: list[Json] = [context("\n".join(lines)), when, *rendered.blocks]
    if message.subject:
        blocks.insert(0, header(message.subject))
    if rendered.truncated:
        blocks.append(context(texts("The mail is longer than this; the .eml file holds all.")))
    if not rendered.blocks:
        blocks.append(section(texts("This mail has no text.")))
    blocks += [context(line) for line in _said(deliveries)]
    if message.raw_mail_id is not None:
        blocks.append(
            actions(button(texts("Post the .eml file in the thread"), "mail_post_eml", message.id))
        )
    return {
        "type": "modal",
        "title": label(f"#{ticket.number}", 24),
        "close": label(texts("Close"), 24),
        "blocks": blocks,
    }


def _said(deliveries: Sequence[DeliveryRecord]) -> list[str]:
    """`✅ jo@x.example: 250 2.0.0 OK queued`: each server's own words, for those who must know."""
    lines = []
    for one in deliveries[:_MOST_DELIVERIES]:
        words = " ".join(f"{one.status or ''} {one.reply or ''}".split())[:200]
        lines.append(f"{_SIGNS.get(one.state, '⏳')} {one.address}: {words}".rstrip(": "))
    return lines


def _when(message: MessageRecord) -> str:
    """The time, in the reader's own time zone."""
    at = message.created_at
    fallback = f"{at:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


async def _post_in_thread(services: Services, body: Json, message_id: int) -> None:
    found = await services.tickets.find_message(message_id)
    if found is None or found[0].root_ts is None:
        return
    message, raw = await services.tickets.fetch_raw(message_id, user_of(body))
    place = Place(found[0].slack_channel_id, found[0].root_ts)
    await services.chat.upload_file(place, f"mail-{message.id}.eml", raw)
