"""The command line starts what was asked for, and no more."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"sqlalchemy", "pydantic_settings", "aiohttp", "slack_bolt"}


def test_reading_mails_imports_no_database_and_no_slack() -> None:
    code = (
        "import sys; sys.argv = ['canal', 'version']\n"
        "from bot.cli.start import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, text=True, stdout=subprocess.PIPE
    )
    assert HEAVY.isdisjoint(done.stdout.split())


def test_what_is_no_command_is_refused_with_the_list_of_all() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "pasre"], check=False, text=True, stderr=subprocess.PIPE
    )
    assert done.returncode == 2
    assert "pasre" in done.stderr
