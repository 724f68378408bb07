"""What all connections of our SMTP server share: whom it serves, who is there, what is held."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Protocol

from mail.model import ReceivedMail
from mail.smtp_server import replies
from mail.smtp_server.limits import SmtpLimits, SmtpStats
from mail.smtp_server.replies import Reply


class Visitor(Protocol):
    """A connection, as the desk sees it."""

    def wind_up(self) -> None:
        """End soon: now, if no mail is being read or stored."""


@dataclass(slots=True)
class SmtpDesk:
    """Made once a server; `is_ours` and `deliver` are what the server was given."""

    hostname: str
    is_ours: Callable[[str], Reply]
    deliver: Callable[[ReceivedMail], Awaitable[None]]
    limits: SmtpLimits
    tls: SSLContext | None = None
    stats: SmtpStats = field(default_factory=SmtpStats)
    visitors: set[Visitor] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    peers: Counter[str] = field(default_factory=Counter)
    memory: int = 0
    """Bytes of all mails that are being read or stored."""
    closing: bool = False

    def admit(self, peer: str) -> Reply | None:
        """Count a new connection; the reply with which it is refused, None when it is not."""
        self.stats.connections += 1
        refusal = self._find_refusal(peer)
        if refusal is not None:
            self.stats.count(refusal)
        return refusal

    def _find_refusal(self, peer: str) -> Reply | None:
        if self.closing:
            return replies.SHUTTING_DOWN
        if len(self.visitors) >= self.limits.connections:
            return replies.TOO_MANY_CONNECTIONS
        if self.peers[peer] >= self.limits.connections_per_peer:
            return replies.TOO_MANY_CONNECTIONS
        return None

    def enter(self, visitor: Visitor, peer: str) -> None:
        self.visitors.add(visitor)
        self.peers[peer] += 1
        self.stats.open = len(self.visitors)

    def leave(self, visitor: Visitor, peer: str) -> None:
        """May be called twice."""
        if visitor not in self.visitors:
            return
        self.visitors.remove(visitor)
        self.peers[peer] -= 1
        if not self.peers[peer]:
            del self.peers[peer]
        self.stats.open = len(self.visitors)
