"""/canal signature: each agent's own, for all channels or for one, with a preview."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of
from bot.listeners.modals.form_fields import placeholders_hint, rich_input
from bot.listeners.modals.form_values import read_document
from bot.listeners.modals.preview import build_preview, preview_blocks
from bot.listeners.services import Services
from bot.slack.elements import escape_text
from bot.slack.kit import (
    actions,
    button,
    choice,
    confirm_dialog,
    input_block,
    label,
    option,
    section,
)
from bot.slack.texts import Texts
from handlers.channels.fields import InvalidFields
from handlers.errors import ChatRefused
from handlers.replies.signatures import PersonalSignature
from mail.document import Document

Json = dict[str, Any]
CALLBACK_ID = "signature_form"
_MOST_CHANNELS = 99


def register(app: AsyncApp, services: Services) -> None:
    @app.view(CALLBACK_ID)
    async def on_submit(ack: AsyncAck, body: Json, view: Json) -> None:
        own = await services.speaking_to(user_of(body))
        typed = read_typed(view)
        try:
            saved = await services.signatures.save(user_of(body), _scope(view), typed)
        except InvalidFields as error:
            await ack(
                response_action="errors",
                errors={_block_id(view): own.texts.own(error.problems["signature"])},
            )
            return
        await ack(response_action="update", view=await _done(own, user_of(body), saved))

    @app.action("signature_scope")
    async def on_scope(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        own = await services.speaking_to(user_of(body))
        value = action["selected_option"]["value"]
        found = await services.signatures.show(user_of(body), _number(value))
        await _update(services, body, build_view(found, own.texts))

    @app.action("personal_preview")
    async def on_preview(ack: AsyncAck, body: Json) -> None:
        user_id = user_of(body)
        own = await services.speaking_to(user_id)
        found = await services.signatures.show(user_id, _scope(body["view"]))
        profile = await services.chat.profile(user_id)
        chosen = found.preview(read_typed(body["view"]), profile)
        view = build_preview([chosen.signature, chosen.footer], own.texts)
        await services.chat.push_view(body["trigger_id"], view)
        await ack()

    @app.action("personal_remove")
    async def on_remove(ack: AsyncAck, body: Json) -> None:
        await ack()
        user_id = user_of(body)
        own = await services.speaking_to(user_id)
        saved = await services.signatures.save(user_id, _scope(body["view"]), None)
        await _update(services, body, await _done(own, user_id, saved))


async def open_signature(services: Services, trigger_id: str, user_id: str, name: str) -> None:
    """`name` is a channel's, or empty for the signature of all channels."""
    channel_id = (await services.channels.show(name)).channel.id if name else None
    found = await services.signatures.show(user_id, channel_id)
    await services.chat.open_view(trigger_id, build_view(found, services.texts))


def build_view(found: PersonalSignature, texts: Texts) -> Json:
    """The field's block id names what it is for: choosing another shows that one's signature."""
    scopes = [option(texts("All channels"), "all")]
    scopes += [option(one.name, str(one.id)) for one in found.channels[:_MOST_CHANNELS]]
    scope = str(found.channel_id or "all")
    field = input_block(
        "signature", texts("Your signature"), rich_input(found.own), optional=True,
        hint=f"{placeholders_hint(texts)} {_what_empty_means(found, texts)}",
    )  # fmt: skip
    buttons = [button(texts("Preview"), "personal_preview")]
    if found.own:
        confirm = confirm_dialog(
            texts("Remove it?"), _what_empty_means(found, texts), texts("Remove"), texts("Keep")
        )
        buttons.append(button(texts("Remove"), "personal_remove", style="danger", confirm=confirm))
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": label(texts("Your signature"), 24),
        "submit": label(texts("Save"), 24),
        "close": label(texts("Cancel"), 24),
        "private_metadata": scope,
        "blocks": [
            {
                **input_block("signature_scope", texts("Below your replies in"),
                              choice(scopes, scope)),
                "dispatch_action": True,
            },
            {**field, "block_id": f"signature_{scope}"},
            actions(*buttons, block_id="personal_buttons"),
        ],
    }  # fmt: skip


def read_typed(view: Json) -> Document:
    """The signature in the form. Pure."""
    state = view["state"]["values"].get(_block_id(view)) or {}
    return read_document({"signature": state}, "signature")


def _what_empty_means(found: PersonalSignature, texts: Texts) -> str:
    if found.channel_id is None:
        return texts("Without it, each channel's own signature is used.")
    return texts("Without it, yours for all channels is used, or else the channel's own.")


async def _done(services: Services, user_id: str, saved: PersonalSignature) -> Json:
    texts = services.texts
    channel = saved.channel
    where = escape_text(channel.name) if channel else texts("all channels")
    if saved.own:
        sentence = texts("Your signature for {where} is saved.", where=where)
        chosen = saved.preview(saved.own, await services.chat.profile(user_id))
        blocks = preview_blocks([chosen.signature, chosen.footer], texts)
    else:
        sentence = texts("You have no signature of your own for {where} now.", where=where)
        blocks = [section(_what_empty_means(saved, texts))]
    return {
        "type": "modal",
        "title": label(texts("Your signature"), 24),
        "close": label(texts("Done"), 24),
        "blocks": [section(sentence), *blocks],
    }


async def _update(services: Services, body: Json, view: Json) -> None:
    try:
        await services.chat.update_view(body["view"]["id"], view, if_hash=body["view"]["hash"])
    except ChatRefused as error:
        if error.code != "hash_conflict":  # a later choice has changed the view already
            raise


def _scope(view: Json) -> int | None:
    return _number(str(view.get("private_metadata") or "all"))


def _number(value: str) -> int | None:
    return int(value) if value.isdigit() else None


def _block_id(view: Json) -> str:
    return f"signature_{view.get('private_metadata') or 'all'}"
