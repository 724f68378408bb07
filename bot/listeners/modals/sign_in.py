"""Signing a channel in at Microsoft or Google without leaving Slack.

Where Canal is reached from outside (CANAL_PUBLIC_URL), the browser comes back to it by itself.
Elsewhere Microsoft is asked for a code to enter, and Google's final address is pasted into the
view. A rule against codes (Conditional Access) leads on to the browser. Whatever asks a provider
runs behind the view, which shows what came of it.
"""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.modals.form_values import read_text
from bot.listeners.modals.sign_in_views import (
    ANSWER_ID,
    APP_ID,
    Target,
    build_app_view,
    build_browser_view,
    build_device_view,
    build_failed_view,
    build_reconnect_by_hand,
    build_signed_in_view,
    build_waiting_view,
    signed_in_words,
)
from bot.listeners.services import Services
from bot.wires.sign_in import App
from bot.wires.sign_in_steps import BegunDevice, FinishedSignIn, Watcher, provider_of, watcher_of
from handlers.channels.connection_settings import OAuthChoice
from handlers.channels.pending_sign_ins import PendingSignIn
from handlers.errors import ChatRefused, UserError
from handlers.posts import Notice, NoticeKind
from mail.errors import AppMissing, DeviceCodeBlocked, MailError

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    def on_heard(pending: PendingSignIn, outcome: FinishedSignIn | MailError) -> None:
        services.background.start(_on_end(services, pending, outcome))

    services.sign_ins.on_heard = services.codes.on_heard = on_heard

    @app.action("sign_in_open")
    async def on_open(ack: AsyncAck) -> None:
        await ack()

    @app.action(re.compile("^sign_in_(start|device|browser)$"))
    async def on_start(ack: AsyncAck, body: Json, action: Json) -> None:
        user_id = str(body["user"]["id"])
        await services.admins.require(user_id)
        target = Target.from_value(str(action["value"]))
        way = str(action["action_id"]).removeprefix("sign_in_")
        speaking = await services.speaking_to(user_id)
        waiting = build_waiting_view(speaking.texts, target)
        if "view" in body:
            view_id = str(body["view"]["id"])
            await services.chat.update_view(view_id, waiting)
        else:
            view_id = await services.chat.open_view(body["trigger_id"], waiting)
        await ack()
        work = _begin(speaking, Watcher(user_id, view_id), target, way)
        services.background.start(work)

    @app.action("sign_in_app")
    async def on_change(ack: AsyncAck, body: Json, action: Json) -> None:
        speaking = await services.speaking_to(str(body["user"]["id"]))
        await services.admins.require(str(body["user"]["id"]))
        target = Target.from_value(str(action["value"]))
        view = build_app_view(speaking.texts, target, services.sign_ins.redirect)
        await services.chat.update_view(str(body["view"]["id"]), view)
        await ack()

    @app.view(APP_ID)
    async def on_app(ack: AsyncAck, body: Json, view: Json) -> None:
        await _on_app(ack, services, body, view)

    @app.view(ANSWER_ID)
    async def on_answer(ack: AsyncAck, body: Json, view: Json) -> None:
        await _on_answer(ack, services, body, view)


async def _on_answer(ack: AsyncAck, services: Services, body: Json, view: Json) -> None:
    """The address that the browser ended at was pasted."""
    user_id = str(body["user"]["id"])
    await services.admins.require(user_id)
    speaking = await services.speaking_to(user_id)
    answer = str(view["state"]["values"]["answer"]["answer"]["value"] or "")
    target = Target.from_value(str(view["private_metadata"]))
    try:
        pending = await services.sign_ins.find(answer)
    except MailError:
        sentence = speaking.texts(
            "This is not the address of this sign-in. Copy the whole address from the "
            "browser's address bar; it has “code=” and “state=” in it."
        )
        await ack(response_action="errors", errors={"answer": sentence})
        return
    waiting = build_waiting_view(speaking.texts, target)
    await ack(response_action="update", view=waiting)
    watcher = Watcher(user_id, str(view["id"]))
    services.background.start(_complete(speaking, watcher, target, pending, answer))


async def _on_app(ack: AsyncAck, services: Services, body: Json, view: Json) -> None:
    """The app to sign in with was entered; a secret is only ever read here."""
    user_id = str(body["user"]["id"])
    await services.admins.require(user_id)
    speaking = await services.speaking_to(user_id)
    state = view["state"]["values"]
    typed = {name: (read_text(state, name) or "").strip() for name in state}
    problems = {
        name: speaking.texts("This is one line of printable characters, without spaces.")
        for name, value in typed.items()
        if not value.isascii() or not value.isprintable() or " " in value
    }
    if problems:
        await ack(response_action="errors", errors=problems)
        return
    target = Target.from_value(str(view["private_metadata"]))
    await ack(response_action="update", view=build_waiting_view(speaking.texts, target))
    name = (await services.channels.show_by_id(target.channel_id)).channel.name
    await services.sign_ins.keep_app(name, target.provider, App(**typed))
    watcher = Watcher(user_id, str(view["id"]))
    services.background.start(_begin(speaking, watcher, target, "start"))


