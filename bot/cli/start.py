"""The console script `canal`.

What needs no database starts without the half second that importing all of Canal takes: a script
that reads a thousand mails with `canal parse` feels it.
"""

from __future__ import annotations

import sys

from bot.problems import run_or_explain

_LIGHT = ("parse", "render", "version")


def main() -> None:
    """Ends the process with the command's exit status."""
    if sys.argv[1:2] and sys.argv[1] in _LIGHT:
        from bot.cli.inspect import inspect_app as app
    else:
        from bot.cli.main import app
    sys.exit(run_or_explain(lambda: app(prog_name="canal", standalone_mode=True)))
