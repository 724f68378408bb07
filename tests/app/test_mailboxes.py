"""Mail by IMAP and SMTP at a real Dovecot and a real Postfix, through a whole Canal."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from handlers.channels.channels import ChannelStatus
from handlers.channels.fields import ChannelFields
from tests.app.harness import Harness, words_of
from tests.app.mailboxes import MailHost, make_mail, running_mail_host

pytestmark = [pytest.mark.dovecot, pytest.mark.postfix]


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with running_mail_host() as found:
        yield found


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[Harness]:
    """Running, with no email channel yet."""
    harness = Harness(tmp_path)
    await harness.start()
    try:
        yield harness
    finally:
        await harness.stop()


async def connect(canal: Harness, host: MailHost, **changes: Any) -> str:
    """A channel at the host whose mailbox is watched; returns its user."""
    user = host.new_user()
    await add(canal, host.channel(user, **changes))
    return user


async def add(canal: Harness, values: dict[str, Any]) -> ChannelStatus:
    status = await canal.add_channel(**values)
    await canal.canal.mailboxes.sync()
    await until(lambda: watching(canal))
    return status


async def watching(canal: Harness) -> bool:
    """Whether the mailbox was looked into and its cursor is stored."""
    status = await canal.canal.channels.show("Support")
    return bool(status.connection("in").cursor)


async def until(true: Callable[[], Any], seconds: float = 20) -> None:
    """Wait for something that only the database tells."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


async def health(canal: Harness, direction: str = "in") -> Any:
    return (await canal.canal.channels.show("Support")).connection(direction)


async def test_a_mail_in_the_mailbox_is_a_ticket_within_two_seconds(
    canal: Harness, host: MailHost
) -> None:
    user = await connect(canal, host)
    started = time.monotonic()
    host.dovecot.deliver(user, make_mail("Broken seat"))
    card = await canal.ticket()
    assert time.monotonic() - started < 2.5  # Dovecot itself looks once a second
    assert "Broken seat" in words_of(card)
    assert b"Broken seat" in host.inbox(user)[0]
    assert not list(host.dovecot.maildir(user).glob("cur/*S*")), "left as unread as it was"


async def test_mail_to_another_address_in_the_mailbox_is_taken_as_well(
    canal: Harness, host: MailHost
) -> None:
    user = await connect(canal, host)
    host.dovecot.deliver(user, make_mail("By alias", to="sales@elsewhere.example"))
    assert "By alias" in words_of(await canal.ticket())


async def test_a_reply_leaves_by_the_mailboxes_own_server_and_is_kept_in_sent(
    canal: Harness, host: MailHost
) -> None:
    user = await connect(canal, host)
    customer = host.new_user()
    host.dovecot.deliver(user, make_mail("Order", to=user, sender=f"Jo <{customer}>"))
    card = await canal.ticket()
    ts = await canal.say(card, "It is on its way.")
    await canal.wait_reaction(ts, "white_check_mark")
    [raw] = await asyncio.to_thread(host.postfix.wait_for_mails, customer)
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["From"] == f"Acme <{user}>"
    assert mail["Reply-To"] is None
    assert f"sasl_username={user}" in host.postfix.log()
    await until(_has(lambda: host.folder(user, "Sent")))
    [copy] = host.folder(user, "Sent")
    assert mail["Message-ID"].encode() in copy
    assert not canal.catcher.mails, "the smarthost has nothing to do with it"
    assert (await health(canal, "out")).last_ok_at is not None


def _has(look: Callable[[], Any]) -> Callable[[], Any]:
    async def check() -> bool:
        return bool(look())

    return check


async def test_the_customers_answer_joins_the_thread(canal: Harness, host: MailHost) -> None:
    user = await connect(canal, host)
    customer = host.new_user()
    host.dovecot.deliver(user, make_mail("Order", to=user, sender=f"Jo <{customer}>"))
    card = await canal.ticket()
    await canal.say(card, "Which one?")
    [raw] = await asyncio.to_thread(host.postfix.wait_for_mails, customer)
    sent = message_from_bytes(raw, policy=policy.default)
    answer = make_mail(
        "Re: Order", "The blue one.", to=user, sender=f"Jo <{customer}>",
        In_Reply_To=str(sent["Message-ID"]),
    )  # fmt: skip
    host.dovecot.deliver(user, answer)
    await canal.sandbox.wait_for(
        lambda: any("The blue one." in words_of(one) for one in canal.replies(card))
    )
    assert len(canal.roots()) == 1


async def test_a_first_connect_imports_nothing_old(canal: Harness, host: MailHost) -> None:
    user = host.new_user()
    host.dovecot.deliver(user, make_mail("Old and unread"))
    await add(canal, host.channel(user))
    host.dovecot.deliver(user, make_mail("New"))
    assert "New" in words_of(await canal.ticket())
    assert len(canal.roots()) == 1


async def test_unread_mail_of_the_last_days_is_imported_where_that_is_wished(
    canal: Harness, host: MailHost
) -> None:
    user = host.new_user()
    host.dovecot.deliver(user, make_mail("Unread"))
    host.dovecot.deliver(user, make_mail("Read"), seen=True)
    settings = host.incoming(user, import_days=3)
    await add(canal, host.channel(user, incoming_settings=settings))
    assert "Unread" in words_of(await canal.ticket())
    host.dovecot.deliver(user, make_mail("New"))
    await canal.ticket(2)
    assert len(canal.roots()) == 2
    assert not canal.sandbox.pings


async def test_taken_mail_is_marked_as_read_where_that_is_wished(
    canal: Harness, host: MailHost
) -> None:
    user = host.new_user()
    settings = host.incoming(user, mark_read=True)
    await add(canal, host.channel(user, incoming_settings=settings))
    host.dovecot.deliver(user, make_mail("Mark me"))
    await canal.ticket()
    await until(_has(lambda: list(host.dovecot.maildir(user).glob("cur/*S*"))))


