"""/canal add and /canal edit: one form, with only the fields that the chosen kinds need.

Choosing another kind puts that kind's fields into the same view. What can be checked without a
network is answered at its field at once; connections to other servers are tried behind a view that
says so (`channel_save`).
"""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import own_words, user_of
from bot.listeners.modals.channel_save import (
    Wanted,
    fields_of,
    find_problems,
    save,
    try_to_join,
)
from bot.listeners.modals.form_done import (
    GUIDES,
    build_done_view,
    build_guide,
)
from bot.listeners.modals.form_values import PASSWORDS, needs_trial, read_values, values_of
from bot.listeners.modals.form_views import (
    CALLBACK_ID,
    build_form,
    build_testing_view,
    read_metadata,
)
from bot.listeners.modals.preview import build_preview, filled_for
from bot.listeners.modals.sign_in import open_sign_in
from bot.listeners.modals.sign_in_views import awaited_sign_in
from bot.listeners.services import Services
from bot.slack.texts import Texts
from handlers.channels.channels import ChannelStatus
from handlers.channels.connection_settings import oauth_of
from handlers.channels.fields import InvalidFields
from handlers.channels.health import why_failing
from handlers.errors import ChatRefused
from handlers.posts import Notice, NoticeKind

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    @app.view(CALLBACK_ID)
    async def on_submit(ack: AsyncAck, body: Json, view: Json) -> None:
        user_id = str(body["user"]["id"])
        own = await services.speaking_to(user_id)
        await services.admins.require(user_id)
        editing, kept = read_metadata(view)
        values = {**kept, **read_values(view["state"]["values"])}
        wanted = Wanted(values, editing, user_id)
        fields = await fields_of(services, wanted)
        problems = await find_problems(services, wanted, fields)
        if problems:
            await ack(
                response_action="errors", errors=_at_fields(own_words(own.texts, problems), view)
            )
        elif needs_trial(values, fields):
            external_id = f"channel-{view['id']}-{view.get('hash', '')}"[:255]
            testing = build_testing_view(own.texts, values, external_id)
            await ack(response_action="update", view=testing)
            services.background.start(_save_later(own, wanted, external_id))
        else:
            await _save_now(ack, own, wanted, view)

    @app.action(re.compile("^(incoming|outgoing|office365_via)$"))
    async def on_kind(ack: AsyncAck, body: Json) -> None:
        await ack()
        own = await services.speaking_to(user_of(body))
        view = body["view"]
        editing, kept = read_metadata(view)
        values = {**kept, **read_values(view["state"]["values"])}
        fresh = build_form(own.texts, values, editing=editing)
        try:
            await services.chat.update_view(view["id"], fresh, if_hash=view["hash"])
        except ChatRefused as error:
            if error.code != "hash_conflict":  # a later choice has changed the view already
                raise

    @app.action("channel_add")
    async def on_add(ack: AsyncAck, body: Json) -> None:
        own = await services.speaking_to(user_of(body))
        await services.admins.require(user_of(body))
        await open_add(own, body["trigger_id"])
        await ack()

    _register_done(app, services)


def _register_done(app: AsyncApp, services: Services) -> None:
    @app.action("signature_preview")
    async def on_preview(ack: AsyncAck, body: Json) -> None:
        values = read_values(body["view"]["state"]["values"])
        profile = await services.chat.profile(body["user"]["id"])
        documents = [values.get("signature"), values.get("footer")]
        name = str(values.get("name") or "")
        own = await services.speaking_to(user_of(body))
        view = build_preview([filled_for(one, profile, name) for one in documents], own.texts)
        await services.chat.push_view(body["trigger_id"], view)
        await ack()

    @app.action("channel_join")
    async def on_join(ack: AsyncAck, body: Json, action: Json) -> None:
        await services.admins.require(body["user"]["id"])
        number, _, kind = str(action["value"]).partition(":")
        status = await services.channels.show_by_id(int(number))
        joined = await try_to_join(services, status.channel.slack_channel_id)
        is_new = kind == "new"
        own = await services.speaking_to(user_of(body))
        view = build_done_view(status, own.texts, joined=joined, is_new=is_new)
        await ack()
        await services.chat.update_view(body["view"]["id"], view)
        if joined:
            await services.places.on_available(status.channel.slack_channel_id)

    @app.action(re.compile(f"^howto_({'|'.join(GUIDES)})$"))
    async def on_guide(ack: AsyncAck, body: Json, action: Json) -> None:
        guide = str(action["action_id"]).removeprefix("howto_")
        own = await services.speaking_to(user_of(body))
        view = build_guide(guide, str(action["value"]), own.texts)
        await services.chat.push_view(body["trigger_id"], view)
        await ack()


