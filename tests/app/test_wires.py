"""Wires that break: Slack, mail in, mail out, IMAP and PostgreSQL through a proxy that misbehaves.

What counts is what Slack and the smarthost have in the end: everything, and nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest

import bot.slack.calls
from tests.app.harness import Harness, words_of
from tests.app.mailboxes import make_mail
from tests.servers.postgres import PostgresServer, running_postgres
from tests.servers.proxy import Fault, Plan, TcpProxy
from tests.servers.scripted_imap import running_scripted_imap

_MANY = 6
IN_FULL = os.environ.get("CANAL_FAULTS") == "full"
"""`make faults`: slack_sdk takes its time to notice each socket that broke."""
_PATIENCE = 160.0 if IN_FULL else 40.0
ENDS = [Fault.DROP, Fault.RESET, Fault.HALF_CLOSE]


class Wired(Harness):
    """Canal reaches Slack and its smarthost through proxies, and customers reach Canal so."""

    slack: TcpProxy
    smarthost: TcpProxy
    mail_in: TcpProxy

    async def start_canal(self) -> None:
        if not hasattr(self, "slack"):
            self.slack = await TcpProxy.start("127.0.0.1", self.sandbox.port)
            self.smarthost = await TcpProxy.start("127.0.0.1", self.catcher.port)
            base = f"http://127.0.0.1:{self.slack.port}"
            self.sandbox.world.base_url = base
            self._env |= {
                "SLACK_API_URL": f"{base}/api/",
                "CANAL_SMARTHOST_URL": f"smtp://127.0.0.1:{self.smarthost.port}",
            }
        await super().start_canal()
        host, port = self.smtp_address
        self.mail_in = await TcpProxy.start(host, port)
        self.smtp_address = ("127.0.0.1", self.mail_in.port)

    async def stop(self) -> None:
        for proxy in (self.slack, self.smarthost, self.mail_in):
            proxy.heal()
        await super().stop()
        for proxy in (self.slack, self.smarthost, self.mail_in):
            await proxy.stop()

    async def hand_in(self, number: int) -> None:
        """As a mail server: again until 250."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    return await self._hand_in_once(number)
                await asyncio.sleep(0.05)

    async def _hand_in_once(self, number: int) -> None:
        async with asyncio.timeout(3):
            await self.write(
                f"Mail {number:03}.", message_id=f"<{number}.{self.support}@cust.example>",
                sender=f"Jo <jo{number}@cust.example>",
            )  # fmt: skip

    async def until_posted(self, numbers: range) -> None:
        with contextlib.suppress(TimeoutError):
            await self.sandbox.wait_for(lambda: self.posted() >= Counter(numbers), _PATIENCE)
        assert self.posted() == Counter(numbers)

    def posted(self) -> Counter[int]:
        texts = (re.search(r"Mail (\d{3})\.", words_of(card)) for card in self.roots())
        return Counter(int(match[1]) for match in texts if match)

    def sent_numbers(self) -> Counter[int]:
        found = (re.search(rb"Reply (\d{3})\.", one.data or b"") for one in self.catcher.mails)
        return Counter(int(match[1]) for match in found if match)


@pytest.fixture
async def wired(tmp_path: Path) -> AsyncIterator[Wired]:
    harness = Wired(tmp_path, env={})
    await harness.start()
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


async def test_mail_in_is_taken_once_wherever_its_connection_breaks(wired: Wired) -> None:
    """Within the commands, within the mail, and after the mail when only the 250 is lost."""
    number = 0
    for fault in ENDS:
        for after in (0, 30, 90, 300):
            wired.mail_in.plan(fault, after=after)
            await wired.hand_in(number)
            number += 1
        for after in (30, 130, 230):
            wired.mail_in.plan(fault, after=after, upstream=False)
            await wired.hand_in(number)
            number += 1
    assert wired.mail_in.struck >= number - 3
    await wired.until_posted(range(number))


