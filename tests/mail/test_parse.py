"""Whole mails: any bytes are read, in linear time, and nothing is lost on the way."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mail.model import Address, MailKind
from mail.reading.parse import parse_mail, read_attachment
from mail.reading.report import build_report

DATA = Path(__file__).parent.parent / "data" / "mail"
HEAD = b"From: jo@customer.example\nSubject: x\nMIME-Version: 1.0\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"


def failures(data: bytes) -> list[str]:
    """What no part of the reader may say: that it failed."""
    return [item for item in parse_mail(data).defects if item.startswith("Canal could not")]


@given(st.binary(max_size=2000))
@example(b"")
@example(b"\x00")
@example(b"\r")
@example(b"From ")
@example(b"Content-Type: multipart/mixed; boundary=\n\n--\n--\n")
def test_any_bytes_are_read(data: bytes) -> None:
    assert failures(data) == []


_SEEDS = [path.read_bytes()[:20_000] for path in sorted(DATA.glob("*.eml"))]


@settings(max_examples=300)
@given(st.data())
def test_mails_that_were_damaged_on_the_way_are_read(data: st.DataObject) -> None:
    mail = bytearray(data.draw(st.sampled_from(_SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(mail) - 1, 0)))
        size = data.draw(st.integers(0, 40))
        mail[at : at + size] = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"\n--", b"\r\n", b'"', b"=?", b"<", b"\n\n"])
        )
    parsed = parse_mail(bytes(mail))
    assert not [item for item in parsed.defects if item.startswith("Canal could not")]
    for attachment in parsed.attachments[:5]:
        assert len(read_attachment(bytes(mail), attachment.index)) == attachment.size


HOSTILE = {
    "on on on": HEAD + b"\n" + b"On " * 30_000,
    "ten thousand parts": MIXED + b"--b\nContent-Type: text/plain\n\nhi\n" * 10_000 + b"--b--",
    "ten thousand files": MIXED + b"--b\nContent-Type: image/png\n\nhi\n" * 10_000 + b"--b--",
    "thousand mails deep": HEAD + b"Content-Type: message/rfc822\n\n" * 1_000 + b"Subject: y\n\nhi",
    "thousand multiparts deep": HEAD
    + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000)
    )
    + b"\nhi",
    "boundaries": MIXED + b"\n--b" * 200_000,
    "near boundaries": MIXED + b"\n--" * 200_000,
    "long header": b"Subject: " + b"a" * 3_000_000 + b"\n\nx",
    "many headers": b"X-A: b\n" * 200_000 + b"\nx",
    "encoded word starts": b"Subject: " + b"=?a?q?" * 100_000 + b"\n\n",
    "open angles": b"To: " + b"<a," * 200_000 + b"\n\n",
    "at signs": b"To: " + b"@" * 200_000 + b"\n\n",
    "open quotes": b"To: " + b'"a,' * 200_000 + b"\n\n",
    "references": b"References: " + b"<a@b> " * 200_000 + b"\n\n",
    "parameters": b"Content-Type: text/plain" + b";a=b" * 200_000 + b"\n\nx",
    "padding": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"YQ==" * 500_000,
    "uuencode starts": HEAD + b"\n" + b"begin 644 a\n" * 100_000,
    "dots before an at": HEAD + b"\n" + b"a." * 300_000 + b"@",
    "null bytes": b"\0" * 3_000_000,
    "bad utf-8": HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + b"\xe4" * 2_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_takes_bounded_time(name: str) -> None:
    start = time.process_time()
    assert failures(HOSTILE[name]) == []
    assert time.process_time() - start < 8


def test_twice_the_mail_takes_about_twice_the_time() -> None:
    def seconds(parts: int) -> float:
        mail = MIXED + b"--b\nContent-Type: text/html\n\n<p>hi <b>you</b>\n" * 20
        mail += b"--b\nContent-Type: text/plain\n\n" + b"> quoted words\nown words\n" * parts
        start = time.process_time()
        parse_mail(mail)
        return time.process_time() - start

    seconds(500)
    assert seconds(8_000) < 12 * max(seconds(2_000), 0.01)


def test_the_mails_of_the_standard_library_are_read() -> None:
    found = importlib.util.find_spec("test.test_email")
    if found is None or found.origin is None:
        pytest.skip("this Python comes without its own tests")
    mails = sorted((Path(found.origin).parent / "data").glob("msg_*.txt"))
    if not mails:
        pytest.skip("this Python comes without its own test mails")
    for path in mails:
        assert failures(path.read_bytes()) == [], path.name


QUOTING = b"\nYes, please.\n\nOn Mon, 2 Mar 2026 at 10:00, Al <al@x.example> wrote:\n> Blue?\n"


def test_the_first_mail_of_a_ticket_is_shown_whole_and_its_own_words_are_known() -> None:
    first = parse_mail(HEAD + QUOTING)
    assert first.visible == first.document
    assert first.folded_lines == 0
    assert first.visible_text == "Yes, please."
    answer = parse_mail(b"In-Reply-To: <a@x.example>\n" + HEAD + QUOTING)
    assert answer.visible.to_text() == answer.visible_text == "Yes, please."
    assert answer.folded_lines == 2


def test_words_that_point_at_a_quote_keep_it() -> None:
    pointing = QUOTING.replace(b"Yes, please.", b"This is what you wrote to me:")
    assert "> Blue?" in parse_mail(HEAD + pointing).visible_text


def test_the_report_has_the_fields_that_were_promised() -> None:
    report = build_report("a.eml", parse_mail(HEAD + b"\ntext"))
    assert list(report) == [
        "file",
        "message_id",
        "in_reply_to",
        "references",
        "from",
        "reply_to",
        "to",
        "cc",
        "subject",
        "date",
        "kind",
        "text",
        "visible_text",
        "html_present",
        "attachments",
        "bounce",
        "forwarded",
        "defects",
    ]
    assert report["from"] == {"name": "", "address": "jo@customer.example"}
    assert report["kind"] == "message"


def test_a_mail_without_defects_has_none() -> None:
    mail = (
        b"From: Jo <jo@customer.example>\nTo: help@acme.example\nSubject: Hi\n"
        b"Date: Mon, 02 Mar 2026 10:00:00 +0100\nMessage-ID: <1@customer.example>\n\nText\n"
    )
    parsed = parse_mail(mail)
    assert parsed.defects == ()
    assert parsed.from_ == Address("jo@customer.example", "Jo")
    assert parsed.kind is MailKind.MESSAGE
    assert (parsed.text, parsed.visible_text) == ("Text", "Text")


def test_bare_addresses_in_plain_text_become_links() -> None:
    body = b"\nSee https://x.example/a_(b), (www.y.example) or jo@z.example. Not a@b\n"
    spans = [span for block in parse_mail(HEAD + body).document.blocks for span in block.spans]  # type: ignore[union-attr]
    assert [(span.text, span.link) for span in spans if span.link] == [
        ("https://x.example/a_(b)", "https://x.example/a_(b)"),
        ("www.y.example", "http://www.y.example"),
        ("jo@z.example", "mailto:jo@z.example"),
    ]
    assert "".join(span.text for span in spans) == body.decode().strip()
