"""Who really sent it: DKIM, SPF and DMARC put together into one verdict about From.

I/O (DNS) and computing, all synchronous: call it in a worker thread. It never raises, and within
`seconds` it has an answer, if only that nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mail.mime.addresses import ascii_domain
from mail.model import Address
from mail.senders.dkim import DkimCheck, check_dkim
from mail.senders.dmarc import DmarcPolicy, find_policy, is_aligned
from mail.senders.dns import DnsUnsure, Lookups, make_resolver
from mail.senders.results import MethodResult, find_trusted_results
from mail.senders.spf import SpfCheck, check_spf

if TYPE_CHECKING:
    from dns.resolver import Resolver

__all__ = ["AuthVerdict", "SenderAuth", "is_checkable", "make_resolver", "verify_sender"]

SECONDS: Final = 5.0
_RESERVED: Final = (
    ".example", ".test", ".localhost", ".invalid", ".local", ".internal", ".lan", ".home.arpa",
    ".example.com", ".example.net", ".example.org",
)  # fmt: skip
"""RFC 2606 and 6762: names that no mail of the world comes from."""


class AuthVerdict(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    """The domain in From vouches for the mail."""
    FAIL = "fail"
    """The domain asks its readers to distrust mail that is not proven, and this is not."""
    NONE = "none"
    """Nothing proves the sender, and the domain asks for nothing."""
    UNKNOWN = "unknown"
    """It could not be found out."""


@dataclass(frozen=True, slots=True)
class SenderAuth:
    """The verdict about `domain` (of From), and what each check said."""

    verdict: AuthVerdict = AuthVerdict.UNKNOWN
    domain: str = ""
    dkim: str = "none"
    spf: str = "none"
    dmarc: str = "none"
    timed_out: bool = False
    """The name server did not answer at all."""


def is_checkable(domain: str) -> bool:
    """Whether the DNS can know the domain."""
    name = f".{domain.casefold().rstrip('.')}"
    return name.count(".") > 1 and not name.endswith(_RESERVED)


def verify_sender(
    data: bytes,
    sender: Address | None,
    resolver: Resolver | None,
    *,
    mail_from: str | None = None,
    peer: str | None = None,
    helo: str | None = None,
    trusted_server: str = "",
    seconds: float = SECONDS,
) -> SenderAuth:
    """Check a mail as it came. `sender` is its From; `mail_from`, `peer` and `helo` what our SMTP
    server saw; `trusted_server` the name in Authentication-Results that may be believed."""
    domain = ascii_domain(sender.domain) if sender else ""
    if not domain:
        return SenderAuth(AuthVerdict.NONE)
    if not is_checkable(domain):
        return SenderAuth(AuthVerdict.UNKNOWN, domain)
    trusted = find_trusted_results(data, trusted_server)
    if trusted:
        said = _from_results(trusted, domain)
        if said is not None:
            return said
    if resolver is None:
        return SenderAuth(AuthVerdict.UNKNOWN, domain)
    lookups = Lookups(resolver, seconds)
    dkim = check_dkim(data, lookups, prefer=domain)
    spf = check_spf(peer, mail_from, helo, lookups)
    try:
        policy, unsure = find_policy(domain, lookups), False
    except DnsUnsure:
        policy, unsure = None, True
    return _judge(domain, dkim, spf, policy, unsure=unsure, timed_out=lookups.timed_out)


def _judge(
    domain: str,
    dkim: DkimCheck,
    spf: SpfCheck,
    policy: DmarcPolicy | None,
    *,
    unsure: bool,
    timed_out: bool,
) -> SenderAuth:
    strict = policy or DmarcPolicy("none")
    by_dkim = any(is_aligned(one, domain, strict=strict.strict_dkim) for one in dkim.domains)
    by_spf = spf.result == "pass" and is_aligned(spf.domain, domain, strict=strict.strict_spf)
    dmarc = "none" if policy is None else "pass" if by_dkim or by_spf else "fail"
    if by_dkim or by_spf:
        verdict = AuthVerdict.PASS
    elif unsure or "temperror" in (dkim.result, spf.result):
        verdict, dmarc = AuthVerdict.UNKNOWN, "temperror"
    else:
        disowned = policy is not None and policy.policy != "none"
        verdict = AuthVerdict.FAIL if disowned else AuthVerdict.NONE
    return SenderAuth(verdict, domain, dkim.result, spf.result, dmarc, timed_out)


def _from_results(results: tuple[MethodResult, ...], domain: str) -> SenderAuth | None:
    """The verdict of the server that took the mail in; None where it says too little."""
    by_method = {one.method: one for one in reversed(results)}
    dmarc = by_method.get("dmarc")
    dkim = [one for one in results if one.method == "dkim"]
    spf = by_method.get("spf")
    aligned = any(
        one.result == "pass" and is_aligned(_signer(one), domain, strict=False) for one in dkim
    )
    if dmarc is not None:
        said_of = dmarc.properties.get("header.from", domain)
        if not is_aligned(said_of, domain, strict=False):
            return None
        aligned = dmarc.result in ("pass", "bestguesspass")
    elif not dkim and spf is None:
        return None
    failed = dmarc is not None and dmarc.result == "fail"
    verdict = AuthVerdict.PASS if aligned else AuthVerdict.FAIL if failed else AuthVerdict.NONE
    best = "pass" if any(one.result == "pass" for one in dkim) else dkim[0].result if dkim else ""
    return SenderAuth(
        verdict,
        domain,
        best or "none",
        spf.result if spf else "none",
        dmarc.result if dmarc else "none",
    )


def _signer(result: MethodResult) -> str:
    """The signing domain, as header.d or behind the @ of header.i."""
    found = result.properties.get("header.d") or result.properties.get("header.i", "")
    return found.rpartition("@")[2]
