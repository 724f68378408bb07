"""What the DNS says of a domain that mail is sent from: SPF, DKIM and DMARC, in bounded time.

Receivers distrust mail from a domain without them. Nothing is judged here that only a receiver can
know (which servers really send); what is missing or plainly wrong is said.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from mail.discovery.providers import domain_of
from mail.sentences import say

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

SECONDS = 5.0
_TAG = re.compile(r"(?:^|;)\s{0,20}([a-z]{1,10})\s{0,20}=\s{0,20}([^;]{0,500})", re.IGNORECASE)
_MOST_RECORDS = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked up; `ok` None where it cannot be told."""

    ok: bool | None
    sentence: str


async def check_sender_domain(
    address: str, received: bytes | None = None, resolver: Resolver | None = None
) -> list[Finding]:
    """SPF and DMARC of the address's domain, and DKIM of a mail from it that came back.

    Args:
        address: the From address.
        received: a mail from it as its receiver got it; its signature is verified.
        resolver: asks other name servers than the system's.
    """
    domain = domain_of(address)
    spf, dmarc, dkim = await asyncio.gather(
        _spf(domain, resolver), _dmarc(domain, resolver), _dkim(domain, received, resolver)
    )
    return [spf, dkim, dmarc]


async def _spf(domain: str, resolver: Resolver | None) -> Finding:
    texts = await _texts(domain, resolver)
    if texts is None:
        return Finding(None, say("SPF: the DNS of {domain} did not answer.", domain=domain))
    records = [one for one in texts if one.lower().split(" ")[0] == "v=spf1"]
    if not records:
        return Finding(
            False,
            say(
                "SPF: {domain} has no record. Ask your mail provider for the TXT record v=spf1 … "
                "and add it to the domain's DNS, else mail ends up in spam.",
                domain=domain,
            ),
        )
    if len(records) > 1:
        return Finding(
            False,
            say(
                "SPF: {domain} has {n} records; only one may be there.",
                domain=domain,
                n=len(records),
            ),
        )
    return Finding(True, f"SPF: {records[0][:200]}")


async def _dmarc(domain: str, resolver: Resolver | None) -> Finding:
    labels = domain.split(".")
    # A subdomain without a record of its own is under its parents' (RFC 7489 6.6.3).
    for start in range(max(1, len(labels) - 1)):
        name = ".".join(labels[start:])
        texts = await _texts(f"_dmarc.{name}", resolver)
        if texts is None:
            return Finding(None, say("DMARC: the DNS of {name} did not answer.", name=name))
        records = [one for one in texts if one.lower().startswith("v=dmarc1")]
        if records:
            return Finding(True, f"DMARC: {records[0][:200]}")
    return Finding(
        False,
        say(
            "DMARC: {domain} has no record. Add a TXT record at _dmarc.{domain}, to begin with "
            "“v=DMARC1; p=none”.",
            domain=domain,
        ),
    )


async def _dkim(domain: str, received: bytes | None, resolver: Resolver | None) -> Finding:
    if received is None:
        return Finding(None, say("DKIM: only a mail that came back can tell."))
    head = BytesHeaderParser().parsebytes(received)
    signatures = [_tags(str(one)) for one in (head.get_all("DKIM-Signature") or [])[:10]]
    if not signatures:
        return Finding(
            False, say("DKIM: the mail came back unsigned. Switch DKIM on at your mail provider.")
        )
    aligned = [one for one in signatures if _is_aligned(one.get("d", ""), domain)]
    chosen = (aligned or signatures)[0]
    signer = "".join(c for c in chosen.get("d", "") if c.isprintable())[:100]
    if not aligned:
        return Finding(
            False,
            say(
                "DKIM: signed by {signer}, not by {domain}: DMARC does not count it. Set DKIM up "
                "for your own domain at the provider.",
                signer=signer,
                domain=domain,
            ),
        )
    good = await _verify(received, resolver)
    if good is None:
        return Finding(
            None, say("DKIM: signed by {signer}; the key could not be looked up.", signer=signer)
        )
    if not good:
        return Finding(
            False,
            say("DKIM: signed by {signer}, but the signature does not verify.", signer=signer),
        )
    return Finding(True, say("DKIM: signed by {signer}, and the signature is good.", signer=signer))


def _is_aligned(signer: str, domain: str) -> bool:
    """Relaxed alignment, as far as it can be told without a list of public suffixes."""
    signer = signer.lower().rstrip(".")
    if not signer or "." not in signer:
        return False
    return domain == signer or domain.endswith(f".{signer}") or signer.endswith(f".{domain}")


async def _verify(received: bytes, resolver: Resolver | None) -> bool | None:
    """Whether a signature is good; None when its key could not be had."""
    import dkim

    loop = asyncio.get_running_loop()
    missing = False

    def look_up(name: bytes | str, timeout: int = 5) -> bytes | None:
        nonlocal missing
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        asked = asyncio.run_coroutine_threadsafe(_texts(text.rstrip("."), resolver), loop)
        texts = asked.result(timeout + SECONDS)
        if not texts:
            missing = True
            return None
        return texts[0].encode("ascii", "replace")

    try:
        good = await asyncio.to_thread(lambda: bool(dkim.verify(received, dnsfunc=look_up)))
    except Exception:  # noqa: BLE001 - a foreign library over hostile input: it cannot be told
        return None
    return None if missing and not good else good


async def _texts(name: str, resolver: Resolver | None) -> list[str] | None:
    """The TXT records of a name; [] when there are none, None when nobody answers."""
    import dns.asyncresolver
    import dns.exception
    import dns.resolver

    asked = resolver or dns.asyncresolver.get_default_resolver()
    try:
        answer = await asked.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError):
        return None
    found = [
        b"".join(record.strings).decode("utf-8", "replace")
        for record in list(answer)[:_MOST_RECORDS]
    ]
    return ["".join(c for c in one if c.isprintable()).strip() for one in found]


def _tags(value: str) -> dict[str, str]:
    text = "".join(value.split())[:4000]
    return {name.lower(): content for name, content in _TAG.findall(text)}
