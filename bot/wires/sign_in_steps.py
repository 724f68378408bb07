"""The steps of a sign-in as Slack shows them: what was begun, who looks on, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.slack.texts import Texts
from bot.wires.sign_in import WantedGrant
from handlers.channels.pending_sign_ins import PendingSignIn
from mail.errors import MailError

if TYPE_CHECKING:
    from mail.oauth.tokens import TokenSet


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who began a sign-in in Slack, and the view that shows how it goes."""

    user_id: str
    view_id: str


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """Send the person to `url`. `by_callback`: Canal hears of the end by itself; else the person
    pastes the address that the browser ends at."""

    url: str
    purpose: str
    by_callback: bool
    directions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BegunDevice:
    """Somebody enters `user_code` at `verification_uri`; Canal hears of the end by itself."""

    user_code: str
    verification_uri: str


@dataclass(frozen=True, slots=True)
class FinishedSignIn:
    channel_name: str
    provider: str
    account: str
    purpose: str
    directions: tuple[str, ...]
    mailbox: str = ""
    next: BegunSignIn | BegunDevice | None = None
    """Sending through Graph wants a sign-in of its own besides the mailbox's."""

    @property
    def is_other_account(self) -> bool:
        """Somebody signed in as another than the mailbox: right for shared mailboxes only."""
        return bool(self.account and self.mailbox) and (
            self.account.casefold() != self.mailbox.casefold()
        )


def provider_of(pending: PendingSignIn) -> str:
    return str(pending.kept["choice"]["provider"])


def watcher_of(pending: PendingSignIn) -> Watcher | None:
    found = pending.kept.get("watcher")
    return Watcher(**found) if found else None


Heard = Callable[[PendingSignIn, "FinishedSignIn | MailError"], None]
"""Told how it ended, whatever way."""


def finished(
    wanted: WantedGrant, tokens: TokenSet, then: BegunSignIn | BegunDevice | None
) -> FinishedSignIn:
    return FinishedSignIn(
        wanted.channel_name,
        wanted.choice.provider,
        tokens.account or "",
        wanted.purpose,
        wanted.directions,
        wanted.mailbox,
        then,
    )


def purpose_words(directions: Sequence[str], texts: Texts) -> str:
    """What a sign-in is for, as a part of a sentence."""
    if set(directions) == {"in", "out"}:
        return texts("receiving and sending")
    return texts("sending") if "out" in directions else texts("receiving")
