"""Digests at Slack: posted once, then kept true with updates."""

from __future__ import annotations

import logging
from datetime import timedelta

from handlers.context import Context
from handlers.errors import ChatRefused
from handlers.outbox.settling import Later, Settle, untouched
from handlers.ports import Chat
from handlers.tickets.digests import load_digest
from storage.engine import Session
from storage.queries import digests
from storage.records import OutboxRecord

_log = logging.getLogger(__name__)
_CLOCK_SLACK = timedelta(minutes=70)
_POST_GONE = frozenset({"message_not_found", "cant_update_message"})


class DigestDelivery:
    def __init__(self, context: Context, chat: Chat) -> None:
        self._context = context
        self._chat = chat

    async def show(self, item: OutboxRecord) -> Settle | None:
        """Post the digest, or make its post show what is true now."""
        digest_id = item.payload["digest_id"]
        found = await self._context.db.in_read(lambda tx: load_digest(tx, digest_id))
        if found is None:
            return untouched
        digest, post = found
        if digest.ts is not None:
            try:
                await self._chat.update_digest(post, digest.ts)
            except ChatRefused as error:
                if error.code not in _POST_GONE:
                    raise
                _log.info("a digest was deleted in Slack: %s", error.code)
                await self._context.db.in_write(lambda tx: digests.set_ts(tx, digest_id, None))
                raise Later(timedelta(0), error.code) from error
            return None
        if not post.unopened:
            return untouched
        ts = None
        if item.uncertain:
            since = item.created_at - _CLOCK_SLACK
            ts = await self._chat.find_post(post.place, post.mark, since)
        posted = ts or await self._chat.post_digest(post)

        async def settle(tx: Session) -> None:
            await digests.set_ts(tx, digest_id, posted)

        return settle
