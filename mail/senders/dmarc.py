"""DMARC (RFC 7489): does a proven domain belong to the one that the reader sees in From?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mail.senders.dns import Lookups

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """What the domain of From asks of its readers."""

    policy: str
    strict_dkim: bool = False
    strict_spf: bool = False


def find_policy(domain: str, lookups: Lookups) -> DmarcPolicy | None:
    """The policy of the domain, or of the organization that it belongs to. Raises DnsUnsure."""
    organization = organizational_domain(domain)
    for index, name in enumerate(dict.fromkeys([domain, organization])):
        records = [
            tags
            for text in lookups.txt(f"_dmarc.{name}")
            if (tags := _tags(text)) and text.strip().lower().startswith("v=dmarc1")
        ]
        if len(records) == 1:
            return _policy(records[0], is_subdomain=index > 0)
    return None


def is_aligned(proven: str, domain: str, *, strict: bool) -> bool:
    """RFC 7489 3.1: the same domain, or (relaxed) the same organization."""
    proven, domain = proven.casefold().rstrip("."), domain.casefold().rstrip(".")
    if not proven or not domain:
        return False
    if strict or proven == domain:
        return proven == domain
    organization = organizational_domain(domain)
    return bool(organization) and organizational_domain(proven) == organization


def organizational_domain(domain: str) -> str:
    """`mail.acme.co.uk` → `acme.co.uk`; "" for a public suffix itself."""
    found = _suffixes().privatesuffix(domain.casefold().rstrip("."))
    return str(found or "")


def _policy(tags: dict[str, str], *, is_subdomain: bool) -> DmarcPolicy:
    policy = tags.get("p", "none").lower()
    if is_subdomain:
        policy = tags.get("sp", policy).lower()
    if policy not in ("none", "quarantine", "reject"):
        policy = "none"
    return DmarcPolicy(
        policy, tags.get("adkim", "r").lower() == "s", tags.get("aspf", "r").lower() == "s"
    )


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text[:2000].split(";"))
    return {name.strip().lower(): value.strip() for name, sep, value in pairs if sep}


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The list that comes with its package: some 40 ms to read, so once."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
