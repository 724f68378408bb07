"""What a server's answer means for one recipient: from its codes, never from its words.

The enhanced code (RFC 3463) speaks first, the reply code (RFC 5321) where there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Accepted; refused for now (try again); refused for good."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class FailureReason(StrEnum):
    """Why a mail did not get through, in the words that `bot/` has a sentence for."""

    NO_SUCH_USER = "no_such_user"
    HOST_UNKNOWN = "host_unknown"
    BAD_ADDRESS = "bad_address"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_DISABLED = "mailbox_disabled"
    TOO_LARGE = "too_large"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    SENDER_REFUSED = "sender_refused"
    BLOCKED = "blocked"
    """The server distrusts who sends: reputation, missing SPF, DKIM or reverse DNS."""
    POLICY = "policy"
    CONTENT = "content"
    AUTH = "auth"
    GREYLISTED = "greylisted"
    BUSY = "busy"
    LOOP = "loop"
    EXPIRED = "expired"
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What became of one recipient. `text` is the server's answer on one line, without codes."""

    address: str
    outcome: Outcome
    code: int
    enhanced: str | None = None
    text: str = ""
    reason: FailureReason | None = None
    """None when the recipient was accepted."""

    @property
    def codes(self) -> str:
        """`550 5.1.1`, for sentences."""
        return f"{self.code} {self.enhanced}" if self.enhanced else str(self.code)


@dataclass(frozen=True, slots=True)
class SendResult:
    """One result per recipient, in the order asked; `reply` is the server's answer to the mail."""

    recipients: tuple[RecipientResult, ...]
    reply: str = ""
    """With the queue id in it, as a rule. Empty when the mail itself was never handed over."""

    @property
    def accepted(self) -> tuple[RecipientResult, ...]:
        return self._of(Outcome.ACCEPTED)

    @property
    def temporary(self) -> tuple[RecipientResult, ...]:
        return self._of(Outcome.TEMPORARY)

    @property
    def permanent(self) -> tuple[RecipientResult, ...]:
        return self._of(Outcome.PERMANENT)

    def _of(self, outcome: Outcome) -> tuple[RecipientResult, ...]:
        return tuple(one for one in self.recipients if one.outcome is outcome)


_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:[ \t]|$)", re.ASCII)
_R = FailureReason
_BY_ENHANCED: dict[str, FailureReason] = {
    "1.0": _R.NO_SUCH_USER, "1.1": _R.NO_SUCH_USER, "1.2": _R.HOST_UNKNOWN,
    "1.3": _R.BAD_ADDRESS, "1.4": _R.BAD_ADDRESS, "1.6": _R.NO_SUCH_USER,
    "1.7": _R.SENDER_REFUSED, "1.8": _R.SENDER_REFUSED, "1.10": _R.HOST_UNKNOWN,
    "2.1": _R.MAILBOX_DISABLED, "2.2": _R.MAILBOX_FULL, "2.3": _R.TOO_LARGE,
    "2.4": _R.NO_SUCH_USER,
    "3.1": _R.BUSY, "3.2": _R.BUSY, "3.4": _R.TOO_LARGE,
    "4.1": _R.HOST_UNKNOWN, "4.2": _R.BUSY, "4.3": _R.BUSY, "4.4": _R.HOST_UNKNOWN,
    "4.5": _R.BUSY, "4.6": _R.LOOP, "4.7": _R.EXPIRED,
    "5.3": _R.TOO_MANY_RECIPIENTS,
    "6.0": _R.CONTENT, "6.1": _R.CONTENT, "6.3": _R.CONTENT, "6.7": _R.NEEDS_SMTPUTF8,
    "7.0": _R.POLICY, "7.1": _R.POLICY, "7.2": _R.POLICY, "7.3": _R.POLICY,
    "7.8": _R.AUTH, "7.9": _R.AUTH, "7.11": _R.AUTH, "7.57": _R.AUTH, "7.139": _R.AUTH,
    "7.60": _R.SENDER_REFUSED,
    "7.7": _R.BLOCKED, "7.20": _R.BLOCKED, "7.21": _R.BLOCKED, "7.22": _R.BLOCKED,
    "7.23": _R.BLOCKED, "7.24": _R.BLOCKED, "7.25": _R.BLOCKED, "7.26": _R.BLOCKED,
    "7.27": _R.BLOCKED, "7.28": _R.BUSY, "7.29": _R.BLOCKED, "7.30": _R.BLOCKED,
}  # fmt: skip
_BY_CODE: dict[int, FailureReason] = {
    421: _R.BUSY, 450: _R.GREYLISTED, 451: _R.BUSY, 452: _R.BUSY, 454: _R.AUTH,
    521: _R.HOST_UNKNOWN, 530: _R.AUTH, 534: _R.AUTH, 535: _R.AUTH, 538: _R.AUTH,
    550: _R.NO_SUCH_USER, 551: _R.NO_SUCH_USER, 552: _R.MAILBOX_FULL, 553: _R.BAD_ADDRESS,
    554: _R.POLICY, 556: _R.HOST_UNKNOWN,
}  # fmt: skip


