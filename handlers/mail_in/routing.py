"""The verdict on a mail: what shall become of it, before any ticket is looked for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.people import is_passed_on, is_web_form
from handlers.tokens import PROBE_TICKET, Tokens
from mail.model import MailKind, ParsedMail
from storage.records import ChannelRecord


class Verdict(StrEnum):
    ACCEPT = "accept"
    QUIET = "quiet"
    """Filed without reopening or waking anybody: automatic replies."""
    BOUNCE = "bounce"
    STAFF = "staff"
    """Written by staff in their own mail client, with a copy to the channel."""
    DROP = "drop"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Ruling:
    verdict: Verdict
    reason: str = ""


def rule(mail: ParsedMail, channel: ChannelRecord, index: AddressIndex, tokens: Tokens) -> Ruling:
    """What to do with a mail that arrived at `channel`."""
    if channel.state == "paused":
        return Ruling(Verdict.HOLD, "The channel is paused.")
    if mail.message_id and tokens.ticket_of_message_id(mail.message_id) is not None:
        return Ruling(Verdict.DROP, "This is a mail that Canal sent itself.")
    if mail.marker and tokens.ticket_of_marker(mail.marker) == PROBE_TICKET:
        return Ruling(Verdict.DROP, "This is Canal's own test mail.")
    if mail.kind in (MailKind.BOUNCE, MailKind.FEEDBACK) and mail.bounce is not None:
        return Ruling(Verdict.BOUNCE)
    if mail.kind in (MailKind.AUTO_REPLY, MailKind.FEEDBACK):
        return Ruling(Verdict.QUIET)
    if is_passed_on(mail, index) or is_web_form(mail, index):
        return Ruling(Verdict.ACCEPT)
    if mail.from_ is not None and index.is_own_of(channel.id, mail.from_.address):
        return Ruling(Verdict.STAFF)
    return Ruling(Verdict.ACCEPT)
