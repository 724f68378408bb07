"""kill -9 at every step of both flows: after the restart each is done, and done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox.delivery import Times
from bot.sandbox.faults import Gate
from handlers.outbox.folding import START
from tests.app.harness import Json, words_of
from tests.app.process import ProcessHarness

_PATIENCE = 20.0
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
async def one_for_all(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ProcessHarness]:
    """A start costs seconds, so that each test takes over the Canal that the last one restarted."""
    env = {}
    if request.param == "postgres":
        env["CANAL_DATABASE_URL"] = request.getfixturevalue("module_postgres_url")
    harness = ProcessHarness(tmp_path_factory.mktemp("crash"), env=env)
    try:
        await harness.start()
        yield harness
    finally:
        harness.begin_anew()
        await harness.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def canal(one_for_all: ProcessHarness) -> ProcessHarness:
    """Running, in a Slack channel and a smarthost that are empty."""
    one_for_all.begin_anew()
    return one_for_all


async def stop_at(canal: ProcessHarness, gate: Gate) -> None:
    """Kill Canal where it stands at the gate, and start it again."""
    async with asyncio.timeout(_PATIENCE):
        await gate.reached.wait()
    await canal.kill()
    gate.opened.set()
    await canal.start_canal()


async def opened(canal: ProcessHarness) -> Json:
    await canal.write("Hello")
    await canal.sandbox.wait_for(lambda: canal.roots(), _PATIENCE)
    return canal.roots()[0]


async def marked(canal: ProcessHarness, ts: str, name: str) -> None:
    await canal.sandbox.wait_for(lambda: canal.reactions(ts) == {name}, _PATIENCE)


async def test_between_the_250_and_the_post(canal: ProcessHarness) -> None:
    gate = canal.sandbox.stop_at("chat.postMessage", done=False)
    await canal.write("Hello")
    await stop_at(canal, gate)
    await canal.sandbox.wait_for(lambda: canal.roots(), _PATIENCE)
    await canal.say(canal.roots()[0], "Done")
    await canal.catcher.wait_for_mails(1, _PATIENCE)
    assert len(canal.roots()) == 1


async def test_at_once_after_the_250(canal: ProcessHarness) -> None:
    await canal.write("Hello")
    await canal.kill()
    await canal.start_canal()
    await canal.sandbox.wait_for(lambda: canal.roots(), _PATIENCE)
    assert len(canal.roots()) == 1


async def test_after_slack_took_the_post_but_before_canal_noted_it(canal: ProcessHarness) -> None:
    gate = canal.sandbox.stop_at("chat.postMessage", done=True)
    await canal.write("Hello")
    await stop_at(canal, gate)
    card = canal.roots()[0]
    ts = await canal.say(card, "The thread is the ticket's")
    await marked(canal, ts, "white_check_mark")
    assert len(canal.roots()) == 1


async def test_an_answer_to_a_card_that_canal_had_not_noted(canal: ProcessHarness) -> None:
    """Nobody listened when it was written, and at the start the thread was not known as ours."""
    gate = canal.sandbox.stop_at("chat.postMessage", done=True)
    await canal.write("Hello")
    async with asyncio.timeout(_PATIENCE):
        await gate.reached.wait()
    keeps, canal.sandbox.delivery._times = canal.sandbox.delivery._times, Times(1.0, 1.0, 0.0)
    await canal.kill()
    gate.opened.set()
    ts = await canal.say(canal.roots()[0], "Written meanwhile")
    await canal.sandbox.settled(_PATIENCE)
    canal.sandbox.delivery._times = keeps
    await canal.start_canal()
    await marked(canal, ts, "white_check_mark")
    assert (len(canal.catcher.mails), len(canal.roots())) == (1, 1)


async def test_while_a_further_mail_is_posted(canal: ProcessHarness) -> None:
    mail = await canal.write("One", message_id="<one@cust.example>")
    await canal.sandbox.wait_for(lambda: canal.roots(), _PATIENCE)
    card = canal.roots()[0]
    gate = canal.sandbox.stop_at("chat.postMessage", done=True)
    await canal.write("Two", headers={"In-Reply-To": mail["Message-ID"]})
    await stop_at(canal, gate)
    ts = await canal.say(card, "Answer")
    await marked(canal, ts, "white_check_mark")
    posts = [one for one in canal.replies(card) if "Two" in words_of(one)]
    assert (len(posts), len(canal.roots())) == (1, 1)


async def test_in_the_hold_of_a_reply(canal: ProcessHarness) -> None:
    await canal.edit_channel(undo_seconds=2)
    card = await opened(canal)
    ts = await canal.say(card, "Held")
    await canal.sandbox.settled(_PATIENCE)
    await canal.kill()
    await canal.edit_channel(undo_seconds=0)
    assert not canal.catcher.mails
    await canal.start_canal()
    await marked(canal, ts, "white_check_mark")
    assert len(canal.catcher.mails) == 1


async def test_while_sending_before_the_handover(canal: ProcessHarness) -> None:
    card = await opened(canal)
    gate = canal.catcher.stop_at("RCPT")
    ts = await canal.say(card, "Hello Jo")
    await stop_at(canal, gate)
    await marked(canal, ts, "white_check_mark")
    assert len(canal.catcher.mails) == 1


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not taken"])
async def test_after_the_handover_the_agent_is_asked(canal: ProcessHarness, taken: bool) -> None:
    card = await opened(canal)
    gate = canal.catcher.stop_at("DATA", done=taken)
    ts = await canal.say(card, "Hello Jo")
    await stop_at(canal, gate)
    await marked(canal, ts, "x")
    notice = await canal.sandbox.wait_for(lambda: canal.replies(card)[1:], _PATIENCE)
    assert len(canal.catcher.mails) == int(taken)
    assert f"<@{canal.ana}>" in words_of(notice[0]) or canal.sandbox.pings
    await canal.sandbox.click(canal.ana, canal.support, notice[0]["ts"], "reply_send")
    await marked(canal, ts, "white_check_mark")
    ids = {one.header("Message-ID") for one in canal.catcher.mails}
    assert (len(canal.catcher.mails), len(ids)) == (1 + int(taken), 1)


@pytest.mark.parametrize("done", [True, False], ids=["shared", "not shared"])
async def test_while_a_file_is_shared(canal: ProcessHarness, done: bool) -> None:
    gate = canal.sandbox.stop_at("files.completeUploadExternal", done=done)
    await canal.write(files={"one.bin": b"1", "two.bin": b"2"})
    await stop_at(canal, gate)
    card = canal.roots()[0]
    await canal.sandbox.wait_for(lambda: "two.bin" in shared(canal, card), _PATIENCE)
    assert sorted(shared(canal, card)) == ["one.bin", "two.bin"]


@pytest.mark.parametrize("done", [True, False], ids=["updated", "not updated"])
async def test_while_the_card_is_updated(canal: ProcessHarness, done: bool) -> None:
    card = await opened(canal)
    gate = canal.sandbox.stop_at("chat.update", done=done)
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "ticket_close")
    await stop_at(canal, gate)
    await canal.sandbox.wait_for(
        lambda: "Closed" in words_of(canal.sandbox.message(canal.support, card["ts"])), _PATIENCE
    )
    assert len(canal.roots()) == 1


def shared(canal: ProcessHarness, card: Json) -> list[str]:
    return [file["name"] for one in canal.replies(card) for file in one.get("files", ())]


async def test_while_a_digest_and_then_a_card_from_it_is_posted(canal: ProcessHarness) -> None:
    """Too many came at once; nothing of them is lost or posted twice at either death."""
    canal.sandbox.fail("chat.postMessage", "ratelimited", retry_after=4)
    await canal.write("Late", message_id=canal.new_id())
    await canal.sandbox.wait_for(lambda: "chat.postMessage" in dict(canal.sandbox.calls))
    for _ in range(4):
        some = (canal.write("Late", message_id=canal.new_id()) for _ in range(START // 4 + 1))
        await asyncio.gather(*some)
    gate = canal.sandbox.stop_at("chat.postMessage", done=True)
    await stop_at(canal, gate)
    lists = f"{1 + 4 * (START // 4 + 1)} new tickets came at once"
    await canal.sandbox.wait_for(
        lambda: [lists in words_of(one) for one in canal.roots()] == [True], _PATIENCE
    )
    digest = canal.roots()[0]
    line = next(one for one in digest["blocks"] if one.get("accessory"))
    gate = canal.sandbox.stop_at("chat.postMessage", done=True)
    await canal.sandbox.click(
        canal.ana, canal.support, digest["ts"], "digest_open", block_id=line["block_id"]
    )
    await stop_at(canal, gate)
    card = canal.roots()[1]
    link = f"p{card['ts'].replace('.', '')}|#"
    await canal.sandbox.wait_for(lambda: link in words_of(canal.roots()[0]), _PATIENCE)
    ts = await canal.say(card, "On its way")
    await marked(canal, ts, "white_check_mark")
    assert len(canal.roots()) == 2
