"""`python -m tests.bench [NAME [options]]`: one benchmark with its own options, or all of them.

Each runs in a process of its own, one after the other, so that none warms or slows the next.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = ("parse", "smtp_accept", "end_to_end", "imap_fetch", "imap_idle")


def main(arguments: list[str]) -> int:
    """Exit status: of the first that failed, 0 when none did, 2 for an unknown name."""
    if arguments and arguments[0] not in BENCHMARKS:
        print(f"There is no benchmark {arguments[0]!r}. There are: {', '.join(BENCHMARKS)}.")
        return 2
    names = arguments[:1] or list(BENCHMARKS)
    status = 0
    for name in names:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"tests.bench.{name}", *arguments[1:]]
        status = status or subprocess.run(command, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
