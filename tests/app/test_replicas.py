"""Several Canals on one PostgreSQL: they share the work, and take over from one that dies."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import aiosmtplib
import pytest
import pytest_asyncio

from bot.cli.support import open_offline
from bot.config.secret_key import new_key
from handlers.channels.fields import ChannelFields
from tests.app.harness import Json, words_of
from tests.app.process import CanalProcess, ProcessHarness

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(600),
]
_PATIENCE = 90.0
IN_FULL = os.environ.get("CANAL_FAULTS") == "full"
_KILLING_FOR = 120.0 if IN_FULL else 0.0
_KILL_EVERY = 3.0 if IN_FULL else 0.0
_WAVE_EVERY = 0.5 if IN_FULL else 0.0
COUNT = 3
_IN_THE_AIR = 4
"""Replies that can be on their way to the smarthost when one dies."""


class Replicas(ProcessHarness):
    """Three processes; what they share is the database, the key, and the Slack workspace."""

    def __init__(self, folder: Path, database_url: str) -> None:
        env = {"CANAL_DATABASE_URL": database_url, "CANAL_SECRET_KEY": new_key()}
        super().__init__(folder, env=env)
        self.processes: list[CanalProcess] = []

    async def start_canal(self) -> None:
        if not hasattr(self, "inbound"):
            await self.add_channel()
        self.processes = [CanalProcess(self.environment_of(number)) for number in range(COUNT)]
        await asyncio.gather(*(process.start() for process in self.processes))
        await self.sandbox.connected(_PATIENCE)
        self.smtp_address = self.processes[0].smtp
        self.process = self.processes[0]
        self._runs.set()

    async def stop_canal(self) -> None:
        await asyncio.gather(*(process.discard() for process in self.processes))

    def environment_of(self, number: int) -> dict[str, str]:
        return {**self.environment(), "CANAL_DATA_DIR": str(self.folder / f"data{number}")}

    async def replace(self, number: int) -> None:
        """kill -9, and a new one in its place."""
        await self.processes[number].kill()
        new = CanalProcess(self.environment_of(number))
        await new.start()
        self.processes[number] = new

    async def press_send(self, thread: str) -> None:
        """Under the question in the thread."""
        question = await self.sandbox.wait_for(
            lambda: [
                one
                for one in self.sandbox.thread(self.support, thread)
                if "reply_send" in json.dumps(one)
            ],
            _PATIENCE,
        )
        await self.sandbox.click(self.ana, self.support, question[0]["ts"], "reply_send")

    async def hand_in(self, mail: EmailMessage, number: int) -> None:
        """As a sending server does: when one of ours does not take it, the next is tried."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    await self._hand_in_at(self.processes[number % COUNT].smtp, mail)
                    return
                except (aiosmtplib.SMTPException, OSError):
                    number += 1
                    await asyncio.sleep(0.1)

    async def _hand_in_at(self, address: tuple[str, int], mail: EmailMessage) -> None:
        host, port = address
        client = aiosmtplib.SMTP(
            hostname=host, port=port, use_tls=False, start_tls=False, timeout=10
        )
        async with client:
            await client.sendmail("jo@cust.example", [self.inbound], mail.as_bytes())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(
    tmp_path_factory: pytest.TempPathFactory, module_postgres_url: str
) -> AsyncIterator[Replicas]:
    harness = Replicas(tmp_path_factory.mktemp("replicas"), module_postgres_url)
    try:
        await harness.start()
        yield harness
    finally:
        harness.begin_anew()
        await harness.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def canal(three: Replicas) -> Replicas:
    three.begin_anew()
    return three


FIRST, REPLIES, SAME, KILLED = 0, 100, 200, 300
"""Where each test's conversations begin: a mail that is known already would make nothing."""


def build(conversation: int, turn: int) -> EmailMessage:
    """The customer writes several mails, each an answer to the one before."""
    mail = EmailMessage()
    mail["From"] = f"Customer {conversation} <c{conversation}@cust.example>"
    mail["To"] = "support@acme.example"
    mail["Subject"] = f"{'Re: ' if turn else ''}Case {conversation}"
    mail["Message-ID"] = f"<{conversation}.{turn}@cust.example>"
    if turn:
        mail["In-Reply-To"] = f"<{conversation}.{turn - 1}@cust.example>"
    mail.set_content(f"case {conversation} turn {turn} end")
    return mail


def turns_of(messages: Sequence[Json]) -> list[tuple[int, int]]:
    """(conversation, turn) of each post, in the order of Slack."""
    found = [re.search(r"case (\d+) turn (\d+) end", words_of(one)) for one in messages]
    return [(int(match[1]), int(match[2])) for match in found if match]


def threads(canal: Replicas) -> dict[int, list[int]]:
    """Conversation → the turns in its thread; a conversation in two threads is an error."""
    found: dict[int, list[int]] = {}
    for root in canal.roots():
        turns = turns_of(canal.sandbox.thread(canal.support, root["ts"]))
        assert len({conversation for conversation, _ in turns}) == 1
        assert turns[0][0] not in found, "one conversation, two tickets"
        found[turns[0][0]] = [turn for _, turn in turns]
    return found


def posted(canal: Replicas) -> int:
    return sum(
        len(turns_of(canal.sandbox.thread(canal.support, root["ts"]))) for root in canal.roots()
    )


