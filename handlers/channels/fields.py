"""The fields of an email channel as a person gives them, checked all at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.channels.connection_fields import check_connections, nest
from handlers.errors import UserError
from mail.document import Document
from mail.mime.addresses import is_valid_address
from mail.sentences import say
from mail.writing.signatures import signature_from_text

INCOMING_KINDS = ("internal", "imap")
OUTGOING_KINDS = ("internal", "smtp", "office365")
QUOTES = ("none", "last", "all")
REPLY_MODES = ("auto", "confirm", "notes")
_SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,30}", re.ASCII)
_MOST_UNDO_SECONDS = 3600


class InvalidFields(UserError):  # noqa: N818 - it names the case
    """Some fields cannot be used."""

    code = "invalid"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)
        """Field name → one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class ChannelFields:
    """What may be given; None means "not given" (keep, or the default).

    `signature` and `footer` are Documents or text with light markup; an empty one removes it.
    """

    name: str | None = None
    slack_channel_id: str | None = None
    incoming: str | None = None
    outgoing: str | None = None
    primary: str | None = None
    additional: tuple[str, ...] | None = None
    from_name: str | None = None
    from_email: str | None = None
    copy_to: str | None = None
    copy_as_bcc: bool | None = None
    signature: Document | str | None = None
    footer: Document | str | None = None
    quote: str | None = None
    forward_opens_ticket: bool | None = None
    reply_mode: str | None = None
    undo_seconds: int | None = None
    reopen_days: int | None = None
    agents: tuple[str, ...] | None = None
    trusted_forwarders: tuple[str, ...] | None = None
    """Addresses and domains whose forwarded mails belong to their writers without asking."""
    trusted_server: str | None = None
    """Whose Authentication-Results are believed: the mailbox's own server; "" for nobody's."""
    incoming_settings: dict[str, Any] = field(default_factory=dict)
    incoming_secret: dict[str, Any] = field(default_factory=dict, repr=False)
    outgoing_settings: dict[str, Any] = field(default_factory=dict)
    outgoing_secret: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_flat(cls, values: Mapping[str, Any]) -> ChannelFields:
        """From values under the names of form fields and options (`connection_fields.PLACES`)."""
        return cls(**nest(values))

    @property
    def connections(self) -> dict[str, dict[str, Any]]:
        """Settings and secrets of both directions, under their attributes' names."""
        names = ("incoming_settings", "incoming_secret", "outgoing_settings", "outgoing_secret")
        return {name: getattr(self, name) for name in names}


def check_fields(fields: ChannelFields, *, is_new: bool) -> dict[str, Any]:
    """The columns of the channel that the fields set.

    Raises:
        InvalidFields: with a sentence for every field that cannot be used.
    """
    problems: dict[str, str] = {}
    if is_new:
        problems.update(_missing(fields))
    for name, check in _CHECKS.items():
        value = getattr(fields, name)
        if value is not None and name not in problems:
            problem = check(value)
            if problem:
                problems[name] = problem
    problems.update(check_connections(fields.connections))
    if problems:
        raise InvalidFields(problems)
    return _columns(fields)


def _missing(fields: ChannelFields) -> dict[str, str]:
    needed = {
        "name": say("Give the channel a name, such as Support."),
        "slack_channel_id": say("Choose the Slack channel that the tickets shall appear in."),
        "primary": say("Give the address that customers write to, such as support@acme.example."),
    }
    return {name: text for name, text in needed.items() if not getattr(fields, name)}


def _check_name(value: str) -> str | None:
    if not value.strip():
        return say("Give the channel a name, such as Support.")
    if len(value.strip()) > 80:
        return say("A channel's name has 80 characters at most.")
    if not value.isprintable():
        return say("A channel's name has printable characters only, on one line.")
    return None


def _check_slack_channel(value: str) -> str | None:
    if _SLACK_CHANNEL.fullmatch(value):
        return None
    return say(
        "“{value}” is not the id of a Slack channel: it looks like C0123ABCD and stands at the "
        "end of the channel's details in Slack.",
        value=value[:40],
    )


def _check_address(value: str) -> str | None:
    if is_valid_address(value.strip()):
        return None
    return say(
        "“{value}” is not an email address: it looks like support@acme.example.", value=value[:80]
    )


def _check_addresses(values: tuple[str, ...]) -> str | None:
    return next((problem for value in values if (problem := _check_address(value))), None)


def _check_forwarders(values: tuple[str, ...]) -> str | None:
    for value in values:
        name = value.strip().removeprefix("@")
        if not is_valid_address(name if "@" in name else f"a@{name}"):
            return say(
                "“{value}” is neither an address nor a domain, such as ana@acme.example or "
                "acme.example.",
                value=value[:80],
            )
    return None


def _check_optional_address(value: str) -> str | None:
    return _check_address(value) if value.strip() else None


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        return (
            None
            if value in choices
            else say("“{value}” is not one of {choices}.", value=value, choices=", ".join(choices))
        )

    return check


def _between(low: int, high: int, unit: str) -> Callable[[int], str | None]:
    def check(value: int) -> str | None:
        return (
            None
            if low <= value <= high
            else say("Choose {low} to {high} {unit}.", low=low, high=high, unit=unit)
        )

    return check


def _check_from_name(value: str) -> str | None:
    return (
        None if value.isprintable() and len(value) <= 255 else say("A sender's name is one line.")
    )


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "name": _check_name,
    "slack_channel_id": _check_slack_channel,
    "incoming": _one_of(INCOMING_KINDS),
    "outgoing": _one_of(OUTGOING_KINDS),
    "primary": _check_address,
    "additional": _check_addresses,
    "from_name": _check_from_name,
    "from_email": _check_address,
    "copy_to": _check_optional_address,
    "trusted_forwarders": _check_forwarders,
    "quote": _one_of(QUOTES),
    "reply_mode": _one_of(REPLY_MODES),
    "undo_seconds": _between(0, _MOST_UNDO_SECONDS, "seconds"),
    "reopen_days": _between(0, 3650, "days"),
}
_PLAIN = (
    "incoming", "outgoing", "from_name", "copy_as_bcc", "quote", "forward_opens_ticket",
    "reply_mode", "undo_seconds", "reopen_days", "slack_channel_id",
)  # fmt: skip


def _options(fields: ChannelFields) -> dict[str, Any]:
    """What goes into the channel's options, over what is there."""
    options: dict[str, Any] = {}
    if fields.trusted_forwarders is not None:
        named = [one.strip().casefold().removeprefix("@") for one in fields.trusted_forwarders]
        options["trusted_forwarders"] = list(dict.fromkeys(named))
    if fields.trusted_server is not None:
        options["authserv_id"] = fields.trusted_server.strip()
    return options


def _columns(fields: ChannelFields) -> dict[str, Any]:
    columns = {key: getattr(fields, key) for key in _PLAIN if getattr(fields, key) is not None}
    if fields.name is not None:
        columns["name"] = " ".join(fields.name.split())
    if fields.primary is not None:
        columns["primary_address"] = fields.primary.strip()
    if fields.from_email is not None:
        columns["from_email"] = fields.from_email.strip()
    if fields.copy_to is not None:
        columns["copy_to"] = fields.copy_to.strip() or None
    if fields.agents is not None:
        columns["agents"] = list(fields.agents)
    options = _options(fields)
    if options:
        columns["options"] = options
    for key in ("signature", "footer"):
        value = getattr(fields, key)
        if value is not None:
            document = signature_from_text(value) if isinstance(value, str) else value
            columns[key] = document.to_json() or None
    return columns