async def open_add(
    services: Services, trigger_id: str, *, slack_channel_id: str | None = None
) -> None:
    """The empty form; the Slack channel that the command came from is suggested."""
    suggested = slack_channel_id if slack_channel_id and slack_channel_id[0] in "CG" else None
    values = {"slack_channel_id": suggested} if suggested else {}
    await services.chat.open_view(trigger_id, build_form(services.texts, values))


async def open_edit(services: Services, trigger_id: str, name: str) -> None:
    status = await services.channels.show(name)
    form = build_form(services.texts, values_of(status), editing=status.channel.name)
    await services.chat.open_view(trigger_id, form)


async def open_reconnect(services: Services, trigger_id: str, user_id: str, name: str) -> None:
    """What mends a failing connection: its password typed anew, or a sign-in at the provider."""
    status = await services.channels.show(name)
    problems: dict[str, str] = {}
    for one in status.connections:
        if one.failing_since is None:
            continue
        if choice := oauth_of(one.settings):
            number, why = status.channel.id, services.texts.own(why_failing(one))
            await open_sign_in(services, trigger_id, user_id, number, choice, why)
            return
        wire = "imap" if one.direction == "in" else "smtp"
        problems[f"{wire}_password"] = services.texts.own(why_failing(one)) or services.texts(
            "The connection fails."
        )
    form = build_form(services.texts, values_of(status), editing=name, problems=problems)
    await services.chat.open_view(trigger_id, form)


async def _save_now(ack: AsyncAck, services: Services, wanted: Wanted, view: Json) -> None:
    try:
        saved = await save(services, wanted)
    except InvalidFields as error:
        await ack(
            response_action="errors",
            errors=_at_fields(own_words(services.texts, error.problems), view),
        )
        return
    done = build_done_view(
        saved.status, services.texts, joined=saved.joined, is_new=not wanted.editing
    )
    await ack(response_action="update", view=done)


async def _save_later(services: Services, wanted: Wanted, external_id: str) -> None:
    """Try, save, and turn the waiting view into what came of it."""
    texts = services.texts
    try:
        saved = await save(services, wanted, tested=True)
    except InvalidFields as error:
        told = own_words(texts, error.problems)
        problems = {**told, **_ask_again(services, wanted)}
        view = build_form(texts, wanted.values, editing=wanted.editing, problems=problems)
        words = texts("{name} is not saved: {why}", name=wanted.name, why=" ".join(told.values()))
    except Exception:
        sorry = texts("Something went wrong on Canal's side; it was logged. Try again.")
        problems = {"": sorry, **_ask_again(services, wanted)}
        view = build_form(texts, wanted.values, editing=wanted.editing, problems=problems)
        await _show(services, wanted, external_id, view, sorry)
        raise
    else:
        is_new = not wanted.editing
        view = build_done_view(
            saved.status, texts, joined=saved.joined, is_new=is_new, told=saved.told
        )
        words = _done_words(texts, saved.status)
    await _show(services, wanted, external_id, view, words)


def _done_words(texts: Texts, status: ChannelStatus) -> str:
    name = status.channel.name
    if awaited_sign_in(status) is None:
        return texts("{name} is connected.", name=name)
    return texts("{name} is saved; somebody has to sign in yet.", name=name)


async def _show(
    services: Services, wanted: Wanted, external_id: str, view: Json, words: str
) -> None:
    """Somebody who closed the waiting view gets `words` as a message."""
    if not await services.chat.update_waiting_view(external_id, view):
        await services.chat.tell(wanted.user_id, Notice(NoticeKind.SAID, {"text": words}))


def _ask_again(services: Services, wanted: Wanted) -> dict[str, str]:
    """Passwords are not put back into the form, so they are asked for again."""
    if not any(wanted.values.get(name) for name in PASSWORDS):
        return {}
    sentence = services.texts(
        "Please type the password again: Canal does not put passwords back into a form."
    )
    return {"password": sentence}


def _at_fields(problems: dict[str, str], view: Json) -> dict[str, str]:
    """Each sentence at its field; one whose field is not in this form goes to the first."""
    shown = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    found: dict[str, str] = {}
    for field, sentence in problems.items():
        if field == "from_email" and sentence == problems.get("primary"):
            continue  # left empty, it is the address that customers write to
        place = field if field in shown else shown[0]
        found[place] = f"{found[place]} {sentence}"[:2000] if place in found else sentence[:2000]
    return found
