"""Find the IMAP and SMTP servers of an address: presets, MX, autoconfig, SRV, and a guess.

In this order, the first that knows wins; what one source leaves open (only IMAP known) the next
fills in. Nothing that is found is used without encryption, and nothing outside the open Internet is
connected to (see `mail.safe_http`). A look-up that fails is a source that knows nothing: `discover`
itself never fails, it may just find nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mail.discovery.autoconfig import Autoconfig, is_host_name, parse_autoconfig
from mail.discovery.providers import (
    Endpoint,
    Provider,
    Security,
    domain_of,
    find_provider,
    find_provider_by_host,
    find_provider_by_mx,
)
from mail.discovery.safe_http import AddressCheck, SafeFetcher, is_public

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

TOTAL_SECONDS = 20.0
DNS_SECONDS = 4.0
PROBE_SECONDS = 4.0
ISPDB = "https://autoconfig.thunderbird.net/v1.1/"


@dataclass(frozen=True, slots=True)
class Discovered:
    """What was found. `source` says where: preset, mx, autoconfig, well-known, ispdb, srv, guess,
    or "" when nothing was. `user` is the login name."""

    imap: Endpoint | None = None
    smtp: Endpoint | None = None
    user: str = ""
    provider: Provider | None = None
    source: str = ""

    @property
    def complete(self) -> bool:
        return self.imap is not None and self.smtp is not None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What discovery reaches the world through; the defaults are the open Internet.

    `ispdb` asks Mozilla's database, which then learns the domain: off unless switched on.
    """

    resolver: Resolver | None = None
    fetcher: Callable[[], SafeFetcher] = SafeFetcher
    allowed: AddressCheck = is_public
    probe: Callable[[Endpoint], Awaitable[bool]] | None = None
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    ispdb: bool = False
    total_seconds: float = TOTAL_SECONDS


async def discover(address: str, around: Surroundings | None = None) -> Discovered:
    """The servers of an address, as far as they can be found within `total_seconds`."""
    search = _Search(address.strip(), around or Surroundings())
    with suppress(TimeoutError):
        async with asyncio.timeout(search.around.total_seconds):
            await search.run()
    return search.found


