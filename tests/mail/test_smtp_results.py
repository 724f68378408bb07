"""What servers' codes mean; and the URL of a smarthost."""

from __future__ import annotations

import pytest

from mail.sending.account import Security, SmtpAccount, is_loopback
from mail.sending.results import FailureReason as Why
from mail.sending.results import Outcome, classify, recipient_result, split_reply


@pytest.mark.parametrize(
    ("code", "enhanced", "outcome", "reason"),
    [
        (250, "2.1.5", Outcome.ACCEPTED, None),
        (251, None, Outcome.ACCEPTED, None),
        (550, "5.1.1", Outcome.PERMANENT, Why.NO_SUCH_USER),
        (550, None, Outcome.PERMANENT, Why.NO_SUCH_USER),
        (550, "5.4.1", Outcome.PERMANENT, Why.HOST_UNKNOWN),
        (550, "5.7.1", Outcome.PERMANENT, Why.POLICY),
        (550, "5.7.23", Outcome.PERMANENT, Why.BLOCKED),
        (550, "5.7.511", Outcome.PERMANENT, Why.BLOCKED),
        (552, "5.2.2", Outcome.PERMANENT, Why.MAILBOX_FULL),
        (552, None, Outcome.TEMPORARY, Why.TOO_MANY_RECIPIENTS),
        (452, "4.2.2", Outcome.TEMPORARY, Why.MAILBOX_FULL),
        (450, "4.7.1", Outcome.TEMPORARY, Why.GREYLISTED),
        (450, None, Outcome.TEMPORARY, Why.GREYLISTED),
        (451, None, Outcome.TEMPORARY, Why.BUSY),
        (554, None, Outcome.PERMANENT, Why.POLICY),
        (554, "5.4.6", Outcome.PERMANENT, Why.LOOP),
        (556, "5.1.10", Outcome.PERMANENT, Why.HOST_UNKNOWN),
        (553, None, Outcome.PERMANENT, Why.BAD_ADDRESS),
        (530, "5.7.0", Outcome.PERMANENT, Why.POLICY),
        (599, None, Outcome.PERMANENT, Why.OTHER),
        (450, "5.1.1", Outcome.PERMANENT, Why.NO_SUCH_USER),
        (550, "2.0.0", Outcome.PERMANENT, Why.NO_SUCH_USER),
    ],
)
def test_the_enhanced_code_speaks_first(
    code: int, enhanced: str | None, outcome: Outcome, reason: Why | None
) -> None:
    assert classify(code, enhanced, at_rcpt=True) == (outcome, reason)


def test_an_answer_in_latin_1_keeps_its_letters() -> None:
    said = b"5.1.1 usu\xe1rio desconhecido".decode("utf-8", "surrogateescape")
    assert split_reply(said) == ("5.1.1", "usuário desconhecido")


def test_552_after_the_mail_means_too_large() -> None:
    assert classify(552, None) == (Outcome.PERMANENT, Why.TOO_LARGE)


def test_a_reply_of_many_lines_is_one_line() -> None:
    reply = "5.1.1 The account does not exist.\n5.1.1 Check for\x07 typing errors.\n"
    assert split_reply(reply) == ("5.1.1", "The account does not exist. Check for typing errors.")


@pytest.mark.parametrize("reply", ["", "Ok", "5.1 half", "1.2.3.4 an address", "5.1.1234 long"])
def test_words_are_not_taken_for_codes(reply: str) -> None:
    assert split_reply(reply)[0] is None


def test_a_result_names_its_codes() -> None:
    result = recipient_result("jo@x.example", 550, "5.1.1 No such user", at_rcpt=True)
    assert (result.codes, result.text) == ("550 5.1.1", "No such user")
    assert recipient_result("jo@x.example", 250, "Ok").codes == "250"


def test_a_smarthost_url_is_decoded() -> None:
    found = SmtpAccount.from_url("smtps://us%40us.example:p%40ss%3A%2F@mail.us.example")
    assert (found.host, found.port, found.security) == ("mail.us.example", 465, Security.TLS)
    assert (found.user, found.password) == ("us@us.example", "p@ss:/")
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize(
    ("url", "port", "security", "optional"),
    [
        ("smtp://mail.us.example", 25, Security.STARTTLS, True),
        ("smtp://u:p@mail.us.example", 587, Security.STARTTLS, True),
        ("smtp://127.0.0.1:2526", 2526, Security.STARTTLS, True),
        ("smtp://mail.us.example:587?starttls=required", 587, Security.STARTTLS, False),
        ("smtp://mail.us.example?starttls=no", 25, Security.NONE, False),
        ("smtps://[::1]:1465", 1465, Security.TLS, False),
    ],
)
def test_the_scheme_chooses_encryption_and_port(
    url: str, port: int, security: Security, optional: bool
) -> None:
    found = SmtpAccount.from_url(url)
    assert (found.port, found.security, found.starttls_optional) == (port, security, optional)


def test_options_of_a_smarthost_url() -> None:
    found = SmtpAccount.from_url("smtp://mail.us.example?verify=no&timeout=7")
    assert (found.verify, found.timeout) == (False, 7.0)


@pytest.mark.parametrize(
    "url",
    [
        "", "mail.us.example", "http://u:secret@x", "smtp://", "smtp://u:secret@", "smtp://x:0",
        "smtp://x:99999", "smtp://x:secret", "smtp://u:se/cret@x", "smtp://u:se?cret@x",
        "smtp://u:se#cret@x", "smtp://x/path", "smtp://x?secret=1", "smtp://x?timeout=0",
        "smtp://x?timeout=soon", "smtp://[::1", "smtp://u:12?secret@x",
    ],
)  # fmt: skip
def test_a_url_that_is_none_is_a_sentence_without_secrets(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        SmtpAccount.from_url(url)
    assert str(caught.value).endswith(".")
    assert "cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "a.localhost"]
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.example", "10.0.0.1", "128.0.0.1", "", "127.0.0.1.x.example"]
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
