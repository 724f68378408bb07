"""The App Home: the email channels at a glance, and what can be done."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.listeners.channel_texts import channel_block
from bot.listeners.help import help_lines
from bot.listeners.services import Services
from bot.slack.kit import actions, button, divider, header, label, section
from handlers.posts import Notice, NoticeKind, Place

Json = dict[str, Any]


def register(app: AsyncApp, services: Services) -> None:
    @app.event("app_home_opened")
    async def on_home(event: Json) -> None:
        if event.get("tab", "home") == "home":
            user_id = str(event["user"])
            services.background.start(_publish(services, user_id))

    @app.event("app_mention")
    async def on_mention(event: Json) -> None:
        """A mention in a thread is a note, and on_message keeps it; elsewhere it asks for help."""
        if not event.get("thread_ts") and event.get("user"):
            services.background.start(_help(services, event))


async def _help(services: Services, event: Json) -> None:
    user_id = str(event["user"])
    own = await services.speaking_to(user_id)
    notice = Notice(NoticeKind.HELP, {"lines": help_lines(own.texts)})
    await services.chat.whisper(Place(str(event["channel"])), user_id, notice)


async def _publish(services: Services, user_id: str) -> None:
    services = await services.speaking_to(user_id)
    blocks = await build_overview(services, user_id)
    await services.chat.publish_home(user_id, {"type": "home", "blocks": blocks})


async def open_overview(services: Services, body: Json) -> None:
    user_id = str(body["user"]["id"])
    services = await services.speaking_to(user_id)
    view = {
        "type": "modal",
        "title": label("Canal", 24),
        "close": label(services.texts("Close"), 24),
        "blocks": await build_overview(services, user_id),
    }
    await services.chat.open_view(body["trigger_id"], view)


async def build_overview(services: Services, user_id: str) -> list[Json]:
    texts = services.texts
    channels = await services.channels.list()
    blocks: list[Json] = [header(texts("Email channels"))]
    if not channels:
        blocks.append(section(texts("No email channel yet. An admin adds one with /canal add.")))
    for status in channels[:20]:
        blocks += [channel_block(status, texts, services.clock.now()), divider()]
    if await services.admins.includes(user_id):
        blocks.append(actions(button(texts("Add a channel"), "channel_add", style="primary")))
    help_block = section("\n".join(help_lines(texts)))
    return [*blocks, header(texts("What you can do")), help_block]
