"""Every card and post shows whether its sender is who the mail says, and no mail waits for that."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dns.resolver
import pytest

from bot.app import Canal
from mail.writing.dkim_sign import new_key, sign
from tests.app.harness import Harness, words_of
from tests.servers.dns import running_dns

Json = dict[str, Any]
JO = "Jo Miller <jo@acme-desk.net>"


class Desk(Harness):
    """A Canal that asks the name server of the test."""

    def __init__(self, folder: Path, resolver: dns.resolver.Resolver) -> None:
        super().__init__(folder)
        self.resolver = resolver

    def make_canal(self) -> Canal:
        return Canal(self.settings(), resolver=lambda: self.resolver)


@pytest.fixture(scope="module")
def signing() -> Iterator[tuple[str, dns.resolver.Resolver]]:
    """A key of acme-desk.net, and a resolver that knows it."""
    key, record = new_key("acme-desk.net", "s1")
    records = [
        record.replace("( ", "").replace(" )", ""),
        '_dmarc.acme-desk.net. IN TXT "v=DMARC1; p=reject"',
        'plain-desk.net. IN TXT "v=spf1 -all"',
    ]
    with running_dns("\n".join(records)) as zone:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], zone.port
        yield key, resolver


@pytest.fixture
async def desk(tmp_path: Path, signing: tuple[str, dns.resolver.Resolver]) -> AsyncIterator[Desk]:
    harness = Desk(tmp_path, signing[1])
    await harness.start()
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


def compose(text: str, sender: str = JO, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@acme.example", "Help"
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes().replace(b"\n", b"\r\n")


def signed(data: bytes, signing: tuple[str, dns.resolver.Resolver]) -> bytes:
    return sign(data, "s1", "acme-desk.net", signing[0])


def thread_words(desk: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in desk.sandbox.thread(desk.support, card["ts"]))


async def test_a_proven_sender_has_a_tick(
    desk: Desk, signing: tuple[str, dns.resolver.Resolver]
) -> None:
    await desk.deliver(signed(compose("Hello"), signing), [desk.inbound])
    assert "✔ acme-desk.net" in words_of(await desk.ticket())


async def test_a_disowned_sender_is_warned_about(desk: Desk) -> None:
    await desk.deliver(compose("Pay me"), [desk.inbound])
    words = words_of(await desk.ticket())
    assert "⚠ sender not verified: no DKIM, acme-desk.net says that this is not its mail" in words
    assert "✔" not in words


async def test_a_sender_that_nothing_proves_is_warned_about(desk: Desk) -> None:
    await desk.deliver(compose("Hello", "jo@plain-desk.net"), [desk.inbound])
    assert "⚠ sender not verified: no DKIM" in words_of(await desk.ticket())


async def test_a_forged_answer_does_not_join_by_a_known_id(
    desk: Desk, signing: tuple[str, dns.resolver.Resolver]
) -> None:
    first = signed(compose("Hello", Message_ID="<one@acme-desk.net>"), signing)
    await desk.deliver(first, [desk.inbound])
    card = await desk.ticket()
    forged = compose("Send it elsewhere", In_Reply_To="<one@acme-desk.net>")
    await desk.deliver(forged, [desk.inbound])
    other = await desk.ticket(2)
    assert "Link to #1" in words_of(other)
    good = signed(compose("It is me", In_Reply_To="<one@acme-desk.net>"), signing)
    await desk.deliver(good, [desk.inbound])
    await desk.sandbox.wait_for(lambda: "It is me" in thread_words(desk, card))
    assert "Send it elsewhere" not in thread_words(desk, card)


async def test_mail_from_reserved_domains_has_no_mark(canal: Harness) -> None:
    await canal.write()
    words = words_of(await canal.ticket())
    assert "✔" not in words
    assert "⚠" not in words


class Held:
    """A resolver that answers when it is let."""

    def __init__(self, inner: dns.resolver.Resolver) -> None:
        self.inner = inner
        self.let = threading.Event()

    def resolve(self, *arguments: Any, **options: Any) -> Any:
        self.let.wait(10)
        return self.inner.resolve(*arguments, **options)


async def test_a_slow_name_server_holds_up_no_mail_and_marks_it_later(
    desk: Desk, signing: tuple[str, dns.resolver.Resolver]
) -> None:
    held = Held(signing[1])
    desk.canal.parts.checks._resolver, desk.canal.parts.checks._made = held, True  # type: ignore[assignment]
    await desk.deliver(signed(compose("Hello"), signing), [desk.inbound])
    card = await desk.ticket()
    assert "✔" not in words_of(card)
    held.let.set()
    await desk.sandbox.wait_for(
        lambda: "✔ acme-desk.net" in words_of(desk.sandbox.message(desk.support, card["ts"]))
    )
