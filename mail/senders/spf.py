"""Checking SPF (RFC 7208): may this client send for the envelope sender's domain?

Only for mail that came to our own SMTP server, where we know the client's address.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from mail.senders.dns import DnsUnsure, Lookups


@dataclass(frozen=True, slots=True)
class SpfCheck:
    """`result`: pass, fail, softfail, neutral, none, temperror or permerror, for `domain`."""

    result: str = "none"
    domain: str = ""


def check_spf(
    peer: str | None, mail_from: str | None, helo: str | None, lookups: Lookups
) -> SpfCheck:
    """The answer of the domain of MAIL FROM, or of HELO where that is null (bounces)."""
    if not _is_public(peer) or mail_from is None:
        return SpfCheck()
    domain = mail_from.rpartition("@")[2] if mail_from else (helo or "")
    domain = domain.strip().rstrip(".").casefold()
    if "." not in domain or domain.startswith("["):
        return SpfCheck()
    try:
        query = _make_query(str(peer), mail_from, helo or domain, lookups)
        result = str(query.check()[0])
    except DnsUnsure:
        result = "temperror"
    except Exception:  # noqa: BLE001 - pyspf raises whatever broken records cause
        result = "permerror"
    return SpfCheck(result, domain)


def _is_public(peer: str | None) -> bool:
    """A client inside our own network is no stranger: its address proves and disproves nothing."""
    try:
        return ipaddress.ip_address(peer or "").is_global
    except ValueError:
        return False


def _make_query(peer: str, mail_from: str, helo: str, lookups: Lookups) -> Any:
    import spf

    class Query(spf.query):  # type: ignore[misc]
        """pyspf, asking our own resolver instead of its global one."""

        def dns(
            self, name: Any, qtype: str, cnames: Any = None, ignore_void: bool = False
        ) -> list[Any]:
            del cnames  # the resolver has followed them
            host = str(name).rstrip(".").lower()
            if not host or not all(0 < len(label) < 64 for label in host.split(".")):
                return []
            try:
                found = lookups.records(host, qtype)
            except DnsUnsure as error:
                raise spf.TempError(f"DNS {error}") from error
            if not found and not ignore_void:
                self.void_lookups += 1
                if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                    raise spf.PermError("too many lookups without an answer")
            return found

    return Query(i=peer, s=mail_from, h=helo, timeout=3, querytime=0)
