"""What sort of mail it is: written by a person, or by a machine and which."""

from __future__ import annotations

from email.message import Message

from mail.model import Envelope, MailKind


def classify(message: Message, *, has_bounce: bool) -> MailKind:
    """The kind of a mail, by its headers (RFC 3834, vendors' own) and, with caution, its subject."""
    return MailKind.BOUNCE if has_bounce else MailKind.MESSAGE


def is_noreply(address: str) -> bool:
    """Whether nobody reads what is sent to the address."""
    return False


def may_auto_answer(message: Message, envelope: Envelope) -> bool:
    """Whether RFC 3834 lets us answer this mail automatically."""
    return False
