"""A mail's whole way and a reply's, through a real `canal run`: rates and times.

    python -m tests.bench end_to_end [--mails N] [--rounds N] [--tickets N] [--cases sqlite,full,…]

Canal, Slack (tests/bench/fast_slack: no limits) and the clients run in processes of their own.
A burst sends as fast as mails are accepted. Half of the rate that it reached is then the load under
which the time from the end of DATA to the post is measured, and, with nothing else to do, the time
from an agent's message to the smarthost. A new and a full database run side by side and take turns,
so that their ratio is of figures from the same minutes. Cases:

sqlite      one Canal on a new SQLite file
full        the same with --tickets tickets (a million) and three times as many messages in it
postgres, postgres2, postgres3      one, two, three Canals on one new database of PostgreSQL
postgres_full, postgres2_full, postgres3_full       the same on a full one
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib

from tests.bench.databases import Databases
from tests.bench.running import CHANNEL, RECIPIENT, Bench, running


@dataclass(frozen=True, slots=True)
class Setup:
    """What a case runs on."""

    kind: str
    replicas: int
    filled: bool


CASES = {"sqlite": Setup("sqlite", 1, filled=False), "full": Setup("sqlite", 1, filled=True)} | {
    f"postgres{replicas if replicas > 1 else ''}{'_full' * filled}":
        Setup("postgres", replicas, filled=filled)
    for replicas in (1, 2, 3) for filled in (False, True)
}  # fmt: skip
NEW_AND_FULL = (
    ("sqlite", "full"),
    *((one, f"{one}_full") for one in CASES if f"{one}_full" in CASES),
)
CONNECTIONS = 10
Figures = dict[str, Any]
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


@dataclass
class Course:
    """One installation while it is measured. Every figure is a list: a value for each round."""

    bench: Bench
    figures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    mails: int = 0
    answers: int = 0

    @property
    def ports(self) -> list[int]:
        return [one.smtp_port for one in self.bench.replicas]

    def next_mails(self, count: int) -> list[int]:
        self.mails += count
        return list(range(self.mails - count, self.mails))

    def note(self, **values: float) -> None:
        for name, value in values.items():
            self.figures[name].append(value)

    def result(self) -> Figures:
        """Medians, and under `rounds` what they are of."""
        medians = {name: statistics.median(values) for name, values in self.figures.items()}
        return {**medians, "rounds": dict(self.figures)}


async def measure(
    cases: Sequence[str], databases: Databases, options: argparse.Namespace
) -> dict[str, Figures]:
    """Cases that are compared with each other: they run together and take turns."""
    async with AsyncExitStack() as stack:
        courses: dict[str, Course] = {}
        for case in cases:
            setup = CASES[case]
            bench = await stack.enter_async_context(
                running(databases, setup.kind, replicas=setup.replicas, filled=setup.filled)
            )
            courses[case] = Course(bench)
            courses[case].note(tickets=databases.tickets if setup.filled else 0)
        for course in courses.values():
            await _warm_up(course)
        for _ in range(options.rounds):
            for course in courses.values():
                await _burst(course, options.mails)
        for course in courses.values():
            await _at_half_load(course)
            await _answer_alone(course)
        for _ in range(options.rounds):
            for course in courses.values():
                await _answer_burst(course, options.mails // 2)
        return {case: course.result() for case, course in courses.items()}


async def _warm_up(course: Course) -> None:
    bench = course.bench
    await send_mails(course.ports, course.next_mails(20), None)
    await wait_for_posts(bench.slack, course.mails)
    ready = max(one.ready_seconds for one in bench.replicas)
    course.note(ready_seconds=ready, idle_mb=bench.resident_mb())


async def _burst(course: Course, mails: int) -> None:
    bench = course.bench
    started, cpu = time.time(), bench.cpu_seconds()
    _, accepted = await send_mails(course.ports, course.next_mails(mails), None)
    posts = await wait_for_posts(bench.slack, course.mails)
    course.note(
        accepted_per_second=accepted,
        posted_per_second=mails / (max(at for at, _, _ in posts) - started),
        cpu_ms_a_mail=1000 * (bench.cpu_seconds() - cpu) / mails,
        load_mb=bench.resident_mb(),
    )


async def _at_half_load(course: Course) -> None:
    half = statistics.median(course.figures["posted_per_second"]) / 2
    mails = course.next_mails(max(100, int(half * 10)))
    ended, _ = await send_mails(course.ports, mails, half)
    posts = await wait_for_posts(course.bench.slack, course.mails)
    waits = [at - ended[number] for at, text, _ in posts if (number := _number(text)) in ended]
    course.note(post_p50_ms=_percentile(waits, 50), post_p99_ms=_percentile(waits, 99))


async def _answer_alone(course: Course) -> None:
    """One answer after the other, with nothing else to do."""
    posts = await wait_for_posts(course.bench.slack, course.mails)
    waits = []
    for _, _, ts in posts[-100:]:
        asked = time.time()
        (number,) = await _answer(course, [ts])
        waits.append(course.bench.sink.arrived[number] - asked)
    course.note(reply_p50_ms=_percentile(waits, 50), reply_p99_ms=_percentile(waits, 99))


async def _answer_burst(course: Course, answers: int) -> None:
    posts = await wait_for_posts(course.bench.slack, course.mails)
    started, cpu = time.time(), course.bench.cpu_seconds()
    numbers = await _answer(course, [ts for _, _, ts in posts[-answers:]])
    arrived = course.bench.sink.arrived
    course.note(
        replies_per_second=len(numbers) / (max(arrived[one] for one in numbers) - started),
        cpu_ms_a_reply=1000 * (course.bench.cpu_seconds() - cpu) / len(numbers),
    )


async def _answer(course: Course, threads: Sequence[str]) -> list[int]:
    """An agent's answer in each of the threads; their numbers, when the smarthost has them all."""
    first = course.answers
    course.answers += len(threads)
    numbers = list(range(first, course.answers))
    said = [(ts, f"answer-{n}- thanks") for n, ts in zip(numbers, threads, strict=True)]
    async with aiohttp.ClientSession() as session, asyncio.timeout(300):
        await _say(session, course.bench.slack, said)
        while not all(number in course.bench.sink.arrived for number in numbers):
            await asyncio.sleep(0.001)
    return numbers


