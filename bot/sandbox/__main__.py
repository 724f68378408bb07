"""`python -m bot.sandbox`: the workspace alone, for a `canal run` beside it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from bot.sandbox.catcher import MailCatcher
from bot.sandbox.errors import SandboxError
from bot.sandbox.sandbox import Sandbox


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--path", type=Path, help="SQLite file; without it nothing is kept")
    parser.add_argument("--manifest", type=Path, default=Path("manifest.yml"))
    parser.add_argument("--no-limits", action="store_true", help="no rate limits")
    parser.add_argument("--catcher-port", type=int, default=0, help="SMTP port of the mail catcher")
    parser.add_argument("--canal-smtp", default="127.0.0.1:2525", help="where Canal takes mail")
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    """Runs until SIGINT or SIGTERM. Raises SandboxError."""
    sandbox = Sandbox(options.path, manifest=options.manifest, limits=not options.no_limits)
    host, _, port = options.canal_smtp.rpartition(":")
    catcher = MailCatcher(sandbox.store, canal_smtp=(host, int(port)))
    sandbox.attach_catcher(catcher)
    await catcher.start(port=options.catcher_port)
    try:
        await sandbox.start(port=options.port)
        seed(sandbox)
        _print_settings(sandbox, catcher)
        await _wait_for_signal()
    finally:
        await catcher.stop()
        await sandbox.stop()


def seed(sandbox: Sandbox) -> None:
    """Two people and two channels, unless an earlier run left some."""
    if sandbox.find_user("ana") is None:
        sandbox.add_user("ana", "Ana Silva", "ana@us.example", title="Support agent")
        sandbox.add_user("rui", "Rui Costa", "rui@us.example", is_admin=True, title="Admin")
    for name in ("general", "support"):
        if sandbox.find_channel(name) is None:
            sandbox.add_channel(name, bot_is_member=name == "support")


def _print_settings(sandbox: Sandbox, catcher: MailCatcher) -> None:
    lines = [
        f"# The page: {sandbox.page_url}",
        f"export SLACK_API_URL={sandbox.api_url}",
        f"export SLACK_BOT_TOKEN={sandbox.bot_token}",
        f"export SLACK_APP_TOKEN={sandbox.app_token}",
        f"export CANAL_SMARTHOST_URL={catcher.smarthost_url}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


async def _wait_for_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


def main() -> int:
    """The exit status: 2 for a problem that a sentence explains."""
    try:
        asyncio.run(serve(parse_arguments(sys.argv[1:])))
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