async def until_posted(canal: Replicas, count: int) -> None:
    """Looks from time to time: reading all threads at every change would take the time itself."""
    async with asyncio.timeout(_PATIENCE):
        while posted(canal) < count:
            await asyncio.sleep(0.1)


def replies_that_left(canal: Replicas) -> Counter[bytes]:
    found = (re.search(rb"reply \d+ end", mail.data or b"") for mail in canal.catcher.mails)
    return Counter(match[0] for match in found if match)


async def converse(canal: Replicas, conversation: int, turns: int) -> None:
    for turn in range(turns):
        await canal.hand_in(build(conversation, turn), conversation + turn)


async def test_three_share_the_work_and_keep_every_threads_order(canal: Replicas) -> None:
    numbers = range(FIRST, FIRST + 12)
    await asyncio.gather(*(converse(canal, number, 3) for number in numbers))
    await until_posted(canal, 36)
    assert threads(canal) == {number: [0, 1, 2] for number in numbers}


async def test_every_reply_leaves_once_whoever_heard_it(canal: Replicas) -> None:
    await asyncio.gather(*(converse(canal, number, 1) for number in range(REPLIES, REPLIES + 10)))
    await until_posted(canal, 10)
    said = await asyncio.gather(
        *(canal.say(root, f"reply {number} end") for number, root in enumerate(canal.roots()))
    )
    await canal.catcher.wait_for_mails(10, _PATIENCE)
    for ts in said:
        await canal.wait_reaction(ts, "white_check_mark")
    assert replies_that_left(canal) == {b"reply %d end" % number: 1 for number in range(10)}


async def test_the_same_mail_at_all_three_at_once_makes_one_ticket(canal: Replicas) -> None:
    await asyncio.gather(*(canal.hand_in(build(SAME, 0), number) for number in range(COUNT)))
    await converse(canal, SAME + 1, 1)
    await until_posted(canal, 2)
    assert threads(canal) == {SAME: [0], SAME + 1: [0]}


async def test_what_is_configured_at_one_place_counts_at_all_within_two_seconds(
    canal: Replicas,
) -> None:
    async def answers(process: CanalProcess, address: str) -> int:
        host, port = process.smtp
        client = aiosmtplib.SMTP(hostname=host, port=port, use_tls=False, start_tls=False)
        async with client:
            await client.ehlo()
            await client.mail("jo@cust.example")
            code, _ = await client.execute_command(b"RCPT", b"TO:<%s>" % address.encode())
            return code

    async with open_offline(canal.environment_of(0)) as offline:
        status = await offline.channels.add(
            canal.channel_fields(name="Sales", primary="sales@acme.example")
        )
    address = str(status.channel.inbound_address)
    async with asyncio.timeout(2):
        for process in canal.processes:
            while await answers(process, address) != 250:
                await asyncio.sleep(0.05)


async def test_killed_in_turn_they_lose_nothing_and_do_nothing_twice(canal: Replicas) -> None:
    async with open_offline(canal.environment_of(0)) as offline:
        await offline.channels.edit("Support", ChannelFields(undo_seconds=1))

    clock = asyncio.get_running_loop().time
    until = clock() + _KILLING_FOR
    made: list[int] = []
    loaded = asyncio.Event()

    async def load() -> None:
        while len(made) < 15 or clock() < until:
            wave = range(KILLED + len(made), KILLED + len(made) + 5)
            made.extend(wave)
            pace = asyncio.sleep(_WAVE_EVERY)
            await asyncio.gather(pace, *(converse(canal, number, 3) for number in wave))
        loaded.set()

    said: dict[str, str] = {}

    async def answer() -> None:
        """Ana answers every thread once, as the cards appear."""
        while not loaded.is_set() or len(said) < len(made):
            for root in canal.roots():
                if root["ts"] not in said:
                    said[root["ts"]] = await canal.say(root, f"reply {len(said)} end")
            await asyncio.sleep(0.05)

    working = asyncio.gather(load(), answer())
    kills = 0
    while kills < COUNT or clock() < until:
        await asyncio.gather(canal.replace(kills % COUNT), asyncio.sleep(_KILL_EVERY))
        kills += 1
    async with asyncio.timeout(_PATIENCE):
        await working
    count = len(made)
    await until_posted(canal, 3 * count)
    asked = await answer_questions(canal, said)
    print(f"{kills} kills, {3 * count} mails, {count} replies, {asked} asked about")
    assert threads(canal) == {number: [0, 1, 2] for number in made}
    assert replies_that_left(canal) == {b"reply %d end" % number: 1 for number in range(count)}
    assert asked <= kills * _IN_THE_AIR


async def answer_questions(canal: Replicas, said: dict[str, str]) -> int:
    """Of a reply on its way when Canal died nobody can know: Ana is asked, and sends it again if
    the customer does not have it. Returns how often. `said`: thread → her answer in it."""
    decided = {"white_check_mark", "x"}
    await canal.sandbox.wait_for(
        lambda: all(canal.reactions(ts) & decided for ts in said.values()), _PATIENCE
    )
    asked = {root: n for n, (root, ts) in enumerate(said.items()) if "x" in canal.reactions(ts)}
    for root, number in asked.items():
        reply = b"reply %d end" % number
        if not replies_that_left(canal)[reply]:
            await canal.press_send(root)
            await canal.catcher.wait_for(partial(has_left, canal, reply), _PATIENCE)
    return len(asked)


def has_left(canal: Replicas, reply: bytes) -> bool:
    return bool(replies_that_left(canal)[reply])
