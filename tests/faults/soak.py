"""A soak: a real `canal run` under a steady load, and whether anything in it grows.

    python -m tests.faults.soak [--minutes 10] [--rate MAILS_PER_SECOND] [--database-url URL]

Without a rate a burst is measured first and half of what came through is the load. One mail of
three is answered by an agent. After the first minute and at the end the process is looked at from
outside: memory, file descriptors, sockets, threads, asyncio tasks, the outbox. It fails when the
memory at the end is over 1.1 times that after the first minute, or when anything else has grown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import aiohttp
import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope

from tests.app.process import ROOT, CanalProcess, run_cli
from tests.servers.ports import free_port

_GROWTH = 1.1
_SPARE = 12
"""File descriptors, threads or tasks more than at the first look that are only what is in hand."""
_BURST = 300
_SENDERS = 10
_CHANNEL = "C0000BENCH"
_BODY = ("The invoice of May lists two seats and we have only one of them in use. " * 50)[:3400]


class Sink:
    """A smarthost that takes everything and remembers the numbers of the answers."""

    def __init__(self) -> None:
        self.arrived: Counter[int] = Counter()

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        found = re.search(rb"answer-(\d+)-", bytes(envelope.original_content or b""))
        if found:
            self.arrived[int(found[1])] += 1
        return "250 2.0.0 OK"


@dataclass(frozen=True, slots=True)
class Look:
    """The process, seen from outside at one moment."""

    rss_mb: float
    fds: int
    sockets: int
    threads: int
    tasks: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the load goes."""

    canal: CanalProcess
    slack: str
    sink: Sink

    async def look(self) -> Look:
        """The middle of some looks within a few seconds: a request in hand is no leak."""
        looks = []
        for _ in range(5):
            looks.append(await self._look_once())
            await asyncio.sleep(0.7)
        return Look(*(statistics.median_low([getattr(one, f.name) for one in looks])
                      for f in fields(Look)))  # fmt: skip

    async def _look_once(self) -> Look:
        folder = Path("/proc") / str(self.canal.pid)
        status = (folder / "status").read_text()
        links = [_link(one) for one in (folder / "fd").iterdir()]
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://{self.canal.http.removeprefix('http://')}/metrics") as answer,
        ):
            metrics = await answer.text()
        return Look(
            rss_mb=int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024,  # type: ignore[index]
            fds=len(links),
            sockets=sum(one.startswith("socket:") for one in links),
            threads=int(re.search(r"Threads:\s+(\d+)", status)[1]),  # type: ignore[index]
            tasks=int(_sum(metrics, "canal_asyncio_tasks")),
            waiting=int(_sum(metrics, "canal_outbox_depth")),
        )


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""


def _sum(metrics: str, name: str) -> float:
    return sum(
        float(one) for one in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", metrics, re.MULTILINE)
    )


@asynccontextmanager
async def running(database_url: str | None) -> AsyncIterator[Place]:
    slack_port = free_port()
    sink = Sink()
    smarthost = await asyncio.get_running_loop().create_server(lambda: SMTP(sink), "127.0.0.1", 0)
    slack = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.fast_slack", str(slack_port), cwd=ROOT
    )
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "SLACK_BOT_TOKEN": "xoxb-bench",
            "SLACK_APP_TOKEN": "xapp-bench",
            "SLACK_API_URL": f"http://127.0.0.1:{slack_port}/api/",
            "CANAL_DATA_DIR": folder,
            "CANAL_SMTP_LISTEN": "127.0.0.1:0",
            "CANAL_HTTP_LISTEN": "127.0.0.1:0",
            "CANAL_SMARTHOST_URL": f"smtp://127.0.0.1:{smarthost.sockets[0].getsockname()[1]}",
            "CANAL_LOG_LEVEL": "error",
            "CANAL_INBOUND_DOMAIN": "in.bench.example",
            **({"CANAL_DATABASE_URL": database_url} if database_url else {}),
        }
        canal = CanalProcess(env)
        try:
            await posted(f"http://127.0.0.1:{slack_port}", 0)
            words = (
                f"channels add --name Bench --slack-channel {_CHANNEL} --primary help@bench.example"
            )
            status, _, told = await run_cli(env, *words.split(), "--undo-seconds", "0")
            assert status == 0, told
            await canal.start()
            yield Place(canal, f"http://127.0.0.1:{slack_port}", sink)
        finally:
            await canal.discard()
            slack.terminate()
            await slack.wait()
            smarthost.close()


