"""/canal add and /canal edit: one form a kind of connection, with only the fields it needs.

The kind of the incoming and outgoing connection is chosen in the form itself; choosing shows that
kind's fields (`_KIND_FIELDS`). What was typed is kept, because fields keep their block ids.
"""

from __future__ import annotations

import json
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.modals.form_values import read_fields
from bot.listeners.modals.form_views import build_done_view, build_form
from bot.listeners.services import Services
from handlers.channel_fields import InvalidFields
from handlers.errors import ChatError

Json = dict[str, Any]
CALLBACK_ID = "channel_form"


def register(app: AsyncApp, services: Services) -> None:
    @app.view(CALLBACK_ID)
    async def on_submit(ack: AsyncAck, body: Json, view: Json) -> None:
        await services.admins.require(body["user"]["id"])
        editing = json.loads(view.get("private_metadata") or "{}").get("name")
        fields = read_fields(view["state"]["values"])
        try:
            if editing:
                status = await services.channels.edit(editing, fields)
            else:
                status = await services.channels.add(fields)
        except InvalidFields as error:
            await ack(response_action="errors", errors=_at_fields(error, view))
            return
        joined = await _try_to_join(services, status.channel.slack_channel_id)
        done = build_done_view(status, services.texts, joined=joined, is_new=not editing)
        await ack(response_action="update", view=done)

    @app.action("channel_add")
    async def on_add(ack: AsyncAck, body: Json) -> None:
        await services.admins.require(body["user"]["id"])
        await open_add(services, body["trigger_id"])
        await ack()


async def open_add(
    services: Services, trigger_id: str, *, slack_channel_id: str | None = None
) -> None:
    """The empty form; the Slack channel that the command came from is suggested."""
    suggested = slack_channel_id if slack_channel_id and slack_channel_id[0] in "CG" else None
    view = build_form(services.texts, None, slack_channel_id=suggested)
    await services.chat.open_view(trigger_id, view)


async def open_edit(services: Services, trigger_id: str, name: str) -> None:
    status = await services.channels.show(name)
    await services.chat.open_view(trigger_id, build_form(services.texts, status))


def _at_fields(error: InvalidFields, view: Json) -> dict[str, str]:
    """Each sentence at its field; one whose field is not in this form goes to the first."""
    shown = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    found: dict[str, str] = {}
    for field, sentence in error.problems.items():
        if field == "from_email" and sentence == error.problems.get("primary"):
            continue  # left empty, it is the address that customers write to
        found[field if field in shown else shown[0]] = sentence[:2000]
    return found


async def _try_to_join(services: Services, slack_channel_id: str) -> bool:
    try:
        await services.chat.join(slack_channel_id)
    except ChatError:
        return False
    return True
