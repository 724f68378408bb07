"""What the watcher is told: which mailboxes, how often, and whom to tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mail.connections import FetchedBatch, FetchOptions, ImapCursor, ImapSettings
from mail.errors import MailError

OnMails = Callable[[str, FetchedBatch], Awaitable[None]]
"""Stores a batch and its cursor durably, or raises: then the same mails come again."""
OnHealth = Callable[[str, MailError | None], Awaitable[None]]
"""Told of each failure, and of success (None) at once after a failure, else once a minute."""
TokenSource = Callable[[bool], Awaitable[str]]
"""A fresh OAuth2 access token; True when the server refused the last one."""


@dataclass(frozen=True, slots=True)
class WatchedAccount:
    """One mailbox to watch, from `cursor` on. `poll_seconds` counts where there is no IDLE."""

    id: str
    settings: ImapSettings
    cursor: ImapCursor | None = None
    options: FetchOptions = field(default_factory=FetchOptions)
    poll_seconds: float = 300.0
    token: TokenSource | None = None


@dataclass(frozen=True, slots=True)
class WatchTiming:
    """Seconds. `refresh` is how long an IDLE lasts at most (RFC 2177 allows 29 minutes; routers
    forget a silent connection much sooner), `settle` when to look again after mail has come."""

    settle: float = 2.0
    refresh: float = 300.0
    retry_first: float = 1.0
    retry_most: float = 300.0
    login_retry_first: float = 60.0
    login_retry_most: float = 1800.0
    keep_open: float = 600.0
    """Without IDLE, a connection is kept between polls that are not further apart than this."""
    ok_every: float = 60.0
    hopeless: float = 300.0
    """How long a mail may end every connection before those behind it go on without it."""
