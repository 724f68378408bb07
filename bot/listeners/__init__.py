"""Listeners: read the payload, make one handler call, answer. One file a kind of payload.

Bolt runs with `process_before_response`: a listener is finished before Slack gets its answer, so
that what an agent wrote is committed before the event is acknowledged. When a listener fails for a
reason that is not the user's, the event is not acknowledged and Slack sends it again.
"""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.listeners import (
    actions,
    commands,
    digests,
    given_up,
    home,
    messages,
    moving,
    places,
    reactions,
    shortcuts,
)
from bot.listeners.answers import user_of, whisper_text
from bot.listeners.modals import (
    assign,
    channel_form,
    forward,
    merge,
    recipients,
    show_mail,
    sign_in,
    signature_form,
)
from bot.listeners.services import Services
from handlers.errors import ChatUnavailable, UserError
from mail.sentences import say

_log = logging.getLogger(__name__)
BUSY = say("Slack does not answer Canal now, so nothing was done. Try again in a minute.")
SORRY = say("Something went wrong on Canal's side; it was logged. Try again.")


def register(app: AsyncApp, services: Services) -> None:
    """Connect every listener, and the one place where their errors become answers."""
    modals = (channel_form, sign_in, signature_form, show_mail, recipients, forward, merge, assign)
    for module in (
        messages,
        actions,
        reactions,
        commands,
        shortcuts,
        home,
        moving,
        digests,
        given_up,
        *modals,
        places,
    ):
        module.register(app, services)

    @app.error
    async def on_error(error: Exception, body: dict[str, Any]) -> BoltResponse:
        if isinstance(error, UserError):
            services.background.start(_whisper_own(services, body, error))
            return BoltResponse(status=200, body="")
        if isinstance(error, ChatUnavailable):
            _log.warning("a listener waits for Slack: %s", error)
        else:
            _log.error("a listener failed", exc_info=error)
        if body.get("type") == "event_callback":
            _note_missed(services, body.get("event") or {})
            return BoltResponse(status=500, body="")
        sentence = BUSY if isinstance(error, ChatUnavailable) else SORRY
        services.background.start(_whisper_own(services, body, UserError(sentence)))
        return BoltResponse(status=200, body="")


def _note_missed(services: Services, event: dict[str, Any]) -> None:
    """What was written in a thread is read there later, should Slack give up sending it."""
    message = event.get("message") or event.get("previous_message") or event
    channel, thread = event.get("channel"), message.get("thread_ts")
    if event.get("type") == "message" and channel and thread:
        services.backfill.note_missed(str(channel), str(thread))


async def _whisper_own(services: Services, body: dict[str, Any], error: UserError) -> None:
    """The error's sentence in the language of whoever caused it."""
    own = await services.speaking_to(user_of(body))
    await whisper_text(own, body, own.texts.own(str(error)))
