"""`canal channels` with mailboxes: filled in, tried before it is saved, told in sentences."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.app.harness import Harness, words_of
from tests.app.mailboxes import MailHost, make_mail, running_mail_host
from tests.app.process import run_cli
from tests.servers.ports import free_port

pytestmark = [pytest.mark.dovecot, pytest.mark.postfix]


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with running_mail_host() as found:
        yield found


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path)
    await harness.start()
    try:
        yield harness
    finally:
        await harness.stop()


def imap_options(host: MailHost, user: str) -> list[str]:
    return [
        "--imap-user", user, "--imap-host", "localhost",
        "--imap-port", str(host.dovecot.tls_port), "--imap-security", "tls",
        "--imap-ca-file", host.dovecot.ca_file, "--imap-password-file", "-",
    ]  # fmt: skip


def smtp_options(host: MailHost) -> list[str]:
    return [
        "--outgoing", "smtp", "--smtp-host", "localhost",
        "--smtp-port", str(host.postfix.port), "--smtp-security", "starttls",
        "--smtp-ca-file", host.postfix.ca_file,
    ]  # fmt: skip


def add_words(canal: Harness, *more: str) -> list[str]:
    return [
        "channels", "add", "--name", "Support", "--slack-channel", canal.support,
        "--undo-seconds", "0", *more,
    ]  # fmt: skip


async def test_a_mailbox_is_connected_and_works_both_ways(canal: Harness, host: MailHost) -> None:
    user, customer = host.new_user(), host.new_user()
    status, out, err = await run_cli(
        canal.environment(),
        *add_words(canal, "--incoming", "imap", *imap_options(host, user), *smtp_options(host)),
        stdin=b"secret\n",
    )
    assert status == 0, out + err
    assert f"Main address: {user}." in out
    assert f"SMTP user: {user}." in out
    assert "SMTP password: the same as for IMAP." in out
    assert out.rstrip().endswith("Support is connected.")
    async with asyncio.timeout(20):
        while not (await canal.canal.channels.show("Support")).connection("in").cursor:
            await asyncio.sleep(0.02)
    host.dovecot.deliver(user, make_mail("By hand", to=user, sender=f"Jo <{customer}>"))
    card = await canal.ticket()
    await canal.say(card, "Works.")
    [raw] = await asyncio.to_thread(host.postfix.wait_for_mails, customer)
    assert b"Works." in raw
    status, out, err = await run_cli(canal.environment(), "channels", "list")
    assert "in: imap ✔" in out
    assert "out: smtp ✔" in out
    status, out, err = await run_cli(canal.environment(), "channels", "show", "Support", "--json")
    shown = json.loads(out)
    assert shown["connections"]["in"]["host"] == "localhost"
    assert shown["health"]["in"]["state"] == "up"
    assert "secret" not in out


@pytest.mark.parametrize(
    ("changes", "stdin", "option", "words"),
    [
        ({}, b"wrong-word\n", "--imap-password-file", "refused the login"),
        ({"--imap-folder": "Nowhere"}, b"secret\n", "--imap-folder", "no folder “Nowhere”"),
        (
            {"--imap-host": "no-such-host.invalid"},
            b"secret\n",
            "--imap-host",
            "no-such-host.invalid",
        ),
        ({"--imap-port": "free"}, b"secret\n", "--imap-port", "does not accept connections"),
        ({"--imap-ca-file": None}, b"secret\n", "--imap-security", "certificate"),
        ({"--imap-security": "starttls"}, b"secret\n", "--imap-port", "Check"),
        ({"--imap-security": "ssl"}, b"secret\n", "--imap-security", "not one of tls"),
        ({"--poll-minutes": "90"}, b"secret\n", "--poll-minutes", "1 to 60"),
    ],
)
async def test_what_is_wrong_is_told_at_its_option_and_nothing_is_saved(
    canal: Harness,
    host: MailHost,
    changes: dict[str, str | None],
    stdin: bytes,
    option: str,
    words: str,
) -> None:
    given = imap_options(host, host.new_user())
    options = dict(zip(given[::2], given[1::2], strict=True))
    for key, value in changes.items():
        if value is None:
            del options[key]
        else:
            options[key] = str(free_port()) if value == "free" else value
    flat = [word for pair in options.items() for word in pair]
    started = time.monotonic()
    status, out, err = await run_cli(
        canal.environment(), *add_words(canal, "--incoming", "imap", *flat), stdin=stdin
    )
    assert status == 2, out + err
    assert time.monotonic() - started < 25
    assert f"canal: {option}: " in err, err
    assert words in err
    assert "wrong-word" not in out + err
    assert "Traceback" not in err
    assert await canal.canal.channels.list() == []


async def test_a_wrong_smtp_password_is_told_at_its_option(
    canal: Harness, host: MailHost, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-it\n")
    status, out, err = await run_cli(
        canal.environment(),
        *add_words(
            canal, "--primary", "support@shop.example", "--smtp-user", host.new_user(),
            *smtp_options(host), "--smtp-password-file", str(wrong),
        ),
    )  # fmt: skip
    assert status == 2, out
    assert "canal: --smtp-password-file: " in err
    assert "not-it" not in out + err


async def test_everything_that_is_missing_is_told_at_once(canal: Harness) -> None:
    status, _, err = await run_cli(
        canal.environment(), "channels", "add", "--incoming", "imap", "--imap-port", "0"
    )
    assert status == 2
    for option in ("--name:", "--slack-channel:", "--primary:", "--imap-port:"):
        assert option in err


async def test_the_servers_of_a_provider_are_filled_in_and_told(canal: Harness) -> None:
    status, out, err = await run_cli(
        canal.environment(),
        *add_words(
            canal, "--incoming", "imap", "--outgoing", "smtp", "--imap-user", "acme@mail.ru",
            "--imap-password-file", "-", "--no-test",
        ),
        stdin=b"app-password\n",
    )  # fmt: skip
    assert status == 0, err
    assert "IMAP: imap.mail.ru, port 993, TLS (Mail.ru)." in out
    assert "SMTP: smtp.mail.ru, port 465, TLS (Mail.ru)." in out
    assert "https://help.mail.ru" in out
    assert "app-password" not in out


async def test_a_provider_without_passwords_asks_for_the_sign_in(canal: Harness) -> None:
    status, out, err = await run_cli(
        canal.environment(),
        *add_words(canal, "--incoming", "imap", "--outgoing", "smtp", "--primary", "a@gmail.com"),
    )
    assert status == 0, err
    assert "canal channels login Support --provider google" in out
    assert out.rstrip().endswith("Support is saved.")


async def test_an_edit_keeps_the_password_and_what_was_not_given(
    canal: Harness, host: MailHost
) -> None:
    user = host.new_user()
    await canal.add_channel(**host.channel(user))
    status, out, err = await run_cli(
        canal.environment(), "channels", "edit", "Support", "--poll-minutes", "7", "--mark-read"
    )
    assert status == 0, out + err
    kept = await canal.canal.channels.open_connection("Support", "in")
    assert kept.secret == {"password": "secret"}
    assert kept.settings["poll_minutes"] == 7
    assert kept.settings["mark_read"] is True
    assert kept.settings["host"] == host.dovecot.host


async def test_the_test_sends_a_mail_through_the_whole_loop(canal: Harness, host: MailHost) -> None:
    user = host.new_user()
    await canal.add_channel(**host.channel(user))
    status, out, err = await run_cli(canal.environment(), "channels", "test", "Support")
    assert status == 0, out + err
    assert "✔ In:" in out
    assert "✔ Out: accepted for" in out
    assert "✔ Loop: the test mail came back after" in out
    assert "✔ Message-ID: survived" in out
    assert "SPF:" in out
    assert "DMARC:" in out
    assert "DKIM:" in out
    host.dovecot.deliver(user, make_mail("A real one"))
    card = await canal.ticket()
    assert "A real one" in words_of(card)
    assert len(canal.roots()) == 1, "the test mail makes no ticket"


async def test_the_test_in_slack_does_the_same(canal: Harness, host: MailHost) -> None:
    await canal.add_channel(**host.channel(host.new_user()))
    await canal.sandbox.command(canal.rui, canal.support, "/canal", "test Support")

    def said() -> str:
        return "\n".join(words_of(one) for one in canal.sandbox.ephemerals(canal.rui))

    await canal.sandbox.wait_for(lambda: "DMARC:" in said(), timeout=60)
    assert "✔ In:" in said()
    assert "✔ Loop: the test mail came back after" in said()
    assert "✔ Message-ID: survived" in said()


async def test_a_loop_that_is_not_closed_fails_with_what_to_look_at(canal: Harness) -> None:
    await canal.add_channel()
    status, out, _ = await run_cli(
        canal.environment(), "channels", "test", "Support", "--seconds", "1"
    )
    assert status == 2
    assert "❌ Loop: the test mail did not come back within 1 s." in out
    assert canal.inbound in out
