"""An installation in use moves from its SQLite file to PostgreSQL: nothing lost, nothing twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cli.support import open_offline
from handlers.outbox.work import send_key
from storage.queries import messages, outbox
from tests.app.harness import words_of
from tests.app.mailboxes import make_mail
from tests.app.process import ProcessHarness, run_cli
from tests.servers.scripted_imap import ScriptedImap, running_scripted_imap

pytestmark = pytest.mark.postgres


@pytest.fixture
async def imap() -> AsyncIterator[ScriptedImap]:
    async with running_scripted_imap() as server:
        server.box()
        yield server


@pytest.fixture
async def canal(tmp_path: Path, imap: ScriptedImap) -> AsyncIterator[ProcessHarness]:
    """On SQLite, with a channel for SMTP and another for a mailbox."""
    harness = ProcessHarness(tmp_path)
    try:
        await harness.start()
        harness.desk = harness.sandbox.add_channel("desk", bot_is_member=True)  # type: ignore[attr-defined]
        support = harness.inbound
        await harness.add_channel(
            name="Desk",
            slack_channel_id=harness.desk,  # type: ignore[attr-defined]
            primary="desk@acme.example",
            from_email="desk@acme.example",
            incoming="imap",
            incoming_settings={
                "host": imap.host,
                "port": imap.port,
                "security": "none",
                "user": "jo",
            },
            incoming_secret={"password": "secret"},
        )
        harness.inbound = support
        yield harness
    finally:
        await harness.stop()


async def make_due(canal: ProcessHarness, ts: str) -> None:
    """The undo time of a held reply is over."""
    async with open_offline(canal.environment()) as offline:
        now = offline.context.clock.now()
        async with offline.context.db.write() as tx:
            message = await messages.find_by_ts(tx, canal.support, ts)
            assert message is not None
            await messages.change(tx, message.id, send_at=now)
            assert await outbox.reschedule(tx, send_key(message.id), now)
        offline.context.wake.deliver()


def left(canal: ProcessHarness) -> Counter[bytes]:
    found = (re.search(rb"reply \w+ end", mail.data or b"") for mail in canal.catcher.mails)
    return Counter(match[0] for match in found if match)


async def test_what_is_under_way_goes_on_at_the_new_place_and_only_there(
    canal: ProcessHarness, imap: ScriptedImap, postgres_url: str
) -> None:
    desk: str = canal.desk  # type: ignore[attr-defined]
    await imap.wait_for_watchers()
    imap.box().add(make_mail("By mailbox"))
    await canal.sandbox.wait_for(lambda: len(canal.roots(desk)) == 1)
    await canal.write("one", message_id="<one@cust.example>", files={"a.bin": b"123"})
    card = await canal.ticket()
    sent = await canal.say(card, "reply sent end")
    await canal.wait_reaction(sent, "white_check_mark")
    token = str(canal.catcher.mails[0].message["Reply-To"])
    await canal.edit_channel(undo_seconds=600)
    held = await canal.say(card, "reply held end")
    await canal.wait_reaction(held, "hourglass_flowing_sand")
    await canal.process.kill()
    on_sqlite = canal.environment()
    target = postgres_url.replace("+psycopg", "")
    status, told, _ = await run_cli(on_sqlite, "db", "copy", "--to", target)
    assert (status, "Everything is copied." in told) == (0, True)

    canal._env["CANAL_DATABASE_URL"] = postgres_url
    imap.box().add(make_mail("Meanwhile"))
    await canal.start_canal()
    await canal.sandbox.wait_for(lambda: len(canal.roots(desk)) == 2)
    await canal.write("again", recipients=[token], to=token)
    await canal.sandbox.wait_for(
        lambda: any("again" in words_of(one) for one in canal.replies(card))
    )
    await make_due(canal, held)
    await canal.wait_reaction(held, "white_check_mark")
    assert left(canal) == {b"reply sent end": 1, b"reply held end": 1}
    assert (len(canal.roots()), len(canal.roots(desk))) == (1, 2)
    assert (await run_cli(canal.environment(), "db", "check"))[1] == "Everything fits.\n"

    status, _, told = await run_cli(on_sqlite, "run")
    assert (status, "was moved to postgresql://127.0.0.1" in told) == (2, True), told
