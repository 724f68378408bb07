"""Mails that somebody forwarded by hand: whose mail it was before."""

from __future__ import annotations

from email.message import Message

from mail.model import Forwarded


def is_forward(message: Message, subject: str, text: str) -> bool:
    """Whether a person forwarded this mail: by its subject, its headers or a forward block."""
    return False


def find_forwarded(message: Message, text: str) -> Forwarded | None:
    """The mail inside a forward: its writer, date and subject as far as they can be told."""
    return None
