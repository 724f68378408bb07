"""From the figures of the benchmarks to the README's table and chart.

    python -m tests.bench report

Reads build/bench/results.json, writes docs/images/bench.png and the lines between the README's
marks `<!-- bench -->` and `<!-- /bench -->`. What was not measured is left out.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_BEGIN, _END = "<!-- bench -->", "<!-- /bench -->"
_COLUMNS = 3
_QUIET = 0.05
"""Of the processors' time: what a machine with nothing to do spends on itself."""
Figures = dict[str, Any]
Row = tuple[str, ...]


def keep(results: Path, name: str, figures: Path, others: float) -> None:
    """Take one benchmark's figures into the results; `others`: what other work took before it."""
    known: Figures = json.loads(results.read_text()) if results.exists() else {}
    known[name] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, CPython {platform.python_version()}",
        "others": round(others, 3),
        "figures": json.loads(figures.read_text()),
    }
    results.write_text(json.dumps(known, indent=1))
    figures.unlink()


def show(results: Path, folder: Path) -> int:
    """Print the table and draw the chart into the folder."""
    known: dict[str, Figures] = json.loads(results.read_text())
    print(_table(known))
    draw(_figures_of(known), folder / "bench.png")
    return 0


def publish(results: Path) -> int:
    """The same, into the README and its pictures."""
    known: dict[str, Figures] = json.loads(results.read_text())
    table = _table(known)
    print(table)
    readme = _ROOT / "README.md"
    before, _, rest = readme.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    readme.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}")
    draw(_figures_of(known), _ROOT / "docs" / "images" / "bench.png")
    return 0


def _figures_of(known: dict[str, Figures]) -> dict[str, Figures]:
    return {name: one["figures"] for name, one in known.items()}


def _table(known: dict[str, Figures]) -> str:
    found = _figures_of(known)
    rows = [row for name, rows_of in _TABLES.items() if name in found for row in rows_of(found)]
    head = [_circumstances(known), "", "| what | figure | beside |", "|---|---|---|"]
    return "\n".join([*head, *map(_line, rows), *_whole_ways(known)])


def _circumstances(known: dict[str, Figures]) -> str:
    """When, where, and beside what else the figures were taken."""
    days = " and ".join(sorted({one["at"][:10] for one in known.values()}))
    machines = " and ".join(sorted({one["machine"] for one in known.values()}))
    others = [one["others"] for one in known.values()]
    where = f"Measured on {days}, {machines}"
    if max(others) <= _QUIET:
        return f"{where}, with nothing else running."
    return (
        f"{where}. **The machine was busy**: as the parts began, other work took "
        f"{min(others):.0%} to {max(others):.0%} of its processors. Read the ratios."
    )


def _line(row: Row) -> str:
    return f"| {' | '.join(row)} |"


def _smtp(found: dict[str, Figures]) -> list[Row]:
    rows: list[Row] = []
    for size, by_server in found["smtp_accept"]["mails_per_second"].items():
        ours = by_server["canal"]
        others = [
            f"{_ratio(ours, by_server[name]):.2f} × {label}"
            for name, label in _PEERS.items()
            if name in by_server
        ]
        what = f"mails of {size} kB accepted durably over SMTP, 10 connections"
        rows.append((what, f"{statistics.median(ours):,.0f} a second", ", ".join(others)))
    return rows


_PEERS = {"postfix": "Postfix, queueing", "aiosmtpd": "a bare aiosmtpd that discards"}


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def _end_to_end(found: dict[str, Figures]) -> list[Row]:
    cases = found["end_to_end"]
    if "sqlite" not in cases:
        return []
    one = cases["sqlite"]
    memory = f"{one['idle_mb']:.0f} MB, {one['load_mb']:.0f} MB"
    return [
        ("memory of a Canal, idle and under load", memory, ""),
        ("from the start to ready, SQLite", f"{one['ready_seconds']:.1f} s", ""),
    ]


_SETUPS = {
    "sqlite": ("full", "one Canal, SQLite"),
    "postgres": ("postgres_full", "one Canal, PostgreSQL"),
    "postgres2": ("postgres2_full", "two Canals, PostgreSQL"),
    "postgres3": ("postgres3_full", "three Canals, PostgreSQL"),
}
"""A case on a new database: the case on a full one, and what both run on."""
_LABELS = {
    case: f"{what}{', full' * (case == full)}"
    for new, (full, what) in _SETUPS.items()
    for case in (new, full)
}
_WAYS = {
    "mail → Slack post, mails/s": "posted_per_second",
    "reply → smarthost, replies/s": "replies_per_second",
}


def _whole_ways(known: dict[str, Figures]) -> list[str]:
    """The table of both flows: a line for what Canal runs on."""
    cases: dict[str, Figures] = _figures_of(known).get("end_to_end", {})
    rows = [
        _way(what, cases[new], cases.get(full))
        for new, (full, what) in _SETUPS.items()
        if new in cases
    ]
    if not rows:
        return []
    tickets = max(one["tickets"] for one in cases.values())
    full = f"with {tickets:,.0f} tickets" if tickets else "full"
    head = (
        f"end to end | mails to posts, a second | {full} | at half of that | "
        f"replies to the smarthost, a second | {full} | a reply alone"
    )
    return ["", f"| {head} |", "|---|---|---|---|---|---|---|", *rows]


