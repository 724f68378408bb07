"""Bounces: mails by which a server says that a mail of ours did not arrive."""

from __future__ import annotations

from email.message import Message

from mail.model import Bounce


def parse_bounce(message: Message, text: str) -> Bounce | None:
    """The bounce that the mail is; None when it is anything else. `text` is its plain text."""
    return None
