"""1,000 IDLE mailboxes in one process: threads, memory, how soon a new mail is stored, a burst.

    python -m tests.bench.imap_idle [--json FILE] [--mailboxes N] [--tls]

The server is the scripted one, in a process of its own; it stamps each mail with the time at which
it was announced (the clock is the machine's, shared by both processes).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import ssl
import tempfile
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from secrets import token_hex
from typing import Any

import trustme

from mail.connections import FetchedBatch, ImapSettings
from mail.discovery.providers import Security
from mail.errors import MailError
from mail.imap.watch import ImapWatcher, WatchedAccount
from tests.bench.intake_store import IntakeStore

MAILBOXES = 1000
SINGLE = 300


def serve(pipe: Connection, folder: str, tls: bool) -> None:
    """The server's process: obeys ("watchers"|"one"|"burst"|"stop", …) from `pipe`."""
    asyncio.run(_serve(pipe, Path(folder), tls))


async def _serve(pipe: Connection, folder: Path, tls: bool) -> None:
    from tests.servers.scripted_imap import running_scripted_imap

    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
    loop = asyncio.get_running_loop()
    async with running_scripted_imap(tls=context) as server:
        pipe.send(server.port)
        while True:
            order, *rest = await loop.run_in_executor(None, pipe.recv)
            if order == "watchers":
                pipe.send(sum(len(box.watchers) for box in server.boxes.values()))
            elif order == "one":
                server.box(rest[0]).add(_mail())
            elif order == "burst":
                for box in list(server.boxes.values()):
                    box.add(_mail())
                    await asyncio.sleep(0)
            else:
                return


def _mail() -> bytes:
    head = b"X-Announced: %.6f\r\nMessage-ID: <%s@cust.example>\r\nFrom: jo@cust.example\r\n"
    date = b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nSubject: bench\r\n\r\n"
    return head % (time.time(), token_hex(8).encode()) + date + b"x" * 2000 + b"\r\n"


@dataclass
class Intake:
    """The product's own intake; counts what was stored, how long after its announcement."""

    store: IntakeStore
    delays: list[float] = field(default_factory=list)
    errors: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def on_mails(self, account: str, batch: FetchedBatch) -> None:
        await self.store.take(self.store.ids[int(account)], batch)
        if not batch.mails:
            return
        now = time.time()
        async with self.changed:
            for mail in batch:
                self.delays.append(now - float(mail.data.split(b"\r\n", 1)[0][13:]))
            self.changed.notify_all()

    async def on_health(self, account: str, error: MailError | None) -> None:
        self.errors += error is not None
        await self.store.note(self.store.ids[int(account)], error)

    async def until(self, count: int, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(lambda: len(self.delays) >= count)
        except TimeoutError:
            return False
        return True


async def main(mailboxes: int = MAILBOXES, *, tls: bool = False) -> dict[str, Any]:
    """Connect, wait for quiet, single mails at random, then one mail to each at once."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(f"{folder}/server.pem")
        authority.cert_pem.write_to_path(f"{folder}/ca.pem")
        server = spawn.Process(target=serve, args=(theirs, folder, tls), daemon=True)
        server.start()
        try:
            return await _measure(ours, Path(folder), mailboxes, tls)
        finally:
            ours.send(("stop",))
            await asyncio.to_thread(server.join, 10)


async def _measure(pipe: Connection, folder: Path, mailboxes: int, tls: bool) -> dict[str, Any]:
    port = await asyncio.to_thread(pipe.recv)
    store = IntakeStore(folder / "idle.db", channels=mailboxes)
    await store.open()
    intake = Intake(store)
    empty = _rss()
    watcher = ImapWatcher(intake.on_mails, intake.on_health)
    started = time.perf_counter()
    security = Security.TLS if tls else Security.NONE
    for number in range(mailboxes):
        settings = ImapSettings(
            "127.0.0.1",
            f"user{number}",
            port,
            security,
            "secret",
            ca_file=f"{folder}/ca.pem" if tls else None,
        )
        watcher.add(WatchedAccount(str(number), settings))
    while await _watchers(pipe) < mailboxes:
        await asyncio.sleep(0.2)
    connect_seconds = time.perf_counter() - started
    await asyncio.sleep(4)  # each looks once more after two seconds
    while await _watchers(pipe) < mailboxes:
        await asyncio.sleep(0.2)

    for _ in range(SINGLE):
        pipe.send(("one", f"user{random.randrange(mailboxes)}"))
        await asyncio.sleep(0.02)
    single_all = await intake.until(SINGLE, 30)
    single = sorted(intake.delays)
    await asyncio.sleep(3)
    before = len(intake.delays)
    burst_started = time.perf_counter()
    pipe.send(("burst",))
    burst_all = await intake.until(before + mailboxes, 60)
    burst_seconds = time.perf_counter() - burst_started
    result = {
        "bench": "imap_idle",
        "mailboxes": mailboxes,
        "tls": tls,
        "threads": threading.active_count(),
        "rss_mb": round(_rss() / 1e6, 1),
        "kb_per_mailbox": round((_rss() - empty) / mailboxes / 1000, 1),
        "connect_s": round(connect_seconds, 1),
        "single_p50_ms": round(single[len(single) // 2] * 1000, 1),
        "single_p99_ms": round(single[int(len(single) * 0.99)] * 1000, 1),
        "burst_s": round(burst_seconds, 2),
        "missed": SINGLE + mailboxes - len(intake.delays),
        "errors": intake.errors,
        "complete": single_all and burst_all,
    }
    await watcher.stop()
    await store.close()
    return result


def _rss() -> int:
    """Bytes of memory that this process holds."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def _watchers(pipe: Connection) -> int:
    pipe.send(("watchers",))
    answer: int = await asyncio.to_thread(pipe.recv)
    return answer


def run(
    file: Path | None = None, mailboxes: int = MAILBOXES, *, tls: bool = False
) -> dict[str, Any]:
    """Measure, print, and give the figures."""
    result = asyncio.run(main(mailboxes, tls=tls))
    if file is not None:
        file.write_text(json.dumps(result, indent=1))
    print(f"IDLE, {mailboxes} mailboxes{', TLS' if tls else ''}, one process        target")
    print(f"  threads                 {result['threads']:>8}   32")
    print(f"  memory, MB              {result['rss_mb']:>8}   200")
    print(f"  new mail stored, p50 ms {result['single_p50_ms']:>8}")
    print(f"  new mail stored, p99 ms {result['single_p99_ms']:>8}   1000")
    print(f"  burst, one each, s      {result['burst_s']:>8}   10")
    print(f"  missed                  {result['missed']:>8}   0")
    print(f"  (connected after {result['connect_s']} s, {result['kb_per_mailbox']} kB a mailbox)")
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--mailboxes", type=int, default=MAILBOXES)
    arguments = parser.parse_args()
    run(arguments.json, arguments.mailboxes, tls=arguments.tls)