async def test_mail_that_came_while_canal_was_away_is_taken_once(
    canal: Harness, host: MailHost
) -> None:
    user = await connect(canal, host)
    host.dovecot.deliver(user, make_mail("Before"))
    await canal.ticket()
    await canal.stop_canal()
    host.dovecot.deliver(user, make_mail("Meanwhile"))
    await canal.start_canal()
    assert "Meanwhile" in words_of(await canal.ticket(2))
    host.dovecot.deliver(user, make_mail("After"))
    await canal.ticket(3)
    assert len(canal.roots()) == 3


async def test_a_mailbox_that_is_numbered_anew_brings_nothing_twice_and_nothing_old(
    canal: Harness, host: MailHost
) -> None:
    user = host.new_user()
    old = host.dovecot.deliver(user, make_mail("Older than Canal"))
    an_hour_ago = time.time() - 3600
    os.utime(old, (an_hour_ago, an_hour_ago))  # Dovecot's INTERNALDATE
    await add(canal, host.channel(user))
    host.dovecot.deliver(user, make_mail("Taken"))
    await canal.ticket()
    await canal.stop_canal()
    host.dovecot.renumber(user)
    host.dovecot.deliver(user, make_mail("Missed by nobody"))
    await canal.start_canal()
    assert "Missed by nobody" in words_of(await canal.ticket(2))
    host.dovecot.deliver(user, make_mail("And on"))
    await canal.ticket(3)
    subjects = sorted(words_of(one).splitlines()[0] for one in canal.roots())
    assert len(subjects) == 3, subjects


async def test_a_changed_password_is_told_to_the_admins_once_and_once_when_it_works(
    canal: Harness, host: MailHost
) -> None:
    user = await connect(canal, host)
    host.dovecot.add_user(user, "changed")
    await until(_failed_thrice(canal, host))
    record = await health(canal)
    assert "refused the login" in record.last_error
    assert "secret" not in record.last_error
    await canal.sandbox.wait_for(lambda: len(told(canal, "does not get in")) == 1)
    await canal.canal.channels.edit(
        "Support", ChannelFields(incoming_secret={"password": "changed"})
    )
    await canal.canal.mailboxes.sync()
    await canal.sandbox.wait_for(lambda: len(told(canal, "works again")) == 1)
    host.dovecot.deliver(user, make_mail("After all"))
    assert "After all" in words_of(await canal.ticket())
    assert len(told(canal, "does not get in")) == 1


def _failed_thrice(canal: Harness, host: MailHost) -> Callable[[], Any]:
    """Whether that is so; else the mailbox is looked into at once, not after the pause."""

    async def check() -> bool:
        record = await health(canal)
        if not record.failures:
            host.dovecot.kill_sessions()  # it may have been let in by what Dovecot still knew
        canal.canal.mailboxes.poke(record.email_channel_id)
        return bool(record.failures >= 3)

    return check


def told(canal: Harness, words: str) -> list[str]:
    """What the admins were told in direct messages."""
    sent = [dict(args) for method, args in canal.sandbox.calls if method == "chat.postMessage"]
    return [str(one.get("text")) for one in sent if words in str(one.get("text"))]


async def test_a_paused_channels_mailbox_is_left_alone_until_it_is_resumed(
    canal: Harness, host: MailHost
) -> None:
    user = await connect(canal, host)
    await canal.canal.channels.pause("Support")
    await canal.canal.mailboxes.sync()
    host.dovecot.deliver(user, make_mail("While paused"))
    assert canal.canal.mailboxes.watched() == ()
    await canal.canal.channels.resume("Support")
    assert "While paused" in words_of(await canal.ticket())


async def test_another_mailbox_in_the_same_channel_begins_anew(
    canal: Harness, host: MailHost
) -> None:
    first = await connect(canal, host)
    second = host.new_user()
    host.dovecot.deliver(second, make_mail("Old in the second"))
    await canal.canal.channels.edit("Support", ChannelFields(incoming_settings={"user": second}))
    await canal.canal.mailboxes.sync()
    await until(_cursor_of(canal, second))
    host.dovecot.deliver(first, make_mail("In the first"))
    host.dovecot.deliver(second, make_mail("In the second"))
    assert "In the second" in words_of(await canal.ticket())
    assert len(canal.roots()) == 1


def _cursor_of(canal: Harness, user: str) -> Callable[[], Any]:
    async def check() -> bool:
        return user in str((await health(canal)).cursor)

    return check


async def test_refusals_of_the_server_show_at_the_reply(canal: Harness, host: MailHost) -> None:
    user = await connect(canal, host)
    mail = make_mail("Bad address", to=user, sender="Jo <reject550@shop.example>")
    host.dovecot.deliver(user, mail)
    card = await canal.ticket()
    ts = await canal.say(card, "Hello")
    await canal.wait_reaction(ts, "x")


async def test_a_temporary_refusal_is_tried_again(canal: Harness, host: MailHost) -> None:
    user = await connect(canal, host)
    mail = make_mail("Greylisted", to=user, sender="Jo <defer450@shop.example>")
    host.dovecot.deliver(user, mail)
    card = await canal.ticket()
    ts = await canal.say(card, "Hello")
    await asyncio.to_thread(_wait_for_log, host, "450 4.7.1", 2)
    assert canal.reactions(ts) == {"hourglass_flowing_sand"}


def _wait_for_log(host: MailHost, words: str, times: int) -> None:
    end = time.monotonic() + 20
    while host.postfix.log().count(words) < times:
        assert time.monotonic() < end, host.postfix.log()[-2000:]
        time.sleep(0.05)
