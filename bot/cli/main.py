"""The command line. Each command is thin: read options, one call, print.

Exit status: 0 done, 1 done in part (named per command), 2 a problem that a sentence explains.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.channel_test import try_channel
from bot.cli.channels import channels_app
from bot.cli.db import db_app, key_app
from bot.cli.dkim import dkim_app
from bot.cli.forget import forget
from bot.cli.inspect import inspect_app
from bot.cli.login import login
from bot.cli.outbox import outbox_app
from bot.cli.support import say
from bot.runtime import run, wait_for_signal

app = typer.Typer(
    name="canal",
    help="A Slack bot that turns Slack into an email help desk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
channels_app.command("login")(login)
channels_app.command("test")(try_channel)
app.add_typer(channels_app, name="channels")
app.add_typer(dkim_app, name="dkim")
app.add_typer(outbox_app, name="outbox")
app.add_typer(db_app, name="db")
app.add_typer(key_app, name="key")
app.command("forget")(forget)
app.add_typer(inspect_app)


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port of the page; 0 takes a free one.")] = None,
) -> None:
    """Try Canal: a small workspace in your browser, and a mail server that catches everything."""

    async def main() -> None:
        from bot.config.settings import load_settings
        from bot.demo import Demo
        from bot.observability import configure_logging

        env = {**os.environ, "CANAL_LOG_LEVEL": os.environ.get("CANAL_LOG_LEVEL") or "warning"}
        configure_logging(load_settings(env))
        running = Demo(env, page_port=port)
        await running.start()
        try:
            say("Canal's demo is ready.")
            say(f"  Page:  {running.page_url}\n  SMTP:  {running.smtp_address}")
            say("Write to support@acme.example, answer in the thread, see what left under Mail.")
            say("Ctrl-C ends it; what happened is kept.")
            await wait_for_signal()
            say("Stopping…")
        finally:
            await running.stop()

    run(main())


@app.command("run")
def run_command() -> None:
    """Run Canal on a real Slack workspace (see the README for the variables)."""

    async def main() -> None:
        from bot.app import Canal
        from bot.config.settings import load_settings
        from bot.observability import configure_logging

        settings = load_settings(os.environ, for_run=True)
        configure_logging(settings)
        for warning in settings.warnings:
            say(f"canal: {warning}", err=True)
        canal = Canal(settings)
        await canal.start()
        try:
            host, port = canal.smtp.server.address
            say(f"Canal is running.\n  SMTP:  {host}:{port}\n  HTTP:  {canal.http.address}")
            await wait_for_signal()
        finally:
            await canal.stop()

    run(main())


@app.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Report every configuration problem at once. Exit status 2 when Canal would not work."""
    from bot.cli.support import check_database
    from bot.config.check import check_environment, exit_status, render_json, render_text

    problems = run(check_environment(os.environ, check_database))
    say(render_json(problems) if as_json else render_text(problems))
    raise typer.Exit(exit_status(problems))


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="Mails as .eml files.")],
    channel: Annotated[str, typer.Option(help="Name of the email channel.")],
    quiet: Annotated[bool, typer.Option(help="An import: nobody is pinged.")] = False,
) -> None:
    """File mails from disk through the same intake; a mail that is known already adds nothing.

    Exit status 1 when a file could not be read; the others are filed all the same.
    """
    from bot.cli.replay import replay_files
    from bot.cli.support import open_offline

    async def main() -> bool:
        async with open_offline(os.environ) as offline:
            return await replay_files(offline, files, channel, quiet=quiet)

    raise typer.Exit(0 if run(main()) else 1)
