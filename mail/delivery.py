"""What became of a mail that was handed to a server: a result per recipient.

Shared by every way out (`send_smtp`, `send_graph`). Temporary and permanent are told from codes,
never from words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RecipientState(StrEnum):
    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class RecipientResult:
    address: str
    state: RecipientState
    code: int | None = None
    """The three digits of SMTP, or the HTTP status of an API."""
    status: str | None = None
    """Enhanced status code of RFC 3463, such as 5.1.1."""
    reply: str = ""
    """The server's own words."""


@dataclass(frozen=True, slots=True)
class SendResult:
    recipients: tuple[RecipientResult, ...]
    reply: str = ""
    """The server's words after the mail was taken: its queue id, for the postmaster."""

    @property
    def accepted(self) -> tuple[RecipientResult, ...]:
        return self._in(RecipientState.ACCEPTED)

    @property
    def temporary(self) -> tuple[RecipientResult, ...]:
        return self._in(RecipientState.TEMPORARY)

    @property
    def permanent(self) -> tuple[RecipientResult, ...]:
        return self._in(RecipientState.PERMANENT)

    def _in(self, state: RecipientState) -> tuple[RecipientResult, ...]:
        return tuple(result for result in self.recipients if result.state is state)
