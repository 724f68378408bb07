"""DNS for checking senders: few lookups, within a time, and "nobody answered" is no "no".

Synchronous, for a worker thread. The answers are cached for their TTL by dnspython itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mail.errors import MailError

if TYPE_CHECKING:
    from dns.resolver import Resolver

ONE_LOOKUP: Final = 3.0
MOST_LOOKUPS: Final = 60
"""Of one mail: SPF may ask ten times, each with several addresses."""
_CACHED = 4000


class DnsUnsure(MailError):  # noqa: N818 - it names the case
    """The name server did not answer: this says nothing about the sender."""


def make_resolver() -> Resolver | None:
    """The machine's own resolver with a cache; None where it has none."""
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return None
    resolver.cache = dns.resolver.LRUCache(_CACHED)
    return resolver


class Lookups:
    """The lookups of one mail: together no longer than `seconds`, no more than MOST_LOOKUPS."""

    def __init__(
        self, resolver: Resolver, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._until = clock() + seconds
        self._left = MOST_LOOKUPS
        self.timed_out = False

    def txt(self, name: str) -> list[str]:
        """The TXT records of a name, each in one piece."""
        return [b"".join(one).decode("utf-8", "replace") for one in self.records(name, "TXT")]

    def records(self, name: str, kind: str) -> list[Any]:
        """A and AAAA as text, MX as (preference, host), PTR as text, TXT as tuples of bytes.

        Empty where there are none. Raises DnsUnsure.
        """
        import dns.exception
        import dns.resolver

        time_left = self._until - self._clock()
        if time_left <= 0 or self._left <= 0:
            raise DnsUnsure
        self._left -= 1
        try:
            answer = self._resolver.resolve(
                name, kind, lifetime=min(ONE_LOOKUP, time_left), search=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.Timeout, dns.resolver.NoNameservers) as error:
            self.timed_out = True
            raise DnsUnsure from error
        except (dns.exception.DNSException, UnicodeError, ValueError, OSError) as error:
            raise DnsUnsure(f"{name[:80]} could not be looked up.") from error
        return [_plain(one, kind) for one in answer]


def _plain(record: Any, kind: str) -> Any:
    if kind in ("A", "AAAA"):
        return str(record.address)
    if kind == "MX":
        return int(record.preference), str(record.exchange)
    if kind == "PTR":
        return str(record.target).rstrip(".")
    return tuple(record.strings)
