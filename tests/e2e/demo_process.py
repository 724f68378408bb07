"""`canal demo` as a process of its own, on free ports, with a data folder of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_TIME = 60.0
STOP_TIME = 30.0
_READY = "Ctrl-C ends it"


class DemoProcess:
    """Start it, look at `page_url` and `smtp`, interrupt it; again and again on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page_url = ""
        self.smtp = ""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when the demo says that it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await self._spawn("demo", "--port", "0", stderr=log.fileno())
        said = await asyncio.wait_for(self._until_ready(), START_TIME)
        self.page_url = _found(r"Page:\s+(\S+)", said)
        self.smtp = _found(r"SMTP:\s+(\S+)", said)

    async def interrupt(self) -> float:
        """Ctrl-C. Returns the seconds until it ended; raises when it ended badly."""
        process = self._process
        assert process is not None
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), STOP_TIME)
        self._process = None
        assert process.returncode == 0, self.log.read_text()
        return time.monotonic() - started

    async def close(self) -> None:
        """However it stands, it is gone after this."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.communicate()
            self._process = None

    async def run(self, *arguments: str) -> str:
        """Another `canal` command on the same data; returns what it printed."""
        process = await self._spawn(*arguments, stderr=asyncio.subprocess.PIPE)
        out, err = await asyncio.wait_for(process.communicate(), START_TIME)
        assert process.returncode == 0, err.decode()
        return out.decode()

    @property
    def log(self) -> Path:
        return self.folder / "demo.log"

    async def _spawn(self, *arguments: str, stderr: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=ROOT,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CANAL_", "SLACK_"))
        }
        return {
            **kept,
            "CANAL_DATA_DIR": str(self.folder / "data"),
            "CANAL_SMTP_LISTEN": "127.0.0.1:0",
            "CANAL_HTTP_LISTEN": "127.0.0.1:0",
        }

    async def _until_ready(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        said = ""
        async for line in self._process.stdout:
            said += line.decode()
            if _READY in said:
                return said
        raise AssertionError(f"canal demo ended: {said}\n{self.log.read_text()}")


@asynccontextmanager
async def running_demo(folder: Path) -> AsyncIterator[DemoProcess]:
    demo = DemoProcess(folder)
    try:
        await demo.start()
        yield demo
    finally:
        await demo.close()


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]
