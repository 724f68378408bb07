"""Does a mail server answer there? For guesses: listens to a greeting, says nothing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress

from mail.discovery.providers import Endpoint, Security

GREETINGS = (b"* OK", b"* PREAUTH", b"220")


async def answers(
    endpoint: Endpoint,
    addresses: Sequence[str],
    seconds: float,
    tls: ssl.SSLContext | None = None,
) -> bool:
    """Whether one of `addresses` greets as an IMAP or SMTP server, with a certificate for
    `endpoint.host` where TLS comes first. Never raises."""
    for address in addresses[:4]:
        with suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(seconds):
                if await _greets(endpoint, address, tls):
                    return True
    return False


async def _greets(endpoint: Endpoint, address: str, tls: ssl.SSLContext | None) -> bool:
    secure = endpoint.security is Security.TLS
    context = (tls or ssl.create_default_context()) if secure else None
    reader, writer = await asyncio.open_connection(
        address,
        endpoint.port,
        ssl=context,
        server_hostname=endpoint.host if secure else None,
        limit=4096,
    )
    try:
        line = await reader.readline()
        return line.startswith(GREETINGS)
    finally:
        writer.transport.abort()
