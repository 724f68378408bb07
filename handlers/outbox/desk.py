"""The outbox as people see it: what waits, what was given up, trying again, and dropping."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.context import Context
from handlers.errors import NotFound, UserError
from handlers.outbox import work
from handlers.outbox.work import WorkKind
from mail.sentences import say
from storage.engine import Session
from storage.queries import messages, outbox
from storage.records import OutboxRecord

_MOST = 1000


class OutboxDesk:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def list(self, state: str | None = None) -> list[OutboxRecord]:
        """The oldest first; `state` is ready, claimed or dead."""
        async with self._context.db.read() as tx:
            return await outbox.list_items(tx, state=state, limit=_MOST)

    async def show(self, item_id: int) -> OutboxRecord:
        """Raises NotFound."""
        async with self._context.db.read() as tx:
            item = await outbox.find(tx, item_id)
        if item is None:
            raise NotFound(
                say(
                    "There is no item {number} in the outbox; it may be done by now.",
                    number=item_id,
                )
            )
        return item

    async def retry(self, item_id: int) -> None:
        """Try it at once, with all its attempts anew.

        Raises:
            NotFound, UserError: it is gone, or in hand this moment.
        """
        async with self._context.db.write() as tx:
            revived = await outbox.revive(tx, item_id, now=self._context.clock.now())
            item = await outbox.find(tx, item_id)
            if revived and item is not None and item.kind == WorkKind.SEND_EMAIL:
                await messages.move_state(tx, item.payload["message_id"], ["failed"], "held")
        if not revived:
            await self._explain(item_id)
        self._context.wake.deliver()

    async def drop(self, item_id: int) -> None:
        """Never do it. Raises as `retry`."""
        async with self._context.db.write() as tx:
            item = await outbox.find(tx, item_id)
            dropped = await outbox.drop(tx, item_id)
            if item is not None and dropped:
                await self._tell_of_reply(tx, item)
        if not dropped:
            await self._explain(item_id)
        self._context.wake.deliver()

    async def _tell_of_reply(self, tx: Session, item: OutboxRecord) -> None:
        """A reply that will not leave must not look as if it would."""
        if item.kind != WorkKind.SEND_EMAIL:
            return
        message = await messages.find(tx, item.payload["message_id"])
        if message is None:
            return
        target = "unsure" if message.details.get("handed_over") else "cancelled"
        if await messages.move_state(tx, message.id, ["held", "sending"], target):
            await work.react(tx, message, now=self._context.clock.now())

    async def list_dead(self) -> Sequence[int]:
        return [item.id for item in await self.list("dead")]

    async def _explain(self, item_id: int) -> None:
        await self.show(item_id)
        raise UserError(
            say(
                "Item {number} is being worked on this moment: try again in a minute.",
                number=item_id,
            )
        )
