"""From an address to its servers: what is known, what is looked up, and what is refused."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from mail.discovery.autoconfig import parse_autoconfig
from mail.discovery.autodiscover import Discovered, Surroundings, discover
from mail.discovery.providers import (
    Endpoint,
    Security,
    all_providers,
    find_provider,
    find_provider_by_mx,
    get_provider,
)
from mail.discovery.safe_http import SafeFetcher, is_public
from tests.servers.dns import running_dns

CONFIG = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">
<incomingServer type="pop3"><hostname>pop.corp.example</hostname><port>995</port>
<socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="imap"><hostname>mx.%EMAILDOMAIN%</hostname><port>143</port>
<socketType>STARTTLS</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<incomingServer type="imap"><hostname>mx.%EMAILDOMAIN%</hostname><port>993</port>
<socketType>SSL</socketType><username>%EMAILLOCALPART%</username>
<authentication>OAuth2</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>mx.corp.example</hostname><port>587</port>
<socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""

Handler = Callable[[web.Request], web.StreamResponse]


class Loopback(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        return None


@dataclass
class Site:
    """An HTTPS server that answers for every host; `asked` are host and path."""

    pages: dict[str, Handler] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    client_tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = f"{request.url.host}{request.path}"
        self.asked.append(name)
        if name in self.pages:
            return self.pages[name](request)
        return web.Response(status=404)

    def fetcher(self, allowed: Callable[[str], bool] = lambda _: True) -> SafeFetcher:
        return SafeFetcher(
            resolver=Loopback(), allowed=allowed, tls=self.client_tls, port=self.port
        )


@asynccontextmanager
async def running_site(*names: str) -> AsyncIterator[Site]:
    site = Site()
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, "127.0.0.1").configure_cert(context)
    authority.configure_trust(site.client_tls)
    app = web.Application()
    app.router.add_get("/{path:.*}", site.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        await runner.cleanup()


NAMES = ("corp.example", "autoconfig.corp.example", "imap.corp.example", "smtp.corp.example")
HOSTS = """
mx.corp.example.    60 IN A 192.0.2.10
imap.corp.example.  60 IN A 192.0.2.11
smtp.corp.example.  60 IN A 192.0.2.12
inside.corp.example. 60 IN A 10.0.0.5
both.corp.example.  60 IN A 192.0.2.13
both.corp.example.  60 IN A 127.0.0.1
"""


def documentation(address: str) -> bool:
    """The addresses that the tests hold to be the open Internet."""
    return address.startswith("192.0.2.")


async def found(
    records: str, site: Site | None = None, address: str = "jo@corp.example", **changes: object
) -> Discovered:
    async def nobody(_: Endpoint) -> bool:
        return False

    with running_dns(HOSTS + records) as zone:
        around: dict[str, object] = {
            "resolver": zone.resolver(),
            "fetcher": site.fetcher if site else SafeFetcher,
            "allowed": documentation,
            "probe": nobody,
            "tls": site.client_tls if site else None,
        }
        return await discover(address, Surroundings(**(around | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "provider", "imap", "smtp"),
    [
        ("jo@mail.ru", "mailru", "imap.mail.ru", "smtp.mail.ru"),
        ("jo@internet.ru", "mailru", "imap.mail.ru", "smtp.mail.ru"),
        ("jo@ya.ru", "yandex", "imap.yandex.com", "smtp.yandex.com"),
        ("Jo@GMail.com", "gmail", "imap.gmail.com", "smtp.gmail.com"),
        ("jo@hotmail.co.uk", "outlook", "outlook.office365.com", "smtp-mail.outlook.com"),
        ("jo@x.onmicrosoft.com", "microsoft365", "outlook.office365.com", "smtp.office365.com"),
        ("jo@yahoo.com.br", "yahoo", "imap.mail.yahoo.com", "smtp.mail.yahoo.com"),
        ("jo@me.com", "icloud", "imap.mail.me.com", "smtp.mail.me.com"),
        ("jo@uol.com.br", "uol", "imap.uol.com.br", "smtps.uol.com.br"),
        ("jo@bol.com.br", "bol", "imap.bol.com.br", "smtps.bol.com.br"),
        ("jo@terra.com.br", "terra", "imap.terra.com.br", "smtp.terra.com.br"),
        ("jo@fastmail.com", "fastmail", "imap.fastmail.com", "smtp.fastmail.com"),
        ("jo@gmx.de", "gmx", "imap.gmx.net", "mail.gmx.net"),
        ("jo@zoho.eu", "zoho_eu", "imap.zoho.eu", "smtp.zoho.eu"),
    ],
)
def test_the_big_providers_are_known_by_the_domain(
    address: str, provider: str, imap: str, smtp: str
) -> None:
    known = find_provider(address)
    assert known is not None
    assert known.imap is not None
    assert known.smtp is not None
    assert (known.id, known.imap.host, known.smtp.host) == (provider, imap, smtp)
    assert known.imap.security is Security.TLS


def test_what_is_known_of_providers_fits_together() -> None:
    providers = all_providers()
    assert len({one.id for one in providers}) == len(providers) > 80
    domains = [domain for one in providers for domain in one.domains]
    assert len(domains) == len(set(domains))
    for one in providers:
        for hint in (one.app_password, one.imap_switch):
            assert hint is None or (hint.link.startswith("https://") and hint.sentence[-1] == ".")
        for endpoint in (one.imap, one.smtp):
            ports = {Security.TLS: {993, 465}, Security.STARTTLS: {587, 1143, 1025}}
            assert endpoint is None or endpoint.port in ports[endpoint.security]
    assert get_provider("naver").user_for("jo@naver.com") == "jo"
    assert get_provider("gmail").user_for("jo@gmail.com") == "jo@gmail.com"


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("aspmx.l.google.com.", "gmail"),
        ("corp-example.mail.protection.outlook.com", "microsoft365"),
        ("corp-example.o-v1.mx.microsoft", "microsoft365"),
        ("outlook-com.olc.protection.outlook.com", "outlook"),
        ("mx.yandex.net", "yandex"),
        ("emx.mail.ru", "mailru"),
        ("mx1.titan.email", "titan"),
        ("mx.evil-google.com", None),
        ("google.com.evil.example", None),
        ("com", None),
    ],
)
def test_a_provider_is_known_by_the_mx_of_a_domain(host: str, provider: str | None) -> None:
    known = find_provider_by_mx([host])
    assert (known.id if known else None) == provider


async def test_a_known_domain_needs_no_network() -> None:
    one = await discover("jo@list.ru", Surroundings(fetcher=_no_network))
    assert (one.source, one.complete, one.user) == ("preset", True, "jo@list.ru")


async def test_the_mx_of_a_company_names_its_provider() -> None:
    one = await found(
        "corp.example. 60 IN MX 20 mail.other.example.\n"
        "corp.example. 60 IN MX 10 aspmx.l.google.com."
    )
    assert (one.source, one.provider, one.user) == ("mx", get_provider("gmail"), "jo@corp.example")
    assert one.imap == Endpoint("imap.gmail.com", 993)


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("autoconfig.corp.example/mail/config-v1.1.xml", "autoconfig"),
        ("corp.example/.well-known/autoconfig/mail/config-v1.1.xml", "well-known"),
    ],
)
async def test_an_autoconfig_document_is_read(place: str, source: str) -> None:
    async with running_site(*NAMES) as site:
        site.pages[place] = lambda _: web.Response(text=CONFIG)
        one = await found("", site)
    assert one.imap == Endpoint("mx.corp.example", 993, Security.TLS)
    assert one.smtp == Endpoint("mx.corp.example", 587, Security.STARTTLS)
    assert (one.source, one.user) == (source, "jo")


async def test_srv_records_are_read_encrypted_first_by_priority() -> None:
    async with running_site(*NAMES) as site:
        one = await found(
            """