async def open_sign_in(
    services: Services,
    trigger_id: str,
    user_id: str,
    channel_id: int,
    choice: OAuthChoice,
    why: str | None,
) -> None:
    """For the Reconnect buttons: a grant is dead, or nobody signed in yet."""
    services = await services.speaking_to(user_id)
    if choice.mode != "user":
        name = (await services.channels.show_by_id(channel_id)).channel.name
        view = build_reconnect_by_hand(
            services.texts, name, choice.provider, choice.mode, why or ""
        )
        await services.chat.open_view(trigger_id, view)
        return
    target = Target(channel_id, choice.provider)
    view = build_waiting_view(services.texts, target)
    view_id = await services.chat.open_view(trigger_id, view)
    watcher = Watcher(user_id, view_id)
    services.background.start(_begin(services, watcher, target, "start", why or ""))


async def _begin(
    services: Services, watcher: Watcher, target: Target, way: str, why: str = ""
) -> None:
    """`way`: "device", "browser", or "start" for the one that suits."""
    if way == "start":
        by_code = target.provider == "microsoft" and not services.sign_ins.has_callback
        way = "device" if by_code else "browser"
    name = (await services.channels.show_by_id(target.channel_id)).channel.name
    try:
        if way == "device":
            await _by_code(services, watcher, target, name)
        else:
            await _by_browser(services, watcher, target, name, why)
    except DeviceCodeBlocked as error:
        await _begin(services, watcher, target, "browser", services.texts.own(str(error)))
    except AppMissing:
        view = build_app_view(services.texts, target, services.sign_ins.redirect, why)
        await services.chat.update_view(watcher.view_id, view)
    except (MailError, UserError) as error:
        await _show_failure(services, watcher, target, name, services.texts.own(str(error)))


async def _by_browser(
    services: Services, watcher: Watcher, target: Target, name: str, why: str
) -> None:
    begun = await services.sign_ins.begin(name, target.provider, watcher, target.use or None)
    view = build_browser_view(services.texts, target, name, begun, why)
    await services.chat.update_view(watcher.view_id, view)


async def _by_code(services: Services, watcher: Watcher, target: Target, name: str) -> None:
    begun = await services.codes.begin(name, target.provider, watcher, target.use or None)
    view = build_device_view(services.texts, target, name, begun)
    await services.chat.update_view(watcher.view_id, view)


async def _complete(
    services: Services, watcher: Watcher, target: Target, pending: PendingSignIn, answer: str
) -> None:
    try:
        done = await services.sign_ins.complete(pending, answer)
    except (MailError, UserError) as error:
        await _show_failure(
            services, watcher, target, pending.channel_name, services.texts.own(str(error))
        )
    else:
        await _show_done(services, watcher, done)


async def _on_end(
    services: Services, pending: PendingSignIn, outcome: FinishedSignIn | MailError
) -> None:
    """The browser came back to Canal, or the code was entered: the view in Slack says how it
    went, whichever Canal began it."""
    watcher = watcher_of(pending)
    if watcher is None:
        return
    services = await services.speaking_to(watcher.user_id)
    if isinstance(outcome, FinishedSignIn):
        await _show_done(services, watcher, outcome)
        return
    name, why = pending.channel_name, services.texts.own(str(outcome))
    status = await services.channels.show(name)
    target = Target(status.channel.id, provider_of(pending))
    if isinstance(outcome, DeviceCodeBlocked):
        await _begin(services, watcher, target, "browser", why)
    else:
        await _show_failure(services, watcher, target, name, why)


async def _show_done(services: Services, watcher: Watcher, done: FinishedSignIn) -> None:
    if done.next is None:
        await _show_success(services, watcher, done)
        return
    status = await services.channels.show(done.channel_name)
    target = Target(status.channel.id, done.provider)
    if isinstance(done.next, BegunDevice):
        view = build_device_view(services.texts, target, done.channel_name, done.next)
    else:
        view = build_browser_view(services.texts, target, done.channel_name, done.next)
    await _show(services, watcher, view, signed_in_words(done, services.texts))


async def _show_success(services: Services, watcher: Watcher, done: FinishedSignIn) -> None:
    tried = await services.tester.test(done.channel_name)
    steps = [(step.ok, step.sentence) for step in tried]
    view = build_signed_in_view(services.texts, done, steps)
    await _show(services, watcher, view, signed_in_words(done, services.texts))


async def _show_failure(
    services: Services, watcher: Watcher, target: Target, name: str, why: str
) -> None:
    own = await services.sign_ins.has_own_app(name, target.provider)
    view = build_failed_view(services.texts, target, name, why, has_own_app=own)
    words = services.texts("{name} is not signed in: {why}", name=name, why=why)
    await _show(services, watcher, view, words)


async def _show(services: Services, watcher: Watcher, view: Json, words: str) -> None:
    """Somebody who closed the view gets `words` as a message."""
    try:
        await services.chat.update_view(watcher.view_id, view)
    except ChatRefused as error:
        if error.code != "not_found":
            raise
        await services.chat.tell(watcher.user_id, Notice(NoticeKind.SAID, {"text": words}))
