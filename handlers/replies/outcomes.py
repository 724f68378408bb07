"""What can become of a thread message, and the pure questions that decide it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from handlers.mail_in.people import Recipients, all_addresses
from storage.records import ChannelRecord, MessageRecord, TicketRecord

_NOTE = re.compile(r"[\W_]*?(?:(?:note|nota|private|privado)\s*:|//)")
_EMOJI = re.compile(r":[a-z0-9_+'-]{1,100}:")
_LOOK = 300
LEAST_HOLD = 3
"""Seconds that a reply waits at least whose recipients are not those of the reply before, or that
comes beside a colleague's."""
_MOMENT = timedelta(minutes=2)


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
    reached: tuple[str, ...] = ()
    """Who had it already when it was stopped."""
    colleague: str | None = None
    """The agent who answered a moment ago, or whose answer is about to leave."""
    target: TicketRecord | None = None
    """Where the ticket went, for MERGED."""

    @property
    def hold_seconds(self) -> int:
        """How long it can be taken back: what its author should know first can always be read."""
        surprising = bool(self.new_people or self.missing_people or self.colleague)
        return max(self.channel.undo_seconds, LEAST_HOLD if surprising else 0)


def is_note(plain: str, *, starts_with_mention: bool) -> bool:
    """Whether the words of a thread message mark it as a note: `note:`, `private:` or `//`, after
    nothing but spaces, signs, emoji and formatting; or a mention."""
    start = unicodedata.normalize("NFKC", plain.lstrip()[:_LOOK]).casefold()
    return starts_with_mention or _NOTE.match(_EMOJI.sub("", start)) is not None


def colleague_of(before: MessageRecord | None, user_id: str, now: datetime) -> str | None:
    """Who else answers just now, given the reply before."""
    if before is None or before.slack_user_id in (None, user_id):
        return None
    sent_at = before.sent_at
    return before.slack_user_id if sent_at is None or now - sent_at < _MOMENT else None


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
