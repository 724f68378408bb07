"""What sort of mail it is: written by a person, or by a machine and which.

Headers decide (RFC 3834, RFC 2369, vendors' own). A subject alone counts only where it opens with
the words that out-of-office answers open with.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from typing import Final

from mail.bounces.parts import header
from mail.mime.addresses import parse_address_list
from mail.mime.automatic import (
    AUTO_HEADERS,
    AUTO_PRECEDENCE,
    BULK_PRECEDENCE,
    CHALLENGE_SUBJECT,
    LIST_HEADERS,
    NO_VALUES,
    NOREPLY,
    is_auto_reply_subject,
)
from mail.model import Envelope, MailKind

_MOST_PARTS: Final = 30


def classify(message: Message) -> MailKind:
    """The kind of a mail that `mail.bounces` did not find to be a bounce or a complaint."""
    types = _part_types(message)
    if "message/disposition-notification" in types or _is_auto_reply(message):
        return MailKind.AUTO_REPLY
    if _is_list(message):
        return MailKind.LIST
    return MailKind.MESSAGE


def is_noreply(address: str) -> bool:
    """Whether nobody reads what is sent to the address: noreply@, a list's or a server's own."""
    local = address.strip().rpartition("@")[0] or address.strip()
    return NOREPLY.match(local[:200]) is not None


def may_auto_answer(message: Message, envelope: Envelope, *, own: Iterable[str] = ()) -> bool:
    """Whether RFC 3834 lets us answer this mail automatically.

    Never an automatic, bulk or list mail, a bounce, a mail with a null return path or without a
    sender, one from a noreply address, or one from ourselves (`own`: our addresses).
    """
    if envelope.mail_from == "" or _null_return_path(message):
        return False
    names = ("Reply-To", "From", "Sender")
    senders = [a.address for name in names for a in parse_address_list(header(message, name))]
    if envelope.mail_from:
        senders.append(envelope.mail_from)
    mine = {address.strip().casefold() for address in own}
    if not senders or any(is_noreply(item) or item.casefold() in mine for item in senders):
        return False
    return not (_says_automatic(message) or _asks_for_silence(message))


def _says_automatic(message: Message) -> bool:
    if classify(message) is not MailKind.MESSAGE:
        return True
    if _word(message, "Auto-Submitted") not in ("", "no"):
        return True
    return _word(message, "Precedence") in (AUTO_PRECEDENCE | BULK_PRECEDENCE)


def _asks_for_silence(message: Message) -> bool:
    """X-Auto-Response-Suppress stands in ordinary Exchange mail too: only its values count."""
    asked = {
        part.strip() for part in header(message, "X-Auto-Response-Suppress").lower().split(",")
    }
    if asked & {"all", "autoreply", "oof", "-1"}:
        return True
    return message.get_content_type() == "multipart/report"


def _part_types(message: Message) -> set[str]:
    """The types of the mail's own parts; attached mails are not looked into."""
    types: set[str] = set()
    waiting = [message]
    while waiting and len(types) < _MOST_PARTS:
        part = waiting.pop()
        types.add(part.get_content_type())
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(item for item in payload[:_MOST_PARTS] if isinstance(item, Message))
    return types


def _is_auto_reply(message: Message) -> bool:
    submitted = _word(message, "Auto-Submitted")
    if submitted.startswith("auto-replied") or submitted == "auto-notified":
        return True
    subject = header(message, "Subject")
    if is_auto_reply_subject(subject):
        return True
    if submitted.startswith("auto-generated") and header(message, "In-Reply-To"):
        return not _is_list(message)
    if _word(message, "Precedence") in AUTO_PRECEDENCE:
        return True
    if any(_vendor_says_so(message, name) for name in AUTO_HEADERS & _names(message)):
        return True
    answers = bool(header(message, "In-Reply-To") or header(message, "References"))
    return answers and CHALLENGE_SUBJECT.search(subject[:300]) is not None


def _vendor_says_so(message: Message, name: str) -> bool:
    return header(message, name).strip().lower() not in NO_VALUES


def _names(message: Message) -> set[str]:
    return {name.lower() for name, _ in message.raw_items()}


def _is_list(message: Message) -> bool:
    if LIST_HEADERS & _names(message):
        return True
    return _word(message, "Precedence") in ("list", "bulk")


def _null_return_path(message: Message) -> bool:
    values = [str(value) for name, value in message.raw_items() if name.lower() == "return-path"]
    return any(value.strip() == "<>" for value in values)


def _word(message: Message, name: str) -> str:
    """The keyword of a header: lower case, without parameters and comments."""
    value = header(message, name).lower()
    return value.partition(";")[0].partition("(")[0].strip()
