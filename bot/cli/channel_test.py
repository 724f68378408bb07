"""`canal channels test`: log in, and send a mail through the whole loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli.support import Offline, run_offline, say, say_json
from handlers.ports import Step


def try_channel(
    name: Annotated[str, typer.Argument(help="Name of the email channel.")],
    loop: Annotated[
        bool, typer.Option("--loop/--no-loop", help="Send a mail and wait for it to come back.")
    ] = True,
    seconds: Annotated[float, typer.Option(help="How long the mail is waited for.")] = 45.0,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Try a channel's connections, and the whole way of a mail out and in again.

    Exit status 2 when something does not work.
    """

    async def work(offline: Offline) -> bool:
        from bot.wires.wires import Wires
        from handlers.channels.channel_test import ChannelTester

        wires = Wires(offline.settings, offline.context.db)
        context = offline.context
        told: list[Step] = []
        try:
            tester = ChannelTester(context.db, context.clock, offline.channels, wires.probe, None)
            _tell(await tester.test(name), told, as_json)
            if loop and all(step.ok for step in told):
                loop_test = wires.loop_test(context, offline.channels, seconds=seconds)
                _tell(await loop_test.run(name), told, as_json)
        finally:
            await wires.close()
        if as_json:
            say_json([{"ok": step.ok, "sentence": step.sentence} for step in told])
        return all(step.ok for step in told)

    raise typer.Exit(0 if run_offline(work) else 2)


def _tell(steps: Sequence[Step], told: list[Step], as_json: bool) -> None:
    told += steps
    if not as_json:
        for step in steps:
            say(f"{'✔' if step.ok else '❌'} {step.sentence}")
