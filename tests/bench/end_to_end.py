"""A mail's whole way and a reply's, through a real `canal run`: rates and times.

    python -m tests.bench end_to_end [--mails N] [--json FILE] [--cases sqlite,postgres,…]

Canal, Slack (tests/bench/fast_slack: no limits) and the clients run in processes of their own.
A burst sends as fast as mails are accepted. Half of the rate that it reached is then the load under
which the time from the end of DATA to the post is measured, and, with nothing else to do, the time
from an agent's message to the smarthost. Cases:

sqlite      one Canal on a new SQLite file
full        the same with --tickets tickets (a million) and three times as many messages in it
postgres, postgres2, postgres3      one, two, three Canals on one PostgreSQL
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from pathlib import Path

import aiohttp
import aiosmtplib

from tests.bench.running import CHANNEL, RECIPIENT, Bench, running

CASES = ("sqlite", "full", "postgres", "postgres2", "postgres3")
CONNECTIONS = 10
_BODY = ("The invoice of May lists two seats and we have only one of them in use. " * 50)[:3400]


async def send_mails(
    ports: list[int], numbers: list[int], rate: float | None
) -> tuple[dict[int, float], float]:
    """Send one mail for each number; returns when each DATA ended, and the accepted ones/s."""
    ended: dict[int, float] = {}
    queue = list(reversed(numbers))
    started = time.time()

    async def client(index: int) -> None:
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=ports[index % len(ports)], use_tls=False, start_tls=False
        ) as smtp:
            while queue:
                number = queue.pop()
                if rate:
                    due = started + (number - numbers[0]) / rate
                    await asyncio.sleep(max(0.0, due - time.time()))
                await smtp.mail("jo@cust.example")
                await smtp.rcpt(RECIPIENT)
                sending = asyncio.ensure_future(smtp.data(mail_of(number)))
                await sending
                ended[number] = time.time()

    await asyncio.gather(*(client(index) for index in range(CONNECTIONS)))
    return ended, len(numbers) / (time.time() - started)


def mail_of(number: int) -> bytes:
    return (
        f"From: Jo Miller <jo{number % 97}@cust.example>\r\nTo: help@bench.example\r\n"
        f"Subject: question-{number}-\r\nMessage-ID: <q{number}@cust.example>\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n\r\n{_BODY}\r\n"
    ).encode()


async def wait_for_posts(slack: str, count: int) -> list[tuple[float, str, str]]:
    async with asyncio.timeout(300), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{slack}/bench/posts?count") as response:
                if await response.json() >= count:
                    break
            await asyncio.sleep(0.05)
        async with session.get(f"{slack}/bench/posts") as response:
            return [tuple(one) for one in await response.json()]


async def measure(case: str, mails: int, tickets: int) -> dict[str, float]:
    kind = "postgres" if case.startswith("postgres") else "sqlite"
    replicas = int(case.removeprefix("postgres") or 1) if kind == "postgres" else 1
    filled = tickets if case == "full" else 0
    async with running(kind, replicas=replicas, tickets=filled) as bench:
        return await _measure(bench, mails)


async def _measure(bench: Bench, mails: int) -> dict[str, float]:
    slack, ports = bench.slack, [one.smtp_port for one in bench.replicas]
    await send_mails(ports, list(range(20)), None)
    await wait_for_posts(slack, 20)
    found = {
        "ready_seconds": max(one.ready_seconds for one in bench.replicas),
        "idle_mb": bench.resident_mb(),
    }
    started, cpu = time.time(), bench.cpu_seconds()
    _, found["accepted_per_second"] = await send_mails(ports, range_of(1000, mails), None)
    posts = await wait_for_posts(slack, 20 + mails)
    found["posted_per_second"] = mails / (max(at for at, _, _ in posts) - started)
    found["cpu_ms_a_mail"] = 1000 * (bench.cpu_seconds() - cpu) / mails
    found["load_mb"] = bench.resident_mb()
    half = found["posted_per_second"] / 2
    slow = range_of(100_000, max(50, int(half * 10)))
    ended, _ = await send_mails(ports, slow, half)
    posts = await wait_for_posts(slack, 20 + mails + len(slow))
    waits = [at - ended[number] for at, text, _ in posts if (number := _number(text)) in ended]
    found["post_p50_ms"] = 1000 * statistics.median(waits)
    found["post_p99_ms"] = 1000 * statistics.quantiles(waits, n=100)[98]
    replied, waits = await _answer(bench, [ts for _, _, ts in posts[-mails:]])
    found["replies_per_second"] = replied
    found["reply_p50_ms"] = 1000 * statistics.median(waits)
    return found


def range_of(first: int, count: int) -> list[int]:
    return list(range(first, first + count))


async def _answer(bench: Bench, threads: list[str]) -> tuple[float, list[float]]:
    """An agent's answer in every thread: replies/s, and a few alone for their time."""
    slack, sink = bench.slack, bench.sink
    async with aiohttp.ClientSession() as session, asyncio.timeout(300):
        waits = []
        for number, ts in enumerate(threads[:30]):
            asked = time.time()
            await _say(session, slack, [(ts, f"answer-{number}- thanks")])
            while number not in sink.arrived:
                await asyncio.sleep(0.001)
            waits.append(sink.arrived[number] - asked)
        started = time.time()
        rest = [(ts, f"answer-{100 + n}- thanks") for n, ts in enumerate(threads[30:])]
        await _say(session, slack, rest)
        while len(sink.arrived) < 30 + len(rest):
            await asyncio.sleep(0.02)
    return len(rest) / (max(sink.arrived.values()) - started), waits


async def _say(session: aiohttp.ClientSession, slack: str, messages: list[tuple[str, str]]) -> None:
    body = {"channel": CHANNEL, "messages": messages}
    async with session.post(f"{slack}/bench/say", json=body) as response:
        response.raise_for_status()


def _number(text: str) -> int:
    found = re.search(r"question-(\d+)-", text)
    return int(found[1]) if found else -1


def render(found: dict[str, dict[str, float]]) -> str:
    """A table: a row a figure, a column a case, and the ratio of the full to the new database."""
    names = list(next(iter(found.values())))
    lines = [f"{'':22}" + "".join(f"{case:>12}" for case in found)]
    lines += [
        f"{name:22}" + "".join(f"{figures[name]:12.1f}" for figures in found.values())
        for name in names
    ]
    if {"sqlite", "full"} <= found.keys():
        full, new = (found[case]["posted_per_second"] for case in ("full", "sqlite"))
        lines.append(f"posts a second with the full database: {full / new:.2f} x the new one's")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for case in options.cases.split(","):
        print(f"{case} …", flush=True)
        found[case] = asyncio.run(measure(case, options.mails, options.tickets))
    print(render(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
