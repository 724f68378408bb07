"""DKIM signatures that dkimpy itself verifies against the record we print."""

from __future__ import annotations

import re
from dataclasses import replace

import dkim
import pytest

from mail.errors import AddressError, ComposeError
from mail.writing.compose import OutgoingFile, compose
from mail.writing.dkim_sign import dns_record, new_key, sign
from tests.mail.test_compose import DRAFT

KEY, RECORD = new_key("us.example", "s1")


def verifies(data: bytes) -> bool:
    asked: list[bytes] = []

    def answer(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return "".join(re.findall(r'"([^"]*)"', RECORD)).encode()

    verified = bool(dkim.verify(data, dnsfunc=answer))
    assert asked == [b"s1._domainkey.us.example."]
    return verified


def test_a_signed_mail_verifies() -> None:
    draft = replace(
        DRAFT, subject="Über alles", attachments=(OutgoingFile("a.bin", "x/y", bytes(999)),)
    )
    assert verifies(sign(compose(draft), "s1", "us.example", KEY))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"here it is", b"here it was"),
        lambda data: data.replace(b"Subject: Re", b"Subject: AW"),
        lambda data: data.replace(b"\r\nSubject:", b"\r\nSubject: Buy!\r\nSubject:"),
        lambda data: data.replace(b"\r\nTo:", b"\r\nCc: evil@x.example\r\nTo:"),
        lambda data: data.replace(b"\r\nTo:", b"\r\nReply-To: evil@x.example\r\nTo:"),
    ],
)
def test_a_changed_mail_does_not(change: object) -> None:
    signed = sign(compose(DRAFT), "s1", "us.example", KEY)
    changed = change(signed)  # type: ignore[operator]
    assert changed != signed
    assert not verifies(changed)


def test_the_record_is_a_line_for_the_zone() -> None:
    assert RECORD.startswith('s1._domainkey.us.example. IN TXT ( "v=DKIM1; k=rsa; p=MII')
    assert all(len(one) <= 255 for one in re.findall(r'"([^"]*)"', RECORD))
    assert dns_record(KEY, "us.example", "s1") == RECORD


def test_an_international_domain_is_signed_as_punycode() -> None:
    assert b" d=xn--bcher-kva.example;" in sign(compose(DRAFT), "s1", "bücher.example", KEY)


@pytest.mark.parametrize("key", ["", "secret-nonsense", KEY[:200]])
def test_a_broken_key_is_a_sentence_that_does_not_show_it(key: str) -> None:
    with pytest.raises(ComposeError) as caught:
        sign(compose(DRAFT), "s1", "us.example", key)
    assert "secret" not in str(caught.value)
    assert "MII" not in str(caught.value)


def test_names_that_are_none_are_refused() -> None:
    with pytest.raises(ComposeError):
        new_key("us.example", "s 1\r\n")
    with pytest.raises(AddressError):
        dns_record(KEY, "us example")
