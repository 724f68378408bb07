"""What can become of a thread message, and the pure questions that decide it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from handlers.mail_in.people import Recipients, all_addresses
from storage.records import ChannelRecord, MessageRecord, TicketRecord

_NOTE_MARKS = ("note:", "private:", "nota:", "privado:", "note：", "//")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff \t\n*_~"


class OutcomeKind(StrEnum):
    HELD = "held"
    CONFIRM = "confirm"
    NOTE = "note"
    NOT_AGENT = "not_agent"
    LONG_CLOSED = "long_closed"
    NO_RECIPIENT = "no_recipient"
    CANCELLED = "cancelled"
    REWRITTEN = "rewritten"
    ALREADY_SENT = "already_sent"
    MERGED = "merged"
    """Written in the thread of a ticket that went into another: nothing is stored."""
    OFFERED = "offered"
    """Written while Canal was away: stored, and sent only when its author says so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a thread message; the listener words it for its author."""

    kind: OutcomeKind
    ticket: TicketRecord
    channel: ChannelRecord
    message: MessageRecord | None = None
    new_people: tuple[str, ...] = ()
    """Recipients who were not on the last reply."""
    missing_people: tuple[str, ...] = ()
    """Recipients of the last reply who are not on this one."""
    target: TicketRecord | None = None
    """Where the ticket went, for MERGED."""


def is_note(plain: str, *, starts_with_mention: bool) -> bool:
    """Whether the words of a thread message mark it as a note (design.md)."""
    start = plain.lstrip(_INVISIBLE).casefold()
    return starts_with_mention or start.startswith(_NOTE_MARKS)


def difference(
    now: Recipients, before: MessageRecord | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is new since the reply before, and who is missing."""
    if before is None or not now:
        return (), ()
    old = {one.casefold(): one for one in all_addresses(before.recipients)}
    new = {one.casefold(): one for one in all_addresses(now)}
    return (
        tuple(address for key, address in new.items() if key not in old),
        tuple(address for key, address in old.items() if key not in new),
    )
