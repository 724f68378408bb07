"""Passing mails on: whoever gets them, people or programs, sees whose they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from mail.document import Document, Image
from mail.model import Address
from mail.reading.parse import parse_mail
from mail.writing.attributions import LANGUAGES
from mail.writing.compose import ForwardedMail, OutgoingFile, OutgoingMail, compose, forward_subject

JO = Address("jo@cust.example", "Jo Miller")
PASSED_ON = ForwardedMail(
    JO,
    Document.from_text("Where is it?"),
    datetime(2026, 3, 2, 10, 5, tzinfo=UTC),
    "Order 12",
    (Address("support@acme.example"),),
    (Address("ed@cust.example"),),
)
MAIL = OutgoingMail(
    message_id="<a@acme.example>",
    from_=Address("support@acme.example"),
    to=(Address("pat@partner.example"),),
    subject=forward_subject("RE: Order 12"),
    body=Document.from_text("Please look."),
    date=datetime(2026, 3, 3, tzinfo=UTC),
    forwarded=(PASSED_ON,),
)
NO_DATE = {"he", "lt", "th"}
"""Their long dates are for people only; writer and subject are found all the same."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_reader_finds_writer_subject_and_date(language: str) -> None:
    read = parse_mail(compose(replace(MAIL, quote_language=language)))
    assert read.is_forward
    assert read.forwarded is not None
    assert read.forwarded.from_ == JO
    assert read.forwarded.subject == "Order 12"
    if language not in NO_DATE:
        assert read.forwarded.date is not None
        assert read.forwarded.date.date() == date(2026, 3, 2)


def test_the_plain_text_has_the_comment_the_head_and_the_words() -> None:
    sent = message_from_bytes(compose(MAIL), policy=default)
    text = sent.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    assert text.startswith(
        "Please look.\n\n"
        "---------- Forwarded message ---------\n"
        "From: Jo Miller <jo@cust.example>\n"
        "Date: March 2, 2026, 10:05 AM\n"
        "Subject: Order 12\n"
        "To: support@acme.example\n"
        "Cc: ed@cust.example\n\n"
        "Where is it?"
    )


def test_it_is_a_forward_and_answers_nothing() -> None:
    read = parse_mail(compose(MAIL))
    assert read.subject == "Fwd: Order 12"
    assert (read.in_reply_to, read.references) == ((), ())


def test_names_and_subjects_cannot_break_out_of_their_line() -> None:
    evil = replace(
        PASSED_ON,
        author=Address("jo@cust.example", "Jo</div><script>\r\nTo: all@x.example"),
        subject="A\nFrom: boss@x.example <img src=x>",
    )
    data = compose(replace(MAIL, forwarded=(evil,)))
    sent = message_from_bytes(data, policy=default)
    html = sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<script>" not in html
    assert "<img" not in html
    text = sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "\nFrom: boss" not in text.replace("\r\n", "\n")
    assert "\nTo: all@" not in text.replace("\r\n", "\n")


def test_an_image_of_a_mail_that_is_passed_on_is_shown_in_its_place() -> None:
    passed_on = replace(PASSED_ON, document=Document((Image("plan", content_id="7.plan"),)))
    picture = OutgoingFile("plan.png", "image/png", b"\x89PNG", content_id="7.plan")
    read = parse_mail(compose(replace(MAIL, forwarded=(passed_on,), attachments=(picture,))))
    assert [(one.filename, one.inline) for one in read.attachments] == [("plan.png", True)]


def test_markers_of_another_ticket_are_left_out() -> None:
    marked = replace(PASSED_ON, document=Document.from_text("Hi [#canal-1.abcdefghijklmnop] Jo"))
    assert parse_mail(compose(replace(MAIL, forwarded=(marked,)))).marker is None
