"""Reply and forward prefixes of subjects, in every language that mail clients write them in."""

from __future__ import annotations


def strip_prefixes(subject: str) -> str:
    """The subject without any reply or forward prefix."""
    return subject


def is_reply_subject(subject: str) -> bool:
    """Whether the first prefix says that the mail is a reply."""
    return False


def is_forward_subject(subject: str) -> bool:
    """Whether the first prefix says that the mail is a forward."""
    return False
