"""A mail's whole way and a reply's, through a real `canal run`: rates and times.

    python -m tests.bench end_to_end [--mails N] [--json FILE] [--database-url URL]

Canal, Slack (tests/bench/fast_slack: no limits) and the clients run in processes of their own.
A burst sends as fast as mails are accepted. Half of the rate that it reached is then the load under
which the time from the end of DATA to the post is measured, and, with nothing else to do, the time
from an agent's message to the smarthost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
from aiosmtpd.smtp import SMTP

from tests.servers.ports import free_port

CHANNEL = "C0000BENCH"
CONNECTIONS = 10
_BODY = ("The invoice of May lists two seats and we have only one of them in use. " * 50)[:3400]


class Sink:
    """A smarthost that takes everything and notes when."""

    def __init__(self) -> None:
        self.arrived: dict[int, float] = {}

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: object, _session: object, envelope: Any
    ) -> str:
        found = re.search(rb"answer-(\d+)-", envelope.content)
        if found:
            self.arrived[int(found[1])] = time.time()
        return "250 2.0.0 OK"


@asynccontextmanager
async def running(database_url: str | None) -> AsyncIterator[tuple[int, str, Sink]]:
    """(Canal's SMTP port, Slack's address, the smarthost), with one channel without undo time."""
    slack_port, smtp_port, http_port = free_port(), free_port(), free_port()
    sink = Sink()
    loop = asyncio.get_running_loop()
    smarthost = await loop.create_server(lambda: SMTP(sink), "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "SLACK_BOT_TOKEN": "xoxb-bench",
            "SLACK_APP_TOKEN": "xapp-bench",
            "SLACK_API_URL": f"http://127.0.0.1:{slack_port}/api/",
            "CANAL_DATA_DIR": folder,
            "CANAL_SMTP_LISTEN": f"127.0.0.1:{smtp_port}",
            "CANAL_HTTP_LISTEN": f"127.0.0.1:{http_port}",
            "CANAL_SMARTHOST_URL": f"smtp://127.0.0.1:{smarthost.sockets[0].getsockname()[1]}",
            "CANAL_LOG_LEVEL": "error",
            "CANAL_INBOUND_DOMAIN": "in.bench.example",
        }
        if database_url:
            env["CANAL_DATABASE_URL"] = database_url
        slack = await _start("tests.bench.fast_slack", str(slack_port), env=env)
        canal = None
        try:
            await _answers(f"http://127.0.0.1:{slack_port}/bench/posts?count")
            options = f"--name Bench --slack-channel {CHANNEL} --primary help@bench.example"
            await _run("bot", "channels", "add", *options.split(), "--undo-seconds", "0", env=env)
            canal = await _start("bot", "run", env=env)
            await _answers(f"http://127.0.0.1:{http_port}/readyz")
            yield smtp_port, f"http://127.0.0.1:{slack_port}", sink
        finally:
            for process in (canal, slack):
                if process is not None:
                    process.terminate()
                    await process.wait()
            smarthost.close()


async def _start(*arguments: str, env: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, env=env, stdout=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip


async def _run(*arguments: str, env: dict[str, str]) -> None:
    process = await _start(*arguments, env=env)
    if await process.wait():
        raise SystemExit(f"{' '.join(arguments)} failed")


async def _answers(url: str) -> None:
    """Wait until the address answers 200."""
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def send_mails(
    port: int, numbers: list[int], rate: float | None
) -> tuple[dict[int, float], float]:
    """Send one mail for each number; returns when each DATA ended, and the accepted ones/s."""
    ended: dict[int, float] = {}
    queue = list(reversed(numbers))
    started = time.time()

    async def client() -> None:
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, use_tls=False, start_tls=False
        ) as smtp:
            while queue:
                number = queue.pop()
                if rate:
                    due = started + (number - numbers[0]) / rate
                    await asyncio.sleep(max(0.0, due - time.time()))
                await smtp.mail("jo@cust.example")
                await smtp.rcpt("help@bench.example")
                sending = asyncio.ensure_future(smtp.data(_mail(number)))
                await sending
                ended[number] = time.time()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return ended, len(numbers) / (time.time() - started)


def _mail(number: int) -> bytes:
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


async def measure(mails: int, database_url: str | None) -> dict[str, Any]:
    async with running(database_url) as (port, slack, sink):
        await send_mails(port, list(range(20)), None)
        await wait_for_posts(slack, 20)
        burst = list(range(1000, 1000 + mails))
        started = time.time()
        _, accepted = await send_mails(port, burst, None)
        posts = await wait_for_posts(slack, 20 + mails)
        posted = mails / (max(at for at, _, _ in posts) - started)
        slow = list(range(100_000, 100_000 + max(50, int(posted * 5))))
        ended, _ = await send_mails(port, slow, posted / 2)
        posts = await wait_for_posts(slack, 20 + mails + len(slow))
        waits = [at - ended[number] for at, text, _ in posts if (number := _number(text)) in ended]
        replied, reply_waits = await _answer(slack, sink, [ts for _, _, ts in posts[-mails:]])
    return {
        "accepted_per_second": accepted,
        "posted_per_second": posted,
        "post_p50_ms": 1000 * statistics.median(waits),
        "post_p99_ms": 1000 * statistics.quantiles(waits, n=100)[98],
        "replies_per_second": replied,
        "reply_p50_ms": 1000 * statistics.median(reply_waits),
    }


async def _answer(slack: str, sink: Sink, threads: list[str]) -> tuple[float, list[float]]:
    """An agent's answer in every thread: replies/s, and a few alone for their time."""
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=400)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--database-url", default=os.environ.get("CANAL_BENCH_DATABASE_URL"))
    options = parser.parse_args()
    found = asyncio.run(measure(options.mails, options.database_url))
    for name, value in found.items():
        print(f"{name:22} {value:10.1f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
