"""Any words at all: what was written is what a reader gets, and no header can be smuggled in."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from mail.document import (
    Code,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
)
from mail.model import Address
from mail.writing.compose import OutgoingFile, QuotedMail, compose
from mail.writing.headers import one_line
from mail.writing.text import clean_text, render_text
from tests.mail.test_compose import DRAFT, name_in

ANY_TEXT = st.text(max_size=120)
LINKS = st.one_of(
    st.none(),
    ANY_TEXT,
    st.sampled_from(["https://x.example/a?b=c&d", "javascript:x", "mailto:a@b"]),
)
SPANS = st.lists(
    st.builds(
        Span, ANY_TEXT, st.booleans(), st.booleans(), st.booleans(), st.booleans(), link=LINKS
    ),
    max_size=4,
).map(tuple)
BLOCKS = st.one_of(
    st.builds(Paragraph, SPANS),
    st.builds(Heading, SPANS, st.integers(-1, 9)),
    st.builds(ListItem, SPANS, st.booleans(), st.integers(-2, 15), st.none() | st.integers(-5, 99)),
    st.builds(Quote, SPANS, st.integers(-1, 30)),
    st.builds(Code, ANY_TEXT),
    st.builds(Table, st.lists(st.lists(SPANS, max_size=3).map(tuple), max_size=3).map(tuple)),
    st.builds(Image, ANY_TEXT, st.none() | ANY_TEXT, LINKS),
    st.builds(Rule),
)
DOCUMENTS = st.lists(BLOCKS, max_size=6).map(lambda blocks: Document(tuple(blocks)))
OURS = {
    "date", "message-id", "from", "to", "subject", "references", "mime-version", "content-type",
    "x-extra",
}  # fmt: skip


def read(data: bytes) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(data, policy=cast("Any", default)))


@given(st.text(max_size=300))
def test_any_text_comes_back(text: str) -> None:
    document = Document.from_text(text)
    mail = read(compose(replace(DRAFT, body=document)))
    body = cast("EmailMessage", mail.get_body(("plain",)))
    found = str(body.get_content()).replace("\r\n", "\n").rstrip("\n")
    assert found == render_text(document).rstrip("\n")


@given(st.text(max_size=300))
def test_any_subject_comes_back(subject: str) -> None:
    data = compose(replace(DRAFT, subject=subject))
    raw = message_from_bytes(data)["Subject"].replace("\r\n", "")
    assert str(make_header(decode_header(raw))).strip() == one_line(subject)


@given(st.text(max_size=150))
def test_any_name_comes_back(name: str) -> None:
    data = compose(replace(DRAFT, to=(Address("jo@acme.example", name),)))
    (found,) = read(data)["To"].addresses
    assert found.addr_spec == "jo@acme.example"
    assert " ".join(name_in(data, "To").split()) == " ".join(one_line(name).split())


@given(name=st.text(max_size=80), kind=st.text(max_size=40), cid=st.none() | st.text(max_size=30))
def test_any_file_name_and_type_make_one_file(name: str, kind: str, cid: str | None) -> None:
    file = OutgoingFile(name, kind, b"some bytes", cid)
    mail = read(compose(replace(DRAFT, attachments=(file,))))
    (part,) = mail.iter_attachments()
    assert part.get_payload(decode=True) == b"some bytes"
    assert part.get_filename()


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, st.lists(ANY_TEXT, max_size=3))
def test_no_string_can_add_a_header(
    subject: str, name: str, filename: str, extra: str, references: list[str]
) -> None:
    draft = replace(
        DRAFT,
        subject=subject,
        from_=Address("support@us.example", name),
        references=tuple(references),
        attachments=(OutgoingFile(filename, "text/plain", b"x"),),
        headers=(("X-Extra", extra),),
    )
    data = compose(draft)
    header = data.partition(b"\r\n\r\n")[0].decode()
    names = {
        line.partition(":")[0].lower() for line in header.split("\r\n") if line[0] not in " \t"
    }
    assert names <= OURS
    assert [part.get_content_type() for part in read(data).walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain",
    ]  # fmt: skip


@settings(max_examples=150)
@given(DOCUMENTS, DOCUMENTS)
def test_any_document_makes_a_sound_mail(body: Document, quoted: Document) -> None:
    quote = QuotedMail(Address("jo@acme.example", "Jo"), quoted, DRAFT.date)
    data = compose(replace(DRAFT, body=body, signature=quoted, quote=(quote,)))
    assert data.isascii()
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    mail = read(data)
    assert not any(part.defects for part in mail.walk())
    text = str(cast("EmailMessage", mail.get_body(("plain",))).get_content())
    for block in body.blocks:
        if isinstance(block, Paragraph):
            for span in block.spans:
                for word in clean_text(span.text).split():
                    assert word in text


@given(st.lists(st.from_regex(r"<[a-z0-9.]{1,100}@x\.example>", fullmatch=True), max_size=60))
def test_any_chain_of_references_is_folded_and_whole(chain: list[str]) -> None:
    unique = list(dict.fromkeys(chain))
    raw = message_from_bytes(compose(replace(DRAFT, references=tuple(chain))))["References"] or ""
    wanted = unique if len(unique) <= 21 else [unique[0], *unique[-20:]]
    assert raw.split() == wanted
