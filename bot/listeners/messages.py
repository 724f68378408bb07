"""Messages in threads: what an agent writes, edits and deletes."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.listeners.answers import whisper_outcome, whisper_text
from bot.listeners.services import Services
from bot.slack.threads import agent_message_from, is_persons_message
from handlers.posts import Notice, NoticeKind, Place
from handlers.replies.outcomes import OutcomeKind

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    @app.event("message")
    async def on_message(event: Json, context: Json) -> None:
        subtype = event.get("subtype")
        if subtype == "message_changed":
            await _on_changed(services, event, context)
        elif subtype == "message_deleted":
            await _on_deleted(services, event)
        elif event.get("thread_ts") and is_persons_message(event):
            await _on_said(services, event, context)


async def _on_said(services: Services, event: Json, context: Json) -> None:
    said = await agent_message_from(
        event,
        channel=event["channel"],
        team_id=str(context.get("team_id") or ""),
        people=services.chat.people,
    )
    outcome = await services.replies.on_message(said)
    if outcome is not None:
        services.background.start(whisper_outcome(services, outcome, said.user_id))
    elif await services.digests.is_digest(said.slack_channel_id, said.thread_ts):
        own = await services.speaking_to(said.user_id)
        sentence = own.texts(
            "Nothing was sent: this is a list of tickets. Open one, and answer in its thread."
        )
        services.background.start(whisper_text(services, {"event": event}, sentence))


async def _on_changed(services: Services, event: Json, context: Json) -> None:
    message = event.get("message") or {}
    if not message.get("thread_ts") or not is_persons_message({**message, "subtype": None}):
        return
    if message.get("subtype") == "tombstone":
        return
    said = await agent_message_from(
        message,
        channel=event["channel"],
        team_id=str(context.get("team_id") or ""),
        people=services.chat.people,
    )
    outcome = await services.replies.on_edit(said)
    if outcome is not None:
        services.background.start(whisper_outcome(services, outcome, said.user_id))


async def _on_deleted(services: Services, event: Json) -> None:
    before = event.get("previous_message") or {}
    is_persons = bool(before.get("thread_ts")) and is_persons_message(before)
    outcome = await services.replies.on_delete(
        event["channel"],
        str(event["deleted_ts"]),
        thread_ts=str(before["thread_ts"]) if is_persons else "",
        user_id=str(before["user"]) if is_persons else "",
    )
    message = outcome.message if outcome else None
    if outcome is None or message is None or not message.slack_user_id:
        return
    if outcome.kind is OutcomeKind.CANCELLED:
        # Without the offer to send it after all: its words are gone from Slack.
        place = Place(outcome.ticket.slack_channel_id, outcome.ticket.root_ts)
        notice = Notice(NoticeKind.REPLY_CANCELLED, {"reached": list(outcome.reached)})
        services.background.start(services.chat.whisper(place, message.slack_user_id, notice))
    elif message.state != "cancelled":
        services.background.start(whisper_outcome(services, outcome, message.slack_user_id))
