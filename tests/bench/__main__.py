"""`python -m tests.bench [NAME [options]]`: one benchmark with its own options, or all of them.

    make bench                                    all, then the README's table and chart
    make bench ARGS="--quick"                     all with small numbers: table and chart only here
    make bench ARGS="end_to_end --cases sqlite"   one part; its figures replace those of before
    make bench ARGS="report"                      table and chart again, without measuring

Each runs in a process of its own, one after the other, so that none warms or slows the next. All
figures come into build/bench/results.json, with how busy the machine was with other work.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.bench import report

QUICK: dict[str, tuple[str, ...]] = {
    "parse": ("--rounds", "2"),
    "smtp_accept": ("--rounds", "2"),
    "end_to_end": ("--rounds", "2", "--mails", "100", "--tickets", "20000"),
    "helpdesk": ("--mails", "40", "--rounds", "1"),
    "imap_fetch": ("--mails", "1000"),
    "imap_idle": ("--mailboxes", "200"),
}
"""Every benchmark, and what makes it short."""
_FOLDER = Path(__file__).parents[2] / "build" / "bench"


def main(arguments: list[str]) -> int:
    """Exit status: of the first that failed, 0 when none did, 2 for an unknown name."""
    if arguments[:1] == ["report"]:
        return report.publish(_FOLDER / "results.json")
    quick = arguments == ["--quick"]
    if arguments and not quick and arguments[0] not in QUICK:
        print(f"There is no benchmark {arguments[0]!r}. There are: {', '.join(QUICK)}, report.")
        return 2
    everything = not arguments or quick
    results = _FOLDER / ("quick.json" if quick else "results.json")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    if everything:
        results.unlink(missing_ok=True)
    status = 0
    for name in QUICK if everything else arguments[:1]:
        status = status or _run(name, list(QUICK[name]) if quick else arguments[1:], results)
    if status or not everything:
        return status
    return report.show(results, _FOLDER) if quick else report.publish(results)


def _run(name: str, options: list[str], results: Path) -> int:
    figures = _FOLDER / f"{name}.part.json"
    figures.unlink(missing_ok=True)
    others = busy_share()
    print(f"== {name} (other work takes {others:.0%} of the processors)", flush=True)
    command = [sys.executable, "-m", f"tests.bench.{name}", *options, "--json", str(figures)]
    status = subprocess.run(command, check=False).returncode
    if figures.exists():  # what cannot run here leaves none
        report.keep(results, name, figures, others)
    return status


def busy_share(seconds: float = 1.0) -> float:
    """The share of all processors' time that goes to whatever runs now; 0 where nobody tells."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    before = _times(stat)
    time.sleep(seconds)
    total, idle = (now - then for now, then in zip(_times(stat), before, strict=True))
    return 1 - idle / total if total else 0.0


def _times(stat: Path) -> tuple[int, int]:
    """(all, idle) ticks since the start of the machine."""
    ticks = [int(one) for one in stat.read_text().split("\n", 1)[0].split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
