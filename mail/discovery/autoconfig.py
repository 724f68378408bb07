"""Reading autoconfig documents (Thunderbird's config-v1.1.xml): pure, for hostile input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mail.discovery.providers import Endpoint, Security

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SECURITY = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS, "plain": Security.NONE}
_HOST = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}\Z")


@dataclass(frozen=True, slots=True)
class AutoconfigServer:
    """A server as the document names it. `user` is the login name, placeholders filled in."""

    endpoint: Endpoint
    user: str
    oauth2: bool = False


@dataclass(frozen=True, slots=True)
class Autoconfig:
    imap: AutoconfigServer | None = None
    smtp: AutoconfigServer | None = None


def parse_autoconfig(data: bytes, address: str) -> Autoconfig | None:
    """The first encrypted IMAP and SMTP server in the document; None if it is no such document.

    Entities and DTDs are refused (defusedxml). Servers without encryption are passed over: what
    a stranger's document says must not make a password travel in clear.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    imap = next(_servers(root, "incomingServer", "imap", address), None)
    smtp = next(_servers(root, "outgoingServer", "smtp", address), None)
    return Autoconfig(imap, smtp) if imap or smtp else None


def is_host_name(name: str) -> bool:
    """Whether this is a host name of at least two labels, and no address."""
    plain = name.rstrip(".").lower()
    return bool(_HOST.match(plain)) and not plain.rpartition(".")[2].isdigit()


def _servers(root: Element, tag: str, kind: str, address: str) -> Iterator[AutoconfigServer]:
    found = []
    for server in root.iter(tag):
        one = _server(server, address) if server.get("type") == kind else None
        if one is not None and one.endpoint.security is not Security.NONE:
            found.append(one)
    yield from sorted(found, key=lambda one: one.endpoint.security is not Security.TLS)


def _server(server: Element, address: str) -> AutoconfigServer | None:
    host = _filled(server.findtext("hostname") or "", address).lower()
    port = (server.findtext("port") or "").strip()
    security = _SECURITY.get((server.findtext("socketType") or "").strip())
    if security is None or not is_host_name(host) or not re.fullmatch("[0-9]{1,5}", port):
        return None
    if not 0 < int(port) < 65536:
        return None
    user = _filled(server.findtext("username") or "%EMAILADDRESS%", address)
    oauth2 = any((one.text or "").strip() == "OAuth2" for one in server.iter("authentication"))
    return AutoconfigServer(Endpoint(host, int(port), security), user, oauth2)


def _filled(text: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    text = text.strip()[:320]
    for name, value in (
        ("%EMAILADDRESS%", address),
        ("%EMAILLOCALPART%", local),
        ("%EMAILDOMAIN%", domain),
    ):
        text = text.replace(name, value)
    return "".join(char for char in text if char.isprintable())
