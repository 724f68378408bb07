"""`python -m tests.bench [NAME [options]]`: one benchmark with its own options, or all of them.

Each runs in a process of its own, one after the other, so that none warms or slows the next. All
together leave their figures in build/bench/, and the README's table and chart made from them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench import report

BENCHMARKS = ("parse", "smtp_accept", "end_to_end", "helpdesk", "imap_fetch", "imap_idle")
RESULTS = Path(__file__).parents[2] / "build" / "bench"


def main(arguments: list[str]) -> int:
    """Exit status: of the first that failed, 0 when none did, 2 for an unknown name."""
    if arguments[:1] == ["report"]:
        return report.main(RESULTS)
    if arguments and arguments[0] not in BENCHMARKS:
        print(
            f"There is no benchmark {arguments[0]!r}. There are: {', '.join(BENCHMARKS)}, report."
        )
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    names = arguments[:1] or list(BENCHMARKS)
    status = 0
    for name in names:
        print(f"== {name}", flush=True)
        options = arguments[1:] or ["--json", str(RESULTS / f"{name}.json")]
        command = [sys.executable, "-m", f"tests.bench.{name}", *options]
        status = status or subprocess.run(command, check=False).returncode
    return status or (0 if arguments else report.main(RESULTS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
