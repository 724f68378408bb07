"""A notice to the admins: a wish of its own for each, as soon as it is known who they are.

Who cannot be told (they left, or Slack fails just then) keeps nobody else waiting, and nobody is
told again for it.
"""

from __future__ import annotations

from handlers.access import Admins
from handlers.context import Context
from handlers.outbox import work
from handlers.outbox.settling import Settle
from handlers.ports import Chat
from storage.engine import Session
from storage.queries import outbox
from storage.records import OutboxRecord


class AdminNotices:
    def __init__(self, context: Context, chat: Chat, admins: Admins) -> None:
        self._context = context
        self._chat = chat
        self._admins = admins

    async def tell(self, item: OutboxRecord) -> Settle | None:
        user_id = item.payload.get("user_id")
        if user_id:
            await self._chat.tell(user_id, work.notice_of(item))
            return None
        user_ids = await self._admins.list_ids()

        async def settle(tx: Session) -> None:
            for one in user_ids:
                await self._wish(tx, item, one)

        return settle

    async def _wish(self, tx: Session, item: OutboxRecord, user_id: str) -> None:
        await outbox.enqueue(
            tx,
            team_id=item.team_id,
            kind=work.WorkKind.NOTICE,
            lane="admins",
            order_key=f"admins:{user_id}",
            payload={**item.payload, "user_id": user_id},
            now=self._context.clock.now(),
        )
