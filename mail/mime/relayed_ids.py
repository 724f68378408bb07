"""The Message-ID under which a relay sends a mail on, where it gives the mail one of its own.

Amazon SES names it in its answer to DATA ("250 Ok 0102018e…-000000"), and so does Exchange
("250 2.6.0 <…> [InternalId=…] Queued mail for delivery"). Customers' programs answer to that one.
"""

from __future__ import annotations

import re

_SES = re.compile(r"\bOk:? ([0-9a-f]{16}-(?:[0-9a-f]{4,12}-){5}[0-9]{6})\b")
_ANGLED = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")
_SES_ID = re.compile(r"(<[^<>\s@]{1,200}@)[a-z0-9-]{1,30}(\.amazonses\.com>)", re.IGNORECASE)
_SES_HOST = "email"


def relayed_ids(reply: str) -> tuple[str, ...]:
    """Message-IDs that the answer to DATA names, in angle brackets; none in most answers."""
    said = reply[:1000]
    ours = [f"<{found}@{_SES_HOST}.amazonses.com>" for found in _SES.findall(said)]
    return (*ours, *_ANGLED.findall(said))


def without_region(rfc_id: str) -> str:
    """SES puts its region behind the @, which its answer does not tell: one name for all."""
    return _SES_ID.sub(rf"\g<1>{_SES_HOST}\g<2>", rfc_id)
