"""/canal: what it can do, and doing it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.answers import user_of
from bot.listeners.channel_texts import channel_block, channel_buttons
from bot.listeners.help import help_lines
from bot.listeners.modals.channel_form import open_add, open_edit, open_reconnect
from bot.listeners.modals.signature_form import open_signature
from bot.listeners.services import Services
from bot.slack.elements import escape_text
from bot.slack.kit import actions, button, confirm_dialog, section
from bot.slack.texts import Texts
from handlers.errors import UserError
from handlers.ports import Step
from handlers.posts import Notice, NoticeKind

Json = dict[str, Any]
Answer = tuple[str, list[Json]]
Command = Callable[[Services, Json, str], Awaitable[Answer | None]]
_MOST_LISTED = 40
_MOST_WITH_BUTTONS = 20
"""A message has 50 blocks at most."""


def register(app: AsyncApp, services: Services) -> None:
    @app.command("/canal")
    async def on_canal(ack: AsyncAck, body: Json) -> None:
        own = await services.speaking_to(str(body["user_id"]))
        word, _, rest = str(body.get("text") or "").strip().partition(" ")
        command = _COMMANDS.get(word.casefold())
        answer: Answer | None
        try:
            if command is None:
                answer = await _help(own, body, own.texts(
                    "There is no “/canal {word}”.", word=escape_text(word[:40])))  # fmt: skip
            else:
                answer = await command(own, body, rest.strip())
        except UserError as error:
            answer = (escape_text(own.texts.own(str(error))), [])
        if answer is None:
            await ack()
        else:
            text, blocks = answer
            await ack(response_type="ephemeral", text=text, blocks=blocks or [section(text)])

    @app.action("channel_remove")
    async def on_remove(ack: AsyncAck, body: Json, action: Json) -> None:
        own = await services.speaking_to(user_of(body))
        await services.admins.require(user_of(body))
        status = await services.channels.remove(str(action["value"]))
        await ack()
        text = " ".join(
            [
                own.texts("{name} is removed.", name=status.channel.name),
                *own.texts.tickets_stay(status.tickets),
            ]
        )
        removed = Notice(NoticeKind.SAID, {"text": text})
        services.background.start(services.chat.replace_whisper(body["response_url"], removed))

    _register_list(app, services)


def _register_list(app: AsyncApp, services: Services) -> None:
    """The buttons of /canal list."""

    @app.action("channel_edit")
    async def on_edit(ack: AsyncAck, body: Json, action: Json) -> None:
        own = await services.speaking_to(user_of(body))
        await services.admins.require(user_of(body))
        await open_edit(own, body["trigger_id"], str(action["value"]))
        await ack()

    @app.action("channel_reconnect")
    async def on_reconnect(ack: AsyncAck, body: Json, action: Json) -> None:
        user_id = user_of(body)
        own = await services.speaking_to(user_id)
        await services.admins.require(user_id)
        await open_reconnect(own, body["trigger_id"], user_id, str(action["value"]))
        await ack()

    @app.action(re.compile("^channel_(pause|resume)$"))
    async def on_pause(ack: AsyncAck, body: Json, action: Json) -> None:
        user_id = body["user"]["id"]
        await services.admins.require(user_id)
        pauses = action["action_id"] == "channel_pause"
        change = services.channels.pause if pauses else services.channels.resume
        await change(str(action["value"]))
        await ack()
        if body.get("response_url"):
            services.background.start(_show_again(services, body["response_url"], user_id))


async def _show_again(services: Services, response_url: str, user_id: str) -> None:
    text, blocks = await build_list(await services.speaking_to(user_id), user_id)
    await services.chat.replace_answer(response_url, text, blocks)


async def _help(services: Services, body: Json, before: str = "") -> Answer:
    lines = help_lines(services.texts)
    return "\n".join([before, *lines] if before else lines), []


async def _on_help(services: Services, body: Json, rest: str) -> Answer:
    return await _help(services, body)


async def _on_list(services: Services, body: Json, rest: str) -> Answer:
    return await build_list(services, body["user_id"])


async def build_list(services: Services, user_id: str) -> Answer:
    """The channels and how they fare; for admins with buttons."""
    texts = services.texts
    found = await services.channels.list()
    if not found:
        return texts("No email channel yet. An admin adds one with /canal add."), []
    is_admin = await services.admins.includes(user_id)
    blocks = []
    for status in found[: _MOST_WITH_BUTTONS if is_admin else _MOST_LISTED]:
        blocks.append(channel_block(status, texts, services.clock.now()))
        if is_admin:
            blocks.append(channel_buttons(status, texts))
    if len(found) > _MOST_WITH_BUTTONS and is_admin:
        rest = ", ".join(one.channel.name for one in found[_MOST_WITH_BUTTONS:])
        blocks.append(section(texts("Also there: {names}", names=escape_text(rest))))
    if is_admin:
        blocks.append(actions(button(texts("Add a channel"), "channel_add", style="primary")))
    return texts.channels(len(found)), blocks


async def _on_signature(services: Services, body: Json, rest: str) -> None:
    await open_signature(services, body["trigger_id"], body["user_id"], rest)


async def _on_add(services: Services, body: Json, rest: str) -> None:
    await services.admins.require(body["user_id"])
    await open_add(services, body["trigger_id"], slack_channel_id=body.get("channel_id"))


async def _on_edit(services: Services, body: Json, rest: str) -> None:
    await services.admins.require(body["user_id"])
    await open_edit(services, body["trigger_id"], await _named(services, rest))


async def _on_pause(services: Services, body: Json, rest: str) -> Answer:
    await services.admins.require(body["user_id"])
    status = await services.channels.pause(await _named(services, rest))
    return services.texts(
        "{name} is paused: mail is still taken in and kept, replies wait. /canal resume {name}",
        name=escape_text(status.channel.name),
    ), []


async def _on_resume(services: Services, body: Json, rest: str) -> Answer:
    await services.admins.require(body["user_id"])
    status = await services.channels.resume(await _named(services, rest))
    return services.texts(
        "{name} works again; what waited comes now.", name=escape_text(status.channel.name)
    ), []


async def _on_remove(services: Services, body: Json, rest: str) -> Answer:
    await services.admins.require(body["user_id"])
    texts = services.texts
    status = await services.channels.show(await _named(services, rest))
    name = status.channel.name
    sentence = texts(
        "Remove {name}? Mail to {address} is refused from then on.",
        name=escape_text(name),
        address=escape_text(status.channel.primary_address),
    )
    question = " ".join([sentence, *texts.tickets_stay(status.tickets)])
    confirm = confirm_dialog(
        texts("Remove {name}?", name=name), texts("No mail is taken in any more."),
        texts("Remove"), texts("Keep"),
    )  # fmt: skip
    remove = button(texts("Remove"), "channel_remove", name, style="danger", confirm=confirm)
    return question, [section(question), actions(remove)]


async def _on_test(services: Services, body: Json, rest: str) -> Answer:
    await services.admins.require(body["user_id"])
    name = await _named(services, rest)
    await services.channels.show(name)
    services.background.start(_run_test(services, body, name))
    return services.texts("Testing {name}…", name=escape_text(name)), []


async def _run_test(services: Services, body: Json, name: str) -> None:
    """Log in on both sides; where that works, send a mail through the whole loop."""
    report = await services.tester.test(name)
    lines = [_tell_step(step, services.texts) for step in report]
    works = all(step.ok for step in report)
    if works:
        lines.append(services.texts("A test mail is on its way round; this takes up to a minute."))
    await services.chat.respond(body["response_url"], "\n".join(lines))
    if works:
        lines = [_tell_step(step, services.texts) for step in await services.loop_test.run(name)]
        await services.chat.respond(body["response_url"], "\n".join(lines))


def _tell_step(step: Step, texts: Texts) -> str:
    mark = "✔ " if step.ok else "❌ "
    said = texts.own(step.sentence)
    return escape_text(said if said.startswith("⚠") else mark + said)


async def _named(services: Services, rest: str) -> str:
    """The channel that the command names; with one channel only, it needs no name."""
    if rest:
        return rest
    found = await services.channels.list()
    if len(found) == 1:
        return found[0].channel.name
    names = ", ".join(one.channel.name for one in found)
    raise UserError(
        services.texts("Say which channel: {names}.", names=names)
        if names
        else services.texts("No email channel yet. An admin adds one with /canal add.")
    )


_COMMANDS: dict[str, Command] = {
    "": _on_help,
    "help": _on_help,
    "list": _on_list,
    "add": _on_add,
    "edit": _on_edit,
    "pause": _on_pause,
    "resume": _on_resume,
    "remove": _on_remove,
    "test": _on_test,
    "signature": _on_signature,
}
