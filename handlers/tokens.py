"""Signed tokens: how a mail proves to which ticket it belongs.

Three carriers, one key: the Reply-To address (`support-x7k2+12.<mac>@…`), our Message-IDs
(`<canal.12.<nonce>.<mac>@…>`) and a hidden marker in the body (`canal-12.<mac>`), for relays that
rewrite the first two. Lower-case base32, because providers fold the case of local parts.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets

from mail.mime.addresses import split_subaddress

PROBE_TICKET = 0
"""The ticket that tokens of Canal's own test mails name: there is no such ticket."""
_MAC_BYTES = 10  # 80 bits: 16 characters, out of reach of guessing over SMTP
_DETAIL = re.compile(r"(\d{1,18})\.([a-z2-7]{16})", re.ASCII)
_MESSAGE_ID = re.compile(
    r"<canal\.(\d{1,18})\.([a-z2-7]{4,32})\.([a-z2-7]{16})@[^<>\s]{1,255}>", re.ASCII
)
_MARKER = re.compile(r"canal-(\d{1,18})\.([a-z2-7]{16})", re.ASCII)
_IN_TEXT = re.compile(
    r"<canal\.\d{1,18}\.[a-z2-7]{4,32}\.[a-z2-7]{16}@[^<>\s]{1,255}>"
    r"|canal-\d{1,18}\.[a-z2-7]{16}|\+\d{1,18}\.[a-z2-7]{16}(?=@)",
    re.ASCII,
)
_ANY_TOKEN = re.compile(
    r"\+\d{1,18}\.[a-z2-7]{16}(?=@)"
    r"|\[?#?canal-\d{1,18}\.[a-z2-7]{16}\]?"
    r"|<?canal\.\d{1,18}\.[a-z2-7]{4,32}\.[a-z2-7]{16}(?:@[^\s<>]{1,255})?>?",
    re.ASCII | re.IGNORECASE,
)


def without_tokens(text: str) -> str:
    """The text with every token of ours taken out: addresses stay, without what opens a ticket."""
    return _ANY_TOKEN.sub("", text)


class Tokens:
    """Makes and reads the tokens of one installation."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Tokens(…)"

    def address_for(self, base: str, ticket_id: int) -> str:
        """`support-x7k2@in.example` → `support-x7k2+12.<mac>@in.example`."""
        local, _, domain = base.rpartition("@")
        return f"{local}+{ticket_id}.{self._mac('address', str(ticket_id))}@{domain}"

    def ticket_of_address(self, address: str) -> int | None:
        _, detail, _ = split_subaddress(address.casefold())
        return self._checked("address", _DETAIL.fullmatch(detail or ""))

    def new_message_id(self, ticket_id: int, domain: str) -> str:
        nonce = _base32(secrets.token_bytes(10))
        mac = self._mac("message-id", f"{ticket_id}.{nonce}")
        return f"<canal.{ticket_id}.{nonce}.{mac}@{domain}>"

    def ticket_of_message_id(self, message_id: str) -> int | None:
        match = _MESSAGE_ID.fullmatch(message_id)
        if not match:
            return None
        ticket, nonce, mac = match.groups()
        good = hmac.compare_digest(mac, self._mac("message-id", f"{ticket}.{nonce}"))
        return int(ticket) if good else None

    def marker_for(self, ticket_id: int) -> str:
        return f"canal-{ticket_id}.{self._mac('marker', str(ticket_id))}"

    def ticket_of_marker(self, marker: str) -> int | None:
        return self._checked("marker", _MARKER.fullmatch(marker))

    def ticket_in(self, raw: bytes) -> int | None:
        """The ticket that a token anywhere in these bytes names: of any of the three carriers."""
        text = raw.replace(b"=\r\n", b"").decode("ascii", "replace").casefold()
        for found in _IN_TEXT.finditer(text):
            carried = found.group()
            ticket_id = (
                self.ticket_of_message_id(carried)
                if carried.startswith("<")
                else self.ticket_of_marker(carried)
                if carried.startswith("canal")
                else self._checked("address", _DETAIL.fullmatch(carried.removeprefix("+")))
            )
            if ticket_id is not None:
                return ticket_id
        return None

    def _checked(self, purpose: str, match: re.Match[str] | None) -> int | None:
        if not match:
            return None
        ticket, mac = match.groups()
        return int(ticket) if hmac.compare_digest(mac, self._mac(purpose, ticket)) else None

    def _mac(self, purpose: str, text: str) -> str:
        digest = hmac.digest(self._key, f"{purpose}:{text}".encode(), "sha256")
        return _base32(digest[:_MAC_BYTES])


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