class Load:
    """Mails at a rate, and an answer to every third; counts what was handed in."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._numbers = itertools.count(1)
        self.mails = 0
        self.replies = 0

    async def burst(self, count: int) -> float:
        """How many mails a second come through with their answers when all come at once."""
        started = time.monotonic()
        await self._send(count)
        await posted(self._place.slack, self.mails)
        await self._answer(count)
        await self.until_answered()
        return count / (time.monotonic() - started)

    async def until_answered(self) -> None:
        async with asyncio.timeout(120):
            while len(self._place.sink.arrived) < self.replies:
                await asyncio.sleep(0.05)

    async def steadily(self, rate: float, seconds: float) -> None:
        started = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - started) < seconds:
            due = int(elapsed * rate) - sent
            if due > 0:
                await self._send(due)
                sent += due
                await self._answer(due)
            await asyncio.sleep(0.2)

    async def _send(self, count: int) -> None:
        """Over some connections at once, as mail comes."""
        numbers = list(itertools.islice(self._numbers, count))
        await asyncio.gather(
            *(self._send_one_by_one(numbers[n::_SENDERS]) for n in range(_SENDERS))
        )
        self.mails += count

    async def _send_one_by_one(self, numbers: list[int]) -> None:
        if not numbers:
            return
        host, port = self._place.canal.smtp
        client = aiosmtplib.SMTP(hostname=host, port=port, use_tls=False, start_tls=False)
        async with client:
            for number in numbers:
                await client.sendmail("jo@cust.example", ["help@bench.example"], _mail(number))

    async def _answer(self, mails: int) -> None:
        """In the threads of the newest cards."""
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{self._place.slack}/bench/posts?count") as answer:
                count = await answer.json()
            async with http.get(
                f"{self._place.slack}/bench/posts?from={max(0, count - 600)}"
            ) as answer:
                newest = await answer.json()
            threads = [ts for _, text, ts in newest if "question-" in text][-max(1, mails // 3) :]
            said = [(ts, f"answer-{self.replies + n}- thanks") for n, ts in enumerate(threads)]
            body = {"channel": _CHANNEL, "messages": said}
            async with http.post(f"{self._place.slack}/bench/say", json=body) as answer:
                answer.raise_for_status()
            self.replies += len(said)


def _mail(number: int) -> bytes:
    return (
        f"From: Jo Miller <jo{number}@cust.example>\r\nTo: help@bench.example\r\n"
        f"Subject: question-{number}-\r\nMessage-ID: <q{number}@cust.example>\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n\r\n{_BODY}\r\n"
    ).encode()


async def posted(slack: str, count: int) -> int:
    """How many posts there are, once there are `count`."""
    async with asyncio.timeout(120), aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectorError):
                async with http.get(f"{slack}/bench/posts?count") as answer:
                    if (found := int(await answer.json())) >= count:
                        return found
            await asyncio.sleep(0.05)


async def soak(minutes: float, rate: float | None, database_url: str | None) -> int:
    async with running(database_url) as place:
        load = Load(place)
        reached = await load.burst(_BURST)
        rate = rate or reached / 2
        print(f"{reached:.0f} mails/s in a burst; {rate:.0f}/s for {minutes:g} min", flush=True)
        await load.steadily(rate, 60)
        first = await place.look()
        last = first
        print("after a minute", first, flush=True)
        for left in range(int(minutes) - 1, 0, -1):
            await load.steadily(rate, 60)
            print(f"{left - 1} min left  ", last := await place.look(), flush=True)
        await load.until_answered()
        assert await posted(place.slack, load.mails) == load.mails, "posted twice"
        assert max(place.sink.arrived.values()) == 1, "sent twice"
        print(f"{load.mails} mails, {load.replies} replies, all there")
        return report(first, last)


def report(first: Look, last: Look) -> int:
    problems = []
    if last.rss_mb > first.rss_mb * _GROWTH:
        problems.append(f"memory: {last.rss_mb:.1f} MB after {first.rss_mb:.1f} MB")
    problems += [
        f"{name}: {getattr(last, name)} after {getattr(first, name)}"
        for name in ("fds", "sockets", "threads", "tasks")
        if getattr(last, name) > getattr(first, name) + _SPARE
    ]
    if last.waiting > max(200, 2 * first.waiting):
        problems.append(f"the outbox: {last.waiting} after {first.waiting}")
    ratio = last.rss_mb / first.rss_mb
    print(f"memory {ratio:.3f} times that after a minute; " + ("; ".join(problems) or "no leak"))
    return 1 if problems else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--database-url")
    options = parser.parse_args()
    return asyncio.run(soak(options.minutes, options.rate, options.database_url))


if __name__ == "__main__":
    sys.exit(main())