class _Search:
    def __init__(self, address: str, around: Surroundings) -> None:
        self.address = address
        self.domain = domain_of(address)
        self.around = around
        self.found = Discovered(user=address)

    async def run(self) -> None:
        known = find_provider(self.address)
        if known is not None:
            self._take_provider(known, "preset")
            return
        if not is_host_name(self.domain):
            return
        for step in (self._by_mx, self._by_documents_and_srv, self._by_guess):
            await step()
            if self.found.complete or self.found.provider is not None:
                break
        if self.found.provider is None and self.found.imap is not None:
            # Its hints (app password, IMAP switch) hold for a company's domain too.
            by_host = find_provider_by_host(self.found.imap.host)
            self.found = replace(self.found, provider=by_host)

    async def _take(self, source: str, imap: Endpoint | None, smtp: Endpoint | None) -> None:
        """Fill in what is still open, if it is on the open Internet."""
        before = self.found
        imap = imap if imap and before.imap is None and await self._is_open(imap.host) else None
        smtp = smtp if smtp and before.smtp is None and await self._is_open(smtp.host) else None
        self.found = replace(
            before,
            imap=before.imap or imap,
            smtp=before.smtp or smtp,
            source=before.source or (source if imap or smtp else ""),
        )

    def _take_provider(self, provider: Provider, source: str) -> None:
        user = provider.user_for(self.address)
        self.found = Discovered(provider.imap, provider.smtp, user, provider, source)

    async def _by_mx(self) -> None:
        answers = await self._ask(self.domain, "MX")
        pairs = sorted((record.preference, str(record.exchange)) for record in answers)
        provider = find_provider_by_mx(host for _, host in pairs)
        if provider is not None:
            self._take_provider(provider, "mx")
            # The user of a company's domain at a provider is the whole address.
            self.found = replace(self.found, user=self.address)

    async def _is_open(self, host: str) -> bool:
        """Whether a host that a stranger named has addresses, and only such as are allowed."""
        addresses = await self._addresses(host)
        return bool(addresses) and all(self.around.allowed(one) for one in addresses)

    async def _addresses(self, host: str) -> list[str]:
        answers = await asyncio.gather(self._ask(host, "A"), self._ask(host, "AAAA"))
        return [str(record.address) for records in answers for record in records]

    async def _by_documents_and_srv(self) -> None:
        configs, srv = await asyncio.gather(self._find_configs(), self._find_srv())
        for source, config in configs:
            before = self.found.imap
            await self._take(
                source,
                config.imap.endpoint if config.imap else None,
                config.smtp.endpoint if config.smtp else None,
            )
            if before is None and self.found.imap is not None and config.imap:
                self.found = replace(self.found, user=config.imap.user)
        await self._take("srv", *srv)

    async def _find_configs(self) -> list[tuple[str, Autoconfig]]:
        where = [
            ("autoconfig", f"https://autoconfig.{self.domain}/mail/config-v1.1.xml"),
            ("well-known", f"https://{self.domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
        ]
        if self.around.ispdb:
            where.append(("ispdb", f"{ISPDB}{self.domain}"))
        async with self.around.fetcher() as fetcher:
            documents = await asyncio.gather(*(fetcher.fetch(url) for _, url in where))
        parsed = [
            (source, parse_autoconfig(data, self.address))
            for (source, _), data in zip(where, documents, strict=True)
            if data
        ]
        return [(source, config) for source, config in parsed if config is not None]

    async def _find_srv(self) -> tuple[Endpoint | None, Endpoint | None]:
        """RFC 6186 and 8314: encryption from the first byte before STARTTLS."""
        imaps, imap, submissions, submission = await asyncio.gather(
            self._srv("_imaps._tcp", Security.TLS),
            self._srv("_imap._tcp", Security.STARTTLS),
            self._srv("_submissions._tcp", Security.TLS),
            self._srv("_submission._tcp", Security.STARTTLS),
        )
        return imaps or imap, submissions or submission

    async def _srv(self, service: str, security: Security) -> Endpoint | None:
        records = await self._ask(f"{service}.{self.domain}", "SRV")
        for record in sorted(records, key=lambda one: (one.priority, -one.weight)):
            host = str(record.target).rstrip(".").lower()
            # A target of "." says that the service is not offered (RFC 2782).
            if is_host_name(host) and 0 < record.port < 65536:
                return Endpoint(host, record.port, security)
        return None

    async def _by_guess(self) -> None:
        imap, smtp = await asyncio.gather(
            self._first_that_answers(
                Endpoint(f"{name}.{self.domain}", port, security)
                for name in ("imap", "mail")
                for port, security in ((993, Security.TLS), (143, Security.STARTTLS))
            ),
            self._first_that_answers(
                Endpoint(f"{name}.{self.domain}", port, security)
                for name in ("smtp", "mail")
                for port, security in ((465, Security.TLS), (587, Security.STARTTLS))
            ),
        )
        await self._take("guess", imap, smtp)

    async def _first_that_answers(self, candidates: Iterable[Endpoint]) -> Endpoint | None:
        tried = list(candidates)
        answers = await asyncio.gather(*(self._answers(one) for one in tried))
        return next((one for one, good in zip(tried, answers, strict=True) if good), None)

    async def _answers(self, endpoint: Endpoint) -> bool:
        if self.around.probe is not None:
            return await self.around.probe(endpoint)
        from mail.discovery.probe import answers

        addresses = await self._addresses(endpoint.host)
        allowed = [one for one in addresses if self.around.allowed(one)]
        return await answers(endpoint, allowed, PROBE_SECONDS, self.around.tls)

    async def _ask(self, name: str, kind: str) -> list:  # type: ignore[type-arg] # dnspython's records
        """DNS records; [] when there are none or nobody answers."""
        import dns.asyncresolver
        import dns.exception

        resolver = self.around.resolver or dns.asyncresolver.get_default_resolver()
        try:
            answer = await resolver.resolve(name, kind, lifetime=DNS_SECONDS)
        except (dns.exception.DNSException, OSError, ValueError):
            return []
        return list(answer)
