"""views.*: modals and Home."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.errors import SlackError
from bot.sandbox.model import Json
from bot.sandbox.webapi.call import Call, Method


def _view(call: Call) -> Json:
    call.args.require("view")
    view = call.args.json("view", "invalid_arguments")
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", messages=["must be an object [json-pointer:/view]"])
    return view


def _trigger(call: Call) -> str:
    [trigger_id] = call.args.need("trigger_id")
    return trigger_id


async def open_(call: Call) -> Json:
    return {"view": call.back.views.open(_trigger(call), _view(call))}


async def push(call: Call) -> Json:
    return {"view": call.back.views.push(_trigger(call), _view(call))}


async def update(call: Call) -> Json:
    view_id, external_id = call.args.text("view_id"), call.args.text("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments", messages=["missing required field: view_id"])
    view = _view(call)
    opened = call.back.views.find(view_id, external_id)
    return {"view": call.back.views.update(opened, view, call.args.text("hash"))}


async def publish(call: Call) -> Json:
    view = _view(call)
    if not call.world.manifest.home_enabled:
        raise SlackError("not_enabled")
    person = call.person("user_id")
    if person.is_bot:
        raise SlackError("user_not_found")
    return {"view": call.back.views.publish(person.id, view, call.args.text("hash"))}


METHODS: Mapping[str, Method] = {
    "views.open": Method(open_, (), "t4"),
    "views.push": Method(push, (), "t4"),
    "views.update": Method(update, (), "t4"),
    "views.publish": Method(publish, (), "t4"),
}
