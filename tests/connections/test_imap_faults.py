"""What a server must not do and does: each its own sentence, in bounded time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

import pytest

import mail.imap.fetch
from mail.connections import FetchedMail, FetchOptions, ImapCursor, ImapSettings
from mail.discovery.providers import Security
from mail.errors import (
    ConnectionCut,
    ConnectTimeout,
    Deferred,
    FolderMissing,
    HostUnknown,
    LoginFailed,
    MailError,
    PortRefused,
    ProtocolBroken,
    Refused,
    ServerSilent,
    TlsFailed,
)
from mail.imap.account import ImapAccount
from mail.imap.errors import nearest_folders
from mail.imap.probe import probe_mailbox
from tests.servers.ports import free_port
from tests.servers.scripted_imap import Script, ScriptedImap, running_scripted_imap


async def fails(settings: ImapSettings) -> MailError:
    """The error of connecting with `settings`."""

    def connect() -> None:
        with ImapAccount(settings):
            pass

    with pytest.raises(MailError) as caught:
        await asyncio.to_thread(connect)
    assert settings.password is None or settings.password not in str(caught.value)
    return caught.value


async def taken(
    server: ScriptedImap, cursor: ImapCursor | None, options: FetchOptions | None = None
) -> list[FetchedMail]:
    def take() -> list[FetchedMail]:
        with ImapAccount(server.settings(), options) as account:
            return [mail for batch in account.fetch_new(cursor) for mail in batch]

    return await asyncio.to_thread(take)


@pytest.mark.parametrize(
    ("script", "error", "words", "field"),
    [
        (Script(greeting=b"220 smtp.example ESMTP\r\n"), ProtocolBroken, "no IMAP server", "port"),
        (Script(greeting=b"SSH-2.0-OpenSSH\r\n"), ProtocolBroken, "no IMAP server", "port"),
        (Script(greeting=b"* BYE too many connections\r\n"), Deferred, "too many", ""),
        (Script(capabilities="IMAP2"), ProtocolBroken, "no IMAP server", "port"),
        (Script(greeting=b""), ServerSilent, "does not answer", "port"),
        (Script(hang_on={"LOGIN"}), ServerSilent, "does not answer", "port"),
        (Script(hang_on={"EXAMINE"}), ServerSilent, "does not answer", "port"),
        (Script(bye_on={"LOGIN": "maintenance"}), ConnectionCut, "maintenance", ""),
        (Script(bye_on={"LOGIN": "[UNAVAILABLE] later"}), Deferred, "later", ""),
        (
            Script(no_on={"LOGIN": "[AUTHENTICATIONFAILED] no"}),
            LoginFailed,
            "Check user",
            "password",
        ),
        (Script(no_on={"LOGIN": "[LIMIT] too many"}), Deferred, "just now", ""),
        (Script(no_on={"LOGIN": "Too many simultaneous connections"}), Deferred, "just now", ""),
        (Script(no_on={"LOGIN": "bad secret given"}), LoginFailed, "•••", "password"),
        (
            Script(no_on={"LOGIN": "[ALERT] Application-specific password required"}),
            LoginFailed,
            "create one at your provider",
            "password",
        ),
        (Script(capabilities="IMAP4rev1 LOGINDISABLED"), LoginFailed, "choose TLS", "password"),
        (
            Script(no_on={"EXAMINE": "User is authenticated but not connected."}),
            LoginFailed,
            "licence",
            "password",
        ),
        (Script(no_on={"EXAMINE": "[NOPERM] no"}), Refused, "cannot be opened", ""),
        (Script(no_on={"EXAMINE": "[INUSE] locked"}), Deferred, "just now", ""),
    ],
    ids=lambda value: None if isinstance(value, Script) else "",
)
async def test_a_server_that_refuses_or_rambles(
    script: Script, error: type[MailError], words: str, field: str
) -> None:
    async with running_scripted_imap(script) as server:
        found = await fails(server.settings(timeout=0.3))
    assert type(found) is error
    assert words in str(found)
    assert found.field == field


async def test_a_folder_that_is_not_there_names_those_that_are() -> None:
    async with running_scripted_imap() as server:
        found = await fails(server.settings(folder="Support"))
    assert type(found) is FolderMissing
    assert str(found) == "There is no folder “Support” in this mailbox. There are “INBOX”."


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Support", ["INBOX.Support"]),
        ("suport", ["Support"]),
        ("inbox", ["INBOX"]),
        ("Sent", ["[Gmail]/Sent"]),
        ("Zebra", []),
    ],
)
def test_the_nearest_folders_are_proposed(wanted: str, found: list[str]) -> None:
    names = ["INBOX", *found, "Müll"]
    assert nearest_folders(wanted, names)[: len(found)] == found


@pytest.mark.parametrize(
    ("changes", "error", "words", "field"),
    [
        ({"host": "imap.nowhere.invalid"}, HostUnknown, "no host imap.nowhere", "host"),
        ({"host": "imap..example"}, HostUnknown, "no host", "host"),
        ({"port": None}, PortRefused, "does not accept connections", "port"),
        ({"security": Security.TLS}, ProtocolBroken, "does not speak TLS", "port"),
        ({"security": Security.STARTTLS}, TlsFailed, "no STARTTLS", "security"),
        ({"password": "two\r\nlines"}, LoginFailed, "line breaks", "password"),
        ({"password": "пароль"}, LoginFailed, "ASCII", "password"),
        ({"password": None, "token": "tok"}, LoginFailed, "no login with OAuth2", "password"),
    ],
)
async def test_a_wrong_entry_is_told_at_its_field(
    changes: dict[str, object], error: type[MailError], words: str, field: str
) -> None:
    if "port" in changes:
        changes = {"port": free_port()}
    async with running_scripted_imap() as server:
        found = await fails(server.settings(**changes))
    assert type(found) is error
    assert words in str(found)
    assert found.field == field


async def test_a_firewall_that_drops_is_told_in_time() -> None:
    # A listener whose queue is full answers no SYN, as a firewall that drops does.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        found = await fails(
            ImapSettings("127.0.0.1", "jo", port, Security.NONE, "secret", login_limit=1.0)
        )
        assert time.monotonic() - started < 3
        for filler in fillers:
            filler.close()
    assert type(found) is ConnectTimeout
    assert "firewall" in str(found)


async def test_a_server_that_drips_does_not_hold_us_longer_than_the_limit() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        try:
            while True:
                writer.write(b"*")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.transport.abort()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started = time.monotonic()
    found = await fails(
        ImapSettings("127.0.0.1", "jo", port, Security.NONE, "secret", login_limit=0.6)
    )
    assert time.monotonic() - started < 3
    assert type(found) is ServerSilent
    server.close()
    # The server notices the closed connection at its next write.
    await asyncio.sleep(0.15)


async def test_tokens_that_are_refused_end_the_exchange_properly() -> None:
    for mechanism, last in (("XOAUTH2", "b'\\r\\n'"), ("OAUTHBEARER", "b'AQ==\\r\\n'")):
        script = Script(capabilities=f"IMAP4rev1 AUTH={mechanism}", token="good")
        async with running_scripted_imap(script) as server:
            found = await fails(server.settings(password=None, token="bad-token"))
            assert type(found) is LoginFailed
            assert "bad-token" not in str(found)
            assert f"AFTER-ERROR {last}" in server.commands
            settings = server.settings(password=None, token="good")
            await asyncio.to_thread(_first_cursor, settings)


async def test_one_unreadable_mail_does_not_hold_up_the_others() -> None:
    async with running_scripted_imap(Script(unreadable={3}, hidden={5})) as server:
        for number in range(1, 8):
            server.box().add(b"Subject: %d\r\n\r\nbody\r\n" % number)
        mails = await taken(server, ImapCursor(1, 0))
    assert [mail.uid for mail in mails] == [1, 2, 3, 4, 5, 6, 7]
    assert [mail.uid for mail in mails if mail.problem] == [3, 5]


async def test_flags_of_other_mails_in_between_do_not_confuse() -> None:
    noise = b"* 2 FETCH (FLAGS (\\Seen))\r\n* 9 EXISTS\r\n* 1 FETCH (FLAGS () UID 900)\r\n"
    async with running_scripted_imap(Script(before_fetch=noise)) as server:
        for number in range(1, 4):
            server.box().add(b"Subject: %d\r\n\r\n" % number)
        mails = await taken(server, ImapCursor(1, 0), FetchOptions(unread_only=True))
    assert [mail.data for mail in mails] == [b"Subject: %d\r\n\r\n" % n for n in (1, 2, 3)]


async def test_a_far_gap_with_sparse_uids_is_walked_in_windows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail.imap.fetch, "WINDOW", 20)
    async with running_scripted_imap() as server:
        uids = [n * n * 1000 + 7 for n in range(1, 301)]
        for uid in uids:
            server.box().add(b"%d\r\n" % uid, uid=uid)
        mails = await taken(server, ImapCursor(1, uids[99]))
        lists = [one for one in server.commands if "RFC822.SIZE" in one]
    assert [mail.uid for mail in mails] == uids[100:]
    assert not any(one.startswith("SEARCH") for one in server.commands)
    assert sum(one.partition(" ")[2].split()[0].endswith(":*") for one in lists) <= 3


async def test_a_server_that_tells_no_uidnext() -> None:
    async with running_scripted_imap(Script(tell_uidnext=False)) as server:
        server.box().add(b"old\r\n")
        first = await asyncio.to_thread(_first_cursor, server.settings())
        server.box().add(b"new\r\n")
        server.box().mails.pop(0)
        assert [mail.data for mail in await taken(server, first)] == [b"new\r\n"]
        server.box().mails.clear()
        assert await taken(server, ImapCursor(1, 2)) == []


@pytest.mark.parametrize(
    ("user", "said", "words"),
    [
        ("jo@gmail.com", "[AUTHENTICATIONFAILED] Invalid credentials (Failure)", "app password"),
        ("jo@mail.ru", "[AUTHENTICATIONFAILED] NEOBHODIM parol prilozheniya", "external"),
        ("jo@yandex.ru", "[AUTHENTICATIONFAILED] invalid credentials or IMAP is disabled", "IMAP"),
        ("jo@outlook.com", "LOGIN failed.", "Connect with Microsoft"),
        ("jo@gmx.de", "[AUTHENTICATIONFAILED] authentication failed", "Switch IMAP on"),
        ("jo@own.example", "[AUTHENTICATIONFAILED] no", "Check user name and password"),
    ],
)
async def test_a_provider_that_wants_more_than_a_password_is_explained(
    user: str, said: str, words: str
) -> None:
    async with running_scripted_imap(Script(no_on={"LOGIN": said})) as server:
        found = await fails(server.settings(user))
    assert type(found) is LoginFailed
    assert words in str(found)
    assert ("https://" in str(found)) == (user != "jo@own.example")


async def test_a_probe_tells_what_there_is_and_changes_nothing() -> None:
    async with running_scripted_imap() as server:
        server.box().add(b"one\r\n")
        report = await probe_mailbox(server.settings())
        assert (report.messages, report.can_idle, report.encrypted) == (1, True, False)
        assert (report.folders, report.sent_folder) == (("INBOX",), None)
        assert not any(one.startswith(("SELECT", "STORE")) for one in server.commands)
        with pytest.raises(LoginFailed):
            await probe_mailbox(server.settings(password="no"))


async def test_a_probe_ends_in_time_whatever_the_server_does() -> None:
    async with running_scripted_imap(Script(hang_on={"LIST"})) as server:
        settings = server.settings(timeout=30, login_limit=30)
        started = time.monotonic()
        with pytest.raises(ServerSilent, match="took too long"):
            await probe_mailbox(settings, seconds=0.5)
        assert time.monotonic() - started < 3


async def test_a_line_or_a_literal_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail.imap.wire.MAX_LINE", 10_000)
    answers: list[tuple[bytes, Callable[[str], bool]]] = [
        (b"* 1 FETCH (UID 1 X " + b"x" * 900_000, lambda said: "line without end" in said),
        (b"* 1 FETCH (UID 1 BODY[] {9000000000}\r\n", lambda said: "too much" in said),
        (b"* 1 FETCH ((((((\r\n", lambda said: "refused" in said or "IMAP" in said),
    ]
    for noise, expected in answers:
        async with running_scripted_imap(Script(before_fetch=noise)) as server:
            server.box().add(b"new\r\n")
            with pytest.raises(MailError) as caught:
                await taken(server, ImapCursor(1, 0))
        assert expected(str(caught.value)), str(caught.value)


def _first_cursor(settings: ImapSettings) -> ImapCursor:
    with ImapAccount(settings) as account:
        batch = account.next_batch(None)
        assert batch is not None
        return batch.cursor
