"""Setting a channel up: fill in what was left out, and try it before it is saved.

The same service for the form in Slack and for the command line:

    resolved = await setup.resolve(fields, editing=name)     # raises InvalidFields
    problems = await setup.try_connections(resolved.fields, editing=name)
    if not problems: await channels.add(resolved.fields)      # or edit(name, resolved.fields)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from handlers.channel_fields import ChannelFields, InvalidFields, check_fields
from handlers.channels import Channels
from handlers.connection_settings import (
    IMAP_PORTS,
    SMTP_PORTS,
    OAuthChoice,
    is_graph,
    oauth_of,
)
from handlers.ports import MailboxProbe, MailConnection, ServerFinder
from mail.providers import Endpoint, Provider, Security, find_provider, find_provider_by_host

if TYPE_CHECKING:
    from mail.autodiscover import Discovered

_PORT_SECURITY = {993: "tls", 143: "starttls", 465: "tls", 587: "starttls", 25: "starttls"}
_SOURCES = {
    "mx": "by the MX records of the domain",
    "autoconfig": "from the domain's autoconfig",
    "well-known": "from the domain's autoconfig",
    "ispdb": "from Mozilla's list of providers",
    "srv": "from the domain's SRV records",
    "guess": "found by trying",
}
_SECURITY_WORDS = {"tls": "TLS", "starttls": "STARTTLS", "none": "no encryption"}


@dataclass(frozen=True, slots=True)
class ResolvedFields:
    """`fields` are complete; `told` says what was filled in and what else is worth knowing."""

    fields: ChannelFields
    told: tuple[str, ...] = ()
    sign_in: tuple[str, ...] = ()
    """Directions ("in", "out") that want a sign-in by OAuth2 before they work."""
    provider: str | None = None
    """Which provider's sign-in that is: microsoft, google, yandex."""


