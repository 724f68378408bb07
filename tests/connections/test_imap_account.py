"""One IMAP folder, against a real Dovecot: logins, encryption, cursors, Sent."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mail.connections import FetchedBatch, FetchedMail, FetchOptions, ImapCursor
from mail.discovery.providers import Security
from mail.errors import ConnectionCut, LoginFailed, Refused, WireError
from mail.imap.account import ImapAccount
from tests.servers.dovecot import Dovecot, running_dovecot

pytestmark = pytest.mark.dovecot


def mail(number: int, size: int = 0) -> bytes:
    return b"Message-ID: <%d@x.example>\r\nSubject: %d\r\n\r\n%s\r\n" % (
        number,
        number,
        b"x" * size,
    )


def subjects(mails: list[FetchedMail]) -> list[int]:
    return [int(one.data.split(b"Subject: ")[1].split()[0]) for one in mails]


def take(account: ImapAccount, cursor: ImapCursor | None) -> tuple[list[FetchedMail], ImapCursor]:
    """Everything after `cursor`, as the watcher takes it."""
    mails: list[FetchedMail] = []
    for batch in account.fetch_new(cursor):
        mails += batch.mails
        cursor = ImapCursor.from_text(batch.cursor.to_text())
    assert cursor is not None
    return mails, cursor


@contextlib.contextmanager
def opened(
    dovecot: Dovecot, user: str, options: FetchOptions | None = None, **changes: object
) -> Iterator[ImapAccount]:
    with ImapAccount(dovecot.settings(user, **changes), options) as account:
        yield account


@pytest.mark.parametrize("security", list(Security))
def test_every_kind_of_encryption_works(dovecot: Dovecot, user: str, security: Security) -> None:
    port = dovecot.tls_port if security is Security.TLS else dovecot.port
    with opened(dovecot, user, port=port, security=security) as account:
        assert account.can_idle
        assert [folder.name for folder in account.list_folders()] == ["INBOX", "Sent", "Trash"]


@pytest.mark.parametrize("token", ["good-token", lambda: "good-token"])
def test_an_oauth2_token_logs_in(dovecot: Dovecot, user: str, token: object) -> None:
    dovecot.oauth.tokens["good-token"] = user
    with opened(dovecot, user, password=None, token=token) as account:
        assert account.next_batch(None) is not None


def test_a_dead_token_is_refused_with_what_to_do(dovecot: Dovecot, user: str) -> None:
    with (
        pytest.raises(LoginFailed, match="Connect the mailbox again") as caught,
        opened(dovecot, user, password=None, token="a-dead-token"),
    ):
        pass
    assert "a-dead-token" not in str(caught.value)


@pytest.mark.parametrize("password", ["geheim Wört", 'quo"te \\ back', "пароль", "sp ace{5}"])
def test_a_password_may_hold_any_characters(dovecot: Dovecot, password: str) -> None:
    user = f"odd{abs(hash(password))}@shop.example"
    dovecot.add_user(user, password)
    with opened(dovecot, user, password=password) as account:
        assert account.next_batch(None) is not None


def test_a_wrong_password_shows_neither_in_the_error_nor_in_the_log(
    dovecot: Dovecot, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(LoginFailed, match="Check user name and password") as caught,
        opened(dovecot, user, password="Wr0ng-Pass"),
    ):
        pass
    assert caught.value.field == "password"
    assert "Wr0ng-Pass" not in str(caught.value) + caplog.text
    assert "Wr0ng-Pass" not in repr(dovecot.settings(user, password="Wr0ng-Pass"))


def test_the_first_look_takes_nothing_old_and_the_next_takes_what_is_new(
    dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, mail(1))
    with opened(dovecot, user) as account:
        nothing, cursor = take(account, None)
        assert nothing == []
        dovecot.deliver(user, mail(2))
        dovecot.deliver(user, mail(3), seen=True)
        account.noop()
        mails, cursor = take(account, cursor)
        assert subjects(mails) == [2, 3]
        assert mails[0].data == mail(2)
        assert take(account, cursor) == ([], cursor)


def test_nothing_is_marked_unless_asked(dovecot: Dovecot, user: str) -> None:
    with opened(dovecot, user) as account:
        _, cursor = take(account, None)
        dovecot.deliver(user, mail(1))
    with opened(dovecot, user) as account:
        take(account, cursor)
    with opened(dovecot, user, FetchOptions(mark_read=True)) as account:
        mails, _ = take(account, cursor)
        assert r"\Seen" not in mails[0].flags
    with opened(dovecot, user) as account:
        mails, _ = take(account, cursor)
        assert r"\Seen" in mails[0].flags


def test_unread_only_leaves_out_what_a_colleague_opened_and_moves_on(
    dovecot: Dovecot, user: str
) -> None:
    with opened(dovecot, user, FetchOptions(unread_only=True)) as account:
        _, cursor = take(account, None)
        for number in range(1, 4):
            dovecot.deliver(user, mail(number), seen=number != 2)
        account.noop()
        mails, moved = take(account, cursor)
        assert subjects(mails) == [2]
        assert moved.last_uid == cursor.last_uid + 3


def test_unread_mail_of_the_last_days_is_imported_once_and_apart(
    dovecot: Dovecot, user: str
) -> None:
    for number in range(1, 8):
        dovecot.deliver(user, mail(number), seen=number == 3)
    options = FetchOptions(import_days=2, batch_mails=2)
    with opened(dovecot, user, options) as account:
        first = account.next_batch(None)
        assert first is not None
        cursor = first.cursor
        second = account.next_batch(cursor)
        assert second is not None
    # Canal stops in the middle; meanwhile something new comes.
    dovecot.deliver(user, mail(8))
    batches: list[FetchedBatch] = [second]
    with opened(dovecot, user, options) as account:
        cursor = ImapCursor.from_text(second.cursor.to_text())
        for batch in account.fetch_new(cursor):
            batches.append(batch)
            cursor = batch.cursor
        assert account.next_batch(cursor) is None
    by_reason = {
        reason: [m for b in batches if b.reason == reason for m in b]
        for reason in ("import", "new")
    }
    assert subjects(by_reason["import"]) == [1, 2, 4, 5, 6, 7]
    assert subjects(by_reason["new"]) == [8]


def test_a_changed_uidvalidity_reads_again_from_the_day_of_the_last_mail(
    dovecot: Dovecot, user: str
) -> None:
    with opened(dovecot, user) as account:
        _, cursor = take(account, None)
        dovecot.deliver(user, mail(1))
        account.noop()
        _, cursor = take(account, cursor)
    dovecot.deliver(user, mail(2))
    stranger = ImapCursor(cursor.uidvalidity - 77, 90_000, cursor.looked_on)
    with opened(dovecot, user) as account:
        batches = list(account.fetch_new(stranger))
    assert subjects([m for b in batches for m in b]) == [1, 2]
    assert {batch.reason for batch in batches} == {"rescan"}
    assert batches[-1].cursor.backlog is None
    assert batches[-1].cursor.uidvalidity == cursor.uidvalidity
    later = datetime.now(UTC).date() + timedelta(days=30)
    with opened(dovecot, user) as account:
        batches = list(account.fetch_new(ImapCursor(1, 5, later)))
    assert [m for b in batches for m in b] == [], "older mail is left alone"


def test_a_folder_that_counts_lower_than_before_is_read_again(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1))
    with opened(dovecot, user) as account:
        _, cursor = take(account, None)
        restored = ImapCursor(cursor.uidvalidity, cursor.last_uid + 50, cursor.looked_on)
        mails, _ = take(account, restored)
    assert subjects(mails) == [1]


def test_expunged_mails_are_passed_over(dovecot: Dovecot, user: str) -> None:
    with opened(dovecot, user) as account:
        _, cursor = take(account, None)
        places = [dovecot.deliver(user, mail(number)) for number in range(1, 8)]
        account.noop()
        places[2].unlink(missing_ok=True)
        gone = dovecot.maildir(user)
        for place in gone.glob(f"cur/{places[2].name}*"):
            place.unlink()
        mails, cursor = take(account, cursor)
        assert subjects(mails) == [1, 2, 4, 5, 6, 7]
        dovecot.deliver(user, mail(9))
        account.noop()
        assert subjects(take(account, cursor)[0]) == [9]


def test_large_and_many_mails_come_in_batches_of_bounded_size(dovecot: Dovecot, user: str) -> None:
    options = FetchOptions(batch_mails=10, batch_bytes=50_000, max_mail_bytes=60_000)
    with opened(dovecot, user, options) as account:
        _, cursor = take(account, None)
        for number in range(1, 31):
            dovecot.deliver(user, mail(number, 20_000 if number % 10 else 100_000))
        account.noop()
        batches = list(account.fetch_new(cursor))
    mails = [m for b in batches for m in b]
    assert subjects(mails) == list(range(1, 31))
    assert max(sum(len(m.data) for m in b) for b in batches) <= 60_000
    cut = [m for m in mails if m.problem]
    assert [len(m.data) for m in cut] == [60_000] * 3
    assert "first" in (cut[0].problem or "")


def test_sent_mail_is_filed_once_in_the_special_folder(dovecot: Dovecot, user: str) -> None:
    account = ImapAccount(dovecot.settings(user))
    account.login()
    assert account.append_to_sent(b"Message-ID: <s1@x.example>\n\nhi\n", "<s1@x.example>") == "Sent"
    assert account.append_to_sent(mail(1), "<s1@x.example>") is None
    account.close()
    with opened(dovecot, user, folder="Sent") as sent:
        mails, _ = take(sent, ImapCursor(sent.uidvalidity, 0))
    assert [one.data for one in mails] == [b"Message-ID: <s1@x.example>\r\n\r\nhi\r\n"]
    assert r"\Seen" in mails[0].flags


def test_filing_in_sent_does_not_disturb_reading(dovecot: Dovecot, user: str) -> None:
    with opened(dovecot, user) as account:
        _, cursor = take(account, None)
        account.append_to_sent(mail(5), "<5@x.example>")
        dovecot.deliver(user, mail(1))
        account.noop()
        assert subjects(take(account, cursor)[0]) == [1]


def test_a_full_mailbox_says_so(dovecot: Dovecot) -> None:
    dovecot.add_user("full@shop.example", quota="10K")
    account = ImapAccount(dovecot.settings("full@shop.example"))
    account.login()
    with pytest.raises(Refused, match="is full"):
        account.append_to_sent(mail(1, 50_000))
    account.close()


def test_a_killed_session_is_a_cut_connection(dovecot: Dovecot, user: str) -> None:
    with opened(dovecot, user) as account:
        _, cursor = take(account, None)
        dovecot.kill_sessions()
        with pytest.raises(ConnectionCut):
            _ = [account.next_batch(cursor) for _ in range(2)]
    with pytest.raises(WireError), opened(dovecot, user, password="no"):
        pass


def test_idle_and_a_server_without_it() -> None:
    with running_dovecot(idle=False, sent_special_use=False) as plain:
        plain.add_user("jo@x.example")
        with opened(plain, "jo@x.example") as account:
            assert not account.can_idle
            _, cursor = take(account, None)
            plain.deliver("jo@x.example", mail(1))
            account.noop()
            assert subjects(take(account, cursor)[0]) == [1]
            assert account.append_to_sent(mail(2)) == "Sent"
            assert "Sent" in [folder.name for folder in account.list_folders()]
