"""What leaves: compose writes a mail, the standard library reads it back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any, cast

import pytest

from mail.document import Code, Document, Image, ListItem, Paragraph, Quote, Span, Table
from mail.errors import AddressError, ComposeError
from mail.model import Address
from mail.quotes.fold import find_marker
from mail.writing.compose import (
    OutgoingFile,
    OutgoingMail,
    QuotedMail,
    build_message_id,
    compose,
    marker_text,
    reply_subject,
)

JO = Address("jo@acme.example", "Jo Miller")
US = Address("support@us.example", "Acme Support")
DRAFT = OutgoingMail(
    message_id="<canal.1@us.example>",
    from_=US,
    to=(JO,),
    subject="Re: Invoice",
    body=Document.from_text("Hello Jo,\n\nhere it is."),
    date=datetime(2026, 6, 3, 12, 3, tzinfo=UTC),
)


def read(draft: OutgoingMail) -> EmailMessage:
    data = compose(draft)
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    return cast("EmailMessage", message_from_bytes(data, policy=cast("Any", default)))


def text_of(draft: OutgoingMail) -> str:
    body = read(draft).get_body(("plain",))
    assert body is not None
    return str(cast("EmailMessage", body).get_content()).replace("\r\n", "\n").rstrip("\n")


def name_in(data: bytes, field: str) -> str:
    """The display name as RFC 2047 has it (the parser of Python 3.11 adds spaces to long ones)."""
    raw = message_from_bytes(data)[field].replace("\r\n", "")
    return str(make_header(decode_header(parseaddr(raw)[0])))


def html_of(draft: OutgoingMail) -> str:
    body = read(draft).get_body(("html",))
    assert body is not None
    return str(cast("EmailMessage", body).get_content())


def test_a_plain_reply_is_text_and_html() -> None:
    mail = read(DRAFT)
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert text_of(DRAFT) == "Hello Jo,\n\nhere it is."
    assert "<p" in html_of(DRAFT)
    assert (mail["From"], mail["To"]) == (
        "Acme Support <support@us.example>",
        "Jo Miller <jo@acme.example>",
    )
    assert mail["Message-ID"] == "<canal.1@us.example>"
    assert mail["Date"] == "Wed, 03 Jun 2026 12:03:00 +0000"
    assert mail["MIME-Version"] == "1.0"
    assert mail["Auto-Submitted"] is None


def test_the_same_draft_gives_the_same_bytes() -> None:
    assert compose(DRAFT) == compose(DRAFT)


def test_nothing_tells_of_slack() -> None:
    assert b"slack" not in compose(replace(DRAFT, marker="canal-12.abcdefgh")).lower()


def test_bcc_is_in_the_envelope_and_not_in_the_mail() -> None:
    draft = replace(DRAFT, cc=(Address("sam@acme.example"),), bcc=(Address("boss@us.example"),))
    assert draft.recipients == ("jo@acme.example", "sam@acme.example", "boss@us.example")
    assert b"boss" not in compose(draft)


def test_a_recipient_named_twice_gets_one_copy() -> None:
    draft = replace(DRAFT, cc=(Address("JO@acme.example"),))
    assert draft.recipients == ("jo@acme.example",)


def test_a_mail_with_hidden_recipients_alone_still_has_a_to() -> None:
    draft = replace(DRAFT, to=(), bcc=(JO,))
    assert b"To: undisclosed-recipients:;\r\n" in compose(draft)


def test_an_automatic_mail_says_so() -> None:
    mail = read(replace(DRAFT, auto_submitted=True))
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize(
    "evil", ["\r\nBcc: x@evil.example", "\nX: y", "\r", "\x00", "\x0b", "\x85"]
)
def test_no_header_can_be_injected(evil: str) -> None:
    draft = replace(
        DRAFT,
        subject=f"a{evil}b",
        from_=Address("support@us.example", f"Us{evil}"),
        to=(Address("jo@acme.example", f"Jo{evil}"),),
        references=(f"<a{evil}@b>", "<good@b>"),
        attachments=(OutgoingFile(f"a{evil}.txt", f"text/plain{evil}", b"x", f"c{evil}"),),
        headers=(("X-Extra", f"a{evil}b"),),
    )
    mail = read(draft)
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert mail["References"] == "<good@b>"
    assert not mail.defects
    assert len(list(mail.iter_attachments())) == 1


@pytest.mark.parametrize(
    "bad", ["", "jo", "jo@", "@x.example", "jo\r\n@x.example", "a b@x.example", "jo@x y", "jo@x>y"]
)
def test_an_address_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(AddressError, match="not a"):
        compose(replace(DRAFT, to=(Address(bad),)))


def test_a_field_name_that_is_none_is_refused() -> None:
    with pytest.raises(ComposeError, match="name of a header"):
        compose(replace(DRAFT, headers=(("X-A: b\r\nBcc", "x"),)))


def test_a_message_id_that_is_none_is_refused() -> None:
    with pytest.raises(ComposeError, match="Message-ID"):
        compose(replace(DRAFT, message_id="<a b@c>"))


def test_names_and_subjects_of_every_script_come_back() -> None:
    names = [
        "Müller, Jürgen",
        'O"Brien \\ Co',
        "田中太郎" * 10,
        "Отдел продаж",
        "שלום",
        "a=?b?=c",
        "Jo.",
    ]
    for name in names:
        draft = replace(DRAFT, from_=Address("us@us.example", name), subject=f"Re: {name} 🎉")
        mail = read(draft)
        assert name_in(compose(draft), "From") == name
        assert mail["Subject"] == f"Re: {name} 🎉"


def test_an_international_domain_travels_as_punycode() -> None:
    data = compose(replace(DRAFT, to=(Address("jo@straße.example"),)))
    assert b"To: jo@xn--strae-oqa.example\r\n" in data


def test_a_local_part_beyond_ascii_stays_for_smtputf8() -> None:
    data = compose(replace(DRAFT, to=(Address("pelé@acme.example", "Pelé"),)))
    assert "<pelé@acme.example>".encode() in data
    assert data.partition(b"\r\n\r\n")[2].isascii()


def test_file_names_of_every_script_come_back() -> None:
    names = [
        "Rechnung für Jo.pdf",
        "請求書" * 30 + ".pdf",
        'we"ird;=.txt',
        "x" * 150 + ".txt",
        "a'b%.c",
    ]
    files = tuple(OutgoingFile(name, "application/pdf", b"%PDF-") for name in names)
    found = [
        part.get_filename() for part in read(replace(DRAFT, attachments=files)).iter_attachments()
    ]
    assert found == names


def test_a_path_in_a_file_name_is_cut_off() -> None:
    files = (
        OutgoingFile("../../etc/passwd", "x", b""),
        OutgoingFile("C:\\a\\b.txt", "text/plain", b""),
    )
    found = [
        part.get_filename() for part in read(replace(DRAFT, attachments=files)).iter_attachments()
    ]
    assert found == ["passwd", "b.txt"]


def test_files_arrive_byte_for_byte() -> None:
    data = bytes(range(256)) * 500
    mail = read(replace(DRAFT, attachments=(OutgoingFile("x.bin", "application/x-thing", data),)))
    assert mail.get_content_type() == "multipart/mixed"
    (part,) = mail.iter_attachments()
    assert part.get_content_type() == "application/x-thing"
    assert part.get_payload(decode=True) == data


def test_an_image_that_the_body_shows_is_inline() -> None:
    body = Document((Paragraph((Span("Look:"),)), Image("Logo", content_id="logo 1@us")))
    files = (
        OutgoingFile("logo.png", "image/png", b"\x89PNG", "logo 1@us"),
        OutgoingFile("other.png", "image/png", b"\x89PNG", "unused@us"),
    )
    mail = read(replace(DRAFT, body=body, attachments=files))
    related, other = mail.iter_parts()
    assert mail.get_content_type() == "multipart/mixed"
    assert related.get_content_type() == "multipart/related"
    image = list(cast("EmailMessage", related).iter_parts())[1]
    assert image["Content-ID"] == "<logo_1@us>"
    assert image.get_content_disposition() == "inline"
    assert 'src="cid:logo_1@us"' in html_of(replace(DRAFT, body=body, attachments=files))
    assert other.get_content_disposition() == "attachment"


def test_an_image_that_is_not_there_is_its_words() -> None:
    draft = replace(DRAFT, body=Document((Image("Logo", url="https://x.example/track.gif"),)))
    assert "[Logo]" in html_of(draft)
    assert "<img" not in html_of(draft)


def test_an_attached_mail_stays_a_mail_or_becomes_a_plain_file() -> None:
    plain = OutgoingFile("a.eml", "message/rfc822", b"Subject: x\n\nhello\n")
    raw = OutgoingFile("b.eml", "message/rfc822", "Subject: x\n\ngrüße\n".encode())
    first, second = read(replace(DRAFT, attachments=(plain, raw))).iter_attachments()
    assert first.get_content_type() == "message/rfc822"
    assert second.get_content_type() == "application/octet-stream"
    assert second.get_payload(decode=True) == raw.data


def test_references_hold_the_chain_and_end_with_the_answered_mail() -> None:
    draft = replace(DRAFT, in_reply_to="<3@x>", references=("<1@x>", "<3@x>", "<2@x>", "<1@x>"))
    mail = read(draft)
    assert mail["In-Reply-To"] == "<3@x>"
    assert mail["References"].split() == ["<1@x>", "<2@x>", "<3@x>"]


def test_a_huge_chain_keeps_its_root_and_its_end() -> None:
    chain = tuple(f"<{n}.{'y' * 90}@x.example>" for n in range(1000))
    found = read(replace(DRAFT, references=chain))["References"].split()
    assert found == [chain[0], *chain[-20:]]


def test_signature_footer_and_quote_stand_in_this_order() -> None:
    draft = replace(
        DRAFT,
        signature=Document.from_text("Ana\nAcme"),
        footer=Document.from_text("Acme GmbH, HRB 1"),
        quote=(QuotedMail(JO, Document.from_text("One?\n\nTwo?"), DRAFT.date),),
        quote_language="de",
    )
    assert text_of(draft) == (
        "Hello Jo,\n\nhere it is.\n\n-- \nAna\nAcme\n\nAcme GmbH, HRB 1\n\n"
        "Am 3. Juni 2026 um 12:03 schrieb Jo Miller <jo@acme.example>:\n\n"
        "> One?\n>\n> Two?"
    )
    html = html_of(draft)
    marks = ["here it is", "-- <br>", "Ana", "HRB 1", 'class="gmail_quote"', "schrieb", "One?"]
    assert sorted(marks, key=html.index) == marks
    assert 'type="cite"' in html


def test_the_marker_is_found_again_and_hidden() -> None:
    draft = replace(DRAFT, marker="canal-12.x7k2abcd")
    assert find_marker(text_of(draft)) == "canal-12.x7k2abcd"
    html = html_of(draft)
    assert find_marker(html) == "canal-12.x7k2abcd"
    assert 'data-canal="canal-12.x7k2abcd"' in html
    assert re.search(r'style="display:none[^"]*">\[#canal-', html)


def test_a_marker_that_no_reader_would_find_is_refused() -> None:
    with pytest.raises(ComposeError):
        marker_text("canal-x")


def test_markers_of_other_tickets_are_left_out_of_quotes() -> None:
    old = Document.from_text("Hello\n\n[#canal-99.secretsecret]")
    draft = replace(DRAFT, quote=(QuotedMail(JO, old),), body=old, marker="canal-12.x7k2abcd")
    assert b"canal-99" not in compose(draft)


def test_html_escapes_everything() -> None:
    evil = '<script>alert(1)</script> "&" <img src=x onerror=y>'
    body = Document(
        (
            Paragraph((Span(evil, link='https://x.example/"onmouseover="y'),)),
            Paragraph((Span(evil, link="https://x.example/?a=1&b='"),)),
            Paragraph((Span("x", link="javascript:alert(1)"), Span("y", link="data:text/html,x"))),
            Code(evil),
            Table((((Span(evil),),),)),
            Image(evil),
            ListItem((Span(evil),)),
            Quote((Span(evil),)),
        )
    )
    draft = replace(DRAFT, body=body, quote=(QuotedMail(Address("a@b.c", evil), body),))
    html = html_of(draft)
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html
    assert "data:text" not in html
    assert "onmouseover" not in html


def test_nothing_is_loaded_from_outside() -> None:
    html = html_of(replace(DRAFT, signature=Document.from_text("x"), marker="canal-12.x7k2abcd"))
    assert not re.search(r"src=|url\(|<link|<style|<script|@import", html)


def test_lists_nest_and_count() -> None:
    body = Document(
        (
            ListItem((Span("a"),), ordered=True, number=3),
            ListItem((Span("b"),), indent=1),
            ListItem((Span("c"),), indent=1),
            ListItem((Span("d"),), ordered=True),
            ListItem((Span("e"),)),
        )
    )
    draft = replace(DRAFT, body=body)
    assert text_of(draft) == "3. a\n  - b\n  - c\n4. d\n- e"
    html = re.sub(r' style="[^"]*"', "", html_of(draft)).replace("\r\n", "")
    assert (
        '<ol start="3"><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ol><ul><li>e</li></ul>'
        in html
    )


def test_links_show_their_address_in_plain_text_once() -> None:
    spans = (
        Span("our "),
        Span("new ", link="https://x.example/p"),
        Span("page", bold=True, link="https://x.example/p"),
        Span(", https://y.example, "),
        Span("https://z.example/", link="https://z.example"),
        Span(" or "),
        Span("jo@x.example", link="mailto:jo@x.example"),
    )
    assert text_of(replace(DRAFT, body=Document((Paragraph(spans),)))) == (
        "our new page <https://x.example/p>, https://y.example, https://z.example/ or jo@x.example"
    )


def test_tables_line_up_in_plain_text() -> None:
    rows = (
        ((Span("Seat"),), (Span("Price"),)),
        ((Span("座席"),), (Span("10 €"),)),
    )
    text = text_of(replace(DRAFT, body=Document((Table(rows, header=True),))))
    assert text == "Seat   Price\n----   -----\n座席   10 €"


def test_lines_that_mailboxes_and_smtp_would_touch_survive() -> None:
    text = "From here on\n.\n..two\n-- \nlast one "
    assert text_of(replace(DRAFT, body=Document((Code(text),)))) == text
    assert b"\r\nFrom here" not in compose(replace(DRAFT, body=Document((Code(text),))))


def test_a_right_to_left_paragraph_says_so() -> None:
    draft = replace(DRAFT, body=Document.from_text("שלום עולם\n\nhello שלום"))
    assert html_of(draft).count('dir="rtl"') == 1


def test_message_ids_are_made_of_a_token_and_a_domain() -> None:
    assert build_message_id("12.abc", "bücher.example") == "<12.abc@xn--bcher-kva.example>"
    with pytest.raises(ComposeError):
        build_message_id("a b", "x.example")
    with pytest.raises(AddressError):
        build_message_id("a", "x>y")


@pytest.mark.parametrize(
    "subject", ["Invoice", "Re: Invoice", "RE: Re: Invoice", "AW: Re: Invoice"]
)
def test_a_reply_subject_has_one_prefix(subject: str) -> None:
    assert reply_subject(subject) == "Re: Invoice"
