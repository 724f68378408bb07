"""Header values: found, unfolded, decoded; and the quick look that intake takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mail.mime.charsets import decode_text
from mail.mime.cleaning import clean_line
from mail.mime.dates import parse_date
from mail.mime.dedupe import dedupe_key
from mail.mime.encoded_words import decode_words
from mail.mime.headers import message_ids, split_headers
from mail.mime.parameters import media_type, parse_parameters

MAIL = (
    b"Delivered-To: help@acme.example\r\nReceived: from a by b;\r\n\tMon, 2 Mar 2026\r\n"
    b"From: Jo\r\n <jo@customer.example>\r\nMessage-ID:  <1@customer.example>\r\n"
    b"Date: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
    b"X-Original-To: support@acme.example\r\n\r\nThe text\r\n"
)


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("plain text", "plain text"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?=  b", "a b"),
        ("x=?utf-8?Q?=C3=A9?=y", "xéy"),
        ("=?utf-8?B?w6k=?= =?iso-8859-1?Q?=E9?=", "éé"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?B??=", ""),
        ("=?utf-8?B?!!!!?= rest", "rest"),
        ("=?utf-8?Q?=?=", "="),
        ("=?utf-8?Q?50=25_off?=", "50% off"),
        ("=?utf-7?Q?+AOk-?=", "é"),
        ("a =?us-ascii?Q?b?= =?us-ascii?Q?_c?= d", "a b c d"),
        ("=?utf-8?Q?first =?utf-8?Q?second?=", "first second"),
        ("2 =? 3 ?= 4", "2 =? 3 ?= 4"),
    ],
)
def test_encoded_words_say_what_was_meant(raw: str, meant: str) -> None:
    assert decode_words(raw) == meant


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("", ()),
        ("<a@b>", ("<a@b>",)),
        ("<a@b><c@d>", ("<a@b>", "<c@d>")),
        ("a@b, c@d", ("<a@b>", "<c@d>")),
        ("< a@b\t>", ("<a@b>",)),
        ("no id here", ()),
        ("<no-at-sign>", ("<no-at-sign>",)),
        ("<<a@b>>", ("<a@b>",)),
        ("<>", ()),
        ("abc123", ("<abc123>",)),
    ],
)
def test_message_ids_are_found_however_they_are_written(value: str, ids: tuple[str, ...]) -> None:
    assert message_ids(value) == ids


def test_a_date_in_any_form_is_aware() -> None:
    tenth = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    assert parse_date("Mon, 2 Mar 2026 10:00:00 GMT") == tenth
    assert parse_date("2 Mar 2026 10:00 UT") == tenth
    assert parse_date("Mon, 2 Mar 2026 10:00:00 -0000") == tenth
    assert parse_date("Mon, 2 Mar 2026 02:00:00 PST") == tenth
    assert parse_date("Mon, 02 Mar 2026 10:00:60 +0000") == tenth + timedelta(seconds=59)
    pacific = parse_date("Mon, 2 Mar 2026 02:00:00 PST")
    assert pacific is not None
    assert pacific.tzinfo == timezone(timedelta(hours=-8))


@pytest.mark.parametrize("text", ["", "x", "0", "Mon, 99 Zzz 2026", "1 Jan 0001 00:00:00 +0000"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_parameters_are_split_outside_quotes_only() -> None:
    parsed = parse_parameters('Attachment; filename="a;b\\"c.txt"; size=3')
    assert parsed.value == "attachment"
    assert parsed.parameters == {"filename": 'a;b"c.txt', "size": "3"}


def test_a_type_that_is_none_is_named_safely() -> None:
    assert media_type("").value == "text/plain"
    assert media_type("TEXT / HTML ; charset=x").value == "text/html"
    assert media_type("garbage").value == "application/octet-stream"


def test_a_relay_that_adds_and_refolds_headers_changes_no_key() -> None:
    relayed = b"Received: from c by d; x\r\n" + MAIL.replace(b"Jo\r\n <", b"Jo <").replace(
        b"The text", b"The text\r\n-- \r\nfooter"
    )
    assert dedupe_key(relayed) == dedupe_key(MAIL)


def test_another_mail_has_another_key() -> None:
    assert dedupe_key(MAIL.replace(b"<1@", b"<2@")) != dedupe_key(MAIL)
    without = MAIL.replace(b"Message-ID", b"X-Gone")
    assert dedupe_key(without) != dedupe_key(without.replace(b"The text", b"Other text"))
    assert dedupe_key(without) == dedupe_key(b"Received: x\r\n" + without)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"Message-ID: <1@x>\n\nb", b"MESSAGE-ID \t: <1@x>\n\nb"),
        (b"Date: a\n b\nMessage-ID: <1@x>\n\nb", b"Message-ID: <1@x>\r\nDate:  a b\r\n\r\nc"),
        (b"From-Line: y\nFrom: x\n\nb", b"From: x\n\nb"),
        (b"From: x\nFrom: y\n\nb", b"From: x\n\nb"),
        (b"From: x\n\nFrom: z", b"From: x\nX-Not: here\n\nFrom: z"),
        (b"\r\n\nMessage-ID: <1@x>\nDate: d\n\nb", b"Message-ID: <1@x>\nDate: d\n\nc"),
    ],
)
def test_one_mail_has_one_key_however_its_headers_are_written(one: bytes, other: bytes) -> None:
    assert dedupe_key(one) == dedupe_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"Subject: a\nMessage-ID: <1@x>\n\nb", b"Subject: c\nMessage-ID: <1@x>\n\nb"),
        (b"From: a\nDate: d\nMessage-ID: <1@x>", b"From: b\nDate: d\nMessage-ID: <1@x>"),
        (b"X: \n Message-ID: <1@x>\n\na", b"X: \n Message-ID: <1@x>\n\nb"),
    ],
)
def test_two_mails_have_two_keys_however_alike(one: bytes, other: bytes) -> None:
    assert dedupe_key(one) != dedupe_key(other)


def test_header_offsets_hold_for_a_part_in_the_middle() -> None:
    block = split_headers(b"xxxA: 1\n 2\nB: 3\n\nbody", 3)
    assert block.text("a") == "1 2"
    assert block.text("B") == "3"
    assert block.body_offset == 17


def test_a_charset_label_that_is_a_codec_of_another_kind_is_no_charset() -> None:
    for label in (
        "base64",
        "zlib",
        "rot13",
        "hex",
        "idna",
        "punycode",
        "unicode_escape",
        "undefined",
    ):
        assert decode_text(b"abc \\x41 \xc3\xa9", label).text == "abc \\x41 é"


def test_joiners_stay_where_scripts_and_emoji_need_them() -> None:
    assert clean_line("👩‍💻 a\u200db\u200b \u202eevil") == "👩‍💻 ab evil"
