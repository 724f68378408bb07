"""Fetch a small document from a host that a stranger named, without being turned on ourselves.

The domain of an address decides which host is asked, so whoever types an address decides where
Canal connects to. Hence: HTTPS only; every address that a name resolves to is checked before it is
connected to (and is the one that is connected to, so that a second look-up cannot differ), at each
redirect again; few redirects; a size and a time limit.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from mail.errors import WireError

MAX_BYTES = 256 * 1024
MAX_REDIRECTS = 3
TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)

AddressCheck = Callable[[str], bool]
"""Whether an IP address may be connected to."""


class Unsafe(WireError):  # noqa: N818
    """The address leads into a private network."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet: not private, loopback, link-local,
    multicast, reserved, nor an IPv6 form of such an IPv4 address (mapped, 6to4, NAT64, Teredo)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class CheckedResolver(AbstractResolver):
    """aiohttp's resolver that lets through only addresses that `allowed` accepts."""

    def __init__(self, inner: AbstractResolver, allowed: AddressCheck) -> None:
        self._inner = inner
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        good = [one for one in found if self._allowed(one["host"])]
        if not good:
            raise OSError(None, f"{host} has no public address")
        return good

    async def close(self) -> None:
        await self._inner.close()


class SafeFetcher:
    """Fetches documents; one for a few look-ups, closed afterwards."""

    def __init__(
        self,
        *,
        resolver: AbstractResolver | None = None,
        allowed: AddressCheck = is_public,
        tls: ssl.SSLContext | None = None,
        port: int = 443,
    ) -> None:
        """`resolver`, `allowed`, `tls` and `port` are for tests that serve on loopback."""
        inner = resolver or aiohttp.ThreadedResolver()
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(inner, allowed), ssl=tls or True, use_dns_cache=False, limit=8
        )
        self._allowed = allowed
        self._port = port
        # No cookies, no proxy of the environment: each request stands for itself.
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )

    async def __aenter__(self) -> SafeFetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def fetch(self, url: str) -> bytes | None:
        """The document at `url`, None when there is none (or it cannot be had safely)."""
        try:
            for _ in range(MAX_REDIRECTS + 1):
                self._check(url)
                async with self._session.get(
                    self._with_port(url), timeout=TIMEOUT, allow_redirects=False
                ) as response:
                    if response.status in {301, 302, 303, 307, 308}:
                        url = urljoin(url, response.headers.get("Location", ""))
                        continue
                    return await _body(response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, Unsafe):
            return None
        return None

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" or parts.username or parts.port not in {None, 443, self._port}:
            raise Unsafe
        # aiohttp asks no resolver for a host that is an address.
        if _is_address(host) and not self._allowed(host):
            raise Unsafe

    def _with_port(self, url: str) -> str:
        parts = urlsplit(url)
        if self._port == 443 or parts.port is not None:
            return url
        return parts._replace(netloc=f"{parts.netloc}:{self._port}").geturl()


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    if response.status != 200 or (response.content_length or 0) > MAX_BYTES:
        return None
    data = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        data += chunk
        if len(data) > MAX_BYTES:
            return None
    return bytes(data)


def _is_address(host: str) -> bool:
    """Whether the host is an IP address in any notation that a resolver would take for one."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            socket.inet_aton(host)  # 127.1, 0x7f000001, 2130706433
        except OSError:
            return False
    return True
