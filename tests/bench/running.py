"""What the end-to-end benchmark runs: Canals, a Slack without limits, a smarthost, a database.

Each Canal and the Slack have a process of their own; the smarthost and the clients are here.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiosmtpd.smtp import SMTP

from tests.bench.databases import Databases
from tests.servers.ports import free_port

CHANNEL = "C0000BENCH"
RECIPIENT = "help@bench.example"
_ROOT = Path(__file__).parents[2]
_PATIENCE = 60


class Sink:
    """A smarthost that takes everything and notes when."""

    def __init__(self) -> None:
        self.arrived: dict[int, float] = {}

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: object, _session: object, envelope: Any
    ) -> str:
        _, found, rest = envelope.content.partition(b"answer-")
        if found:
            self.arrived[int(rest.partition(b"-")[0])] = time.time()
        return "250 2.0.0 OK"


@dataclass
class Replica:
    process: asyncio.subprocess.Process
    smtp_port: int
    ready_seconds: float

    def resident_mb(self) -> float:
        """What the process has in memory now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("this system does not tell the memory of a process")

    def cpu_seconds(self) -> float:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Bench:
    """A running installation with one email channel without undo time."""

    slack: str
    sink: Sink
    replicas: list[Replica] = field(default_factory=list)

    def resident_mb(self) -> float:
        return max(one.resident_mb() for one in self.replicas)

    def cpu_seconds(self) -> float:
        return sum(one.cpu_seconds() for one in self.replicas)


@asynccontextmanager
async def running(
    databases: Databases, kind: str, *, replicas: int = 1, filled: bool = False
) -> AsyncIterator[Bench]:
    """`replicas` Canals on one database, a new or a full one."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink = Sink()
        loop = asyncio.get_running_loop()
        smarthost = await loop.create_server(lambda: SMTP(sink), "127.0.0.1", 0)
        stack.callback(smarthost.close)
        slack_port = free_port()
        env = _environment(folder, slack_port, smarthost.sockets[0].getsockname()[1])
        env["CANAL_SECRET_KEY"] = databases.key
        await stack.enter_async_context(
            _process("tests.bench.fast_slack", str(slack_port), env=env)
        )
        slack = f"http://127.0.0.1:{slack_port}"
        await _answers(f"{slack}/bench/posts?count")

        async def add_channel(url: str) -> None:
            options = (
                f"--name Bench --slack-channel {CHANNEL} --primary {RECIPIENT} --undo-seconds 0"
            )
            await _run(
                "bot", "channels", "add", *options.split(), env={**env, "CANAL_DATABASE_URL": url}
            )

        opened = databases.opened(kind, filled=filled, prepare=add_channel)
        env["CANAL_DATABASE_URL"] = await stack.enter_async_context(opened)
        bench = Bench(slack, sink)
        for _ in range(replicas):
            bench.replicas.append(await stack.enter_async_context(_replica(env)))
        yield bench


def _environment(folder: Path, slack_port: int, smarthost_port: int) -> dict[str, str]:
    return {
        **os.environ,
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_APP_TOKEN": "xapp-bench",
        "SLACK_API_URL": f"http://127.0.0.1:{slack_port}/api/",
        "CANAL_DATA_DIR": str(folder / "data"),
        "CANAL_SMARTHOST_URL": f"smtp://127.0.0.1:{smarthost_port}",
        "CANAL_LOG_LEVEL": "error",
        "CANAL_INBOUND_DOMAIN": "in.bench.example",
        "CANAL_VERIFY_SENDERS": "off",
    }


@asynccontextmanager
async def _replica(env: dict[str, str]) -> AsyncIterator[Replica]:
    smtp_port, http_port = free_port(), free_port()
    own = {
        "CANAL_SMTP_LISTEN": f"127.0.0.1:{smtp_port}",
        "CANAL_HTTP_LISTEN": f"127.0.0.1:{http_port}",
    }
    started = time.monotonic()
    async with _process("bot", "run", env={**env, **own}) as process:
        await _answers(f"http://127.0.0.1:{http_port}/readyz")
        yield Replica(process, smtp_port, time.monotonic() - started)


@asynccontextmanager
async def _process(
    *arguments: str, env: dict[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await _start(*arguments, env=env)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _start(*arguments: str, env: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, env=env, stdout=asyncio.subprocess.DEVNULL, cwd=_ROOT
    )


async def _run(*arguments: str, env: dict[str, str]) -> None:
    process = await _start(*arguments, env=env)
    if await process.wait():
        raise SystemExit(f"{' '.join(arguments)} failed")


async def _answers(url: str) -> None:
    """Wait until the address answers 200."""
    async with asyncio.timeout(_PATIENCE), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
