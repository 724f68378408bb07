"""5,000 mails of 4 kB in Dovecot taken in and stored durably, beside imap-tools fetching them.

    python -m tests.bench.imap_fetch [--json FILE] [--mails N] [--plain]

Canal's side is the product's own path: the watcher logs in, fetches in batches, and waits until the
store has committed each batch (fetching the next meanwhile). The store is the product's intake on a
SQLite file, WAL and synchronous=FULL: arrivals, dedupe and cursor. `--plain` measures one table in
their place.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sqlite3
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from handlers.channels.connection_settings import read_fetch_options
from mail.connections import FetchedBatch, ImapCursor
from mail.discovery.providers import Security
from mail.errors import MailError
from mail.imap.watch import ImapWatcher, WatchedAccount
from tests.bench.intake_store import IntakeStore
from tests.servers.dovecot import Dovecot, running_dovecot

MAILS = 5000
ROUNDS = 3


class Store(Protocol):
    """Where the mails go."""

    async def store(self, batch: FetchedBatch) -> None:
        """Returns when the batch is on the disk."""
        ...

    async def close(self) -> None: ...


class SqliteStore:
    """One transaction a batch, mails and cursor together, compressed as the product keeps them."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def store(self, batch: FetchedBatch) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _write(self, batch: FetchedBatch) -> None:
        connection = self._connection or self._open()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO mail (uid, raw) VALUES (?, ?)",
            [(mail.uid, zlib.compress(mail.data, 1)) for mail in batch],
        )
        connection.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?)", [batch.cursor.to_text()])
        connection.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE mail (uid INTEGER PRIMARY KEY, raw BLOB NOT NULL)")
        connection.execute("CREATE TABLE cursor (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        self._connection = connection
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


_HOPS = "".join(
    f"Received: from mx{hop}.relay.example (mx{hop}.relay.example [192.0.2.{hop}])\r\n"
    f"\tby mx{hop + 1}.relay.example (Postfix) with ESMTPS id 4F{hop}8Q2xz1\r\n"
    "\tfor <support@shop.example>; Sun, 22 Nov 2026 10:00:00 +0000 (UTC)\r\n"
    for hop in range(4)
)


def make_mail(number: int) -> bytes:
    """About 4 kB as it arrives: relays, a signature, text and HTML."""
    signed = "\r\n\t".join(["b=" + "Zm9vYmFyYmF6cXV4" * 4] * 4)
    head = (
        f"{_HOPS}"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=customers.example; s=s1;\r\n"
        f"\th=from:to:subject:date:message-id:mime-version;\r\n\t{signed}\r\n"
        "Authentication-Results: mx.shop.example; dkim=pass header.d=customers.example;\r\n"
        "\tspf=pass smtp.mailfrom=customers.example; dmarc=pass\r\n"
        f"From: =?utf-8?q?J=C3=B6rg?= Customer {number} <c{number}@customers.example>\r\n"
        "To: Support <support@shop.example>\r\n"
        f"Subject: Re: Order {number} has not arrived\r\n"
        f"Message-ID: <bench-{number}@customers.example>\r\n"
        f"In-Reply-To: <before-{number}@shop.example>\r\n"
        f"References: <first-{number}@shop.example>\r\n\t<before-{number}@shop.example>\r\n"
        "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\nX-Mailer: Mailer 16.0\r\n"
        f'Content-Type: multipart/alternative; boundary="b{number}"\r\n\r\n'
    )
    line = f"My order {number} has not arrived yet, could you have a look?"
    text = "\r\n".join([line] * 16)
    html = "\r\n".join([f"<p>{line}</p>"] * 16)
    parts = [("plain", text), ("html", f"<html><body>{html}</body></html>")]
    body = "".join(
        f"--b{number}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: quoted-printable\r\n\r\n{content}\r\n"
        for kind, content in parts
    )
    return f"{head}{body}--b{number}--\r\n".encode()


async def take_with_canal(
    dovecot: Dovecot, user: str, mails: int, store: Store, *, mark: bool = False
) -> float:
    """Seconds until the last mail is stored; `mark` also sets \\Seen on what is."""
    done = asyncio.Event()
    stored = 0

    async def on_mails(_: str, batch: FetchedBatch) -> None:
        nonlocal stored
        await store.store(batch)
        stored += len(batch.mails)
        if stored >= mails:
            done.set()

    async def on_health(_: str, error: MailError | None) -> None:
        if error is not None:
            raise error

    uidvalidity = await asyncio.to_thread(_uidvalidity, dovecot, user)
    settings = dovecot.settings(user, port=dovecot.port, security=Security.NONE)
    watcher = ImapWatcher(on_mails, on_health)
    gc.collect()  # what the other has left behind is no part of this
    started = time.perf_counter()
    watcher.add(
        WatchedAccount(
            user,
            settings,
            ImapCursor(uidvalidity, 0),
            read_fetch_options({"mark_read": mark}),
        )
    )
    await done.wait()
    seconds = time.perf_counter() - started
    await watcher.stop()
    assert stored == mails
    return seconds


def take_with_imap_tools(dovecot: Dovecot, user: str, mails: int) -> float:
    """Seconds that imap-tools needs to fetch them in bulk; it stores nothing."""
    from imap_tools import AND, MailBoxUnencrypted

    gc.collect()
    started = time.perf_counter()
    with MailBoxUnencrypted(dovecot.host, dovecot.port).login(user, "secret") as box:
        fetched = sum(1 for _ in box.fetch(AND(seen=False), bulk=True, mark_seen=False))
    seconds = time.perf_counter() - started
    assert fetched == mails, fetched
    return seconds


def _uidvalidity(dovecot: Dovecot, user: str) -> int:
    from mail.imap.account import ImapAccount

    with ImapAccount(dovecot.settings(user)) as account:
        return account.uidvalidity


async def main(
    mails: int = MAILS, make_store: Callable[[Path], Store] = IntakeStore
) -> dict[str, Any]:
    """Both, in turn, ROUNDS times; rates are medians, the ratio is the median of the pairs."""
    with running_dovecot() as dovecot, tempfile.TemporaryDirectory() as folder:
        pairs = []
        for number in range(ROUNDS):
            user = f"bench{number}@shop.example"
            dovecot.add_user(user)
            for one in range(mails):
                dovecot.deliver(user, make_mail(one))
            await asyncio.to_thread(_uidvalidity, dovecot, user)  # Dovecot indexes once
            theirs = await asyncio.to_thread(take_with_imap_tools, dovecot, user, mails)
            store = make_store(Path(folder) / f"{number}.db")
            if isinstance(store, IntakeStore):
                await store.open()
            ours = await take_with_canal(dovecot, user, mails, store)
            await store.close()
            pairs.append((mails / ours, mails / theirs))
    return {
        "bench": "imap_fetch",
        "mails": mails,
        "canal_per_s": round(statistics.median(ours for ours, _ in pairs)),
        "imap_tools_per_s": round(statistics.median(theirs for _, theirs in pairs)),
        "ratio": round(statistics.median(ours / theirs for ours, theirs in pairs), 2),
        "ratios": [round(ours / theirs, 2) for ours, theirs in pairs],
        "target_ratio": 2.0,
    }


def run(file: Path | None = None, mails: int = MAILS, *, plain: bool = False) -> dict[str, Any]:
    """Measure, print, and give the figures."""
    make_store: Callable[[Path], Store] = SqliteStore if plain else IntakeStore
    result = asyncio.run(main(mails, make_store))
    if file is not None:
        file.write_text(json.dumps(result, indent=1))
    print(f"IMAP, {mails} mails of 4 kB in Dovecot        mails/s")
    print(f"  Canal, stored durably               {result['canal_per_s']:>8}")
    print(f"  imap-tools, bulk, stores nothing    {result['imap_tools_per_s']:>8}")
    print(f"  ratio (target 2.0)                  {result['ratio']:>8}  {result['ratios']}")
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--mails", type=int, default=MAILS)
    parser.add_argument("--plain", action="store_true", help="one table, no intake")
    arguments = parser.parse_args()
    run(arguments.json, arguments.mails, plain=arguments.plain)
