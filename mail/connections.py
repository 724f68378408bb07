"""The words of a connection to a mailbox: settings, how far it was read, and what was fetched.

Values only, so that `handlers/` and `storage` codecs may hold them without touching a wire.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from mail.discovery.providers import Security

Token = str | Callable[[], str]
"""An OAuth2 access token, or a function that gets a fresh one (called in a worker thread)."""


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """Everything needed to open one folder of one mailbox. Secrets never show in its repr.

    `password` or `token` is set. `verify` False accepts any certificate; `ca_file` trusts another
    authority. `timeout` is how many seconds of silence are borne, `login_limit` how long
    connecting, logging in and opening the folder may take in all.
    """

    host: str
    user: str
    port: int = 993
    security: Security = Security.TLS
    password: str | None = field(default=None, repr=False)
    token: Token | None = field(default=None, repr=False)
    folder: str = "INBOX"
    verify: bool = True
    ca_file: str | None = None
    timeout: float = 15.0
    login_limit: float = 18.0

    def with_token(self, token: Token) -> ImapSettings:
        return replace(self, token=token)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What is taken from the folder and how much at once.

    `import_days` > 0 also takes, at the very first look, what is unread and not older than that
    many days. A mail larger than `max_mail_bytes` is taken only up to that length, with a
    `problem`.
    """

    unread_only: bool = False
    mark_read: bool = False
    import_days: int = 0
    batch_mails: int = 50
    batch_bytes: int = 8 * 1024 * 1024
    max_mail_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backlog:
    """Old mail still to be gone through: UIDs above `after_uid` up to `up_to_uid`, from `since` on.

    `reason` is "import" (unread mail of the last days, taken once) or "rescan" (the server has
    numbered its mails anew, so that what was taken before can come again).
    """

    reason: str
    after_uid: int
    up_to_uid: int
    since: date


@dataclass(frozen=True, slots=True)
class ImapCursor:
    """How far a folder has been read; kept with the mails, in the same transaction.

    `last_uid` is the highest UID that was dealt with. `looked_on` is the server's day of the last
    mail taken: the day from which a folder is read again when its UIDVALIDITY has changed.
    """

    uidvalidity: int
    last_uid: int
    looked_on: date | None = None
    backlog: Backlog | None = None

    def to_text(self) -> str:
        """One short line for one column; `from_text` reads it."""
        parts: list[object] = [
            self.uidvalidity,
            self.last_uid,
            self.looked_on.isoformat() if self.looked_on else None,
        ]
        if self.backlog:
            one = self.backlog
            parts += [one.reason, one.after_uid, one.up_to_uid, one.since.isoformat()]
        return json.dumps(parts, separators=(",", ":"))

    @staticmethod
    def from_text(text: str) -> ImapCursor:
        """The cursor that `to_text` wrote. Raises ValueError."""
        uidvalidity, last_uid, looked_on, *rest = json.loads(text)
        backlog = None
        if rest:
            reason, after_uid, up_to_uid, since = rest
            backlog = Backlog(reason, after_uid, up_to_uid, date.fromisoformat(since))
        looked = date.fromisoformat(looked_on) if looked_on else None
        return ImapCursor(int(uidvalidity), int(last_uid), looked, backlog)


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """A mail as the IMAP server gave it; `problem` is a sentence when it is not whole.

    `received_at` is the server's INTERNALDATE, None when it could not be read.
    """

    uid: int
    uidvalidity: int
    data: bytes
    flags: frozenset[str] = frozenset()
    problem: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """Mails to be stored together with `cursor`, in one transaction. May hold no mail at all.

    `reason` is "new", "import" (old mail: no auto-replies, no pings) or "rescan" (may have been
    taken before: look at the Message-ID).
    """

    mails: tuple[FetchedMail, ...]
    cursor: ImapCursor
    reason: str = "new"
    more: bool = False
    """The next batch is known to be there already."""

    # No __len__: a batch without mails still carries a cursor to be stored, and must not be false.
    def __iter__(self) -> Iterator[FetchedMail]:
        return iter(self.mails)
