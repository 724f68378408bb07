"""What Slack sends when somebody presses, submits, picks or types a command."""

from __future__ import annotations

from typing import Any

from bot.sandbox.blocks.blocks import check_blocks, fill_ids
from bot.sandbox.blocks.check import Check
from bot.sandbox.delivery import Delivery
from bot.sandbox.errors import SandboxError
from bot.sandbox.ids import new_id, new_secret
from bot.sandbox.messages import Messages, app_fields
from bot.sandbox.model import Channel, Json, ResponseUrl, Trigger
from bot.sandbox.rendering import render_message
from bot.sandbox.views import Views
from bot.sandbox.world import World


class Interactions:
    """Builds each payload, sends it to the app, and does what the ack says."""

    def __init__(self, world: World, delivery: Delivery, messages: Messages, views: Views) -> None:
        self._world = world
        self._delivery = delivery
        self._messages = messages
        self._views = views

    async def actions(
        self, user: str, actions: list[Json], container: Json, state: Json | None = None
    ) -> None:
        """block_actions. `container` has view_id, or channel_id and message_ts."""
        world = self._world
        payload = self._base("block_actions", user, container.get("view_id"))
        now = world.now_ts()
        payload["actions"] = [{**action, "action_ts": now} for action in actions]
        if "view_id" in container:
            view = self._views.get_shown(container["view_id"])
            payload["container"] = {"type": "view", "view_id": view["id"]}
            if state is not None:
                view = {**view, "state": {"values": state}}
            payload["view"] = view
        else:
            self._add_message(payload, user, container, state or {})
        await self._delivery.ask("interactive", payload)

    async def command(self, user: str, channel: Channel, command: str, text: str) -> None:
        """A slash command; an ack with text or blocks is posted, unseen by others as a rule."""
        world = self._world
        form = {
            "token": world.identity["verification_token"],
            "team_id": world.team_id,
            "team_domain": world.identity["team_domain"],
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.is_im else channel.name,
            "user_id": user,
            "user_name": world.people[user].name,
            "command": command,
            "text": text,
            "api_app_id": world.app_id,
            "is_enterprise_install": "false",
            "response_url": self.response_url(ResponseUrl(user, channel.id, world.clock())),
            "trigger_id": self.trigger(user),
        }
        answer = await self._delivery.ask("slash_commands", form)
        if isinstance(answer, dict) and (answer.get("text") or answer.get("blocks")):
            self._post_answer(user, channel, answer)

    async def shortcut(
        self, user: str, callback_id: str, channel: Channel | None, message: Json | None
    ) -> None:
        """A message shortcut when there is a message, else a global one."""
        world = self._world
        payload = self._base("shortcut" if message is None else "message_action", user)
        payload |= {"callback_id": callback_id, "action_ts": world.now_ts()}
        if message is not None and channel is not None:
            place = ResponseUrl(user, channel.id, world.clock(), thread_ts=message.get("thread_ts"))
            payload |= {
                "channel": {"id": channel.id, "name": channel.name},
                "message_ts": message["ts"],
                "message": render_message(world, channel, message),
                "response_url": self.response_url(place),
            }
        await self._delivery.ask("interactive", payload)

    async def submit(self, user: str, view_id: str, state: Json) -> Json:
        """view_submission. Returns {response_action, errors?} as the person will see it."""
        view = self._views.get_shown(view_id)
        payload = self._base("view_submission", user, view_id)
        payload |= {"view": {**view, "state": {"values": state}}, "response_urls": []}
        answer = await self._delivery.ask("interactive", payload)
        return self._views.apply_ack(user, view_id, answer if isinstance(answer, dict) else {})

    async def close(self, user: str, view_id: str, *, cleared: bool, view: Json) -> None:
        """view_closed, for views that asked for it with notify_on_close."""
        payload = self._base("view_closed", user, with_trigger=False)
        payload |= {"view": view, "is_cleared": cleared}
        await self._delivery.ask("interactive", payload, accepts_response=False)

    async def options(self, user: str, action: Json, container: Json) -> Json:
        """block_suggestion: {options} or {option_groups} of an external select."""
        payload = self._base("block_suggestion", user, with_trigger=False)
        payload |= action
        if "view_id" in container:
            view = self._views.get_shown(container["view_id"])
            payload |= {"container": {"type": "view", "view_id": view["id"]}, "view": view}
        else:
            self._add_message(payload, user, container, {})
            payload.pop("response_url", None)
        answer = await self._delivery.ask("interactive", payload)
        return answer if isinstance(answer, dict) else {}

    def trigger(self, user: str, view_id: str | None = None) -> str:
        """A trigger id: opens one modal within 3 s."""
        now = self._world.clock()
        for key, old in list(self._world.triggers.items()):
            if now - old.made_at > 60:
                del self._world.triggers[key]
        trigger_id = f"{int(now * 1000)}.{new_id('', 11)[1:]}.{new_secret(32).lower()}"
        self._world.triggers[trigger_id] = Trigger(user, now, view_id)
        return trigger_id

    def response_url(self, place: ResponseUrl) -> str:
        world = self._world
        for old_key, old in list(world.response_urls.items()):
            if world.clock() - old.made_at > 3600:
                del world.response_urls[old_key]
        key = new_secret(24)
        world.response_urls[key] = place
        return f"{world.base_url}/response/{world.team_id}/{key}"

    def _base(
        self, kind: str, user: str, view_id: str | None = None, *, with_trigger: bool = True
    ) -> Json:
        world = self._world
        person = world.people[user]
        payload: Json = {
            "type": kind,
            "user": {
                "id": user,
                "username": person.name,
                "name": person.name,
                "team_id": world.team_id,
            },
            "api_app_id": world.app_id,
            "token": world.identity["verification_token"],
            "team": {"id": world.team_id, "domain": world.identity["team_domain"]},
            "enterprise": None,
            "is_enterprise_install": False,
        }
        if with_trigger:
            payload["trigger_id"] = self.trigger(user, view_id)
        return payload

    def _add_message(self, payload: Json, user: str, container: Json, state: Json) -> None:
        """The message part of block_actions."""
        world = self._world
        channel, ts = world.channels[container["channel_id"]], container["message_ts"]
        own = next((one for one in world.ephemerals.get(user, ()) if one["ts"] == ts), None)
        message = own or channel.messages[ts]
        thread_ts = message.get("thread_ts")
        place = ResponseUrl(
            user, channel.id, world.clock(), ts=ts, ephemeral=own is not None, thread_ts=thread_ts
        )
        payload["container"] = {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": own is not None,
        } | ({"thread_ts": thread_ts} if thread_ts else {})
        payload["channel"] = {"id": channel.id, "name": channel.name or "directmessage"}
        if own is None:
            payload["message"] = render_message(world, channel, message)
        payload["state"] = {"values": state}
        payload["response_url"] = self.response_url(place)

    def _post_answer(self, user: str, channel: Channel, answer: dict[str, Any]) -> None:
        message = app_fields(self._world) | {"text": str(answer.get("text") or "")}
        if answer.get("blocks"):
            message["blocks"] = _checked(answer["blocks"])
        if answer.get("response_type") == "in_channel":
            self._messages.post(channel, message)
        else:
            self._messages.show_only_to(user, channel, message)


def _checked(blocks: list[Json]) -> list[Json]:
    """The blocks of an ack with their ids. Raises SandboxError with what Slack has against them."""
    check = Check()
    check_blocks(check, blocks, "/blocks", "message")
    if check.problems:
        raise SandboxError(f"The app's answer cannot be shown: {'; '.join(check.problems)}")
    return fill_ids(blocks)
