"""Modals and Home: what is open on whose screen."""

from __future__ import annotations

from bot.sandbox.blocks.blocks import fill_ids
from bot.sandbox.errors import SandboxError, SlackError
from bot.sandbox.ids import new_hash, new_id
from bot.sandbox.model import Json, OpenView, Trigger
from bot.sandbox.view_check import check_view
from bot.sandbox.world import World

MAX_STACK = 3


class Views:
    """The stacks of open modals, and the Home of each person."""

    def __init__(self, world: World, *, trigger_lifetime: float) -> None:
        self._world = world
        self._trigger_lifetime = trigger_lifetime

    def open(self, trigger_id: str, view: Json) -> Json:
        """views.open. The trigger is used up even when the view is refused afterwards."""
        trigger = self._get_trigger(trigger_id)
        check_view(view, "modal")
        self._check_external_id(view)
        self._use(trigger)
        if trigger.view_id is not None and self._world.modals.get(trigger.user):
            return self._push(trigger, view)
        shown = self._make(view, None)
        self._world.modals[trigger.user] = [OpenView(trigger.user, shown)]
        self._tell("view_opened", trigger.user, shown)
        return shown

    def push(self, trigger_id: str, view: Json) -> Json:
        """views.push: on top of the modal that the interaction came from."""
        trigger = self._get_trigger(trigger_id)
        check_view(view, "modal")
        self._check_external_id(view)
        self._use(trigger)
        if not self._world.modals.get(trigger.user):
            raise SlackError("not_found")
        return self._push(trigger, view)

    def update(self, opened: OpenView, view: Json, expected_hash: str | None) -> Json:
        """views.update: replaces the content, the id stays."""
        check_view(view, str(opened.view["type"]))
        if expected_hash and expected_hash != opened.view["hash"]:
            raise SlackError("hash_conflict")
        self._check_external_id(view, opened)
        self._replace(opened, view)
        return opened.view

    def publish(self, user: str, view: Json, expected_hash: str | None) -> Json:
        """views.publish: this person's Home."""
        world = self._world
        check_view(view, "home")
        old = world.homes.get(user)
        if expected_hash and old is not None and expected_hash != old["hash"]:
            raise SlackError("hash_conflict")
        shown = self._make(view, None)
        if old is not None:
            shown["id"] = shown["root_view_id"] = old["id"]
        world.homes[user] = shown
        world.save_home(user)
        world.publish("home", _user=user)
        return shown

    def find(self, view_id: str | None, external_id: str | None) -> OpenView:
        """By id or external id, among open modals and Homes. Raises SlackError not_found."""
        homes = [OpenView(user, view) for user, view in self._world.homes.items()]
        modals = [one for stack in self._world.modals.values() for one in stack]
        for opened in modals + homes:
            if view_id and opened.view["id"] == view_id:
                return opened
            if external_id and opened.view.get("external_id") == external_id:
                return opened
        raise SlackError("not_found")

    def get_shown(self, view_id: str) -> Json:
        """The view by id. Raises SandboxError."""
        try:
            return self.find(view_id, None).view
        except SlackError:
            raise SandboxError("That window is not open any more.") from None

    def close(self, user: str, view_id: str, *, clear: bool) -> list[Json]:
        """Takes the view (with `clear` the whole stack) off the screen; returns what went."""
        stack = self._world.modals.get(user, [])
        index = next((at for at, one in enumerate(stack) if one.view["id"] == view_id), None)
        if index is None:
            raise SandboxError("That window is not open any more.")
        gone = [one.view for one in (stack if clear else stack[index:])]
        self._world.modals[user] = [] if clear else stack[:index]
        for view in gone:
            self._tell("view_closed", user, view)
        return gone

    def apply_ack(self, user: str, view_id: str, answer: Json) -> Json:
        """Does what the ack of a view_submission says; an empty ack closes the view."""
        action = answer.get("response_action")
        if action == "errors":
            return {"response_action": "errors", "errors": answer.get("errors") or {}}
        if self._world.find_modal(view_id) is None:
            return {"response_action": action}
        if action == "update":
            check_view(answer.get("view") or {}, "modal")
            self._replace(self.find(view_id, None), answer["view"])
        elif action == "push":
            check_view(answer.get("view") or {}, "modal")
            self._push(Trigger(user, 0.0), answer["view"])
        else:
            self.close(user, view_id, clear=action == "clear")
        return {"response_action": action}

    def _push(self, trigger: Trigger, view: Json) -> Json:
        stack = self._world.modals[trigger.user]
        if len(stack) >= MAX_STACK:
            raise SlackError("push_limit_reached")
        shown = self._make(view, stack[-1].view)
        stack.append(OpenView(trigger.user, shown))
        self._tell("view_opened", trigger.user, shown)
        return shown

    def _replace(self, opened: OpenView, view: Json) -> None:
        kept = {
            key: opened.view[key]
            for key in ("id", "previous_view_id", "root_view_id")
            if key in opened.view
        }
        fresh = self._make(view, None) | kept
        if opened.view["type"] == "home":
            self._world.homes[opened.user] = fresh
            self._world.save_home(opened.user)
            self._world.publish("home", _user=opened.user)
        opened.view = fresh
        if fresh["type"] == "modal":
            self._tell("view_updated", opened.user, fresh)

    def _make(self, view: Json, previous: Json | None) -> Json:
        """A view object as Slack gives it back, with every field there."""
        world = self._world
        view_id = new_id("V")
        shown = {
            "id": view_id,
            "team_id": world.team_id,
            "type": view["type"],
            "blocks": fill_ids(view["blocks"]),
            "private_metadata": view.get("private_metadata") or "",
            "callback_id": view.get("callback_id") or "",
            "state": {"values": {}},
            "hash": new_hash(world.clock()),
            "title": view.get("title") or {"type": "plain_text", "text": "View Title"},
            "clear_on_close": bool(view.get("clear_on_close", False)),
            "notify_on_close": bool(view.get("notify_on_close", False)),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "previous_view_id": previous["id"] if previous else None,
            "root_view_id": previous["root_view_id"] if previous else view_id,
            "app_id": world.app_id,
            "external_id": view.get("external_id") or "",
            "app_installed_team_id": world.team_id,
            "bot_id": world.bot_id,
        }
        if view["type"] == "modal":
            shown["submit_disabled"] = bool(view.get("submit_disabled", False))
        return shown

    def _get_trigger(self, trigger_id: str) -> Trigger:
        trigger = self._world.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._world.clock() - trigger.made_at > self._trigger_lifetime:
            raise SlackError("expired_trigger_id")
        return trigger

    def _use(self, trigger: Trigger) -> None:
        trigger.used = True

    def _check_external_id(self, view: Json, itself: OpenView | None = None) -> None:
        external_id = view.get("external_id")
        if not external_id:
            return
        for stack in self._world.modals.values():
            for one in stack:
                if one is not itself and one.view.get("external_id") == external_id:
                    raise SlackError("duplicate_external_id")

    def _tell(self, kind: str, user: str, view: Json) -> None:
        self._world.publish(kind, view_id=view["id"], _user=user)
