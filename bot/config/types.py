"""How the text of one environment variable becomes a value: pure functions, one sentence an error.

Every `parse_*` takes what the operator wrote and raises ValueError with the second half of a
sentence whose first half is the variable's name ("CANAL_SMTP_LISTEN …").
"""

from __future__ import annotations

import base64
import binascii
import importlib.util
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from mail.sending.account import SmtpAccount, is_loopback

_SLACK_ID = re.compile(r"[UWS][A-Z0-9]{2,20}")
_HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_SIZE = re.compile(r"(\d{1,15})\s*([kmg]?)(?:i?b)?", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where a server listens. `host` is "" for every interface; port 0 takes any free port."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host or "*"
        return f"{host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """host:port, [IPv6]:port, or :port and *:port for every interface."""
    advice = "write it as host:port, for example 127.0.0.1:2525 or [::1]:2525"
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):
        raise ValueError(f"is “{text}”, which is no address with a port: {advice}.")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError(f"has the port “{port}”: a port is a number from 0 to 65535.")
    host = "" if host == "*" else host.strip("[]")
    if host and not _is_host(host):
        raise ValueError(f"is “{text}”, whose host is neither a name nor an IP address: {advice}.")
    return ListenAddress(host, int(port))


def parse_smarthost(text: str) -> SmtpAccount:
    """smtp[s]://user:password@host:port; no error repeats any of it."""
    try:
        return SmtpAccount.from_url(text)
    except ValueError as error:
        raise ValueError(f"cannot be used. {error}") from None


def parse_database_url(text: str) -> str:
    """The URL as SQLAlchemy's async engines want it. No error repeats the text (passwords)."""
    scheme, _, rest = text.partition("://")
    base, _, driver = scheme.lower().partition("+")
    if base == "sqlite" and driver in {"", "aiosqlite"}:
        return f"sqlite+aiosqlite://{_sqlite_path(rest)}"
    if base in {"postgres", "postgresql"} and driver in {"", "psycopg"}:
        return f"postgresql+psycopg://{_postgres_rest(rest)}"
    raise ValueError(
        "must begin with sqlite+aiosqlite:/// and a file, or with postgresql+psycopg:// and "
        "user:password@host/database."
    )


def _sqlite_path(rest: str) -> str:
    path = rest.removeprefix("/").partition("?")[0]
    if not rest.startswith("/") or not path or path.startswith(":memory:"):
        raise ValueError(
            "names no file: mail would be lost when Canal stops. Write "
            "sqlite+aiosqlite:////absolute/path/canal.db (four slashes)."
        )
    return rest


def _postgres_rest(rest: str) -> str:
    url = _split(f"postgresql://{rest}")
    if url is None or _port_of(url) is None or not url.path.strip("/"):
        raise ValueError(
            "names no database: write postgresql+psycopg://user:password@host:5432/database."
        )
    if importlib.util.find_spec("psycopg") is None:
        raise ValueError(
            "names PostgreSQL, but its driver is not installed: pip install 'canal[postgres]'."
        )
    return rest


def parse_url(text: str) -> str:
    """A base URL, http or https, with exactly one slash at its end."""
    url = _split(text)
    if url is None or url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("is no URL: it begins with https:// (or http:// for a local stand-in).")
    if _port_of(url) is None or url.query or url.fragment or url.username:
        raise ValueError("must be a plain base URL: scheme, host, port and path, nothing else.")
    return text.rstrip("/") + "/"


def parse_domain(text: str) -> str:
    """A mail domain in its ASCII form, lower case."""
    name = text.rstrip(".").lower()
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not _is_host(name) or name.replace(".", "").isdigit():
        raise ValueError(
            f"is “{text}”, which is no domain: write for example inbound.acme.example."
        )
    return name


def parse_admins(text: str) -> tuple[str, ...]:
    """Ids of Slack users (U…, W…) and usergroups (S…), separated by commas or spaces."""
    ids = tuple(dict.fromkeys(text.replace(",", " ").split()))
    wrong = [each for each in ids if not _SLACK_ID.fullmatch(each)]
    if wrong:
        raise ValueError(
            f"names {', '.join(f'“{each}”' for each in wrong)}: write ids of users (U0123ABCD) or "
            f"usergroups (S0123ABCD), separated by commas. A profile's menu has “Copy member ID”."
        )
    return ids


def parse_size(text: str) -> int:
    """Bytes, from a number with an optional unit: 52428800, 50M, 50MB."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(f"is “{text}”: write a size such as 50MB.")
    size = int(found[1]) * _SIZE_UNITS[found[2].lower()]
    if not 64 * 1024 <= size <= 1024**3:
        raise ValueError(f"is “{text}”: it must lie between 64kB and 1GB.")
    return size


def parse_number(text: str, low: int, high: int, unit: str) -> int:
    """A whole number within bounds."""
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise ValueError(f"is “{text}”: it must be a whole number of {unit}, {low} to {high}.")
    return int(text)


def parse_choice(text: str, choices: tuple[str, ...]) -> str:
    """One of a few words, in any case."""
    if text.lower() not in choices:
        raise ValueError(f"is “{text}”: choose one of {', '.join(choices)}.")
    return text.lower()


def parse_path(text: str) -> Path:
    """An absolute path; ~ is the home folder."""
    return Path(text).expanduser().absolute()


def parse_token(text: str, prefix: str, kind: str) -> str:
    """A Slack token of the right kind. No error repeats more than its first five characters."""
    if text.startswith(prefix) and not any(each.isspace() for each in text):
        return text
    known = {"xoxb-": "a bot token", "xapp-": "an app-level token", "xoxp-": "a user token"}
    held = known.get(text[:5])
    if held and not text.startswith(prefix):
        raise ValueError(f"holds {held} ({text[:5]}…): {kind}.")
    raise ValueError(f"holds no Slack token: {kind}.")


def parse_keys(text: str) -> tuple[str, ...]:
    """Fernet keys, newest first, separated by commas or line ends. No error repeats any of them."""
    keys = tuple(text.replace(",", " ").split())
    if not keys:
        raise ValueError("holds no key.")
    for place, key in enumerate(keys, 1):
        if not _is_fernet_key(key):
            which = f"key number {place}" if len(keys) > 1 else "the key"
            raise ValueError(
                f"cannot be used: {which} must be 32 random bytes in URL-safe base64 (44 "
                f"characters), as made by: openssl rand -base64 32 | tr '+/' '-_'"
            )
    return keys


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:
        return None


def _port_of(url: SplitResult) -> int | None:
    """0 where the URL names no port, None where it names one that cannot be."""
    try:
        return url.port or 0
    except ValueError:
        return None


def _is_host(name: str) -> bool:
    """A host name (RFC 1123, with the underscores that container networks use) or an IP address."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        labels = name.lower().rstrip(".").split(".")
        return len(name) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels)
    return True
