"""`canal channels …`: everything that `/canal` can configure, for scripts and recovery."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from bot.cli_support import Offline, open_offline, say, say_json
from bot.runtime import run
from handlers.channel_fields import ChannelFields
from handlers.channels import ChannelStatus
from mail.document import Document

channels_app = typer.Typer(
    help="Email channels: the addresses that customers write to.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="Name of the email channel.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def _option(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text)


@channels_app.command("add")
def add(
    name: Annotated[str, _option("Name, such as Support.")],
    slack_channel: Annotated[str, _option("Id of the Slack channel (C0…).")],
    primary: Annotated[str, _option("Address that customers write to.")],
    incoming: Annotated[str, _option("internal or imap.")] = "internal",
    outgoing: Annotated[str, _option("internal, smtp or office365.")] = "internal",
    additional: Annotated[list[str] | None, _option("Further address; repeatable.")] = None,
    from_name: Annotated[str | None, _option("Name that replies come from.")] = None,
    from_email: Annotated[str | None, _option("Address that replies come from.")] = None,
    copy_to: Annotated[str | None, _option("Copy of every outgoing mail, as Bcc.")] = None,
    signature: Annotated[str | None, _option("Signature; **bold**, [text](url), \\n.")] = None,
    footer: Annotated[str | None, _option("Locked last lines.")] = None,
    quote: Annotated[str | None, _option("none, last or all.")] = None,
    forward_opens_ticket: Annotated[
        bool | None,
        _option("Forwarding opens a new ticket.", "--forward-opens-ticket/--no-forward"),
    ] = None,
    reply_mode: Annotated[str | None, _option("auto, confirm or notes.")] = None,
    undo_seconds: Annotated[int | None, _option("Seconds to take a reply back.")] = None,
    agent: Annotated[list[str] | None, _option("Slack user or group that may answer.")] = None,
    as_json: Json = False,
) -> None:
    """Connect an address that customers write to. Prints the address to forward its mail to."""
    fields = ChannelFields(
        name=name,
        slack_channel_id=slack_channel,
        incoming=incoming,
        outgoing=outgoing,
        primary=primary,
        additional=tuple(additional or ()),
        from_name=from_name,
        from_email=from_email,
        copy_to=copy_to,
        signature=signature,
        footer=footer,
        quote=quote,
        forward_opens_ticket=forward_opens_ticket,
        reply_mode=reply_mode,
        undo_seconds=undo_seconds,
        agents=tuple(agent) if agent is not None else None,
    )
    status = _offline(lambda offline: offline.channels.add(fields))
    if as_json:
        say_json(channel_to_json(status))
        return
    say(str(status.channel.inbound_address))


@channels_app.command("edit")
def edit(
    name: Name,
    new_name: Annotated[str | None, _option("New name.", "--name")] = None,
    slack_channel: Annotated[str | None, _option("Id of the Slack channel (C0…).")] = None,
    primary: Annotated[str | None, _option("Address that customers write to.")] = None,
    incoming: Annotated[str | None, _option("internal or imap.")] = None,
    outgoing: Annotated[str | None, _option("internal, smtp or office365.")] = None,
    additional: Annotated[list[str] | None, _option("Further address; repeatable.")] = None,
    from_name: Annotated[str | None, _option("Name that replies come from.")] = None,
    from_email: Annotated[str | None, _option("Address that replies come from.")] = None,
    copy_to: Annotated[str | None, _option("Copy of every outgoing mail; empty removes.")] = None,
    signature: Annotated[str | None, _option("Signature; empty removes it.")] = None,
    footer: Annotated[str | None, _option("Locked last lines; empty removes them.")] = None,
    quote: Annotated[str | None, _option("none, last or all.")] = None,
    forward_opens_ticket: Annotated[
        bool | None,
        _option("Forwarding opens a new ticket.", "--forward-opens-ticket/--no-forward"),
    ] = None,
    reply_mode: Annotated[str | None, _option("auto, confirm or notes.")] = None,
    undo_seconds: Annotated[int | None, _option("Seconds to take a reply back.")] = None,
    agent: Annotated[list[str] | None, _option("Slack user or group that may answer.")] = None,
    as_json: Json = False,
) -> None:
    """Change a channel; what is not given stays."""
    fields = ChannelFields(
        name=new_name,
        slack_channel_id=slack_channel,
        incoming=incoming,
        outgoing=outgoing,
        primary=primary,
        additional=tuple(additional) if additional is not None else None,
        from_name=from_name,
        from_email=from_email,
        copy_to=copy_to,
        signature=signature,
        footer=footer,
        quote=quote,
        forward_opens_ticket=forward_opens_ticket,
        reply_mode=reply_mode,
        undo_seconds=undo_seconds,
        agents=tuple(agent) if agent is not None else None,
    )
    status = _offline(lambda offline: offline.channels.edit(name, fields))
    _tell(status, as_json, "is changed.")


@channels_app.command("list")
def list_channels(as_json: Json = False) -> None:
    """All channels."""
    found = _offline(lambda offline: offline.channels.list())
    if as_json:
        say_json([channel_to_json(one) for one in found])
        return
    if not found:
        say("No email channel yet: canal channels add --help")
    for one in found:
        channel = one.channel
        state = "" if channel.state == "active" else f"  ({channel.state})"
        say(f"{channel.name}  {channel.slack_channel_id}  {channel.primary_address}{state}")


@channels_app.command("show")
def show(name: Name, as_json: Json = False) -> None:
    """One channel with all its settings; secrets are never shown."""
    status = _offline(lambda offline: offline.channels.show(name))
    if as_json:
        say_json(channel_to_json(status))
        return
    for key, value in channel_to_json(status).items():
        say(f"{key}: {value}")


@channels_app.command("pause")
def pause(name: Name) -> None:
    """Keep mail and replies waiting; nothing is refused, shown or sent."""
    _tell(_offline(lambda offline: offline.channels.pause(name)), False, "is paused.")


@channels_app.command("resume")
def resume(name: Name) -> None:
    """Go on; what waited comes now."""
    _tell(_offline(lambda offline: offline.channels.resume(name)), False, "works again.")


@channels_app.command("remove")
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Disconnect a channel. Its tickets stay; its mail is refused from then on."""
    if not yes:
        typer.confirm(f"Remove {name}? Its mail is refused from then on.", abort=True)
    status = _offline(lambda offline: offline.channels.remove(name))
    say(f"{status.channel.name} is removed. Its {status.tickets} tickets stay.")


