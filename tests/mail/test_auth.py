"""Who really sent it: DKIM, SPF, DMARC against a real name server, and what hostile mail does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import dns.resolver
import pytest

from mail.model import Address
from mail.senders.dmarc import is_aligned, organizational_domain
from mail.senders.results import parse_results
from mail.senders.verdict import AuthVerdict, SenderAuth, is_checkable, verify_sender
from mail.writing.dkim_sign import new_key, sign
from tests.servers.dns import Zone, running_dns
from tests.servers.ports import free_port

JO = Address("jo@acme-desk.net", "Jo")
PEER = "8.8.4.4"
"""Only a public address can pass or fail SPF; nothing is ever sent to it."""


WEAK_KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIBOgIBAAJBAMxH6dfT9lOUyg3x9A5+F27zafGmPjM6rc5wzqmRH+TPisg4djKz\n"
    "310ixvdc219Yf3XM/9Ai68MQzmkk2c7iIXcCAwEAAQJAJFUF+iTwwpzL8v79cTZr\n"
    "5IfWZ+wxU9sz3muh1fbBvWf65S7ZGvyHOv/F0/3PiyPOYQnlqvdG5pTdS7iV4zqU\n"
    "AQIhAOdEVGSvCzug3MrRVD3a1troK7aKjNKrsFXREyaNats3AiEA4iDBfg8LKRrS\n"
    "4Yjf8z1y2a9b6WgXX/Jlezd6j1QUi8ECIQCJWfixb5DBUlGvl1FsByvyCU/k8zad\n"
    "7GAnJ6wzCmx7UwIgbNwUClm3p7wwFT9NgM3uQnm3J7BiwF/zFtRofiOeGIECIEgr\n"
    "McJGbl6nGrtcqVJqhA34GxCASRncPqouRvzqXGlF\n"
    "-----END RSA PRIVATE KEY-----\n"
)
"""512 bits, made for this test and worth nothing."""
WEAK_PUBLIC = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMxH6dfT9lOUyg3x9A5+F27zafGmPjM6rc5wzqmRH+TPisg4"
    "djKz310ixvdc219Yf3XM/9Ai68MQzmkk2c7iIXcCAwEAAQ=="
)


@dataclass(frozen=True, slots=True)
class World:
    zone: Zone
    resolver: dns.resolver.Resolver
    key: str
    other: str


def zone_text(record: str) -> str:
    """Our own record line as dnslib reads it."""
    return record.replace("( ", "").replace(" )", "")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    key, record = new_key("acme-desk.net", "s1")
    other, other_record = new_key("evil-desk.net", "s1")
    records = "\n".join(
        [
            zone_text(record),
            zone_text(other_record),
            f'weak._domainkey.acme-desk.net. IN TXT "v=DKIM1; k=rsa; p={WEAK_PUBLIC}"',
            '_dmarc.acme-desk.net. IN TXT "v=DMARC1; p=reject; sp=none"',
            f'acme-desk.net. IN TXT "v=spf1 ip4:{PEER} -all"',
            'soft-desk.net. IN TXT "v=spf1 ip4:198.51.100.7 ~all"',
            'evil-desk.net. IN TXT "v=spf1 +all"',
            'strict-desk.net. IN TXT "v=spf1 -all"',
            '_dmarc.strict-desk.net. IN TXT "v=DMARC1; p=reject; adkim=s; aspf=s"',
        ]
    )
    with running_dns(records) as zone:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = zone.port
        yield World(zone, resolver, key, other)


def raw(sender: str = "Jo <jo@acme-desk.net>", body: str = "Hello\r\n") -> bytes:
    return (
        f"From: {sender}\r\nTo: support@us.example\r\nSubject: Hi\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\nMessage-ID: <1@acme-desk.net>\r\n\r\n{body}"
    ).encode()


def check(world: World, data: bytes, sender: Address = JO, **facts: str) -> SenderAuth:
    return verify_sender(data, sender, world.resolver, **facts)  # type: ignore[arg-type]


def test_a_signature_of_the_domain_proves_the_sender(world: World) -> None:
    found = check(world, sign(raw(), "s1", "acme-desk.net", world.key))
    assert found == SenderAuth(AuthVerdict.PASS, "acme-desk.net", "pass", "none", "pass")


def test_a_subdomain_is_proven_by_its_organization(world: World) -> None:
    data = sign(raw("jo@mail.acme-desk.net"), "s1", "acme-desk.net", world.key)
    assert check(world, data, Address("jo@mail.acme-desk.net")).verdict is AuthVerdict.PASS


def test_a_changed_mail_is_not_proven(world: World) -> None:
    data = sign(raw(), "s1", "acme-desk.net", world.key).replace(b"Hello", b"Pay me")
    found = check(world, data)
    assert (found.verdict, found.dkim, found.dmarc) == (AuthVerdict.FAIL, "fail", "fail")


def test_a_second_from_on_top_is_not_proven(world: World) -> None:
    data = b"From: boss@acme-desk.net\r\n" + sign(raw(), "s1", "acme-desk.net", world.key)
    assert check(world, data, Address("boss@acme-desk.net")).verdict is AuthVerdict.FAIL


def test_somebody_elses_signature_proves_nothing(world: World) -> None:
    data = sign(raw(), "s1", "evil-desk.net", world.other)
    found = check(world, data, mail_from="a@evil-desk.net", peer=PEER, helo="x.evil-desk.net")
    assert (found.verdict, found.dkim, found.spf) == (AuthVerdict.FAIL, "pass", "pass")


def test_the_right_signature_among_several_counts(world: World) -> None:
    data = sign(raw(), "s1", "acme-desk.net", world.key)
    data = sign(data, "s1", "evil-desk.net", world.other)
    assert check(world, data).verdict is AuthVerdict.PASS


def test_a_signature_over_a_part_of_the_body_proves_nothing(world: World) -> None:
    import dkim

    signer = dkim.DKIM(raw())
    header = signer.sign(b"s1", b"acme-desk.net", world.key.encode(), length=True)
    found = check(world, header + raw() + b"Pay me\r\n")
    assert (found.verdict, found.dkim) == (AuthVerdict.FAIL, "fail")


def test_a_key_that_anybody_can_break_proves_nothing(world: World) -> None:
    import dkim

    header = dkim.sign(raw(), b"weak", b"acme-desk.net", WEAK_KEY.encode())
    assert check(world, header + raw()).verdict is AuthVerdict.FAIL


def test_a_client_that_the_domain_names_proves_the_sender(world: World) -> None:
    found = check(world, raw(), mail_from="jo@acme-desk.net", peer=PEER, helo="mx.acme-desk.net")
    assert (found.verdict, found.spf) == (AuthVerdict.PASS, "pass")


def test_a_client_that_the_domain_denies_fails(world: World) -> None:
    found = check(world, raw(), mail_from="jo@acme-desk.net", peer="1.1.1.1", helo="x.net")
    assert (found.verdict, found.spf, found.dmarc) == (AuthVerdict.FAIL, "fail", "fail")


def test_without_a_policy_nothing_is_proven_nor_failed(world: World) -> None:
    sender = Address("jo@soft-desk.net")
    found = check(world, raw(), sender, mail_from="jo@soft-desk.net", peer=PEER, helo="x.net")
    assert (found.verdict, found.spf, found.dmarc) == (AuthVerdict.NONE, "softfail", "none")


def test_strict_alignment_is_heeded(world: World) -> None:
    found = check(
        world,
        raw(),
        Address("jo@strict-desk.net"),
        mail_from="jo@sub.strict-desk.net",
        peer=PEER,
        helo="x.net",
    )
    assert found.verdict is AuthVerdict.FAIL


def test_a_client_of_our_own_network_is_not_judged(world: World) -> None:
    found = check(world, raw(), mail_from="jo@acme-desk.net", peer="127.0.0.1", helo="x")
    assert found.spf == "none"


def test_a_name_server_that_is_silent_says_nothing_about_the_sender() -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], free_port()
    started = time.monotonic()
    found = verify_sender(
        raw(), JO, resolver, mail_from="jo@acme-desk.net", peer=PEER, helo="x.net", seconds=0.3
    )
    assert found.verdict is AuthVerdict.UNKNOWN
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "sender",
    ["jo@cust.example", "jo@localhost", "jo@x.test", "jo@example.com", "jo@in.example.org", "jo@a"],
)
def test_reserved_domains_are_not_looked_up(world: World, sender: str) -> None:
    before = len(world.zone.asked)
    assert check(world, raw(), Address(sender)).verdict is AuthVerdict.UNKNOWN
    assert len(world.zone.asked) == before
    assert is_checkable("acme.de")


@pytest.mark.parametrize(
    "header",
    [
        "DKIM-Signature: v=1",
        "DKIM-Signature: v=1; a=rsa-sha256; d=acme-desk.net; s=s1; h=from; bh=!!; b=!!",
        "DKIM-Signature: v=1; a=rsa-sha256; d=; s=; h=from; bh=; b=",
        "DKIM-Signature: " + "a=" * 5000,
        "DKIM-Signature: v=1; d=\x00\xff; s=\xff; h=; b=AA; bh=AA; a=rsa-sha256",
        "\r\n".join(["DKIM-Signature: v=1; a=x; d=a.net; s=b; h=from; bh=AA; b=AA"] * 500),
        "Authentication-Results: " + "(" * 5000,
    ],
)
def test_broken_signatures_never_raise_and_prove_nothing(world: World, header: str) -> None:
    found = check(world, header.encode("latin-1") + b"\r\n" + raw())
    assert found.verdict in (AuthVerdict.FAIL, AuthVerdict.UNKNOWN)


GMAIL = (
    "mx.google.com;\r\n dkim=pass header.i=@acme-desk.net header.s=s1 header.b=ab/cd;\r\n"
    " spf=pass (google.com: domain of jo@acme-desk.net designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=jo@acme-desk.net;\r\n"
    " dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=acme-desk.net"
)
MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=acme-desk.net; dkim=pass (signature was"
    " verified)\r\n header.d=acme-desk.net;dmarc=pass action=none\r\n"
    " header.from=acme-desk.net;compauth=pass reason=100"
)


@pytest.mark.parametrize(("header", "server"), [(GMAIL, "mx.google.com"), (MICROSOFT, "*")])
def test_the_mailboxes_own_server_is_believed(world: World, header: str, server: str) -> None:
    data = f"Authentication-Results: {header}\r\n".encode() + raw()
    found = check(world, data, trusted_server=server)
    assert (found.verdict, found.dkim, found.spf, found.dmarc) == (
        AuthVerdict.PASS, "pass", "pass", "pass",
    )  # fmt: skip


def test_a_forged_header_below_the_servers_own_is_not_believed(world: World) -> None:
    own = (
        "Authentication-Results: mx.google.com; dkim=none; dmarc=fail header.from=acme-desk.net\r\n"
    )
    forged = f"Authentication-Results: {GMAIL}\r\n"
    found = check(world, (own + forged).encode() + raw(), trusted_server="mx.google.com")
    assert found.verdict is AuthVerdict.FAIL


def test_another_servers_header_is_not_believed(world: World) -> None:
    data = f"Authentication-Results: mx.evil.net; dmarc=pass\r\nAuthentication-Results: {GMAIL}\r\n"
    found = check(world, data.encode() + raw(), trusted_server="mx.google.com")
    assert found.verdict is AuthVerdict.FAIL  # nothing of it counts; our own check says so


def test_results_are_read_in_every_dress() -> None:
    assert parse_results("")[1] == ()
    name, results = parse_results('example.org 1; none; DKIM/1 = Pass header.d="a.net"; x=')
    assert name == "example.org"
    assert [(one.method, one.result) for one in results] == [("dkim", "pass")]
    assert results[0].properties == {"header.d": "a.net"}


def test_organizations_are_told_by_the_public_suffix_list() -> None:
    assert organizational_domain("mail.acme.co.uk") == "acme.co.uk"
    assert organizational_domain("co.uk") == ""
    assert is_aligned("acme.co.uk", "mail.acme.co.uk", strict=False)
    assert not is_aligned("other.co.uk", "acme.co.uk", strict=False)
    assert not is_aligned("com", "acme.com", strict=False)
