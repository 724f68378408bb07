"""Filling in what was left out of a connection: servers, ports, encryption, how to sign in. Pure.

What is filled in is told (`told`), what cannot be is a problem at its field (`problems`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handlers.channels.connection_settings import IMAP_PORTS, SMTP_PORTS, OAuthChoice, oauth_of
from handlers.channels.fields import ChannelFields
from mail.discovery.providers import (
    Endpoint,
    Provider,
    Security,
    find_provider,
    find_provider_by_host,
    get_provider,
)
from mail.sentences import say, together

if TYPE_CHECKING:
    from mail.discovery.autodiscover import Discovered

_PORT_SECURITY = {993: "tls", 143: "starttls", 465: "tls", 587: "starttls", 25: "starttls"}
_SOURCES = {
    "mx": say("by the MX records of the domain"),
    "autoconfig": say("from the domain's autoconfig"),
    "well-known": say("from the domain's autoconfig"),
    "ispdb": say("from Mozilla's list of providers"),
    "srv": say("from the domain's SRV records"),
    "guess": say("found by trying"),
}
_SECURITY_WORDS = {"tls": "TLS", "starttls": "STARTTLS", "none": say("no encryption")}


@dataclass(slots=True)
class Draft:
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


def complete(draft: Draft, direction: str, found: Discovered | None) -> None:
    """Server, port, encryption, user and the way to sign in of one direction.

    `found` is what the address's servers turned out to be, where no server was given.
    """
    settings = draft.settings[direction]
    if not settings.get("host"):
        endpoint = None
        if found is not None:
            endpoint = found.imap if direction == "in" else found.smtp
        if found is None or endpoint is None:
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
        draft.told.append(say("{word} user: {user}.", word=_word(direction), user=settings["user"]))
    if settings.get("security") == "none":
        draft.told.append(
            say(
                "⚠ {word}: the connection to {host} is not encrypted; whoever listens on the "
                "line can read mail and password.",
                word=_word(direction),
                host=settings["host"],
            )
        )
    _choose_sign_in(draft, direction, provider)


def _fill_endpoint(settings: dict[str, Any], endpoint: Endpoint) -> None:
    settings["host"] = endpoint.host
    settings.setdefault("port", endpoint.port)
    if settings["port"] == endpoint.port:
        settings.setdefault("security", endpoint.security.value)
    else:
        settings.setdefault("security", _PORT_SECURITY.get(settings["port"], "tls"))


def _fill_port_and_security(settings: dict[str, Any], direction: str, draft: Draft) -> None:
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
    draft.told.append(together([f"{_word(direction)}: ", _where(settings), "."], between=""))


def _user(
    draft: Draft,
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


def _choose_sign_in(draft: Draft, direction: str, provider: Provider | None) -> None:
    """A password, a grant there is already, or a sign-in to come."""
    settings, secret = draft.settings[direction], draft.secrets[direction]
    given = draft.fields.incoming_secret if direction == "in" else draft.fields.outgoing_secret
    if given.get("password"):
        settings["oauth"] = None
        if provider and provider.app_password:
            draft.told.append(together([f"{provider.name}:", str(provider.app_password)]))
        if provider and provider.imap_switch and direction == "in":
            draft.told.append(together([f"{provider.name}:", str(provider.imap_switch)]))
        return
    if secret.get("password") or oauth_of(settings):
        return
    mailbox = draft.settings["in"]
    if direction == "out" and draft.incoming == "imap":
        if draft.secrets["in"].get("password") and not oauth_of(mailbox):
            secret["password"] = draft.secrets["in"]["password"]
            draft.new_secret = {"password": secret["password"]}
            draft.told.append(say("SMTP password: the same as for IMAP."))
            return
        if (choice := oauth_of(mailbox)) and choice.use == "mail":
            settings["oauth"] = choice.to_json()
            return
    oauth = "microsoft" if draft.outgoing == "office365" and direction == "out" else None
    oauth = oauth or (provider.oauth if provider else None)
    if oauth is None:
        draft.problems[_name(direction, "password")] = say(
            "Give the password of {user} at {host}.", user=settings["user"], host=settings["host"]
        )
        return
    settings["oauth"] = OAuthChoice(oauth, held_by=direction).to_json()
    draft.sign_in.append(direction)
    draft.provider = oauth


def use_office365(draft: Draft) -> None:
    """Microsoft's SMTP server is the same for everybody."""
    smtp = get_provider("microsoft365").smtp
    settings = draft.settings["out"]
    if smtp is not None and not settings.get("host"):
        _fill_endpoint(settings, smtp)
        draft.told.append(say("SMTP: {where} (Microsoft 365).", where=_where(settings)))


def choose_graph(draft: Draft) -> None:
    """Graph has no servers and no passwords: a sign-in is all it needs."""
    settings = draft.settings["out"]
    known = oauth_of(settings)
    if known is None or known.use != "graph":
        settings["oauth"] = OAuthChoice("microsoft", use="graph", held_by="out").to_json()
        known = oauth_of(settings)
    if known is not None and not known.granted_at:
        draft.sign_in.append("out")
        draft.provider = "microsoft"


def _told_endpoint(direction: str, settings: Mapping[str, Any], found: Discovered) -> str:
    how = _SOURCES.get(found.source, "")
    name = found.provider.name if found.provider else ""
    values = {"word": _word(direction), "where": _where(settings), "name": name, "how": how}
    if name and how:
        return say("{word}: {where} ({name}, {how}).", **values)
    return say("{word}: {where} ({name}{how}).", **values)


def _where(settings: Mapping[str, Any]) -> str:
    words = _SECURITY_WORDS[str(settings["security"])]
    return say(
        "{host}, port {port}, {words}", host=settings["host"], port=settings["port"], words=words
    )


def _not_found(draft: Draft, direction: str) -> str:
    address = draft.primary if direction == "in" else draft.sender
    domain = address.rpartition("@")[2] or "this address"
    return say(
        "The {word} server of {domain} could not be found: give its name, such as "
        "{example}.{domain}.",
        word=_word(direction),
        domain=domain,
        example="imap" if direction == "in" else "smtp",
    )


def _word(direction: str) -> str:
    return "IMAP" if direction == "in" else "SMTP"


def _name(direction: str, field_name: str) -> str:
    return f"{_word(direction).lower()}_{field_name}"
