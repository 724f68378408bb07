"""`canal channels …`: everything that `/canal` can configure, for scripts and recovery."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from bot.channel_view import channel_to_json, describe_channel
from bot.cli.options import ChannelOptions, takes_options
from bot.cli.support import Offline, run_offline, say, say_json
from handlers.channels.channels import ChannelStatus
from handlers.channels.fields import ChannelFields, InvalidFields
from handlers.channels.setup import ResolvedFields

channels_app = typer.Typer(
    help="Email channels: the addresses that customers write to.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="Name of the email channel.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
NewName = Annotated[str | None, typer.Option("--name", help="Name, such as Support.")]


@channels_app.command("add")
@takes_options
def add(name: NewName = None, *, options: ChannelOptions, as_json: Json = False) -> None:
    """Connect an address that customers write to.

    Servers, ports and the like that are left out are filled in from the provider, or discovered,
    and printed. Where Canal takes the mail in itself, the last line is the address to forward to.
    """

    async def work(offline: Offline) -> tuple[ResolvedFields, ChannelStatus]:
        resolved = await _resolve(offline, options.to_fields(name), None, test=options.test)
        return resolved, await offline.channels.add(resolved.fields)

    resolved, status = run_offline(work)
    _tell_setup(resolved, status, as_json)
    if not as_json:
        inbound = status.channel.incoming == "internal"
        done = f"{status.channel.name} is {'saved' if resolved.sign_in else 'connected'}."
        say(str(status.channel.inbound_address) if inbound else done)


@channels_app.command("edit")
@takes_options
def edit(
    name: Name, new_name: NewName = None, *, options: ChannelOptions, as_json: Json = False
) -> None:
    """Change a channel; what is not given stays."""

    async def work(offline: Offline) -> tuple[ResolvedFields, ChannelStatus]:
        fields = options.to_fields(new_name)
        resolved = await _resolve(offline, fields, name, test=options.test)
        return resolved, await offline.channels.edit(name, resolved.fields)

    resolved, status = run_offline(work)
    _tell_setup(resolved, status, as_json)
    if not as_json:
        say(f"{status.channel.name} is changed.")


@channels_app.command("list")
def list_channels(as_json: Json = False) -> None:
    """All channels, and how their connections fare."""
    found = run_offline(lambda offline: offline.channels.list())
    if as_json:
        say_json([channel_to_json(one) for one in found])
        return
    if not found:
        say("No email channel yet: canal channels add --help")
    for one in found:
        say(describe_channel(one))


@channels_app.command("show")
def show(name: Name, as_json: Json = False) -> None:
    """One channel with all its settings; secrets are never shown."""
    status = run_offline(lambda offline: offline.channels.show(name))
    if as_json:
        say_json(channel_to_json(status))
        return
    for key, value in channel_to_json(status).items():
        say(f"{key}: {value}")


@channels_app.command("pause")
def pause(name: Name) -> None:
    """Keep mail and replies waiting; nothing is refused, shown or sent."""
    status = run_offline(lambda offline: offline.channels.pause(name))
    say(f"{status.channel.name} is paused.")


@channels_app.command("resume")
def resume(name: Name) -> None:
    """Go on; what waited comes now."""
    status = run_offline(lambda offline: offline.channels.resume(name))
    say(f"{status.channel.name} works again.")


@channels_app.command("remove")
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Disconnect a channel. Its tickets stay; its mail is refused from then on."""
    if not yes:
        typer.confirm(f"Remove {name}? Its mail is refused from then on.", abort=True)
    status = run_offline(lambda offline: offline.channels.remove(name))
    say(f"{status.channel.name} is removed. Its {status.tickets} tickets stay.")


async def _resolve(
    offline: Offline, fields: ChannelFields, editing: str | None, *, test: bool
) -> ResolvedFields:
    """Complete the fields and try them. Raises InvalidFields."""
    from bot.wires.wires import Wires

    wires = Wires(offline.settings, offline.context.db)
    try:
        setup = wires.setup(offline.channels)
        resolved = await setup.resolve(fields, editing=editing)
        if test:
            problems = await setup.try_connections(resolved.fields, editing=editing)
            if problems:
                raise InvalidFields(problems)
        return resolved
    finally:
        await wires.close()


def _tell_setup(resolved: ResolvedFields, status: ChannelStatus, as_json: bool) -> None:
    if as_json:
        more = {"filled_in": list(resolved.told), "sign_in": list(resolved.sign_in)}
        say_json({**channel_to_json(status), **more})
        return
    for sentence in resolved.told:
        say(sentence)
    if resolved.sign_in:
        say(
            f"Sign in now: canal channels login {shlex.quote(status.channel.name)} "
            f"--provider {resolved.provider}"
        )
