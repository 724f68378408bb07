"""Saving what the channel form holds: checked, tried, its Slack channel made where asked."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

from bot.listeners.modals.form_values import to_fields, values_of
from bot.listeners.services import Services
from bot.slack.texts import Texts
from handlers.channels.channels import ChannelStatus
from handlers.channels.fields import ChannelFields, InvalidFields, check_fields
from handlers.errors import ChatClosed, ChatError, ChatRefused
from handlers.posts import Place

_log = logging.getLogger(__name__)
_TO_BE_MADE = "C000"
"""Stands for the id of a Slack channel that is made once everything else is known to be good."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants saved. `values` may hold passwords: it is never shown or logged."""

    values: dict[str, Any] = field(repr=False)
    editing: str | None
    user_id: str

    @property
    def name(self) -> str:
        return str(self.values.get("name") or self.editing or "")


@dataclass(frozen=True, slots=True)
class Saved:
    status: ChannelStatus
    joined: bool
    told: tuple[str, ...] = ()


async def find_problems(
    services: Services, wanted: Wanted, fields: ChannelFields
) -> dict[str, str]:
    """Field → sentence, for what is wrong without asking any server."""
    problems: dict[str, str] = {}
    if wanted.values.get("new_channel") and not slack_name(str(wanted.values["new_channel"])):
        problems["new_channel"] = services.texts(
            "A Slack channel's name has letters, digits, - and _, such as support."
        )
    try:
        check_fields(fields, is_new=wanted.editing is None)
    except InvalidFields as error:
        problems.update(error.problems)
    if "name" not in problems and (taken := await _taken(services, wanted)):
        problems["name"] = services.texts(
            "There is a channel “{name}” already: choose another name.", name=taken
        )
    return problems


async def save(services: Services, wanted: Wanted, *, tested: bool = False) -> Saved:
    """`tested`: the connections are completed and tried first.

    Raises:
        InvalidFields: with a sentence for everything that cannot be used or does not work.
    """
    fields = await fields_of(services, wanted)
    told: tuple[str, ...] = ()
    if tested:
        resolved = await services.setup.resolve(fields, editing=wanted.editing)
        fields, told = resolved.fields, resolved.told
        problems = await services.setup.try_connections(fields, editing=wanted.editing)
        if problems:
            raise InvalidFields(problems)
    if wanted.values.get("new_channel"):
        made = await _make_channel(services, wanted)
        fields = replace(fields, slack_channel_id=made)
    if wanted.editing:
        status = await services.channels.edit(wanted.editing, fields)
    else:
        status = await services.channels.add(fields)
    joined = await try_to_join(services, status.channel.slack_channel_id)
    return Saved(status, joined, told)


async def try_to_join(services: Services, slack_channel_id: str) -> bool:
    """Whether Canal is in the Slack channel; it joins a public one."""
    try:
        await services.chat.join(slack_channel_id)
    except ChatError:
        try:
            await services.chat.check_channel(Place(slack_channel_id))
        except ChatError:
            return False
    return True


def slack_name(text: str) -> str:
    """The name as Slack takes it: lower case, no spaces or signs; empty when nothing is left."""
    kept = "".join(one if one.isalnum() or one in "-_" else "-" for one in text.strip().lower())
    while "--" in kept:
        kept = kept.replace("--", "-")
    return kept.strip("-")[:80]


async def fields_of(services: Services, wanted: Wanted) -> ChannelFields:
    """What is to be saved; for a channel that there is, what differs."""
    values = dict(wanted.values)
    if values.get("new_channel"):
        values["slack_channel_id"] = _TO_BE_MADE
    if not wanted.editing:
        return to_fields(values)
    before = values_of(await services.channels.show(wanted.editing))
    groups = tuple(one for one in before["agents"] if one.startswith("S"))
    values["agents"] = (*values.get("agents", ()), *groups)
    return to_fields(values, before)


async def _taken(services: Services, wanted: Wanted) -> str | None:
    name = " ".join(wanted.name.split()).casefold()
    for status in await services.channels.list():
        other = status.channel.name
        own = wanted.editing is not None and other.casefold() == wanted.editing.casefold()
        if other.casefold() == name and not own:
            return other
    return None


async def _make_channel(services: Services, wanted: Wanted) -> str:
    """The id of a new public Slack channel, with whoever asked for it in it."""
    name = slack_name(str(wanted.values["new_channel"]))
    try:
        made = await services.chat.create_channel(name)
    except (ChatRefused, ChatClosed) as error:
        sentence = _why_not_made(error.code, name, services.texts)
        raise InvalidFields({"new_channel": sentence}) from error
    try:
        await services.chat.invite(made, wanted.user_id)
    except ChatError as error:
        # The channel is there and public: whoever made it finds it without being invited.
        _log.warning("nobody could be invited to the new Slack channel: %s", error)
    return made


def _why_not_made(code: str, name: str, texts: Texts) -> str:
    if code == "name_taken":
        return texts(
            "There is a #{name} in Slack already: choose it above, or take another name.", name=name
        )
    if code in ("missing_scope", "restricted_action", "no_permission"):
        return texts(
            "Slack does not let Canal create channels here ({code}): create #{name} by hand and "
            "choose it above.",
            code=code,
            name=name,
        )
    return texts("Slack did not create #{name} ({code}): choose another name.",
        code=code, name=name)  # fmt: skip
