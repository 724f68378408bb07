"""Addresses: read from headers that break RFC 5322 in every way, written so that they keep it.

The structure is read before encoded words are decoded. What an encoded word hides is a name and
never an address, so that `=?utf-8?q?boss=40acme.example?= <jo@evil.example>` comes from jo.
"""

from __future__ import annotations

import re
import unicodedata
from email.header import Header

from mail.mime.address_scan import Mailbox, scan_mailboxes
from mail.mime.cleaning import clean_line
from mail.mime.encoded_words import decode_words
from mail.model import Address

MAX_ADDRESSES = 2_000
MAX_LENGTH = 200_000
"""Characters of one header that are read."""

_SPECIALS = re.compile(r'[()<>\[\]:;@\\,."]')
_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\r\n\x00]|\\[^\r\n\x00]){0,62}"')
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?", re.UNICODE)
_LITERAL = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]")


def parse_address_list(value: str) -> tuple[Address, ...]:
    """The mailboxes of an unfolded header value, in order. Never raises.

    Groups, comments, missing quotes, `name <<a@b>>`, semicolons and forgotten commas are
    understood; entries without an address are left out.
    """
    found: list[Address] = []
    for mailbox in scan_mailboxes(value[:MAX_LENGTH]):
        address = clean_address(mailbox.address)
        if address:
            found.append(Address(address, _clean_name(mailbox, address)))
        if len(found) >= MAX_ADDRESSES:
            break
    return tuple(found)


def parse_address(value: str) -> Address | None:
    """The first mailbox of a header value."""
    found = parse_address_list(value)
    return found[0] if found else None


def _clean_name(mailbox: Mailbox, address: str) -> str:
    name = decode_words(mailbox.name).strip()
    while len(name) >= 2 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    name = name[:200].strip()
    return "" if name.casefold() == address.casefold() else name


def clean_address(text: str) -> str:
    """An addr-spec without stray white space, its domain in Unicode; "" when it is none."""
    text = text.strip() if text.startswith('"') else "".join(text.split())
    text = text.strip("'`,;").rstrip(".")
    if text[:7].casefold() == "mailto:":
        text = text[7:].partition("?")[0]
    if clean_line(text) != text:
        return ""
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or len(text) > 1000:
        return ""
    return unicodedata.normalize("NFC", f"{local}@{unicode_domain(domain)}")


def unicode_domain(domain: str) -> str:
    """`xn--` labels as people read them; a label that is no proper Punycode stays."""
    if "xn--" not in domain.casefold():
        return domain
    return ".".join(_unicode_label(label) for label in domain.split("."))


def _unicode_label(label: str) -> str:
    if not label.casefold().startswith("xn--") or len(label) > 63 or not label.isascii():
        return label
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    proper = _LABEL.fullmatch(decoded) is not None and not decoded.isascii()
    return decoded if proper and clean_line(decoded) == decoded else label


def ascii_domain(domain: str) -> str:
    """The domain as DNS and SMTP take it; a domain that cannot be written so stays as it is."""
    labels = []
    for label in domain.split("."):
        if label.isascii():
            labels.append(label)
            continue
        try:
            labels.append(label.encode("idna").decode("ascii"))
        except UnicodeError:
            return domain
    return ".".join(labels)


def canonical_address(address: str) -> str:
    """The form in which addresses are compared and stored: lower case, domain in Unicode."""
    return (clean_address(address) or address.strip()).casefold()


def split_subaddress(address: str) -> tuple[str, str, str]:
    """`support+12.abc@d` to ("support", "12.abc", "d") (RFC 5233); the detail may be ""."""
    local, _, domain = address.rpartition("@")
    base, _, detail = local.partition("+")
    if not base:
        base, detail = local, ""
    return base, detail, domain


def is_valid_address(address: str) -> bool:
    """Whether mail can be sent to it: RFC 5321 lengths, RFC 6531 characters, a real domain."""
    local, at, domain = address.rpartition("@")
    if not at or len(address.encode("utf-8", "replace")) > 254 or clean_line(address) != address:
        return False
    if _QUOTED_LOCAL.fullmatch(local) is None:
        dots = local.startswith(".") or local.endswith(".") or ".." in local
        if _LOCAL.fullmatch(local) is None or dots or len(local.encode()) > 64:
            return False
    if domain.startswith("["):
        return _LITERAL.fullmatch(domain) is not None
    return _is_domain(ascii_domain(domain))


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    if not domain.isascii() or len(domain) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return False
    return domain.casefold() == "localhost" or (len(labels) > 1 and not labels[-1].isdigit())


def format_address(address: Address) -> str:
    """A mailbox as a header takes it: RFC 2047 where needed, quoted where needed, on one line."""
    local, _, domain = clean_line(address.address).replace(" ", "").rpartition("@")
    spec = f"{local}@{ascii_domain(domain)}"
    name = clean_line(address.name)
    if not name:
        return spec
    if not name.isascii():
        return f"{Header(name, 'utf-8', maxlinelen=10_000).encode(linesep='')} <{spec}>"
    if _SPECIALS.search(name) or "=?" in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{spec}>'
    return f"{name} <{spec}>"
