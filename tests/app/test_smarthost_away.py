"""A smarthost that does not work for a while: replies wait for it and leave by themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.app.harness import Harness, words_of


class Front:
    """What stands before the smarthost: a load balancer whose servers are all down, or it."""

    def __init__(self) -> None:
        self.port = 0
        self.behind = 0
        self.instead: bytes | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.instead is None:
                await self._pass(reader, writer)
            else:
                writer.write(self.instead)
                await reader.read()  # until the client has enough of it
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self.behind)
        await asyncio.gather(copied(reader, there[1]), copied(there[0], writer))


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    front = Front()
    server = await asyncio.start_server(front.serve, "127.0.0.1", 0)
    front.port = server.sockets[0].getsockname()[1]
    async with server:
        yield front


@pytest.fixture
async def canal(tmp_path: Path, front: Front) -> AsyncIterator[Harness]:
    url = f"smtp://127.0.0.1:{front.port}?timeout=1"
    harness = Harness(tmp_path, env={"CANAL_SMARTHOST_URL": url})
    await harness.start()
    front.behind = harness.catcher.port
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


def told_to_admins(canal: Harness) -> list[str]:
    rooms = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
    return [words_of(one) for room in rooms for one in canal.sandbox.messages(room)]


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "no mail server"),
        (b"", "said nothing"),
        (b"554 5.7.1 You are blocked\r\n", "554 5.7.1 You are blocked"),
    ],
)
async def test_a_reply_waits_for_a_server_that_does_not_work_and_the_admins_hear_of_it(
    canal: Harness, front: Front, instead: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.channels.health.TELL_FAILURES", 1)
    await canal.write()
    card = await canal.ticket()
    front.instead = instead
    ts = await canal.say(card, "Hello Jo")
    (told,) = await canal.sandbox.wait_for(lambda: told_to_admins(canal), timeout=15)
    assert "mail does not get out" in told
    assert why in told
    assert canal.reactions(ts) == {"hourglass_flowing_sand"}
    assert not any("Retry" in words_of(one) for one in canal.replies(card))
    front.instead = None
    await canal.sent()
    await canal.wait_reaction(ts, "white_check_mark")


async def test_who_has_a_reply_does_not_wait_for_the_next_because_anothers_mailbox_is_full(
    canal: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a while it does: a server that lets strangers wait would else get them out of order."""
    await canal.write(headers={"Cc": "full@cust.example"})
    card = await canal.ticket()
    canal.catcher.refuse("full@cust.example", "452 4.2.2 mailbox full")
    first = await canal.say(card, "The first")
    await canal.sent()
    second = await canal.say(card, "The second")
    await canal.sandbox.wait_for(lambda: canal.reactions(second))
    assert len(canal.catcher.mails) == 1
    monkeypatch.setattr("handlers.outbox.deliver_mail._TELL_AFTER", timedelta(0))
    assert "The second" in (await canal.sent(2)).text
    assert canal.reactions(first) == {"hourglass_flowing_sand"}
    canal.catcher.accept_all()
    for ts in (first, second):
        await canal.sandbox.wait_for(partial(has_left, canal, ts), timeout=20)
    reached = [(one.rcpt_to, one.text.split()[1]) for one in canal.catcher.mails]
    assert sorted(reached) == [
        (["full@cust.example"], "first"),
        (["full@cust.example"], "second"),
        (["jo@cust.example"], "first"),
        (["jo@cust.example"], "second"),
    ]


def has_left(canal: Harness, ts: str) -> bool:
    return canal.reactions(ts) == {"white_check_mark"}


async def test_a_refusal_without_an_enhanced_code_is_quoted_as_it_was_said(canal: Harness) -> None:
    await canal.write()
    card = await canal.ticket()
    canal.catcher.refuse("jo@cust.example", "550 no")
    ts = await canal.say(card, "Hello Jo")
    await canal.wait_reaction(ts, "x")
    (notice,) = await canal.sandbox.wait_for(lambda: canal.replies(card)[1:])
    assert "(550 no)" in words_of(notice)