def _percentile(seconds: list[float], percent: int) -> float:
    """In milliseconds."""
    return 1000 * statistics.quantiles(seconds, n=100)[percent - 1]


async def _say(session: aiohttp.ClientSession, slack: str, messages: list[tuple[str, str]]) -> None:
    body = {"channel": CHANNEL, "messages": messages}
    async with session.post(f"{slack}/bench/say", json=body) as response:
        response.raise_for_status()


def _number(text: str) -> int:
    found = re.search(r"question-(\d+)-", text)
    return int(found[1]) if found else -1


def ratio(figures: Figures, base: Figures, name: str) -> float:
    """The median of the ratios of what was measured in the same rounds."""
    pairs = zip(figures["rounds"][name], base["rounds"][name], strict=True)
    return float(statistics.median(one / other for one, other in pairs))


def render(found: dict[str, Figures]) -> str:
    """A table: a row a figure, a column a case, and the full database beside the new one."""
    names = [name for name in next(iter(found.values())) if name != "rounds"]
    lines = [f"{'':22}" + "".join(f"{case:>16}" for case in found)]
    lines += [
        f"{name:22}" + "".join(f"{figures[name]:16.1f}" for figures in found.values())
        for name in names
    ]
    for new, full in NEW_AND_FULL:
        if {new, full} <= found.keys():
            for name in ("posted_per_second", "replies_per_second"):
                times = ratio(found[full], found[new], name)
                lines.append(f"{name}, {full}: {times:.2f} x {new}")
    return "\n".join(lines)


def _side_by_side(case: str) -> tuple[str, int]:
    return CASES[case].kind, CASES[case].replicas


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=400, help="in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tickets", type=int, default=1_000_000, help="in the full database")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    wanted = options.cases.split(",")
    found: dict[str, Figures] = {}
    with Databases(options.tickets) as databases:
        for _, group in groupby((one for one in CASES if one in wanted), key=_side_by_side):
            cases = list(group)
            print(f"{', '.join(cases)} …", flush=True)
            found |= asyncio.run(measure(cases, databases, options))
            if options.json:
                options.json.write_text(json.dumps(found, indent=1))
    print(render(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