_imap._tcp.corp.example. 60 IN SRV 0 1 143 imap.corp.example.
_imaps._tcp.corp.example. 60 IN SRV 20 1 1993 imap.corp.example.
_imaps._tcp.corp.example. 60 IN SRV 10 1 993 mx.corp.example.
_submissions._tcp.corp.example. 60 IN SRV 0 0 0 .
_submission._tcp.corp.example. 60 IN SRV 0 1 587 smtp.corp.example.
""",
            site,
        )
    assert one.imap == Endpoint("mx.corp.example", 993, Security.TLS)
    assert one.smtp == Endpoint("smtp.corp.example", 587, Security.STARTTLS)
    assert one.source == "srv"


async def test_one_source_fills_in_what_another_leaves_open() -> None:
    only_imap = CONFIG[: CONFIG.index("<outgoingServer")] + "</emailProvider></clientConfig>"
    async with running_site(*NAMES) as site:
        site.pages["autoconfig.corp.example/mail/config-v1.1.xml"] = lambda _: web.Response(
            text=only_imap
        )
        one = await found(
            "_submissions._tcp.corp.example. 60 IN SRV 0 1 465 smtp.corp.example.", site
        )
    assert one.imap == Endpoint("mx.corp.example", 993, Security.TLS)
    assert one.smtp == Endpoint("smtp.corp.example", 465, Security.TLS)
    assert one.source == "autoconfig"


async def test_a_guess_is_taken_where_a_server_answers() -> None:
    tried: list[Endpoint] = []

    async def probe(endpoint: Endpoint) -> bool:
        tried.append(endpoint)
        return endpoint.port in {143, 465}

    async with running_site(*NAMES) as site:
        one = await found("", site, probe=probe)
    assert one.imap == Endpoint("imap.corp.example", 143, Security.STARTTLS)
    assert one.smtp == Endpoint("smtp.corp.example", 465, Security.TLS)
    assert one.source == "guess"
    assert {endpoint.host for endpoint in tried} == {
        "imap.corp.example",
        "mail.corp.example",
        "smtp.corp.example",
    }


async def test_a_guess_listens_to_the_greeting() -> None:
    from mail.discovery.probe import answers

    async def check(greeting: bytes) -> bool:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader
            writer.write(greeting)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint("imap.corp.example", port, Security.STARTTLS)
        found = await answers(endpoint, ["127.0.0.1"], 3)
        server.close()
        return found

    assert await check(b"* OK hi\r\n")
    assert await check(b"220 hi\r\n")
    assert not await check(b"HTTP/1.1 400 Bad Request\r\n")
    assert await answers(Endpoint("x.example", 9), ["127.0.0.1"], 3) is False
    assert await answers(Endpoint("x.example", 9), [], 3) is False


@pytest.mark.parametrize(
    "target", ["inside.corp.example", "both.corp.example", "gone.corp.example"]
)
async def test_a_host_inside_the_network_is_not_proposed(target: str) -> None:
    async with running_site(*NAMES) as site:
        site.pages["autoconfig.corp.example/mail/config-v1.1.xml"] = lambda _: web.Response(
            text=CONFIG.replace("mx.%EMAILDOMAIN%", target).replace("mx.corp.example", target)
        )
        one = await found(f"_imaps._tcp.corp.example. 60 IN SRV 10 1 993 {target}.", site)
    assert (one.imap, one.smtp, one.source) == (None, None, "")


async def test_a_site_inside_the_network_is_not_asked() -> None:
    async with running_site(*NAMES) as site:
        async with site.fetcher(allowed=is_public) as fetcher:
            for host in ("corp.example", "127.0.0.1", "127.1", "2130706433", "[::1]", "localhost"):
                assert await fetcher.fetch(f"https://{host}/x") is None
        assert site.asked == []


async def test_redirects_are_few_checked_and_stay_encrypted() -> None:
    async with running_site(*NAMES) as site:
        site.pages["corp.example/ok"] = lambda _: web.Response(text="ok")
        site.pages["corp.example/r0"] = _redirect("/ok")
        for number in range(1, 4):
            site.pages[f"corp.example/r{number}"] = _redirect(f"/r{number - 1}")
        site.pages["corp.example/clear"] = _redirect("http://corp.example/ok")
        site.pages["corp.example/inside"] = _redirect("https://127.0.0.1/ok")
        site.pages["corp.example/file"] = _redirect("file:///etc/passwd")
        site.pages["corp.example/port"] = _redirect("https://corp.example:22/ok")
        site.pages["corp.example/user"] = _redirect("https://a:b@corp.example/ok")
        site.pages["127.0.0.1/ok"] = lambda _: web.Response(text="inside")

        # 127.0.0.1 stands for the open Internet as an answer of DNS, not as a host in a URL.
        def allowed(host: str) -> bool:
            return host == "127.0.0.1" and not site.asked[-1].endswith("/inside")

        async with site.fetcher(allowed) as fetcher:
            site.asked.append("")
            assert await fetcher.fetch("https://corp.example/r2") == b"ok"
            assert await fetcher.fetch("https://corp.example/r3") is None
            for path in ("clear", "inside", "file", "port", "user"):
                assert await fetcher.fetch(f"https://corp.example/{path}") is None, path
        assert "127.0.0.1/ok" not in site.asked


async def test_a_document_without_end_is_not_read_to_its_end() -> None:
    async with running_site(*NAMES) as site:
        site.pages["corp.example/big"] = lambda _: web.Response(body=b"x" * 300_000)

        def endless(request: web.Request) -> web.StreamResponse:
            del request
            body = (b"x" * 20_000 for _ in range(50))
            return web.Response(body=_chunks(body))

        site.pages["corp.example/endless"] = endless
        async with site.fetcher() as fetcher:
            assert await fetcher.fetch("https://corp.example/big") is None
            assert await fetcher.fetch("https://corp.example/endless") is None


async def test_a_certificate_of_somebody_else_is_not_accepted() -> None:
    async with running_site("other.example") as site:
        site.pages["corp.example/x"] = lambda _: web.Response(text="x")
        async with site.fetcher() as fetcher:
            assert await fetcher.fetch("https://corp.example/x") is None


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"\x00\xff",
        b"<html>not found</html>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><clientConfig>&b;</clientConfig>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><clientConfig/>',
        b"<clientConfig>" * 5000,
        CONFIG.replace(">SSL<", ">plain<").replace(">STARTTLS<", ">plain<").encode(),
        CONFIG.replace("mx.%EMAILDOMAIN%", "127.0.0.1").replace("mx.corp.example", "::1").encode(),
        CONFIG.replace("mx.%EMAILDOMAIN%", "a b").replace("mx.corp.example", "localhost").encode(),
        CONFIG.replace(">143<", ">0<").replace(">993<", ">x<").replace(">587<", ">99999<").encode(),
    ],
)
def test_a_hostile_or_useless_document_yields_nothing(document: bytes) -> None:
    assert parse_autoconfig(document, "jo@corp.example") is None


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("ff02::1", False),
        ("not an address", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "address", ["", "jo", "jo@", "@", "jo@localhost", "jo@127.0.0.1", "jo@[::1]", "jo@a..b", "jo@-"]
)
async def test_an_address_without_a_real_domain_asks_nobody(address: str) -> None:
    one = await discover(address, Surroundings(fetcher=_no_network))
    assert (one.imap, one.smtp) == (None, None)


async def test_a_search_ends_in_time() -> None:
    async def never(_: Endpoint) -> bool:
        await asyncio.Event().wait()
        return True

    async with running_site(*NAMES) as site:
        one = await found("", site, probe=never, total_seconds=1.0)
    assert one.source == ""


def _no_network() -> SafeFetcher:
    raise AssertionError("nobody is to be asked")


def _redirect(location: str) -> Handler:
    return lambda _: web.Response(status=302, headers={"Location": location})


async def _chunks(chunks: object) -> AsyncIterator[bytes]:
    for chunk in chunks:  # type: ignore[attr-defined]
        yield chunk
