"""`python -m tests.fuzz read -max_total_time=60`: atheris over one target, from the mails we have.

All options are libFuzzer's. What it finds goes into a temporary folder, because it writes into the
first folder that it is given; a mail that breaks the target is printed and ends the run.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

SEEDS = Path(__file__).parent.parent / "data" / "mail"


def main(arguments: list[str]) -> int:
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["mail", "bot.slack"]):
        targets = importlib.import_module("tests.fuzz.targets")
    if not arguments or arguments[0] not in targets.TARGETS:
        print(f"Name a target: {', '.join(targets.TARGETS)}.", file=sys.stderr)
        return 2
    target = targets.TARGETS[arguments[0]]
    with tempfile.TemporaryDirectory() as found:
        options = [f"-max_len={targets.MOST_BYTES}", "-timeout=20", f"-artifact_prefix={found}/"]
        atheris.Setup([sys.argv[0], *options, *arguments[1:], found, str(SEEDS)], target)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