def split_reply(message: str) -> tuple[str | None, str]:
    """The enhanced code (None when there is none) and the words, on one line.

    A reply of several lines repeats the enhanced code on each; so does the result of none.
    """
    enhanced = None
    words = []
    for line in _decoded(message).split("\n"):
        line = "".join(c for c in line if c.isprintable()).strip()
        found = _ENHANCED.match(line)
        if found:
            enhanced = enhanced or found[1]
            line = line[found.end() :].strip()
        words.append(line)
    return enhanced, " ".join(word for word in words if word)[:500]


def _decoded(message: str) -> str:
    """Bytes that are not UTF-8 come as surrogates: then the server speaks an older charset."""
    try:
        message.encode()
    except UnicodeEncodeError:
        return message.encode("utf-8", "surrogateescape").decode("latin-1")
    return message


def classify(
    code: int, enhanced: str | None, *, at_rcpt: bool = False
) -> tuple[Outcome, FailureReason | None]:
    """What the codes say. `at_rcpt` tells an answer to RCPT from one to the mail as a whole."""
    if 200 <= code < 300:
        return Outcome.ACCEPTED, None
    if code == 552 and at_rcpt and enhanced in {None, "5.5.3"}:
        # RFC 5321 4.5.3.1.10: an old way to say "too many recipients", to be treated as 452.
        return Outcome.TEMPORARY, FailureReason.TOO_MANY_RECIPIENTS
    leading = enhanced[0] if enhanced and enhanced[0] != "2" else str(code)[:1]
    outcome = Outcome.PERMANENT if leading == "5" else Outcome.TEMPORARY
    return outcome, _reason(code, enhanced, outcome, at_rcpt=at_rcpt)


def _reason(code: int, enhanced: str | None, outcome: Outcome, *, at_rcpt: bool) -> FailureReason:
    if enhanced:
        detail = enhanced.partition(".")[2]
        if outcome is Outcome.TEMPORARY and detail in {"7.0", "7.1"}:
            return FailureReason.GREYLISTED if at_rcpt else FailureReason.BUSY
        if detail.startswith("7.") and len(detail) >= 5:
            return _BY_ENHANCED.get(detail, FailureReason.BLOCKED)  # Microsoft's 5.7.5xx to 5.7.7xx
        if detail in _BY_ENHANCED:
            return _BY_ENHANCED[detail]
        if detail != "0.0" and not detail.startswith(("2.", "3.")):
            return FailureReason.POLICY if detail.startswith("7.") else FailureReason.OTHER
    if code == 552 and not at_rcpt:
        return FailureReason.TOO_LARGE
    return _BY_CODE.get(code, FailureReason.OTHER)


def recipient_result(
    address: str, code: int, message: str, *, at_rcpt: bool = False
) -> RecipientResult:
    """The result for one recipient from the server's answer."""
    enhanced, text = split_reply(message)
    outcome, reason = classify(code, enhanced, at_rcpt=at_rcpt)
    return RecipientResult(address, outcome, code, enhanced, text, reason)