def _way(what: str, new: Figures, full: Figures | None) -> str:
    return _line(
        (
            what,
            f"{new['posted_per_second']:.0f}",
            _full(new, full, "posted_per_second"),
            f"p50 {new['post_p50_ms']:.0f} ms, p99 {new['post_p99_ms']:.0f} ms",
            f"{new['replies_per_second']:.0f}",
            _full(new, full, "replies_per_second"),
            f"p50 {new['reply_p50_ms']:.0f} ms, p99 {new['reply_p99_ms']:.0f} ms",
        )
    )


def _full(new: Figures, full: Figures | None, name: str) -> str:
    if full is None:
        return "–"
    times = _ratio(full["rounds"][name], new["rounds"][name])
    return f"{full[name]:.0f} ({times:.2f} ×)"


def _helpdesk(found: dict[str, Figures]) -> list[Row]:
    one = found["helpdesk"]
    what = f"{one['mails']:,} mails of a folder made tickets, with no chat"
    beside = f"{one['ratio']} × django-helpdesk's get_email ({one['stored_per_second']:.0f})"
    return [(what, f"{one['canal_per_second']:.0f} a second", beside)]


def _fetch(found: dict[str, Figures]) -> list[Row]:
    one = found["imap_fetch"]
    what = f"{one['mails']:,} mails read from Dovecot by IMAP and stored durably"
    return [(what, f"{one['canal_per_s']:,} a second", f"{one['ratio']} × imap-tools, fetching")]


def _idle(found: dict[str, Figures]) -> list[Row]:
    one = found["imap_idle"]
    figure = (
        f"{one['threads']} threads, {one['rss_mb']} MB, p99 {one['single_p99_ms']} ms; one mail to "
        f"each: {one['burst_s']} s, {one['missed']} missed"
    )
    return [(f"{one['mailboxes']:,} mailboxes watched by IDLE in one process", figure, "")]


def _parse(found: dict[str, Figures]) -> list[Row]:
    rows: list[Row] = []
    for name, by_reader in found["parse"]["ms_per_mail"].items():
        whole, bare = (statistics.median(by_reader[one]) for one in ("canal+blocks", "stdlib"))
        what = f"a mail read, folded and made Slack's blocks ({name})"
        rows.append((what, f"{whole:.1f} ms", f"{whole / bare:.1f} × the standard library's parse"))
    return rows


_TABLES: dict[str, Callable[[dict[str, Figures]], list[Row]]] = {
    "smtp_accept": _smtp,
    "end_to_end": _end_to_end,
    "helpdesk": _helpdesk,
    "imap_fetch": _fetch,
    "imap_idle": _idle,
    "parse": _parse,
}


def draw(found: dict[str, Figures], file: Path) -> None:
    """Bars of the rates that stand side by side."""
    import matplotlib  # an extra of its own: only the chart needs it

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = [(title, bars) for title, bars in _panels(found) if bars]
    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    size = (4.6 * columns, 3.2 * rows)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (title, bars) in zip(axes.flat, panels, strict=False):
        names, rates = list(bars), list(bars.values())
        colours = ["#0f6b6b" if "Canal" in name else "#c9c3b6" for name in names]
        drawn = axis.barh(names[::-1], rates[::-1], color=colours[::-1])
        axis.bar_label(drawn, fmt="{:,.0f}", padding=3, fontsize=8)
        axis.set_title(title, fontsize=9)
        axis.margins(x=0.2)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, dpi=140)


def _panels(found: dict[str, Figures]) -> list[tuple[str, dict[str, float]]]:
    panels: list[tuple[str, dict[str, float]]] = []
    labels = {"canal": "Canal", "postfix": "Postfix", "aiosmtpd": "bare aiosmtpd"}
    for size, by_server in found.get("smtp_accept", {}).get("mails_per_second", {}).items():
        bars = {
            label: statistics.median(by_server[name])
            for name, label in labels.items()
            if name in by_server
        }
        panels.append((f"SMTP accept, {size} kB, mails/s", bars))
    cases = found.get("end_to_end", {})
    for title, name in _WAYS.items():
        bars = {_LABELS[case]: one[name] for case, one in cases.items()}
        panels.append((title, bars))
    if "helpdesk" in found:
        one = found["helpdesk"]
        bars = {"Canal": one["canal_per_second"], "django-helpdesk": one["stored_per_second"]}
        panels.append(("mail → ticket, no chat, mails/s", bars))
    if "imap_fetch" in found:
        one = found["imap_fetch"]
        bars = {"Canal": one["canal_per_s"], "imap-tools": one["imap_tools_per_s"]}
        panels.append(("IMAP, mails/s", bars))
    return panels
