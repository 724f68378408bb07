"""Bounces, forwards and kinds on any mail: never an exception, bounded time and output."""

from __future__ import annotations

from email.message import Message
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.bounces.read import explain_bounce, parse_bounce
from mail.mime.subjects import is_forward_subject, is_reply_subject, strip_prefixes
from mail.model import Envelope
from mail.reading.forward_dates import parse_client_date
from mail.reading.forwards import find_forwarded, is_forward, parse_person
from mail.reading.kinds import classify, is_noreply, may_auto_answer
from mail.reading.parse import parse_mail
from tests.mail.quote_samples import HEADER_BLOCKS

PIECES = [
    "Final-Recipient: rfc822; jo@x.example",
    "Action: failed",
    "Status: 5.1.1",
    "<jo@x.example>:",
    "550 5.1.1 user unknown",
    "--- Below this line is a copy of the message.",
    "Message-ID: <a@b.example>",
    "Received: from x",
    "",
    "could not be delivered",
    "---------- Forwarded message ---------",
    *HEADER_BLOCKS["fr"],
]
bodies = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=40)), max_size=20).map(
    "\n".join
)
values = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["MAILER-DAEMON@x.example", "Undelivered Mail", "Re: x", "Fwd: x", "<>", "auto-replied"]
    ),
)
names = st.sampled_from(["From", "To", "Subject", "Return-Path", "Auto-Submitted", "Precedence"])
types = st.sampled_from(
    ["text/plain", "message/delivery-status", "message/rfc822", "text/html", "x", "multipart/mixed"]
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    message = Message()
    for name, value in draw(st.lists(st.tuples(names, values), max_size=6)):
        message.set_raw(name, value)
    parts = []
    for body in draw(st.lists(bodies, max_size=3)):
        part = Message()
        part.set_raw("Content-Type", draw(types))
        part.set_payload(body)
        parts.append(part)
    if len(parts) > 1:
        message.set_raw("Content-Type", "multipart/report; report-type=delivery-status")
        message.set_payload(list(parts))
    elif parts:
        message.set_payload(parts[0].get_payload())
    return message


@given(messages(), bodies)
def test_any_mail_is_told_without_an_exception(message: Message, text: str) -> None:
    bounce = parse_bounce(message, text)
    classify(message)
    may_auto_answer(message, Envelope())
    is_forward(message, "x", text)
    find_forwarded(message, text)
    for recipient in bounce.recipients if bounce else ():
        assert recipient.address
        explain_bounce(recipient)


@given(st.text(max_size=200))
def test_any_words_are_read(text: str) -> None:
    parse_client_date(text)
    parse_person(text)
    is_noreply(text)
    assert strip_prefixes(strip_prefixes(text)) == strip_prefixes(text)
    assert not (is_reply_subject(text) and is_forward_subject(text))


HOSTILE = {
    "addresses": "a@b.example ",
    "angles": "<" * 10 + "@",
    "codes": "550 5.1.1 ",
    "words": "user mailbox recipient address ",
    "lines": "u@b.example 550 unknown user\n",
    "heads": "From: a\nTo: b\n",
    "copies": "original message\n",
    "tags": "<p ",
    "fields": "Final-Recipient: rfc822;a@b.example\n",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "message/delivery-status"])
def test_a_hostile_bounce_takes_bounded_time(name: str, kind: str) -> None:
    head = f"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nContent-Type: {kind}\n"
    mail = f"{head}Subject: Undelivered Mail\n\n{HOSTILE[name] * 20_000}"
    start = perf_counter()
    parse_mail(mail.encode())
    assert perf_counter() - start < 20