@pytest.mark.parametrize("fault", [*ENDS, Fault.HANG] if IN_FULL else [Fault.RESET])
async def test_slack_has_everything_once_though_its_connections_break(
    wired: Wired, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests are cut in two, then answers, then the socket that brings the events."""
    if fault is Fault.HANG:
        monkeypatch.setattr(bot.slack.calls, "_TIMEOUT", aiohttp.ClientTimeout(2))
        await wired.stop_canal()
        await wired.start_canal()
    for after in (700, 2600, 6000):
        wired.slack.plan(fault, after=after)
    wired.slack.cut(Fault.RESET)
    for number in range(_MANY):
        await wired.hand_in(number)
    await wired.until_posted(range(_MANY))
    for after in (150, 1500):
        wired.slack.plan(fault, after=after, upstream=False)
    wired.slack.cut(Fault.RESET)
    said = [
        await wired.say(card, f"Reply {number:03}.") for number, card in enumerate(wired.roots())
    ]
    await wired.catcher.wait_for(lambda: wired.sent_numbers() >= Counter(range(_MANY)), _PATIENCE)
    assert wired.slack.struck > 2
    wired.slack.heal()
    wired.slack.cut(Fault.RESET)
    await wired.sandbox.wait_for(
        lambda: all(wired.reactions(ts) == {"white_check_mark"} for ts in said), _PATIENCE
    )
    assert wired.sent_numbers() == Counter(range(_MANY))
    assert wired.posted() == Counter(range(_MANY))


async def test_a_slow_slack_is_only_slow(wired: Wired) -> None:
    wired.slack.always(Plan(Fault.DELAY, seconds=0.3))
    wired.slack.cut()
    await wired.hand_in(0)
    await wired.until_posted(range(1))
    ts = await wired.say(wired.roots()[0], "Reply 000.")
    await wired.sandbox.wait_for(lambda: wired.reactions(ts) == {"white_check_mark"}, _PATIENCE)
    assert wired.sent_numbers() == Counter([0])


@pytest.mark.parametrize(
    "plans",
    [
        [Plan(Fault.RESET, 60), Plan(Fault.HALF_CLOSE, 10)],
        [Plan(Fault.DROP, 40, upstream=False)],
    ],
    ids=["we are cut off", "the server is"],
)
async def test_a_reply_whose_smarthost_breaks_early_leaves_once(
    wired: Wired, plans: list[Plan]
) -> None:
    """Nothing was handed over, so it is tried again by itself."""
    await wired.hand_in(0)
    await wired.until_posted(range(1))
    for plan in plans:
        wired.smarthost.plan(plan.fault, after=plan.after, upstream=plan.upstream)
    ts = await wired.say(wired.roots()[0], "Reply 000.")
    await wired.sandbox.wait_for(lambda: wired.reactions(ts) == {"white_check_mark"}, _PATIENCE)
    assert wired.smarthost.struck == len(plans)
    assert wired.sent_numbers() == Counter([0])


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.RESET])
async def test_a_reply_that_is_cut_in_two_is_asked_about(wired: Wired, fault: Fault) -> None:
    """The connection broke within the mail: nobody can know, so the agent decides."""
    await wired.hand_in(0)
    await wired.until_posted(range(1))
    wired.smarthost.plan(fault, after=600)
    ts = await wired.say(wired.roots()[0], "Reply 000. " + "And more words. " * 100)
    await wired.sandbox.wait_for(lambda: wired.reactions(ts) == {"x"}, _PATIENCE)
    assert wired.sent_numbers() == Counter()
    notice = await wired.sandbox.wait_for(
        lambda: [one for one in wired.replies(wired.roots()[0]) if one.get("bot_id")]
    )
    await wired.sandbox.click(wired.ana, wired.support, notice[-1]["ts"], "reply_send")
    await wired.sandbox.wait_for(lambda: wired.reactions(ts) == {"white_check_mark"}, _PATIENCE)
    assert wired.sent_numbers() == Counter([0])


async def test_a_mailbox_behind_a_broken_wire_is_read_to_its_end_once(tmp_path: Path) -> None:
    """Each connection brings a few mails and breaks; the cursor goes on from what is stored."""
    async with running_scripted_imap() as server, whole(Harness(tmp_path)) as canal:
        proxy = await TcpProxy.start(server.host, server.port)
        box = server.box("support@acme.example")
        settings = {"host": "127.0.0.1", "port": proxy.port, "security": "none",
                    "user": "support@acme.example"}  # fmt: skip
        await canal.add_channel(
            incoming="imap", incoming_settings=settings,
            incoming_secret={"password": server.script.password},
        )  # fmt: skip
        await canal.canal.mailboxes.sync()
        await server.wait_for("IDLE")
        for fault in ENDS:
            proxy.plan(fault, after=4000, upstream=False)
        proxy.plan(Fault.DELAY, seconds=0.2, upstream=False)
        for number in range(20):
            box.add(make_mail(f"Case {number}", f"Mail {number:03}.", message_id=f"<{number}@i>"))
        proxy.cut(Fault.RESET)
        texts = range(20)
        await canal.sandbox.wait_for(lambda: len(canal.roots()) >= 20, _PATIENCE)
        await canal.idle(_PATIENCE)
        found = Counter(
            n for n in texts for one in canal.roots() if f"Mail {n:03}." in words_of(one)
        )
        assert found == Counter(texts)
        assert proxy.struck >= 3
    await proxy.stop()


@asynccontextmanager
async def whole(harness: Harness) -> AsyncIterator[Harness]:
    await harness.start()
    try:
        yield harness
    finally:
        await harness.stop()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A server that these tests may stop."""
    with running_postgres(durable=True) as server:
        yield server


@asynccontextmanager
async def on_postgres(folder: Path, url: str) -> AsyncIterator[Wired]:
    async with whole(Wired(folder, env={"CANAL_DATABASE_URL": url})) as canal:
        assert isinstance(canal, Wired)
        await canal.add_channel()
        yield canal


async def work_through(canal: Wired, numbers: range) -> None:
    """Mails in and a reply to each, all there once."""
    async with asyncio.timeout(_PATIENCE):
        await asyncio.gather(*(canal.hand_in(number) for number in numbers))
    await canal.until_posted(numbers)
    for number, card in enumerate(canal.roots()):
        await canal.say(card, f"Reply {number:03}.")
    await canal.catcher.wait_for(lambda: canal.sent_numbers() >= Counter(numbers), _PATIENCE)
    assert canal.sent_numbers() == Counter(numbers)
    assert canal.posted() == Counter(numbers)


@pytest.mark.postgres
async def test_a_postgresql_whose_connections_are_cut_again_and_again(
    tmp_path: Path, own_postgres: PostgresServer
) -> None:
    proxy = await TcpProxy.start("127.0.0.1", own_postgres.port)
    url = own_postgres.create_database().replace(f":{own_postgres.port}/", f":{proxy.port}/")

    async def cut() -> None:
        for fault in (Fault.RESET, Fault.DROP, Fault.HALF_CLOSE, Fault.RESET, Fault.DROP) * 2:
            await asyncio.sleep(0.4)
            proxy.cut(fault)

    async with on_postgres(tmp_path, url) as canal:
        cutting = asyncio.create_task(cut())
        await work_through(canal, range(_MANY))
        await cutting
        assert proxy.struck > 10
    await proxy.stop()


@pytest.mark.postgres
async def test_a_postgresql_that_is_restarted_under_load(
    tmp_path: Path, own_postgres: PostgresServer
) -> None:
    async def restart() -> None:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(own_postgres.stop)
        await asyncio.sleep(1.0)
        await asyncio.to_thread(own_postgres.start_again)

    async with on_postgres(tmp_path, own_postgres.create_database()) as canal:
        restarting = asyncio.create_task(restart())
        await work_through(canal, range(_MANY))
        await restarting
