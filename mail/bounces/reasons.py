"""Why a mail did not arrive, as one of a few reasons that people understand."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from mail.bounces.status import status_of_words
from mail.model import BounceAction, BounceRecipient


class BounceReason(StrEnum):
    """The sentence for each is written where Slack users read it."""

    NO_SUCH_USER = "no_such_user"
    MAILBOX_FULL = "mailbox_full"
    HOST_UNKNOWN = "host_unknown"
    BLOCKED = "blocked"
    RELAY_DENIED = "relay_denied"
    TOO_LARGE = "too_large"
    POLICY = "policy"
    AUTHENTICATION = "authentication"
    EXPIRED = "expired"
    DISABLED = "disabled"
    UNREACHABLE = "unreachable"
    LOOP = "loop"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"


_BY_STATUS: Final = {
    "1.0": BounceReason.NO_SUCH_USER,
    "1.1": BounceReason.NO_SUCH_USER,
    "1.2": BounceReason.HOST_UNKNOWN,
    "1.3": BounceReason.NO_SUCH_USER,
    "1.4": BounceReason.NO_SUCH_USER,
    "1.6": BounceReason.NO_SUCH_USER,
    "1.10": BounceReason.HOST_UNKNOWN,
    "2.1": BounceReason.DISABLED,
    "2.2": BounceReason.MAILBOX_FULL,
    "2.3": BounceReason.TOO_LARGE,
    "3.4": BounceReason.TOO_LARGE,
    "4.1": BounceReason.UNREACHABLE,
    "4.2": BounceReason.UNREACHABLE,
    "4.3": BounceReason.HOST_UNKNOWN,
    "4.4": BounceReason.HOST_UNKNOWN,
    "4.6": BounceReason.LOOP,
    "4.7": BounceReason.EXPIRED,
    "7.8": BounceReason.AUTHENTICATION,
    "7.20": BounceReason.AUTHENTICATION,
    "7.23": BounceReason.AUTHENTICATION,
    "7.25": BounceReason.AUTHENTICATION,
    "7.26": BounceReason.AUTHENTICATION,
    "7.27": BounceReason.AUTHENTICATION,
}
_BY_WORDS: Final = {
    "1.1": BounceReason.NO_SUCH_USER,
    "1.2": BounceReason.HOST_UNKNOWN,
    "2.1": BounceReason.DISABLED,
    "2.2": BounceReason.MAILBOX_FULL,
    "3.4": BounceReason.TOO_LARGE,
    "4.1": BounceReason.UNREACHABLE,
    "4.2": BounceReason.UNREACHABLE,
    "4.6": BounceReason.LOOP,
    "4.7": BounceReason.EXPIRED,
}
_BLOCKING: Final = (
    "spam",
    "block",
    "blacklist",
    "reputation",
    "spamhaus",
    "barracuda",
    "spamcop",
    "rbl",
    "unsolicited",
    "垃圾",
)
_SENDER_PROOF: Final = ("dmarc", "spf", "dkim", "unauthenticated")


def explain_bounce(recipient: BounceRecipient) -> BounceReason:
    """The reason of one recipient's failure, by its status and else by what the server said."""
    if recipient.action in (BounceAction.DELIVERED, BounceAction.RELAYED, BounceAction.EXPANDED):
        return BounceReason.DELIVERED
    if recipient.action is BounceAction.DELAYED:
        return BounceReason.DELAYED
    detail = (recipient.status or "").partition(".")[2]
    words = (recipient.diagnostic or "").lower()
    if detail.startswith("7.") and detail not in _BY_STATUS:
        return _refusal(words)
    known = _BY_STATUS.get(detail)
    return known or _by_words(words)


def _by_words(words: str) -> BounceReason:
    told = status_of_words(words)
    if told is None:
        return BounceReason.UNKNOWN
    detail = told.partition(".")[2]
    return _refusal(words) if detail == "7.1" else _BY_WORDS.get(detail, BounceReason.UNKNOWN)


def _refusal(words: str) -> BounceReason:
    """What stands behind 5.7.x."""
    if "relay" in words:
        return BounceReason.RELAY_DENIED
    if any(word in words for word in _SENDER_PROOF):
        return BounceReason.AUTHENTICATION
    if any(word in words for word in _BLOCKING):
        return BounceReason.BLOCKED
    return BounceReason.POLICY
