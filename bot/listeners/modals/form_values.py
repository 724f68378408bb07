"""What the channel form holds: read from Slack's state or from a stored channel, and as fields.

Everything in between is one flat mapping under the names of the form's fields (they are the names
of `handlers.connection_fields.PLACES` and of `ChannelFields`). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack.richtext import document_from_message
from handlers.channels.channels import ChannelStatus
from handlers.channels.connection_fields import PLACES
from handlers.channels.fields import ChannelFields
from mail.document import Document

Json = dict[str, Any]
Values = Mapping[str, Any]

PASSWORDS = ("imap_password", "smtp_password")
OPTIONAL_SMTP = ("smtp_user", "smtp_password", "smtp_host", "smtp_port", "smtp_security")
IMAP = (
    "imap_user", "imap_password", "imap_host", "imap_port", "imap_security", "imap_folder",
    "poll_minutes", "unread_only", "mark_read", "import_days",
)  # fmt: skip
_TEXTS = (
    "name", "slack_channel_id", "new_channel", "incoming", "outgoing", "primary", "from_name",
    "from_email", "copy_to", "copy_kind", "quote", "reply_mode", "imap_user", "imap_password",
    "imap_host", "imap_security", "imap_folder", "smtp_user", "smtp_password", "smtp_host",
    "smtp_security", "office365_via",
)  # fmt: skip
_NUMBERS = ("undo_seconds", "reopen_days", "imap_port", "smtp_port", "poll_minutes", "import_days")
_BOXES = ("unread_only", "mark_read", "save_sent", "reply_from_alias", "forward_opens_ticket")
_DOCUMENTS = ("signature", "footer")
_LISTS = ("additional", "trusted_forwarders")
_UNSAID = {**dict.fromkeys(_BOXES, False), "save_sent": True, "poll_minutes": 5}
"""What the form shows where nothing is stored."""
_OFFICE365_HOST = "smtp.office365.com"


def read_values(state: Json) -> dict[str, Any]:
    """`state` is `view.state.values`: block id → action id → value; both ids are the field's.

    Only the fields that the form shows are in it; an empty one is None (a text that may be emptied
    is "").
    """
    values: dict[str, Any] = {}
    values |= {name: read_text(state, name) for name in _TEXTS if name in state}
    for name in _NUMBERS:
        if name in state:
            typed = read_text(state, name) or ""
            values[name] = int(typed) if typed.isascii() and typed.isdigit() else None
    values |= {name: bool(read_checked(state, name)) for name in _BOXES if name in state}
    values |= {name: read_document(state, name) for name in _DOCUMENTS if name in state}
    for name in _LISTS:
        if name in state:
            values[name] = tuple((read_text(state, name) or "").replace(",", " ").split())
    if "agents" in state:
        values["agents"] = read_users(state, "agents")
    for name in ("from_name", "copy_to"):
        if name in values:
            values[name] = values[name] or ""
    return values


def values_of(status: ChannelStatus) -> dict[str, Any]:
    """The form's values for a channel that there is; passwords are not among them."""
    channel = status.channel
    values: dict[str, Any] = {
        name: getattr(channel, name)
        for name in (
            "name", "slack_channel_id", "incoming", "outgoing", "from_name", "from_email",
            "quote", "reply_mode", "undo_seconds", "reopen_days", "forward_opens_ticket",
        )
    }  # fmt: skip
    values |= {
        "primary": channel.primary_address,
        "additional": status.additional,
        "copy_to": channel.copy_to or "",
        "copy_kind": "bcc" if channel.copy_as_bcc else "cc",
        "signature": Document.from_json(channel.signature or []),
        "footer": Document.from_json(channel.footer or []),
        "agents": tuple(channel.agents),
        "trusted_forwarders": tuple(channel.options.get("trusted_forwarders", ())),
    }
    stored = {
        "incoming_settings": status.connection("in").settings,
        "outgoing_settings": status.connection("out").settings,
    }
    for name, (attribute, key) in PLACES.items():
        if attribute in stored and stored[attribute].get(key) is not None:
            values[name] = stored[attribute][key]
    return values


