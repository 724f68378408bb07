"""A flooded Slack channel stays readable: cards that would wait long are folded into one digest.

Slack takes about one post a second and channel. When more than `START` cards of new tickets wait
for a channel that Slack limits, the channel gets one post that lists them, and each card is posted
once somebody opens it there, or something else happens to its ticket. While that digest is fresh,
further cards that have to wait join it. Folding is part of the transaction that claims, so that
a card is either still a wish or listed, never neither, never both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.outbox import work
from storage.engine import Session
from storage.queries import digests
from storage.records import DigestRecord

START = 30
"""More waiting cards than these begin a digest."""
_JOIN = 5
"""… join one that is fresh."""
_FRESH = timedelta(minutes=10)
_FLOODING = timedelta(seconds=3)
"""Since the last card was folded: so long every further one is, or one a second would still come
through for as long as the flood goes on."""


def if_fresh(digest: DigestRecord | None, now: datetime) -> DigestRecord | None:
    """The digest, if further cards may join it."""
    return digest if digest is not None and now - digest.folded_at <= _FRESH else None


def most_waiting(fresh: DigestRecord | None, now: datetime) -> int:
    """How many cards may wait in a limited Slack channel before they are folded; `fresh`: the
    digest that they can join."""
    if fresh is None:
        return START
    return 0 if now - fresh.folded_at <= _FLOODING else _JOIN


async def fold(tx: Session, team_id: str, slack_channel_id: str, *, now: datetime) -> int:
    """Fold what waits for this limited Slack channel, if it is too much; returns how many."""
    lane = work.slack_lane(slack_channel_id)
    waiting = await digests.list_foldable(tx, lane)
    if not waiting:
        return 0
    digest = if_fresh(await digests.find_current(tx, slack_channel_id), now)
    if len(waiting) <= most_waiting(digest, now):
        return 0
    # A mail that is filed into one of them this moment brings its card up: looked at again once
    # nobody can file one.
    alone = await digests.lock_tickets(tx, [card.ticket_id for card in waiting])
    cards = [card for card in await digests.list_foldable(tx, lane) if card.ticket_id in alone]
    if not cards:
        return 0
    if digest is None:
        stale_before = now - _FRESH
        digest = await digests.begin(
            tx, team_id, slack_channel_id, now=now, stale_before=stale_before
        )
    await digests.fold(tx, digest, cards, now=now)
    await work.show_digest(tx, digest.id, now=now)
    return len(cards)
