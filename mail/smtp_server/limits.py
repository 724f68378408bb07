"""What our SMTP server allows a client, and what it counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mail.smtp_server.replies import Reply


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """Sizes are bytes, times are seconds. The defaults suit a help desk of any size."""

    size: int = 50 * 1024 * 1024
    """One mail. Announced by SIZE."""
    header_bytes: int = 256 * 1024
    """All header fields of a mail together."""
    line_length: int = 1024 * 1024
    """One line of a mail. RFC 5321 allows 1,000, and scanners and web forms do not know."""
    memory: int = 256 * 1024 * 1024
    """All mails together that are being read or stored at a time; above it clients are asked to
    try again later."""
    recipients: int = 100
    """RCPTs of one mail; RFC 5321 4.5.3.1.8 asks for at least 100."""
    connections: int = 200
    connections_per_peer: int = 50
    """Connections from one IP address."""
    command_timeout: float = 60
    """Silence between two commands."""
    data_timeout: float = 300
    """Silence within a mail, and what a whole mail may take beyond `data_rate`."""
    data_rate: int = 1024
    """Bytes per second that a large mail must come with."""
    deliver_timeout: float = 240
    """How long a client waits for a mail to be stored (it waits 10 minutes at most, RFC 5321
    4.5.3.2.6). Then it is asked to try again; the mail may be stored all the same."""
    session_timeout: float = 1800
    """A connection that lives longer is closed before its next mail."""
    errors_before_disconnect: int = 20
    """Refused commands since the last mail that was taken."""
    idle_commands: int = 100
    """Commands that lead nowhere (NOOP, RSET, EHLO…) since the last mail that was taken."""
    hops: int = 100
    """Received fields; as many mean a mail loop (RFC 5321 6.3)."""

    @property
    def drain(self) -> int:
        """How much of one mail is read at all, to give the refusal where the client expects it."""
        return self.size + max(self.size, 16 * 1024 * 1024)


@dataclass(slots=True)
class SmtpStats:
    """Counts since the start, for metrics."""

    accepted: int = 0
    """Mails answered with 250."""
    bytes: int = 0
    """Their size."""
    connections: int = 0
    """Connections ever made, the refused ones too."""
    open: int = 0
    """Connections now."""
    refused: Counter[str] = field(default_factory=Counter)
    """4xx and 5xx answers by the name of the reply."""

    def count(self, reply: Reply) -> None:
        if not reply.is_success:
            self.refused[reply.name] += 1
