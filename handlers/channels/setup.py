"""Setting a channel up: fill in what was left out, and try it before it is saved.

The same service for the form in Slack and for the command line:

    resolved = await setup.resolve(fields, editing=name)     # raises InvalidFields
    problems = await setup.try_connections(resolved.fields, editing=name)
    if not problems: await channels.add(resolved.fields)      # or edit(name, resolved.fields)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from handlers.channels.channels import Channels
from handlers.channels.connection_settings import is_graph, oauth_of
from handlers.channels.fields import ChannelFields, InvalidFields, check_fields
from handlers.channels.fill_in import Draft, choose_graph, complete, use_office365
from handlers.ports import MailboxProbe, MailConnection, ServerFinder
from mail.sentences import say, together

if TYPE_CHECKING:
    from mail.discovery.autodiscover import Discovered


@dataclass(frozen=True, slots=True)
class ResolvedFields:
    """`fields` are complete; `told` says what was filled in and what else is worth knowing."""

    fields: ChannelFields
    told: tuple[str, ...] = ()
    sign_in: tuple[str, ...] = ()
    """Directions ("in", "out") that want a sign-in by OAuth2 before they work."""
    provider: str | None = None
    """Which provider's sign-in that is: microsoft, google, yandex."""


class ChannelSetup:
    def __init__(self, channels: Channels, finder: ServerFinder, probe: MailboxProbe) -> None:
        self._channels = channels
        self._finder = finder
        self._probe = probe

    async def resolve(self, fields: ChannelFields, *, editing: str | None = None) -> ResolvedFields:
        """What is left out is filled in from the provider, or discovered, or a sane default.

        Raises:
            InvalidFields: with a sentence for everything that cannot be used or is still missing.
            NotFound: there is no channel `editing`.
        """
        draft = await self._draft(fields, editing)
        fields = draft.fields
        check_fields(fields, is_new=editing is None)
        if draft.incoming == "imap" and (editing is None or _touches(fields, "in")):
            await self._complete(draft, "in")
        if _needs_smtp(draft) and (editing is None or _touches(fields, "out")):
            await self._complete(draft, "out")
        if is_graph(draft.outgoing, draft.settings["out"]) and _touches(fields, "out"):
            choose_graph(draft)
        if draft.problems:
            raise InvalidFields(draft.problems)
        return ResolvedFields(
            replace(
                fields,
                incoming_settings=_given(draft, "in"),
                outgoing_settings=_given(draft, "out"),
                outgoing_secret=draft.new_secret or fields.outgoing_secret,
            ),
            tuple(draft.told),
            tuple(draft.sign_in),
            draft.provider,
        )

    async def try_connections(
        self, fields: ChannelFields, *, editing: str | None = None
    ) -> dict[str, str]:
        """Field → sentence for what does not work; within 20 seconds. `fields` are resolved.

        What is not given anew is not tried again, and what waits for a sign-in cannot be.
        """
        tried = [
            connection
            for connection in await self._connections(fields, editing)
            if _is_worth_trying(connection, fields, editing)
        ]
        problems: dict[str, str] = {}
        for steps in await asyncio.gather(*(self._probe.probe(one) for one in tried)):
            for step in steps:
                if not step.ok:
                    sentence = step.why or step.sentence
                    before = problems.get(step.field)
                    problems[step.field] = together([before, sentence]) if before else sentence
        return problems

    async def _connections(
        self, fields: ChannelFields, editing: str | None
    ) -> list[MailConnection]:
        draft = await self._draft(fields, editing)
        stored = await self._channels.show(editing) if editing else None
        channel_id = stored.channel.id if stored else None
        return [
            MailConnection(
                channel_id, direction, kind, draft.settings[direction], draft.secrets[direction],
                draft.sender,
            )
            for direction, kind in (("in", draft.incoming), ("out", draft.outgoing))
        ]  # fmt: skip

    async def _draft(self, fields: ChannelFields, editing: str | None) -> Draft:
        stored = await self._channels.show(editing) if editing else None
        old: dict[str, MailConnection] = {}
        if editing:
            old = {
                direction: await self._channels.open_connection(editing, direction)
                for direction in ("in", "out")
            }
        incoming = fields.incoming or (stored.channel.incoming if stored else "internal")
        outgoing = fields.outgoing or (stored.channel.outgoing if stored else "internal")
        user = str(fields.incoming_settings.get("user") or "")
        told: list[str] = []
        if not editing and incoming == "imap" and not fields.primary and "@" in user:
            fields = replace(fields, primary=user)
            told.append(say("Main address: {user}.", user=user))
        primary = fields.primary or (stored.channel.primary_address if stored else "")
        sender = fields.from_email or (stored.channel.from_email if stored else primary)
        return Draft(
            fields,
            incoming,
            outgoing,
            primary.strip(),
            sender.strip(),
            {
                "in": _merged(old.get("in"), incoming, fields.incoming_settings, "settings"),
                "out": _merged(old.get("out"), outgoing, fields.outgoing_settings, "settings"),
            },
            {
                "in": _merged(old.get("in"), incoming, fields.incoming_secret, "secret"),
                "out": _merged(old.get("out"), outgoing, fields.outgoing_secret, "secret"),
            },
            told,
            {},
            [],
        )

    async def _complete(self, draft: Draft, direction: str) -> None:
        if direction == "out" and draft.outgoing == "office365":
            use_office365(draft)
        needs_server = not draft.settings[direction].get("host")
        found = await self._find(draft, direction) if needs_server else None
        complete(draft, direction, found)

    async def _find(self, draft: Draft, direction: str) -> Discovered:
        user = str(draft.settings[direction].get("user") or "")
        address = draft.primary if direction == "in" else draft.sender
        return await self._finder.find(user if "@" in user else address)


def _merged(
    old: MailConnection | None, kind: str, given: Mapping[str, Any], what: str
) -> dict[str, Any]:
    kept = getattr(old, what) if old is not None and old.kind == kind else {}
    return {**kept, **given}


def _touches(fields: ChannelFields, direction: str) -> bool:
    """Whether anything of this direction is given anew."""
    if direction == "in":
        return bool(fields.incoming or fields.incoming_settings or fields.incoming_secret)
    return bool(fields.outgoing or fields.outgoing_settings or fields.outgoing_secret)


def _needs_smtp(draft: Draft) -> bool:
    if draft.outgoing == "office365":
        return not is_graph(draft.outgoing, draft.settings["out"])
    return draft.outgoing == "smtp"


def _given(draft: Draft, direction: str) -> dict[str, Any]:
    """The completed settings of a direction that was given anew; the others stay as they are."""
    kind = draft.incoming if direction == "in" else draft.outgoing
    own = draft.fields.incoming_settings if direction == "in" else draft.fields.outgoing_settings
    is_whole = kind != "internal" and _touches(draft.fields, direction)
    return draft.settings[direction] if is_whole else dict(own)


def _is_worth_trying(
    connection: MailConnection, fields: ChannelFields, editing: str | None
) -> bool:
    if connection.kind == "internal":
        return False
    choice = oauth_of(connection.settings)
    if choice is not None and not choice.granted_at:
        return False
    moved = connection.direction == "out" and fields.from_email is not None
    return editing is None or moved or _touches(fields, connection.direction)