def to_fields(values: Values, before: Values | None = None) -> ChannelFields:
    """What is to be saved. `before`: only what differs from it is given, as for `canal edit`."""
    given = {name: values.get(name) for name in _shown_names(values) if name in values}
    if given.get("incoming") == "imap" and not given.get("primary"):
        user = given.get("imap_user") or ""
        given["primary"] = user if "@" in user else None
    given["from_email"] = given.get("from_email") or given.get("primary")
    if "copy_kind" in given:
        given["copy_as_bcc"] = given.pop("copy_kind") != "cc"
    if given.get("outgoing") == "office365" and given.get("office365_via") == "smtp":
        given["smtp_host"] = given.get("smtp_host") or _OFFICE365_HOST
    for name in PLACES:
        given[name] = given.get(name) or (False if given.get(name) is False else None)
    if before is not None:
        old = {**_UNSAID, **before}
        old["copy_as_bcc"] = before.get("copy_kind") != "cc"
        given = {name: value for name, value in given.items() if value != old.get(name)}
    given.pop("new_channel", None)
    return ChannelFields.from_flat(given)


def needs_trial(values: Values, fields: ChannelFields) -> bool:
    """Whether another server has a part in what is to be saved, so that it is tried before."""
    kinds = (values.get("incoming") or "internal", values.get("outgoing") or "internal")
    given = (fields.incoming, fields.outgoing, fields.from_email, *fields.connections.values())
    return kinds != ("internal", "internal") and any(given)


def hidden_values(values: Values) -> dict[str, Any]:
    """What was typed for a kind that is not chosen now: kept beside the form, passwords never."""
    shown = set(_shown_names(values))
    names = (*IMAP, *OPTIONAL_SMTP, "office365_via", "save_sent")
    return {
        name: values[name]
        for name in names
        if values.get(name) is not None and name not in shown and name not in PASSWORDS
    }


def shows_save_sent(values: Values) -> bool:
    """Only Canal's own sending through a mailbox that it can write to needs the copy."""
    outgoing = values.get("outgoing")
    via_smtp = outgoing == "smtp" or values.get("office365_via") == "smtp"
    return values.get("incoming") == "imap" and outgoing != "internal" and via_smtp


def _shown_names(values: Values) -> tuple[str, ...]:
    """The fields that the chosen kinds have."""
    names = (*_TEXTS, *_NUMBERS, *_BOXES, *_DOCUMENTS, *_LISTS, "agents")
    drop: set[str] = set()
    if values.get("incoming") != "imap":
        drop |= set(IMAP)
    outgoing = values.get("outgoing")
    if outgoing == "office365":
        drop |= {"smtp_password", "smtp_host", "smtp_port", "smtp_security"}
    elif outgoing != "smtp":
        drop |= set(OPTIONAL_SMTP)
    if outgoing != "office365":
        drop.add("office365_via")
    if not shows_save_sent(values):
        drop.add("save_sent")
    return tuple(name for name in names if name not in drop)


def read_text(values: Json, name: str) -> str | None:
    """The value of a text, number, select or conversation field; None when it is empty."""
    state = (values.get(name) or {}).get(name) or {}
    selected = state.get("selected_option") or {}
    value = state.get("value") or selected.get("value") or state.get("selected_conversation")
    text = str(value).strip() if value is not None else ""
    return text or None


def read_checked(values: Json, name: str) -> tuple[str, ...]:
    """The values of the options chosen in checkboxes or a multiple select."""
    state = (values.get(name) or {}).get(name) or {}
    return tuple(str(one["value"]) for one in state.get("selected_options") or ())


def read_users(values: Json, name: str) -> tuple[str, ...]:
    """The people chosen in a select of several."""
    state = (values.get(name) or {}).get(name) or {}
    return tuple(str(one) for one in state.get("selected_users") or ())


def read_document(values: Json, name: str) -> Document:
    state = (values.get(name) or {}).get(name) or {}
    block = state.get("rich_text_value")
    return document_from_message({"blocks": [block]}).document if block else Document()
