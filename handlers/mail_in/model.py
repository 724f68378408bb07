"""What the steps of filing hand each other."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.mail_in.routing import Verdict
from mail.model import Envelope, ParsedMail
from mail.senders.verdict import SenderAuth
from storage.records import ArrivalRecord, ChannelRecord


@dataclass(frozen=True, slots=True)
class Filing:
    """One mail on its way into a ticket."""

    arrival: ArrivalRecord
    channel: ChannelRecord
    mail: ParsedMail
    envelope: Envelope
    verdict: Verdict
    attach_whole: bool = False
    auth: SenderAuth | None = None
    """Whether the sender is who the mail says, where that is known already."""
