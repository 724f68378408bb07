"""Many mailboxes watched at once: nothing missed, nothing twice, whatever the server does."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from mail.connections import FetchOptions
from mail.discovery.providers import Security
from mail.errors import ConnectionCut, LoginFailed, ServerSilent
from mail.imap.watch import ImapWatcher, WatchedAccount, WatchTiming
from tests.connections.collector import Collector
from tests.servers.dovecot import Dovecot
from tests.servers.scripted_imap import Mailbox, Script, ScriptedImap, running_scripted_imap

QUICK = WatchTiming(
    settle=0.05,
    refresh=30,
    retry_first=0.02,
    retry_most=0.05,
    login_retry_first=0.02,
    login_retry_most=0.05,
    ok_every=0,
)


@asynccontextmanager
async def watching(
    collector: Collector, timing: WatchTiming = QUICK, threads: int = 4
) -> AsyncIterator[ImapWatcher]:
    watcher = ImapWatcher(collector.on_mails, collector.on_health, threads=threads, timing=timing)
    try:
        yield watcher
    finally:
        await watcher.stop()


def account(server: ScriptedImap, user: str = "jo", **changes: object) -> WatchedAccount:
    return WatchedAccount(user, server.settings(user), **changes)  # type: ignore[arg-type]


async def test_a_mail_that_comes_while_idling_is_handed_over() -> None:
    collector = Collector()
    async with running_scripted_imap() as server, watching(collector) as watcher:
        server.box().add(b"old\r\n")
        watcher.add(account(server))
        await server.wait_for_watchers()
        server.box().add(b"new\r\n")
        await collector.until_mails(1)
    assert collector.bodies() == [b"new\r\n"]
    assert collector.batches[-1][1].cursor.last_uid == 2


async def test_idling_takes_no_thread_per_mailbox() -> None:
    collector = Collector()
    before = threading.active_count()
    async with running_scripted_imap() as server, watching(collector, threads=3) as watcher:
        for number in range(40):
            watcher.add(account(server, f"user{number}"))
        for number in range(40):
            await server.wait_for_watchers(f"user{number}")
        assert threading.active_count() <= before + 3
        for number in range(40):
            server.box(f"user{number}").add(b"mail for %d\r\n" % number)
        await collector.until_mails(40)
    assert sorted(collector.bodies()) == sorted(b"mail for %d\r\n" % n for n in range(40))


async def test_a_mail_that_comes_between_look_and_idle_is_not_missed() -> None:
    collector = Collector()
    script = Script(before_idle=b"* 7 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n")
    async with running_scripted_imap(script) as server, watching(collector) as watcher:
        watcher.add(account(server))
        await server.wait_for("IDLE", times=2)
        server.box().add(b"new\r\n")
        await collector.until_mails(1)
    assert collector.bodies() == [b"new\r\n"]


@pytest.mark.parametrize("before_the_plus", [True, False])
async def test_an_announcement_around_the_beginning_of_idle_is_heard(before_the_plus: bool) -> None:
    def arrive(box: Mailbox) -> tuple[bytes, bytes]:
        box.add(b"in between\r\n")
        line = b"* 1 EXISTS\r\n"
        return (line, b"") if before_the_plus else (b"", line)

    collector = Collector()
    script = Script(at_first_idle=arrive)
    async with running_scripted_imap(script) as server, watching(collector) as watcher:
        watcher.add(account(server))
        await collector.until_mails(1, seconds=5)
    assert collector.bodies() == [b"in between\r\n"]


async def test_a_server_that_announces_nothing_is_looked_at_all_the_same() -> None:
    collector = Collector()
    timing = WatchTiming(settle=0.05, refresh=0.2)
    async with running_scripted_imap() as server, watching(collector, timing) as watcher:
        server.box().silent = True
        watcher.add(account(server))
        await server.wait_for_watchers()
        server.box().add(b"new\r\n")
        await collector.until_mails(1)
    assert collector.bodies() == [b"new\r\n"]


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_server_without_idle_is_polled(refuses: bool) -> None:
    collector = Collector()
    script = Script(no_on={"IDLE": "not today"}) if refuses else Script(capabilities="IMAP4rev1")
    async with running_scripted_imap(script) as server, watching(collector) as watcher:
        watcher.add(account(server, poll_seconds=0.1))
        await server.wait_for("NOOP", times=2)
        server.box().add(b"new\r\n")
        await collector.until_mails(1)
        assert sum(one.startswith("LOGIN") for one in server.commands) == 1
    assert collector.bodies() == [b"new\r\n"]
    assert all(error is None for _, error in collector.health)


async def test_a_far_poll_keeps_no_connection_open_and_a_poke_looks_at_once() -> None:
    collector = Collector()
    timing = WatchTiming(keep_open=0.0, settle=0.05)
    script = Script(capabilities="IMAP4rev1")
    async with running_scripted_imap(script) as server, watching(collector, timing) as watcher:
        watcher.add(account(server, poll_seconds=3000))
        await collector.until(lambda: len(collector.batches) == 1)
        async with asyncio.timeout(10):
            while server.connections:
                await asyncio.sleep(0.01)
        server.box().add(b"new\r\n")
        watcher.poke("jo")
        await collector.until_mails(1)


async def test_connections_cut_while_idling_are_made_again_and_nothing_is_missed() -> None:
    collector = Collector()
    async with running_scripted_imap() as server, watching(collector) as watcher:
        watcher.add(account(server))
        for number in range(5):
            await server.wait_for_watchers()
            server.box().silent = True
            server.box().add(b"mail %d\r\n" % number)
            server.cut_all()
            await collector.until_mails(number + 1)
    assert collector.bodies() == [b"mail %d\r\n" % number for number in range(5)]
    assert any(isinstance(error, ConnectionCut) for _, error in collector.health)
    assert collector.health[-1][1] is None


@pytest.mark.parametrize("after", [0, 10, 60, 500, 1500])
async def test_a_connection_cut_in_the_middle_of_a_fetch_goes_on_where_it_was(after: int) -> None:
    collector = Collector()
    async with running_scripted_imap() as server, watching(collector) as watcher:
        watcher.add(account(server, options=FetchOptions(batch_mails=3)))
        await server.wait_for_watchers()
        server.script.cut_fetch_after = after
        for number in range(10):
            server.box().add(b"mail %d\r\n" % number + b"x" * 400)
        await collector.until_mails(10)
    assert [mail.uid for mail in collector.mails()] == list(range(1, 11))


async def test_a_mail_that_ends_every_connection_holds_up_the_others_only_for_a_while() -> None:
    collector = Collector()
    timing = replace(QUICK, hopeless=0.0)
    async with running_scripted_imap() as server, watching(collector, timing) as watcher:
        watcher.add(account(server))
        await server.wait_for_watchers()
        server.script.deadly = {3}
        for number in range(1, 6):
            server.box().add(b"mail %d\r\n" % number)
        await collector.until_mails(5)
        server.box().add(b"mail 6\r\n")
        await collector.until_mails(6)
    assert [mail.uid for mail in collector.mails()] == [1, 2, 3, 4, 5, 6]
    assert [mail.uid for mail in collector.mails() if mail.problem] == [3]


async def test_a_mail_that_ends_some_connections_is_taken_in_the_end() -> None:
    collector = Collector()
    timing = replace(QUICK, hopeless=3600.0)
    async with running_scripted_imap() as server, watching(collector, timing) as watcher:
        watcher.add(account(server))
        await server.wait_for_watchers()
        server.script.deadly = {1, 2}
        for number in range(1, 4):
            server.box().add(b"mail %d\r\n" % number)
        await server.wait_for("FETCH 1 (UID BODY.PEEK[])", times=10)
        server.script.deadly = {2}
        await server.wait_for("FETCH 2 (UID BODY.PEEK[])", times=10)
        server.script.deadly = set()
        await collector.until_mails(3)
    assert [(mail.uid, mail.problem) for mail in collector.mails()] == [
        (1, None),
        (2, None),
        (3, None),
    ]


async def test_a_batch_that_could_not_be_stored_comes_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    collector = Collector()
    with caplog.at_level(logging.ERROR):
        async with running_scripted_imap() as server, watching(collector) as watcher:
            watcher.add(account(server, options=FetchOptions(mark_read=True)))
            await server.wait_for_watchers()
            collector.fail_next = 2
            server.box().add(b"new\r\n")
            await collector.until_mails(1)
            await server.wait_for("STORE")
            stored_at = [one.startswith("STORE") for one in server.commands].index(True)
            fetched = sum("BODY" in one for one in server.commands[:stored_at])
    assert collector.bodies() == [b"new\r\n"]
    assert fetched == 3, "marked as read only after it was stored"
    assert "could not be stored" in caplog.text


async def test_marking_as_read_survives_a_cut_connection() -> None:
    collector = Collector()
    async with running_scripted_imap() as server, watching(collector) as watcher:
        watcher.add(account(server, options=FetchOptions(mark_read=True)))
        await server.wait_for_watchers()
        server.script.bye_on["STORE"] = "sorry"
        server.box().add(b"new\r\n")
        await server.wait_for("STORE")
        server.script.bye_on.clear()
        await server.wait_for("STORE", times=2)
        await server.wait_for_watchers()
        assert server.box().mails[0].flags == {r"\Seen"}
    assert collector.bodies() == [b"new\r\n"]


async def test_a_changed_uidvalidity_is_read_again_from_the_last_day() -> None:
    collector = Collector()
    async with running_scripted_imap() as server, watching(collector) as watcher:
        watcher.add(account(server))
        await server.wait_for_watchers()
        server.box().add(b"one\r\n")
        await collector.until_mails(1)
        server.box().silent = True
        server.box().add(b"two\r\n")
        server.box().renumber()
        server.box().silent = False
        server.cut_all()
        await collector.until_mails(3)
        await server.wait_for_watchers()
        server.box().add(b"three\r\n")
        await collector.until_mails(4)
    assert collector.bodies() == [b"one\r\n", b"one\r\n", b"two\r\n", b"three\r\n"]
    assert [batch.reason for _, batch in collector.batches if batch.mails] == [
        "new",
        "rescan",
        "new",
    ]


async def test_a_wrong_password_is_told_and_tried_more_and_more_seldom() -> None:
    collector = Collector()
    timing = WatchTiming(login_retry_first=1000, login_retry_most=1000)
    async with running_scripted_imap() as server, watching(collector, timing) as watcher:
        one = account(server)
        server.script.password = "other"
        watcher.add(one)
        await collector.until(lambda: len(collector.health) == 1)
        assert isinstance(collector.health[0][1], LoginFailed)
        assert "secret" not in str(collector.health[0][1])
        assert "secret" not in repr(one)
        server.script.password = "secret"
        watcher.poke("jo")
        await server.wait_for_watchers()
    assert collector.health[-1][1] is None


async def test_a_server_that_hangs_leaves_threads_for_the_others() -> None:
    collector = Collector()
    hanging = Script(hang_on={"LOGIN"})
    async with (
        running_scripted_imap(hanging) as bad,
        running_scripted_imap() as good,
        watching(collector, threads=4) as watcher,
    ):
        for number in range(60):
            settings = bad.settings(f"bad{number}", timeout=0.3, host="localhost")
            watcher.add(WatchedAccount(f"bad{number}", settings))
        await collector.until(lambda: len(collector.health) > 0)
        watcher.add(account(good))
        await good.wait_for_watchers()
        good.box().add(b"new\r\n")
        await collector.until_mails(1, seconds=5)
        assert isinstance(collector.health[0][1], ServerSilent)


async def test_accounts_come_and_go_while_it_runs() -> None:
    collector = Collector()
    async with running_scripted_imap() as server, watching(collector) as watcher:
        watcher.add(account(server, "ann"))
        watcher.add(account(server, "bob"))
        await server.wait_for_watchers("ann")
        await server.wait_for_watchers("bob")
        await watcher.remove("bob")
        assert len(watcher) == 1
        server.box("bob").add(b"for bob\r\n")
        server.box("ann").add(b"for ann\r\n")
        await collector.until_mails(1)
        last = collector.batches[-1][1].cursor
        logins = server.logins
        watcher.update(account(server, "ann", cursor=last))
        assert server.logins == logins, "equal settings change nothing"
        watcher.update(account(server, "ann", cursor=last, options=FetchOptions(mark_read=True)))
        await server.wait_for("SELECT")
        await server.wait_for_watchers("ann")
        server.box("ann").add(b"again\r\n")
        await collector.until_mails(2)
    assert collector.bodies() == [b"for ann\r\n", b"again\r\n"]


async def test_stopping_closes_every_connection_even_while_a_server_hangs() -> None:
    collector = Collector()
    script = Script()
    async with running_scripted_imap(script) as server:
        async with watching(collector) as watcher:
            watcher.add(account(server, "ann"))
            await server.wait_for_watchers("ann")
            script.hang_on.add("LOGIN")
            watcher.add(account(server, "bob"))
            await server.wait_for("LOGIN", times=2)
            async with asyncio.timeout(3):
                await watcher.stop()
        async with asyncio.timeout(5):
            while server.box("ann").watchers:
                await asyncio.sleep(0.01)


async def test_a_refused_token_is_asked_for_anew_at_once() -> None:
    collector = Collector()
    script = Script(capabilities="IMAP4rev1 AUTH=XOAUTH2 SASL-IR IDLE", token="fresh")
    asked: list[bool] = []

    async def token(refused: bool) -> str:
        asked.append(refused)
        return "fresh" if refused else "stale"

    timing = WatchTiming(retry_first=0.02, login_retry_first=1000, login_retry_most=1000)
    async with running_scripted_imap(script) as server, watching(collector, timing) as watcher:
        settings = server.settings(password=None)
        watcher.add(WatchedAccount("jo", settings, token=token))
        await server.wait_for_watchers()
    assert asked == [False, True]


async def test_it_works_over_tls_with_data_already_decrypted(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    collector = Collector()
    async with running_scripted_imap(tls=context) as server, watching(collector) as watcher:
        settings = server.settings(security=Security.TLS, ca_file=str(ca_file))
        watcher.add(WatchedAccount("jo", settings))
        for number in range(20):
            await server.wait_for_watchers()
            server.box().add(b"mail %d\r\n" % number)
            # The "+" and the announcement then share one TLS record now and then.
            server.script.before_idle = b"* 1 RECENT\r\n" * (number % 3)
            await collector.until_mails(number + 1)
    assert collector.bodies() == [b"mail %d\r\n" % number for number in range(20)]


async def test_uvloop_serves_as_well() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def scene() -> list[bytes]:
        collector = Collector()
        async with running_scripted_imap() as server, watching(collector) as watcher:
            watcher.add(account(server))
            await server.wait_for_watchers()
            server.box().add(b"new\r\n")
            await collector.until_mails(1)
            server.cut_all()
            await server.wait_for("IDLE", times=3)
            server.box().add(b"newer\r\n")
            await collector.until_mails(2)
        return collector.bodies()

    def run() -> list[bytes]:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(scene())

    assert await asyncio.to_thread(run) == [b"new\r\n", b"newer\r\n"]


@pytest.mark.dovecot
async def test_dovecot_announces_mails_and_its_killed_sessions_are_made_again(
    dovecot: Dovecot, user: str
) -> None:
    collector = Collector()
    async with watching(collector) as watcher:
        watcher.add(WatchedAccount(user, dovecot.settings(user)))
        await collector.until(lambda: len(collector.batches) == 1)
        dovecot.deliver(user, b"Subject: 1\r\n\r\none\r\n")
        await collector.until_mails(1)
        dovecot.kill_sessions()
        dovecot.deliver(user, b"Subject: 2\r\n\r\ntwo\r\n")
        await collector.until_mails(2)
    assert [mail.data[:10] for mail in collector.mails()] == [b"Subject: 1", b"Subject: 2"]
