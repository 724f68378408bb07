"""Addresses as people and broken programs write them."""

from __future__ import annotations

from email import message_from_string
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.mime.addresses import (
    canonical_address,
    format_address,
    is_valid_address,
    parse_address_list,
    split_subaddress,
)
from mail.model import Address


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("jo@x.example", [("", "jo@x.example")]),
        ("<jo@x.example>", [("", "jo@x.example")]),
        ("<jo@x.example> Jo", [("Jo", "jo@x.example")]),
        ('"a@b.example" <jo@x.example>', [("a@b.example", "jo@x.example")]),
        ("a@b.example <jo@x.example>", [("a@b.example", "jo@x.example")]),
        ('"Jo \\"the\\" Smith" <jo@x.example>', [('Jo "the" Smith', "jo@x.example")]),
        ("Jo (a (nested) comment) <jo@x.example>", [("Jo", "jo@x.example")]),
        ("Jo <jo@x.example", [("Jo", "jo@x.example")]),
        ("Jo jo@x.example>", [("Jo", "jo@x.example")]),
        ('Jo <"jo@x.example">', [("Jo", "jo@x.example")]),
        ("Jo <mailto:jo@x.example>", [("Jo", "jo@x.example")]),
        ("a@x.example b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("a@x.example,b@x.example;c@x.example", [("", f"{n}@x.example") for n in "abc"]),
        ("Jo <jo@[192.0.2.1]>", [("Jo", "jo@[192.0.2.1]")]),
        ("Jo <jo@x.example.>", [("Jo", "jo@x.example")]),
        ("Jo <>", []),
        ("Jo <no address>", []),
        ("Smith, Jo, Dr. <jo@x.example>", [("Smith, Jo, Dr.", "jo@x.example")]),
        ("=?utf-8?q?J=C3=B6?= <jo@x.example>", [("Jö", "jo@x.example")]),
        ("<=?utf-8?q?jo=40x.example?=>", []),
        ("jo@x.example <jo@x.example>", [("", "jo@x.example")]),
        ("Group: ;, a@x.example", [("", "a@x.example")]),
    ],
)
def test_a_list_is_read_as_it_was_meant(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(found.name, found.address) for found in parse_address_list(value)] == expected


@given(st.text(alphabet='ab@<>(),;:"\\ =?.[]\n', max_size=60))
def test_no_list_raises_and_every_address_has_two_sides(value: str) -> None:
    for found in parse_address_list(value):
        local, _, domain = found.address.rpartition("@")
        assert local
        assert domain


@pytest.mark.parametrize(
    "address",
    [
        "jo@x.example",
        "a.b+c@sub.x.example",
        "jürgen@bücher.example",
        "jo@localhost",
        '"jo smith"@x.example',
        "jo@[192.0.2.1]",
        "o'neil@x.example",
        "jo@xn--bcher-kva.example",
    ],
)
def test_mail_can_be_sent_there(address: str) -> None:
    assert is_valid_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jo",
        "@x.example",
        "jo@",
        "jo@x",
        "jo@x..example",
        "jo@-x.example",
        "jo smith@x.example",
        ".jo@x.example",
        "jo..x@x.example",
        "jo@x.example\n",
        "jo@x.exa mple",
        "jo<b>@x.example",
        "x" * 65 + "@x.example",
        "jo@" + "x" * 64 + ".example",
        "jo@1.2.3.4",
        "a@b@x.example",
        "jo@x.example\r\nBcc: z@z.example",
        "jo\u202e@x.example",
    ],
)
def test_mail_cannot_be_sent_there(address: str) -> None:
    assert not is_valid_address(address)


def test_two_spellings_of_one_mailbox_compare_equal() -> None:
    assert canonical_address(" Jo@XN--Bcher-kva.EXAMPLE ") == canonical_address("jo@bücher.example")


def test_a_subaddress_is_what_follows_the_first_plus() -> None:
    assert split_subaddress("support-x7k2+12.abc@d") == ("support-x7k2", "12.abc", "d")
    assert split_subaddress("support@d") == ("support", "", "d")
    assert split_subaddress("+1555@d") == ("+1555", "", "d")


@given(st.text(max_size=80))
def test_a_written_mailbox_reads_back_and_never_leaves_its_line(name: str) -> None:
    written = format_address(Address("jo@x.example", name))
    assert "\n" not in written
    assert "\r" not in written
    parsed = parse_address_list(written)
    assert [found.address for found in parsed] == ["jo@x.example"]
    message = message_from_string(f"To: {written}\n\n", policy=default)
    assert [found.addr_spec for found in message["To"].addresses] == ["jo@x.example"]


def test_a_domain_in_unicode_is_written_for_the_wire() -> None:
    assert format_address(Address("jo@bücher.example", "Jö")).endswith("<jo@xn--bcher-kva.example>")
