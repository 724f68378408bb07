"""What is known of the big mail providers, so that an address alone fills in the form.

The facts live in `providers.json` beside this file: servers, what the user name is, whether the
password of the account works, and what has to be switched on first. Written by hand from what the
providers publish; a provider that changes something is one line there. Offline and pure but for
reading that file once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from mail.sentences import Sentence, together


class Security(StrEnum):
    """How a connection is encrypted: from the first byte, after STARTTLS, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service listens."""

    host: str
    port: int
    security: Security = Security.TLS


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence that says what to do, and the page of the provider that shows how."""

    sentence: str
    link: str

    def __str__(self) -> Sentence:
        return together([Sentence(self.sentence, {}), self.link])


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `imap` and `smtp` are None where it has none (Tuta).

    `oauth` is "microsoft", "google", "yandex" or None. Limits are None where the provider
    publishes none.
    """

    id: str
    name: str
    domains: frozenset[str]
    """`*.example` stands for every domain right below."""
    mx: frozenset[str]
    imap: Endpoint | None
    smtp: Endpoint | None
    user_is_local_part: bool = False
    app_password: Hint | None = None
    """Set where the password of the account itself does not (always) work."""
    imap_switch: Hint | None = None
    """Set where IMAP is off until the user switches it on."""
    oauth: str | None = None
    saves_sent_itself: bool = False
    """What is sent through its SMTP turns up in Sent without our doing."""
    plus_addressing: bool = False
    messages_per_minute: int | None = None
    max_message_bytes: int | None = None

    @property
    def needs_app_password(self) -> bool:
        return self.app_password is not None

    def user_for(self, address: str) -> str:
        """The login name that this provider wants for `address`."""
        return address.rpartition("@")[0] if self.user_is_local_part else address


def find_provider(address: str) -> Provider | None:
    """The provider of an address or of a bare domain, by its domain alone; None if unknown."""
    domain = domain_of(address)
    known = _by_domain()
    return known.get(domain) or known.get(f"*.{domain.partition('.')[2]}")


def find_provider_by_mx(hosts: Iterable[str]) -> Provider | None:
    """The provider that takes the mail of a domain: `hosts` are its MX names, best first.

    The longest known suffix wins (`olc.protection.outlook.com` before `outlook.com`).
    """
    for host in hosts:
        labels = _plain(host).split(".")
        for start in range(len(labels) - 1):
            found = _by_mx().get(".".join(labels[start:]))
            if found is not None:
                return found
    return None


def find_provider_by_host(host: str) -> Provider | None:
    """The provider whose IMAP or SMTP server has this name (a company's domain at Google)."""
    wanted = _plain(host)
    if wanted in {"127.0.0.1", "::1", "localhost"}:  # Proton's Bridge, and everything else
        return None
    for provider in all_providers():
        for endpoint in (provider.imap, provider.smtp):
            if endpoint is not None and endpoint.host == wanted:
                return provider
    return None


def get_provider(provider_id: str) -> Provider:
    """The provider with this id. Raises KeyError."""
    return {provider.id: provider for provider in all_providers()}[provider_id]


def domain_of(address: str) -> str:
    """The domain of an address (or a domain as it is), lower case and in its ASCII form."""
    domain = _plain(address.rpartition("@")[2].strip(" \t\r\n<>"))
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


@cache
def all_providers() -> tuple[Provider, ...]:
    """Every provider of `providers.json`, in its order."""
    text = files("mail.discovery").joinpath("providers.json").read_text(encoding="utf-8")
    return tuple(_provider(entry) for entry in json.loads(text))


@cache
def _by_domain() -> Mapping[str, Provider]:
    return MappingProxyType({name: one for one in all_providers() for name in one.domains})


@cache
def _by_mx() -> Mapping[str, Provider]:
    return MappingProxyType({name: one for one in all_providers() for name in one.mx})


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def _provider(entry: dict[str, Any]) -> Provider:
    megabytes = entry.get("max_message_mb")
    return Provider(
        id=entry["id"],
        name=entry["name"],
        domains=frozenset(entry["domains"]),
        mx=frozenset(entry.get("mx", ())),
        imap=_endpoint(entry["imap"]),
        smtp=_endpoint(entry["smtp"]),
        user_is_local_part=entry.get("user") == "local",
        app_password=_hint(entry.get("app_password")),
        imap_switch=_hint(entry.get("imap_switch")),
        oauth=entry.get("oauth"),
        saves_sent_itself=entry.get("saves_sent_itself", False),
        plus_addressing=entry.get("plus_addressing", False),
        messages_per_minute=entry.get("messages_per_minute"),
        max_message_bytes=megabytes * 1024 * 1024 if megabytes else None,
    )


def _endpoint(entry: dict[str, Any] | None) -> Endpoint | None:
    if entry is None:
        return None
    return Endpoint(entry["host"], entry["port"], Security(entry["security"]))


def _hint(entry: dict[str, str] | None) -> Hint | None:
    return Hint(entry["sentence"], entry["link"]) if entry else None
