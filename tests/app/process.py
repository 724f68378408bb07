"""A Canal in a process of its own, which a test can kill; its Slack and smarthost live here."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.cli.support import open_offline
from handlers.channels.channels import ChannelStatus
from handlers.channels.fields import ChannelFields
from tests.app.harness import Harness

ROOT = Path(__file__).parents[2]
_READY = "Canal is running."
START_SECONDS = 30.0


class CanalProcess:
    """`python -m bot run`, from the line that says it runs until its end."""

    def __init__(self, env: Mapping[str, str], *, module: str = "bot") -> None:
        self._env = clean_env(env)
        self._module = module
        self._process: Process | None = None
        self.smtp: tuple[str, int]
        self.http = ""
        self._errors: asyncio.Task[bytes]

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def _running(self) -> Process:
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, "run", cwd=ROOT, env=self._env,
            stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        assert self._process.stderr is not None
        self._errors = asyncio.create_task(self._process.stderr.read())
        async with asyncio.timeout(START_SECONDS):
            told = await self._lines_until("HTTP:")
        assert _READY in told, told + (await self._errors).decode()
        host, port = re.search(r"SMTP:\s+(\S+):(\d+)", told).groups()  # type: ignore[union-attr]
        self.smtp = (host, int(port))
        self.http = re.search(r"HTTP:\s+(\S+)", told).group(1)  # type: ignore[union-attr]

    async def kill(self) -> None:
        """As by the out-of-memory killer: it can do nothing about it."""
        self._running.kill()
        await self._running.wait()
        await self._errors

    async def died(self) -> int:
        """Waits until it has ended by itself; returns the exit status."""
        status = await self._running.wait()
        await self._errors
        return status

    async def end(self, number: signal.Signals = signal.SIGTERM, within: float = 5.0) -> int:
        """Asks it to end; returns the exit status. Raises TimeoutError."""
        self._running.send_signal(number)
        try:
            async with asyncio.timeout(within):
                return await self._running.wait()
        except TimeoutError:
            self._running.kill()
            raise

    async def errors(self) -> str:
        """What it wrote to stderr, once it has ended."""
        return (await self._errors).decode()

    async def discard(self) -> None:
        """Leaves nothing behind, however the test ended."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._errors

    async def _lines_until(self, word: str) -> str:
        told = ""
        assert self._running.stdout is not None
        while word not in told:
            line = await self._running.stdout.readline()
            if not line:
                break
            told += line.decode()
        return told


class ProcessHarness(Harness):
    """The harness of a whole Canal, but Canal is another process."""

    def __init__(self, folder: Path, *, env: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, env=env)
        self.process = CanalProcess({})
        self._runs = asyncio.Event()

    async def start_canal(self) -> None:
        if not hasattr(self, "inbound"):
            await self.add_channel()
        self.process = CanalProcess(self.environment())
        await self.process.start()
        self.smtp_address = self.process.smtp
        await self.sandbox.connected(START_SECONDS)
        self._runs.set()

    async def until_running(self) -> None:
        await self._runs.wait()

    async def stop_canal(self) -> None:
        await self.process.discard()

    async def kill(self) -> None:
        self._runs.clear()
        await self.process.kill()

    async def add_channel(self, **values: Any) -> ChannelStatus:
        """Set up before Canal runs, as `canal channels add` does it."""
        async with open_offline(self.environment()) as offline:
            status = await offline.channels.add(self.channel_fields(**values))
        self.inbound = str(status.channel.inbound_address)
        return status

    async def edit_channel(self, **values: Any) -> None:
        """From outside, while Canal runs; what is written later finds it changed."""
        async with open_offline(self.environment()) as offline:
            await offline.channels.edit("Support", ChannelFields(**values))


def clean_env(env: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    return {**kept, "PYTHONUNBUFFERED": "1", **env}


async def run_cli(
    env: Mapping[str, str], *words: str, within: float = 30.0, stdin: bytes | None = None
) -> tuple[int, str, str]:
    """`canal …` as a command: (exit status, stdout, stderr)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=ROOT, env=clean_env(env),
        stdin=PIPE, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within):
            out, err = await process.communicate(stdin or b"")
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    return process.returncode or 0, out.decode(), err.decode()
