"""The servers that the SMTP benchmark compares, each in a process of its own.

`python -m tests.bench.smtp_servers KIND FOLDER` runs one of Canal's or aiosmtpd's and prints its
port; Postfix and smtp-sink are programs of their own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from aiosmtpd.smtp import SMTP
from cryptography.fernet import Fernet

from handlers.channels.channels import Channels
from handlers.channels.fields import ChannelFields
from handlers.context import Context
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.filing import FilingWorker
from handlers.mail_in.intake import Intake
from handlers.tokens import Tokens
from mail.model import ReceivedMail
from mail.smtp_server.replies import RCPT_OK, UNKNOWN_RECIPIENT, Reply
from mail.smtp_server.server import SmtpServer
from storage.crypto import Vault
from storage.engine import open_database
from storage.queries import meta
from storage.startup import prepare
from tests.bench.sqlite_sink import SqliteSink

KINDS = ("aiosmtpd", "discard", "sink", "canal", "canal+filing")
"""Stock aiosmtpd, discards; Canal's server, discards; with the least durable store; with the real
intake; with the real intake while another worker of the same process reads and files the mails."""
HOST = "127.0.0.1"
RECIPIENT = "support@bench.invalid"
_SBIN = "/usr/sbin:/usr/lib/postfix/sbin:" + os.environ.get("PATH", "")

_MAIN_CF = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.invalid
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relay_domains = bench.invalid
default_transport = smtp
relay_transport = smtp
defer_transports = smtp
smtpd_recipient_restrictions = check_recipient_access static:HOLD, permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
alias_maps =
local_recipient_maps =
"""
_MASTER_CF = """
127.0.0.1:{port} inet n - n - 50 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
retry unix - - n - - error
error unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def find_program(name: str) -> str | None:
    return shutil.which(name, path=_SBIN)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_greeting(port: int, *, seconds: float = 20) -> None:
    """Returns when an SMTP server answers there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection((HOST, port), 1) as connection:
                if connection.recv(3) == b"220":
                    return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


@contextmanager
def run_own(kind: str, folder: Path) -> Iterator[int]:
    """One of `serve`'s kinds, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.smtp_servers", kind, str(folder)]
    with (folder / "log").open("w") as log:  # a server that complains must not slow the others
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError((folder / "log").read_text())
        yield int(line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@contextmanager
def run_smtp_sink(_folder: Path) -> Iterator[int]:
    """Postfix's test server: takes mails and forgets them."""
    program = find_program("smtp-sink")
    assert program is not None
    port = find_free_port()
    user = ["-u", "postfix"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, f"{HOST}:{port}", "512"])
    try:
        wait_for_greeting(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def run_postfix(folder: Path) -> Iterator[int]:
    """A Postfix of its own that queues every mail (fsynced) and delivers none. Needs root."""
    port = find_free_port()
    config = folder / "etc"
    for name in (config, folder / "spool", folder / "data"):
        name.mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    folder.chmod(0o755)
    (config / "main.cf").write_text(_MAIN_CF.format(folder=folder))
    (config / "master.cf").write_text(_MASTER_CF.format(port=port))
    program = find_program("postfix")
    assert program is not None
    command = [program, "-c", str(config)]
    environment = {**os.environ, "PATH": _SBIN}
    subprocess.run([*command, "start"], check=True, capture_output=True, env=environment)
    try:
        wait_for_greeting(port)
        yield port
    finally:
        subprocess.run([*command, "stop"], check=True, capture_output=True, env=environment)


async def serve(kind: str, folder: Path) -> None:
    """Run one of KINDS until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    if kind == "aiosmtpd":
        await _serve_stock(stop)
    elif kind == "discard":
        await _serve_canal(_discard, stop)
    elif kind == "sink":
        await _serve_sink(folder, stop)
    else:
        await _serve_intake(folder, stop, filing=kind == "canal+filing")


async def _discard(_mail: ReceivedMail) -> None:
    return None


async def _serve_stock(stop: asyncio.Event) -> None:
    class Discard:
        async def handle_DATA(self, *_args: Any) -> str:  # noqa: N802
            return "250 OK"

    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Discard(), loop=loop, hostname="bench"), HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()


async def _serve_canal(
    deliver: Callable[[ReceivedMail], Awaitable[None]],
    stop: asyncio.Event,
    is_ours: Callable[[str], Reply] = lambda _address: RCPT_OK,
) -> None:
    server = SmtpServer(host=HOST, port=0, is_ours=is_ours, deliver=deliver, hostname="bench")
    await server.start()
    print(server.address[1], flush=True)
    await stop.wait()
    await server.stop()


async def _serve_sink(folder: Path, stop: asyncio.Event) -> None:
    sink = SqliteSink(folder / "mail.db")
    await sink.open()
    await _serve_canal(sink.deliver, stop)
    await sink.close()


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


async def _serve_intake(folder: Path, stop: asyncio.Event, *, filing: bool) -> None:
    """The product's own path: address index, intake, group commit into the real tables."""
    url = os.environ.get("CANAL_BENCH_DATABASE_URL", f"sqlite+aiosqlite:///{folder / 'canal.db'}")
    db = open_database(url, Vault([Fernet.generate_key().decode()]))
    key = await prepare(db)
    clock = _SystemClock()
    channels = Channels(db, clock, team_id="T1", inbound_domain="in.bench.invalid")
    await channels.add(
        ChannelFields(
            name="Support",
            slack_channel_id="C01",
            incoming="internal",
            outgoing="internal",
            primary=RECIPIENT,
        )
    )
    async with db.write() as tx:
        await meta.ensure_workspace(tx, "T1", name="Bench", bot_user_id="U01", now=clock.now())
    index = AddressIndex(db, "T1")
    await index.refresh()
    context = Context(db, clock, Tokens(key), "in.bench.invalid", "T1", "bench")
    intake = Intake(context, index)

    async def deliver(mail: ReceivedMail) -> None:
        await intake.receive(mail)

    def is_ours(address: str) -> Reply:
        return RCPT_OK if index.channels_for(address) else UNKNOWN_RECIPIENT

    worker = asyncio.create_task(FilingWorker(context, index).run()) if filing else None
    await _serve_canal(deliver, stop, is_ours)
    await intake.stop()
    if worker is not None:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    await db.close()


if __name__ == "__main__":
    if sys.argv[1] == "aiosmtpd":
        asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
    else:
        uvloop.run(serve(sys.argv[1], Path(sys.argv[2])))
