"""The options that `canal channels add` and `edit` share, declared once.

`takes_options` shows the fields of `ChannelOptions` to Typer as options of a command, so that both
commands have them without repeating them.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from bot.problems import StartupError
from handlers.channels.fields import ChannelFields

_MOST_PASSWORD = 4096


def _option(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOptions:
    """Everything about a channel but its name. None is "not given"."""

    slack_channel: Annotated[str | None, _option("Id of the Slack channel (C0…).")] = None
    primary: Annotated[str | None, _option("Address that customers write to.")] = None
    additional: Annotated[
        list[str] | None, _option("Further address of ours; repeatable. Empty: none.")
    ] = None
    signature: Annotated[
        str | None, _option("Signature; **bold**, [text](url), \\n. Empty removes it.")
    ] = None
    footer: Annotated[str | None, _option("Locked last lines. Empty removes them.")] = None
    quote: Annotated[str | None, _option("none, last or all.")] = None
    forward_opens_ticket: Annotated[
        bool | None,
        _option("Forwarding opens a new ticket.", "--forward-opens-ticket/--no-forward"),
    ] = None
    reply_mode: Annotated[str | None, _option("auto, confirm or notes.")] = None
    undo_seconds: Annotated[int | None, _option("Seconds to take a reply back.")] = None
    reopen_days: Annotated[int | None, _option("Days in which an answer reopens.")] = None
    agent: Annotated[list[str] | None, _option("Slack user or group that may answer.")] = None
    trusted_forwarder: Annotated[
        list[str] | None,
        _option("Address or domain whose forwards are filed under their writers; repeatable."),
    ] = None
    trusted_server: Annotated[
        str | None,
        _option("Server whose Authentication-Results are believed, or *. Empty: nobody."),
    ] = None
    incoming: Annotated[str | None, _option("internal or imap.")] = None
    imap_user: Annotated[str | None, _option("Login name; usually the address.")] = None
    imap_password_file: Annotated[
        str | None, _option("File with the password; - is standard input.")
    ] = None
    imap_host: Annotated[str | None, _option("IMAP server.")] = None
    imap_port: Annotated[int | None, _option("Its port.")] = None
    imap_security: Annotated[str | None, _option("tls, starttls or none.")] = None
    imap_folder: Annotated[str | None, _option("Folder to read; INBOX.")] = None
    imap_ca_file: Annotated[
        str | None, _option("Certificates to trust besides the system's own.")
    ] = None
    poll_minutes: Annotated[int | None, _option("1 to 60, where there is no IDLE.")] = None
    unread_only: Annotated[
        bool | None, _option("Take unread mail only.", "--unread-only/--read-too")
    ] = None
    mark_read: Annotated[
        bool | None, _option("Mark what was taken as read.", "--mark-read/--leave-unread")
    ] = None
    import_days: Annotated[
        int | None, _option("Take unread mail of the last days at the first connect, quietly.")
    ] = None
    outgoing: Annotated[str | None, _option("internal, smtp or office365.")] = None
    from_name: Annotated[str | None, _option("Name that replies come from.")] = None
    from_email: Annotated[str | None, _option("Address that replies come from.")] = None
    copy_to: Annotated[str | None, _option("Copy of every outgoing mail. Empty: none.")] = None
    copy_as_bcc: Annotated[
        bool | None, _option("Whether the copy is hidden.", "--copy-as-bcc/--copy-as-cc")
    ] = None
    smtp_user: Annotated[str | None, _option("Login name; else the one of IMAP.")] = None
    smtp_password_file: Annotated[
        str | None, _option("File with the password; - is standard input.")
    ] = None
    smtp_host: Annotated[str | None, _option("SMTP server.")] = None
    smtp_port: Annotated[int | None, _option("Its port.")] = None
    smtp_security: Annotated[str | None, _option("tls, starttls or none.")] = None
    smtp_ca_file: Annotated[
        str | None, _option("Certificates to trust besides the system's own.")
    ] = None
    office365_via: Annotated[str | None, _option("graph or smtp.")] = None
    save_sent: Annotated[
        bool | None, _option("Keep a copy in the mailbox's Sent.", "--save-sent/--no-save-sent")
    ] = None
    reply_from_alias: Annotated[
        bool | None,
        _option(
            "Reply from the address of ours that the customer wrote to.",
            "--reply-from-alias/--no-reply-from-alias",
        ),
    ] = None
    plus_reply: Annotated[
        bool | None,
        _option(
            "Reply-To name+ticket@… where the provider takes it.", "--plus-reply/--no-plus-reply"
        ),
    ] = None
    test: Annotated[bool, _option("Try the connections before saving.", "--test/--no-test")] = True

    def to_fields(self, name: str | None) -> ChannelFields:
        """The fields of the service, passwords read from their files.

        Raises:
            StartupError: a password file cannot be read.
        """
        given = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        for key in ("test", "slack_channel", "agent", "trusted_forwarder"):
            del given[key]
        files = [given.pop(f"{wire}_password_file") for wire in ("imap", "smtp")]
        imap, smtp = _read_passwords(*files)
        return ChannelFields.from_flat(
            {
                **given,
                "name": name,
                "slack_channel_id": self.slack_channel,
                "agents": _several(self.agent),
                "additional": _several(self.additional),
                "trusted_forwarders": _several(self.trusted_forwarder),
                "imap_password": imap,
                "smtp_password": smtp,
            }
        )


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """`command(…, options: ChannelOptions, …)` as a Typer command with an option for each field."""
    own = inspect.signature(command, eval_str=True)
    hints = get_type_hints(ChannelOptions, include_extras=True)
    fields = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=hints[one.name],
        )
        for one in dataclasses.fields(ChannelOptions)
    ]
    rest = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for one in own.parameters.values()
        if one.name != "options"
    ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        options = {one.name: values.pop(one.name) for one in fields}
        command(options=ChannelOptions(**options), **values)

    first = [one for one in rest if one.name != "as_json"]
    last = [one for one in rest if one.name == "as_json"]
    parameters = [*first, *fields, *last]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def read_secret_file(path: str) -> str:
    """The first line of a file, or of standard input for "-": a password has one line."""
    try:
        if path == "-":
            text = sys.stdin.read(_MOST_PASSWORD)
        else:
            with Path(path).open(encoding="utf-8") as file:
                text = file.read(_MOST_PASSWORD)
    except UnicodeDecodeError as error:
        raise StartupError(f"{path} is no text, so that it cannot be a password.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StartupError(f"{path} cannot be read: {reason}.") from error
    return text.partition("\n")[0].rstrip("\r")


def _read_passwords(imap: str | None, smtp: str | None) -> tuple[str | None, str | None]:
    """Both from standard input: one line each, or one line for both."""
    if imap == smtp == "-":
        lines = sys.stdin.read(2 * _MOST_PASSWORD).splitlines() or [""]
        return lines[0], lines[1] if len(lines) > 1 and lines[1] else lines[0]
    return (
        read_secret_file(imap) if imap is not None else None,
        read_secret_file(smtp) if smtp is not None else None,
    )


def _several(values: list[str] | None) -> tuple[str, ...] | None:
    """A repeatable option; one empty value empties the list."""
    return tuple(one for one in values if one.strip()) if values is not None else None
