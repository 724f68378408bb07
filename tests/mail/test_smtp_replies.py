from __future__ import annotations

import inspect
import re

import pytest
from aiosmtpd import smtp as stock

from mail.smtp_server import replies
from mail.smtp_server.replies import MailRefused, Reply, name_reply


@pytest.mark.parametrize("reply", replies.NAMED.values(), ids=str)
def test_code_and_enhanced_code_agree_in_their_first_digit(reply: Reply) -> None:
    assert 200 <= reply.code < 600
    if reply.code == 354:
        assert not reply.enhanced  # RFC 2034: only 2xx, 4xx and 5xx
        return
    assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", reply.enhanced)
    assert reply.enhanced[0] == str(reply.code)[0]


@pytest.mark.parametrize("reply", replies.NAMED.values(), ids=str)
def test_a_reply_is_one_short_line_of_ascii(reply: Reply) -> None:
    assert reply.wire.endswith(b"\r\n")
    assert len(reply.wire) <= 80
    assert re.fullmatch(rb"[\x20-\x7e]+\r\n", reply.wire)
    assert reply.text


def test_every_reply_is_known_by_its_name() -> None:
    constants = {name: value for name, value in vars(replies).items() if isinstance(value, Reply)}
    assert {name.lower() for name in constants} == set(replies.NAMED)
    assert len({id(reply) for reply in replies.NAMED.values()}) == len(constants)


def test_what_the_design_promises() -> None:
    assert str(replies.UNKNOWN_RECIPIENT).startswith("550 5.1.1 ")
    assert str(replies.TOO_LARGE).startswith("552 5.3.4 ")
    assert str(replies.TRY_LATER).startswith("451 4.3.0 ")
    assert str(replies.TOO_MANY_RECIPIENTS).startswith("452 4.5.3 ")
    assert str(replies.MAIL_LOOP).startswith("554 5.4.6 ")


def test_all_that_aiosmtpd_says_in_the_commands_we_use_has_a_name() -> None:
    used = (
        stock.SMTP.smtp_MAIL,
        stock.SMTP.smtp_RCPT,
        stock.SMTP.smtp_RSET,
        stock.SMTP.smtp_NOOP,
        stock.SMTP.smtp_STARTTLS,
        stock.SMTP.check_helo_needed,
    )
    said: set[str] = set()
    for function in used:
        source = re.sub(r"'\s*\n\s*'", "", inspect.getsource(function))  # joined literals
        said |= {line for _, line in re.findall(r"(['\"])([2-5]\d\d .*?)\1", source)}
    said = {line.replace("{helo}", "HELO") for line in said}
    assert len(said) > 10
    assert {line for line in said if line not in replies.STOCK} == set()


def test_an_unknown_line_keeps_its_code_and_never_its_text() -> None:
    reply = name_reply("550 Error: (ValueError) ana@far.example")
    assert (reply.code, reply.enhanced) == (550, "5.0.0")
    assert "ana" not in str(reply)
    assert name_reply("nonsense") is replies.TRY_LATER


def test_a_success_is_no_refusal() -> None:
    with pytest.raises(ValueError, match="accepted"):
        MailRefused(replies.ACCEPTED)
    assert MailRefused(replies.BLOCKED).reply is replies.BLOCKED
