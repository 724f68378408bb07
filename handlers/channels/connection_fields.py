"""The fields of a channel's connections: their names in forms and on the command line, and checks.

A flat name such as `imap_host` is what a form field and an option are called; it says where in
`ChannelFields` its value lies. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mail.discovery.providers import Security
from mail.sentences import say

PLACES: dict[str, tuple[str, str]] = {
    "imap_host": ("incoming_settings", "host"),
    "imap_port": ("incoming_settings", "port"),
    "imap_security": ("incoming_settings", "security"),
    "imap_user": ("incoming_settings", "user"),
    "imap_password": ("incoming_secret", "password"),
    "imap_folder": ("incoming_settings", "folder"),
    "imap_ca_file": ("incoming_settings", "ca_file"),
    "poll_minutes": ("incoming_settings", "poll_minutes"),
    "unread_only": ("incoming_settings", "unread_only"),
    "mark_read": ("incoming_settings", "mark_read"),
    "import_days": ("incoming_settings", "import_days"),
    "smtp_host": ("outgoing_settings", "host"),
    "smtp_port": ("outgoing_settings", "port"),
    "smtp_security": ("outgoing_settings", "security"),
    "smtp_user": ("outgoing_settings", "user"),
    "smtp_password": ("outgoing_secret", "password"),
    "smtp_ca_file": ("outgoing_settings", "ca_file"),
    "office365_via": ("outgoing_settings", "via"),
    "save_sent": ("outgoing_settings", "save_sent"),
    "reply_from_alias": ("outgoing_settings", "reply_from_alias"),
    "plus_reply": ("outgoing_settings", "plus_reply"),
}
"""Flat name → (attribute of ChannelFields, key in it)."""
MAX_IMPORT_DAYS = 365


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Flat values as arguments of ChannelFields; None is "not given"."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        if name not in PLACES:
            nested[name] = value
        elif value is not None:
            attribute, key = PLACES[name]
            nested.setdefault(attribute, {})[key] = value
    return nested


def check_connections(given: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Flat name → a sentence, for each given value that cannot be used."""
    problems = {}
    for name, check in _CHECKS.items():
        attribute, key = PLACES[name]
        value = given.get(attribute, {}).get(key)
        if value is not None and (problem := check(value)):
            problems[name] = problem
    return problems


def _check_host(value: Any) -> str | None:
    name = str(value).strip()
    fits = 0 < len(name) <= 253 and not any(c.isspace() or c in "/@\\:" for c in name)
    # An IPv6 address is the one host with colons.
    if fits or (name.count(":") > 1 and all(c in "0123456789abcdefABCDEF:." for c in name)):
        return None
    return say(
        "“{name}” is not the name of a server: it looks like imap.acme.example.", name=name[:80]
    )


def _check_port(value: Any) -> str | None:
    good = isinstance(value, int) and 1 <= value <= 65535
    return None if good else say("A port is a number from 1 to 65535.")


def _check_security(value: Any) -> str | None:
    choices = [one.value for one in Security]
    return (
        None
        if value in choices
        else say("“{value}” is not one of {choices}.", value=value, choices=", ".join(choices))
    )


def _check_line(value: Any) -> str | None:
    text = str(value)
    if text.strip() and text.isprintable() and len(text) <= 320:
        return None
    return say("This is one line of printable characters.")


def _check_password(value: Any) -> str | None:
    text = str(value)
    if not text:
        return say("Give the password.")
    if any(char in "\r\n\0" for char in text):
        return say("A password has no line breaks.")
    return None


def _between(low: int, high: int, unit: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        good = isinstance(value, int) and low <= value <= high
        return (
            None if good else say("Choose {low} to {high} {unit}.", low=low, high=high, unit=unit)
        )

    return check


def _check_via(value: Any) -> str | None:
    return (
        None
        if value in ("graph", "smtp")
        else say("“{value}” is not one of graph, smtp.", value=value)
    )


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "imap_host": _check_host,
    "imap_port": _check_port,
    "imap_security": _check_security,
    "imap_user": _check_line,
    "imap_password": _check_password,
    "imap_folder": _check_line,
    "poll_minutes": _between(1, 60, "minutes"),
    "import_days": _between(0, MAX_IMPORT_DAYS, "days"),
    "smtp_host": _check_host,
    "smtp_port": _check_port,
    "smtp_security": _check_security,
    "smtp_user": _check_line,
    "smtp_password": _check_password,
    "office365_via": _check_via,
}