@dataclass(slots=True)
class _Draft:
    """The fields while they are being completed, over what the channel has already."""

    fields: ChannelFields
    incoming: str
    outgoing: str
    primary: str
    sender: str
    settings: dict[str, dict[str, Any]]
    """Direction → stored settings of the same kind with the given ones over them."""
    secrets: dict[str, dict[str, Any]]
    told: list[str]
    problems: dict[str, str]
    sign_in: list[str]
    provider: str | None = None
    new_secret: dict[str, Any] = field(default_factory=dict)
    """A password for sending that was taken over from receiving."""


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
            _choose_graph(draft)
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
                    sentence = step.sentence.partition(": ")[2] or step.sentence
                    before = problems.get(step.field)
                    problems[step.field] = f"{before} {sentence}" if before else sentence
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

    async def _draft(self, fields: ChannelFields, editing: str | None) -> _Draft:
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
        told = []
        if not editing and incoming == "imap" and not fields.primary and "@" in user:
            fields = replace(fields, primary=user)
            told.append(f"Main address: {user}.")
        primary = fields.primary or (stored.channel.primary_address if stored else "")
        sender = fields.from_email or (stored.channel.from_email if stored else primary)
        return _Draft(
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

    async def _complete(self, draft: _Draft, direction: str) -> None:
        """Server, port, encryption, user and the way to sign in of one direction."""
        settings = draft.settings[direction]
        found = None
        if not settings.get("host"):
            found = await self._find(draft, direction)
            endpoint = found.imap if direction == "in" else found.smtp
            if endpoint is None:
                draft.problems[_name(direction, "host")] = _not_found(draft, direction)
                return
            _fill_endpoint(settings, endpoint)
            draft.told.append(_told_endpoint(direction, settings, found))
        else:
            _fill_port_and_security(settings, direction, draft)
        provider = find_provider_by_host(settings["host"]) or (found.provider if found else None)
        if not settings.get("user"):
            address = draft.primary if direction == "in" else draft.sender
            settings["user"] = _user(draft, direction, found, provider, address)
            draft.told.append(f"{_word(direction)} user: {settings['user']}.")
        if settings.get("security") == "none":
            draft.told.append(
                f"⚠ {_word(direction)}: the connection to {settings['host']} is not encrypted; "
                "whoever listens on the line can read mail and password."
            )
        _choose_sign_in(draft, direction, provider)

    async def _find(self, draft: _Draft, direction: str) -> Discovered:
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


def _needs_smtp(draft: _Draft) -> bool:
    if draft.outgoing == "office365":
        return not is_graph(draft.outgoing, draft.settings["out"])
    return draft.outgoing == "smtp"


def _fill_endpoint(settings: dict[str, Any], endpoint: Endpoint) -> None:
    settings["host"] = endpoint.host
    settings.setdefault("port", endpoint.port)
    if settings["port"] == endpoint.port:
        settings.setdefault("security", endpoint.security.value)
    else:
        settings.setdefault("security", _PORT_SECURITY.get(settings["port"], "tls"))


def _fill_port_and_security(settings: dict[str, Any], direction: str, draft: _Draft) -> None:
    """Each follows from the other; both from the provider whose server it is, or TLS."""
    if settings.get("port") and settings.get("security"):
        return
    provider = find_provider_by_host(settings["host"])
    known = (provider.imap if direction == "in" else provider.smtp) if provider else None
    if not settings.get("port") and not settings.get("security"):
        settings["security"] = known.security.value if known else "tls"
    ports = IMAP_PORTS if direction == "in" else SMTP_PORTS
    settings["security"] = settings.get("security") or _PORT_SECURITY.get(settings["port"], "tls")
    if not settings.get("port"):
        same = known is not None and known.security.value == settings["security"]
        settings["port"] = known.port if known and same else ports[Security(settings["security"])]
    draft.told.append(f"{_word(direction)}: {_where(settings)}.")


def _user(
    draft: _Draft,
    direction: str,
    found: Discovered | None,
    provider: Provider | None,
    address: str,
) -> str:
    """The login name: the mailbox's own where mail leaves by the same provider it comes from."""
    other = draft.settings["in"]
    if direction == "out" and draft.incoming == "imap" and other.get("user"):
        return str(other["user"])
    if found is not None and found.user:
        return found.user
    return provider.user_for(address) if provider and find_provider(address) else address


def _choose_sign_in(draft: _Draft, direction: str, provider: Provider | None) -> None:
    """A password, a grant there is already, or a sign-in to come."""
    settings, secret = draft.settings[direction], draft.secrets[direction]
    given = draft.fields.incoming_secret if direction == "in" else draft.fields.outgoing_secret
    if given.get("password"):
        settings["oauth"] = None
        if provider and provider.app_password:
            draft.told.append(f"{provider.name}: {provider.app_password}")
        if provider and provider.imap_switch and direction == "in":
            draft.told.append(f"{provider.name}: {provider.imap_switch}")
        return
    if secret.get("password") or oauth_of(settings):
        return
    mailbox = draft.settings["in"]
    if direction == "out" and draft.incoming == "imap":
        if draft.secrets["in"].get("password") and not oauth_of(mailbox):
            secret["password"] = draft.secrets["in"]["password"]
            draft.new_secret = {"password": secret["password"]}
            draft.told.append("SMTP password: the same as for IMAP.")
            return
        if (choice := oauth_of(mailbox)) and choice.use == "mail":
            settings["oauth"] = choice.to_json()
            return
    oauth = "microsoft" if draft.outgoing == "office365" and direction == "out" else None
    oauth = oauth or (provider.oauth if provider else None)
    if oauth is None:
        draft.problems[_name(direction, "password")] = (
            f"Give the password of {settings['user']} at {settings['host']}."
        )
        return
    settings["oauth"] = OAuthChoice(oauth, held_by=direction).to_json()
    draft.sign_in.append(direction)
    draft.provider = oauth


def _choose_graph(draft: _Draft) -> None:
    settings = draft.settings["out"]
    known = oauth_of(settings)
    if known is None or known.use != "graph":
        settings["oauth"] = OAuthChoice("microsoft", use="graph", held_by="out").to_json()
        known = oauth_of(settings)
    if known is not None and not known.granted_at:
        draft.sign_in.append("out")
        draft.provider = "microsoft"


def _given(draft: _Draft, direction: str) -> dict[str, Any]:
    kind = draft.incoming if direction == "in" else draft.outgoing
    own = draft.fields.incoming_settings if direction == "in" else draft.fields.outgoing_settings
    return draft.settings[direction] if kind != "internal" else dict(own)


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


def _told_endpoint(direction: str, settings: Mapping[str, Any], found: Discovered) -> str:
    how = _SOURCES.get(found.source, "")
    name = found.provider.name if found.provider else ""
    source = ", ".join(one for one in (name, how) if one)
    return f"{_word(direction)}: {_where(settings)} ({source})."


def _where(settings: Mapping[str, Any]) -> str:
    words = _SECURITY_WORDS[str(settings["security"])]
    return f"{settings['host']}, port {settings['port']}, {words}"


def _not_found(draft: _Draft, direction: str) -> str:
    address = draft.primary if direction == "in" else draft.sender
    domain = address.rpartition("@")[2] or "this address"
    return (
        f"The {_word(direction)} server of {domain} could not be found: give its name, such as "
        f"{'imap' if direction == 'in' else 'smtp'}.{domain}."
    )


def _word(direction: str) -> str:
    return "IMAP" if direction == "in" else "SMTP"


def _name(direction: str, field_name: str) -> str:
    return f"{_word(direction).lower()}_{field_name}"
