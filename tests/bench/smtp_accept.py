"""Mails per second taken in durably over SMTP, beside servers that others trust.

    python -m tests.bench smtp_accept [--rounds N] [--json FILE] [--servers A,B] [--sizes 4,100]

Ten connections, each mail over a new one, as most senders do it. The client is Postfix's
smtp-source where it is installed, else one of our own (slower, so its ratios are flatter). The
servers take turns within each round and a ratio is the median over the rounds of figures measured
side by side, because a machine's speed changes from minute to minute.

canal          the product's intake: 250 after a commit with synchronous=FULL
sink           Canal's server with the least durable store (one table): what SMTP and disk allow
discard        Canal's server, nothing stored
aiosmtpd       stock aiosmtpd, nothing stored
smtp-sink      Postfix's test server in C, nothing stored
postfix        Postfix, queued and fsynced; needs root
canal+filing   the product's intake while the same process reads the mails and opens their tickets;
               only when asked for, because it goes on working while the others have their turn
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import smtp_servers as servers

CONNECTIONS = 10
MAILS = {4: 600, 100: 300}
ALL = ("canal", "sink", "discard", "aiosmtpd", "smtp-sink", "postfix")
_SENDER = "ana@far.invalid"
_WARM_UP = 100


def find_servers(names: tuple[str, ...] = ALL) -> tuple[list[str], list[str]]:
    """(those that can run here, a sentence for each that cannot)"""
    missing: list[str] = []
    if servers.find_program("smtp-sink") is None:
        missing.append("smtp-sink: not installed (Debian's postfix has it).")
    if servers.find_program("postfix") is None:
        missing.append("postfix: not installed.")
    elif os.geteuid() != 0:
        missing.append("postfix: only root may start one.")
    absent = {line.partition(":")[0] for line in missing}
    return [name for name in names if name not in absent], missing


def run(name: str, folder: Path) -> AbstractContextManager[int]:
    """The server in a process of its own; yields its port."""
    if name == "postfix":
        return servers.run_postfix(folder)
    if name == "smtp-sink":
        return servers.run_smtp_sink(folder)
    return servers.run_own(name, folder)


def send(port: int, mails: int, kilobytes: int) -> float:
    """Send the mails; returns how many were accepted a second. Any refusal is an error."""
    start = time.perf_counter()
    program = servers.find_program("smtp-source")
    if program is None:
        asyncio.run(_send_ourselves(port, mails, kilobytes * 1024))
    else:
        command = [program, "-s", str(CONNECTIONS), "-m", str(mails), "-l", str(kilobytes * 1024)]
        command += ["-f", _SENDER, "-t", servers.RECIPIENT, f"{servers.HOST}:{port}"]
        subprocess.run(command, check=True)
    return mails / (time.perf_counter() - start)


async def _send_ourselves(port: int, mails: int, size: int) -> None:
    left = iter(range(mails))
    body = (b"X" * 78 + b"\r\n") * (size // 80)

    async def work() -> None:
        for number in left:
            header = f"Message-ID: <{time.time_ns()}.{number}@far.invalid>\r\n\r\n".encode()
            await _send_one(port, header + body + b".\r\n")

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


async def _send_one(port: int, text: bytes) -> None:
    reader, writer = await asyncio.open_connection(servers.HOST, port)
    steps = [
        (b"", b"220"),
        (b"HELO bench\r\n", b"250"),
        (f"MAIL FROM:<{_SENDER}>\r\n".encode(), b"250"),
        (f"RCPT TO:<{servers.RECIPIENT}>\r\n".encode(), b"250"),
        (b"DATA\r\n", b"354"),
        (text, b"250"),
        (b"QUIT\r\n", b"221"),
    ]
    for said, expected in steps:
        writer.write(said)
        answer = await reader.readline()
        if not answer.startswith(expected):
            raise RuntimeError(f"the server said {answer!r}")
    writer.close()
    await writer.wait_closed()


def measure(
    names: list[str], *, rounds: int, sizes: list[int], say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Rates per size and server, one figure a round, in the order of the rounds."""
    rates: dict[int, dict[str, list[float]]] = {size: {} for size in sizes}
    with ExitStack() as stack:
        folders = {name: Path(stack.enter_context(tempfile.TemporaryDirectory())) for name in names}
        ports = {name: stack.enter_context(run(name, folders[name])) for name in names}
        for size in sizes:
            for name in names:
                send(ports[name], _WARM_UP, size)
            for number in range(rounds):
                say(f"{size} kB, round {number + 1} of {rounds}")
                for name in names:
                    rate = send(ports[name], MAILS.get(size, 300), size)
                    rates[size].setdefault(name, []).append(rate)
    return {"connections": CONNECTIONS, "rounds": rounds, "mails_per_second": rates}


def compare(rates: list[float], others: list[float]) -> float:
    """Median of the ratios of figures taken side by side."""
    return statistics.median(a / b for a, b in zip(rates, others, strict=True))


def render(result: dict[str, Any]) -> str:
    """A table: mails a second, and times Postfix and times stock aiosmtpd where those ran."""
    lines: list[str] = []
    for size, by_server in result["mails_per_second"].items():
        lines.append(f"{size} kB{'mails/s':>18}{'x postfix':>12}{'x aiosmtpd':>12}")
        for name, rates in by_server.items():
            ratios = "".join(
                f"{compare(rates, by_server[other]):12.2f}" if other in by_server else f"{'-':>12}"
                for other in ("postfix", "aiosmtpd")
            )
            lines.append(f"  {name:<14}{statistics.median(rates):8.0f}{ratios}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(
        prog="smtp_accept", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--servers", default=",".join(ALL))
    parser.add_argument("--sizes", default="4,100", help="kilobytes")
    options = parser.parse_args(arguments)
    names, missing = find_servers(tuple(options.servers.split(",")))
    for sentence in missing:
        print(f"left out: {sentence}")
    sizes = [int(size) for size in options.sizes.split(",")]
    say = partial(print, flush=True)
    result = measure(names, rounds=options.rounds, sizes=sizes, say=say)
    print(render(result))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1))
    return result


if __name__ == "__main__":
    main()
