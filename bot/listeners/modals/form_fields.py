"""The fields of the channel form, kind by kind. Pure builders from flat values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.listeners.modals.form_values import Values, shows_save_sent
from bot.slack.blocks import blocks_from_document
from bot.slack.kit import actions, button, choice, context, input_block, label, option, text_input
from bot.slack.texts import Texts
from mail.document import Document

Json = dict[str, Any]


def name_fields(texts: Texts, values: Values) -> list[Json]:
    picker: Json = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if values.get("slack_channel_id"):
        picker["initial_conversation"] = values["slack_channel_id"]
    return [
        input_block("name", texts("Name"), text_input(
            values.get("name"), placeholder=texts("Support"))),
        input_block("slack_channel_id", texts("Slack channel for its tickets"), picker,
            optional=True),
        input_block("new_channel", texts("…or create a Slack channel with this name"),
            text_input(values.get("new_channel"), placeholder="support"), optional=True),
    ]  # fmt: skip


def incoming_fields(texts: Texts, values: Values) -> list[Json]:
    """How mail reaches the channel, and the fields of that kind."""
    kinds = [
        option(texts("We forward it to Canal"), "internal"),
        option(texts("Canal reads a mailbox by IMAP"), "imap"),
    ]
    chosen = choice(kinds, values.get("incoming") or "internal", "radio_buttons")
    blocks = [_switch("incoming", texts("How does mail reach this channel?"), chosen)]
    if values.get("incoming") == "imap":
        blocks += _mailbox_fields(texts, values)
        hint = texts("Left empty, it is the user name of the mailbox.")
    else:
        hint = texts("You forward its mail to Canal; the address for that is shown next.")
    is_mailbox = values.get("incoming") == "imap"
    return [
        *blocks,
        input_block("primary", texts("Address that customers write to"),
            text_input(values.get("primary"), placeholder="support@acme.example"),
            optional=is_mailbox, hint=hint),
        input_block("additional", texts("Further addresses of this channel"),
            text_input("\n".join(values.get("additional") or ()), multiline=True),
            optional=True, hint=texts("One a line.")),
    ]  # fmt: skip


def _mailbox_fields(texts: Texts, values: Values) -> list[Json]:
    return [
        *login_fields(texts, values, "imap", placeholder="support@acme.example"),
        input_block("imap_folder", texts("Folder"), text_input(
            values.get("imap_folder"), placeholder="INBOX"), optional=True),
        input_block("poll_minutes", texts("Minutes between two looks"), number(
            values.get("poll_minutes") or 5, 1, 60), optional=True,
            hint=texts("Only where the server does not tell of new mail by itself.")),
        box("unread_only", texts("Which mail"), texts("Take unread mail only"), values),
        box("mark_read", texts("Afterwards"), texts("Mark what was taken as read"), values),
        input_block("import_days", texts("Days to look back at the first connect"), number(
            values.get("import_days"), 0, 365), optional=True,
            hint=texts("Unread mail of so many days is taken in quietly. Empty: none.")),
    ]  # fmt: skip


def outgoing_fields(texts: Texts, values: Values) -> list[Json]:
    """How mail leaves, and the fields of that kind."""
    kinds = [
        option(texts("Through Canal's smarthost"), "internal"),
        option(texts("Through the mailbox's own SMTP"), "smtp"),
        option(texts("Through Office 365"), "office365"),
    ]
    chosen = choice(kinds, values.get("outgoing") or "internal", "radio_buttons")
    blocks = [_switch("outgoing", texts("How does mail leave?"), chosen)]
    if values.get("outgoing") == "smtp":
        blocks += login_fields(texts, values, "smtp", placeholder=None)
    elif values.get("outgoing") == "office365":
        blocks += _office365_fields(texts, values)
    if shows_save_sent(values):
        keep = texts("Keep a copy in the mailbox's Sent folder")
        blocks.append(box("save_sent", texts("Sent mail"), keep, {"save_sent": True, **values}))
    return [*blocks, *_sender_fields(texts, values)]


def _office365_fields(texts: Texts, values: Values) -> list[Json]:
    ways = [
        option(texts("Microsoft Graph"), "graph"),
        option(texts("SMTP with a sign-in at Microsoft"), "smtp"),
    ]
    chosen = choice(ways, values.get("office365_via") or "graph")
    note = texts("After saving, somebody signs in at Microsoft once; you are told how.")
    return [
        _switch("office365_via", texts("By"), chosen),
        input_block("smtp_user", texts("Mailbox at Microsoft"), text_input(
            values.get("smtp_user")), optional=True,
            hint=texts("Left empty, it is the address that replies come from.")),
        {**context(note), "block_id": "office365_note"},
    ]  # fmt: skip


def login_fields(texts: Texts, values: Values, wire: str, *, placeholder: str | None) -> list[Json]:
    """User, password, server, port and encryption of IMAP or SMTP."""
    protocol = wire.upper()
    ways = [
        option(texts("TLS"), "tls"),
        option(texts("STARTTLS"), "starttls"),
        option(texts("⚠ None: whoever listens reads mail and password"), "none"),
    ]
    found = texts("Left empty, it is found by the address.")
    same = texts("Left empty, it is the one of IMAP.") if wire == "smtp" else None
    secret = texts(
        "Many providers want an app password. Slack shows what you type; a password that shall "
        "not pass through Slack is given with: canal channels add or edit. Left empty, what is "
        "known already stays, or you sign in at the provider afterwards."
    )
    return [
        input_block(f"{wire}_user", texts("{protocol} user", protocol=protocol),
            text_input(values.get(f"{wire}_user"), placeholder=placeholder),
            optional=True, hint=same),
        input_block(f"{wire}_password", texts("{protocol} password", protocol=protocol),
            text_input(), optional=True, hint=same or secret),
        input_block(f"{wire}_host", texts("{protocol} server", protocol=protocol),
            text_input(values.get(f"{wire}_host")), optional=True, hint=found),
        input_block(f"{wire}_port", texts("{protocol} port", protocol=protocol),
            number(values.get(f"{wire}_port"), 1, 65535), optional=True, hint=found),
        input_block(f"{wire}_security", texts("{protocol} encryption", protocol=protocol),
            choice(ways, values.get(f"{wire}_security")), optional=True, hint=found),
    ]  # fmt: skip


def _sender_fields(texts: Texts, values: Values) -> list[Json]:
    kinds = [option(texts("Bcc (nobody sees it)"), "bcc"), option(texts("Cc"), "cc")]
    return [
        input_block("from_name", texts("Name that replies come from"), text_input(
            values.get("from_name"), placeholder=texts("Acme Support")), optional=True),
        input_block("from_email", texts("Address that replies come from"), text_input(
            values.get("from_email")), optional=True,
            hint=texts("Left empty, it is the address that customers write to.")),
        box("reply_from_alias", texts("Several addresses"),
            texts("Reply from the address that the customer wrote to"), values),
        input_block("copy_to", texts("Copy of every outgoing mail to"), text_input(
            values.get("copy_to")), optional=True),
        input_block("copy_kind", texts("The copy is"), choice(
            kinds, values.get("copy_kind") or "bcc")),
    ]  # fmt: skip


def writing_fields(texts: Texts, values: Values) -> list[Json]:
    quotes = [
        option(texts("No quote"), "none"),
        option(texts("The last mail"), "last"),
        option(texts("The whole correspondence"), "all"),
    ]
    modes = [
        option(texts("Thread replies are mailed"), "auto"),
        option(texts("Each reply waits for Send"), "confirm"),
        option(texts("Nothing is mailed unless asked"), "notes"),
    ]
    agents: Json = {"type": "multi_users_select"}
    people = [one for one in values.get("agents") or () if not one.startswith("S")]
    if people:
        agents["initial_users"] = people
    return [
        input_block("signature", texts("Signature"), rich_input(values.get("signature")),
            optional=True, hint=placeholders_hint(texts)),
        actions(button(texts("Preview"), "signature_preview"), block_id="signature_preview"),
        input_block("footer", texts("Footer that nobody replaces"),
            rich_input(values.get("footer")), optional=True,
            hint=texts("Legal lines, for example: they stand below every reply.")),
        input_block("quote", texts("Quote in replies"),
            choice(quotes, values.get("quote") or "last")),
        box("forward_opens_ticket", texts("Forwarding"),
            texts("Forwarding a ticket opens a new one"), values),
        input_block("trusted_forwarders", texts("Who forwards customers' mail to you"), text_input(
            "\n".join(values.get("trusted_forwarders") or ()), multiline=True), optional=True,
            hint=texts(
                "Addresses or domains, one a line. What they forward is its writer's ticket at "
                "once; for everybody else an agent is asked.")),
        input_block("reply_mode", texts("What agents write in threads"),
            choice(modes, values.get("reply_mode") or "auto")),
        input_block("undo_seconds", texts("Seconds to take a reply back"), number(
            _or(values.get("undo_seconds"), 10), 0, 3600)),
        input_block("agents", texts("Agents"), agents, optional=True,
            hint=texts("Who may answer customers. Empty: everybody in the Slack channel.")),
    ]  # fmt: skip


def placeholders_hint(texts: Texts) -> str:
    return texts.t.gettext("{agent.name}, {agent.title} and {channel.name} are filled in.")


def rich_input(document: Document | None) -> Json:
    """A field for formatted text that holds this document."""
    field: Json = {"type": "rich_text_input"}
    elements = [
        element
        for block in blocks_from_document(document or Document()).blocks
        if block["type"] == "rich_text"
        for element in block["elements"]
    ]
    if elements:
        field["initial_value"] = {"type": "rich_text", "elements": elements}
    return field


def number(value: int | None, low: int, high: int) -> Json:
    found: Json = {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": str(low),
        "max_value": str(high),
    }
    if value is not None:
        found["initial_value"] = str(value)
    return found


def box(name: str, title: str, text: str, values: Values) -> Json:
    """One yes or no."""
    one = option(text, "yes")
    found: Json = {"type": "checkboxes", "options": [one]}
    if values.get(name):
        found["initial_options"] = [one]
    return input_block(name, title, found, optional=True)


def with_problems(blocks: Iterable[Json], problems: dict[str, str]) -> list[Json]:
    """Every sentence first, where a long form opens, and each again right below its field.

    Slack shows errors at fields only in its answer to a submission, which comes before the test.
    """
    found = [_problem(text, f"all_{name}") for name, text in problems.items()]
    for block in blocks:
        found.append(block)
        if block.get("block_id") in problems and block["type"] == "input":
            found.append(_problem(problems[block["block_id"]], block["block_id"]))
    return found


def _problem(text: str, name: str) -> Json:
    return {
        "type": "section",
        "block_id": f"problem_{name}"[:255],
        "text": label(f"⚠ {text}", 3000),
    }


def _switch(name: str, text: str, element: Json) -> Json:
    """A field whose choice decides which others there are."""
    return {**input_block(name, text, element), "dispatch_action": True}


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
