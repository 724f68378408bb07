"""Checking DKIM signatures (RFC 6376): which domains vouch for this mail, unchanged.

A signature over part of the body (`l=`) vouches for nothing: anybody can add words below it. Keys
under 1024 bits count as none.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

from mail.senders.dns import DnsUnsure, Lookups

MOST_SIGNATURES: Final = 6
_MOST_HEADER = 256 * 1024
_SILENT = "mail.senders.dkim.silent"


@dataclass(frozen=True, slots=True)
class DkimCheck:
    """`result`: pass, fail, none or temperror; `domains` are those whose signatures hold."""

    result: str = "none"
    domains: tuple[str, ...] = ()
    reason: str = ""


def check_dkim(data: bytes, lookups: Lookups, *, prefer: str) -> DkimCheck:
    """Check the mail's signatures, those of the domain `prefer` and its kin first."""
    if len(data.partition(b"\r\n\r\n")[0]) > _MOST_HEADER:
        return DkimCheck("fail", reason="its headers are too long")
    try:
        return _check(data, lookups, prefer.casefold())
    except DnsUnsure:
        return DkimCheck("temperror")
    except Exception as error:  # noqa: BLE001 - dkimpy raises whatever broken signatures cause
        return DkimCheck("fail", reason=type(error).__name__)


def _check(data: bytes, lookups: Lookups, prefer: str) -> DkimCheck:
    import dkim

    signed = dkim.DKIM(data, logger=_silent_logger(), minkey=1024)
    found = [value for name, value in signed.headers if name.lower() == b"dkim-signature"]
    tagged = [(index, _tags(value)) for index, value in enumerate(found)]
    usable = [(index, tags) for index, tags in tagged if tags and b"l" not in tags]
    if not tagged:
        return DkimCheck()
    if not usable:
        return DkimCheck("fail", reason="it signs only a part of the mail")
    usable.sort(key=lambda one: not _is_kin(one[1], prefer))
    good, unsure = [], False
    for index, tags in usable[:MOST_SIGNATURES]:
        try:
            if _verify(data, index, lookups):
                good.append(tags[b"d"].decode("ascii", "replace").strip().casefold())
        except DnsUnsure:
            unsure = True
    if good:
        return DkimCheck("pass", tuple(dict.fromkeys(good)))
    return DkimCheck("temperror" if unsure else "fail")


def _verify(data: bytes, index: int, lookups: Lookups) -> bool:
    import dkim

    unsure: list[DnsUnsure] = []

    def ask(name: bytes, timeout: float = 5) -> bytes | None:
        del timeout
        try:
            found = lookups.records(name.decode("ascii", "replace").rstrip("."), "TXT")
        except DnsUnsure as error:
            unsure.append(error)
            return None
        return b"".join(found[0]) if found else None

    try:
        signature = dkim.DKIM(data, logger=_silent_logger(), minkey=1024)
        good = bool(signature.verify(index, dnsfunc=ask))
    except Exception as error:  # noqa: BLE001 - one broken signature must not hide the others
        logging.getLogger(_SILENT).debug("a signature cannot be read: %s", error)
        good = False
    if unsure and not good:
        raise unsure[0]
    return good


def _tags(value: bytes) -> dict[bytes, bytes]:
    """The tags of a signature; empty for one that is none."""
    from dkim.util import InvalidTagValueList, parse_tag_value

    try:
        tags: dict[bytes, bytes] = parse_tag_value(value)
    except InvalidTagValueList:
        return {}
    return tags if b"d" in tags and b"s" in tags else {}


def _is_kin(tags: dict[bytes, bytes], domain: str) -> bool:
    """Roughly: the real comparison is DMARC's."""
    signer = tags[b"d"].decode("ascii", "replace").strip().casefold()
    return domain == signer or domain.endswith(f".{signer}") or signer.endswith(f".{domain}")


def _silent_logger() -> Any:
    logger = logging.getLogger(_SILENT)
    logger.setLevel(logging.CRITICAL)
    logger.propagate = False
    return logger