@channels_app.command("test")
def test(name: Name) -> None:
    """Try a channel's connections. Exit status 2 when one fails."""
    from bot.transports import Transports
    from handlers.channel_test import ChannelTester

    async def work(offline: Offline) -> bool:
        transports = Transports(offline.settings.smarthost)
        tester = ChannelTester(
            offline.context.db, offline.context.clock, offline.channels, transports, None
        )
        try:
            steps = await tester.test(name)
        finally:
            await transports.close()
        for step in steps:
            say(f"{'✔' if step.ok else '❌'} {step.sentence}")
        return all(step.ok for step in steps)

    raise typer.Exit(0 if _offline(work) else 2)


def channel_to_json(status: ChannelStatus) -> dict[str, Any]:
    """A channel for scripts. The field names are fixed; secrets are never among them."""
    channel = status.channel

    def text(data: list[dict[str, Any]] | None) -> str:
        return Document.from_json(data).to_text() if data else ""

    return {
        "name": channel.name,
        "state": channel.state,
        "slack_channel": channel.slack_channel_id,
        "incoming": channel.incoming,
        "outgoing": channel.outgoing,
        "inbound_address": channel.inbound_address,
        "primary": channel.primary_address,
        "additional": list(status.additional),
        "from_name": channel.from_name,
        "from_email": channel.from_email,
        "copy_to": channel.copy_to,
        "signature": text(channel.signature),
        "footer": text(channel.footer),
        "quote": channel.quote,
        "forward_opens_ticket": channel.forward_opens_ticket,
        "reply_mode": channel.reply_mode,
        "undo_seconds": channel.undo_seconds,
        "reopen_days": channel.reopen_days,
        "agents": list(channel.agents),
        "tickets": status.tickets,
        "health": {
            one.direction: {
                "kind": one.kind,
                "last_ok_at": one.last_ok_at,
                "failing_since": one.failing_since,
                "last_error": one.last_error,
            }
            for one in status.connections
        },
    }


def _tell(status: ChannelStatus, as_json: bool, what: str) -> None:
    if as_json:
        say_json(channel_to_json(status))
    else:
        say(f"{status.channel.name} {what}")


def _offline(work: Callable[[Offline], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with open_offline(os.environ) as offline:
            return await work(offline)

    return run(main())
