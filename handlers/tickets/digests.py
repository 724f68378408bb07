"""Digests as people use them: what one lists, opening a ticket from it, opening all."""

from __future__ import annotations

from handlers.access import may_answer
from handlers.context import Context
from handlers.errors import NotFound
from handlers.outbox import work
from handlers.ports import Chat
from handlers.posts import DigestLine, DigestPost, Mark, Place
from handlers.tickets.moves import get_for_agent
from mail.model import Address
from mail.sentences import say
from storage.engine import Session
from storage.queries import channels, digests, tickets
from storage.records import DigestRecord, TicketRecord

LINES = 10
"""Of the post in the Slack channel."""
PAGE = 20
"""Of the window that shows all."""


async def load_digest(tx: Session, digest_id: int) -> tuple[DigestRecord, DigestPost] | None:
    """The digest with the first ten lines that are not all opened, as its post shows them."""
    digest = await digests.find(tx, digest_id)
    if digest is None:
        return None
    total, unopened, before = await digests.count(tx, digest_id)
    offset = (before if unopened else max(total - 1, 0)) // LINES * LINES
    return digest, await _post(tx, digest, (total, unopened), offset, LINES)


async def _post(
    tx: Session, digest: DigestRecord, counts: tuple[int, int], offset: int, limit: int
) -> DigestPost:
    folded = await digests.list_folded(tx, digest.id, offset=offset, limit=limit)
    found = await tickets.find_many(tx, [one.ticket_id for one in folded])
    lines = [
        _line(found[one.ticket_id], is_opened=one.opened_at is not None)
        for one in folded
        if one.ticket_id in found
    ]
    return DigestPost(
        place=Place(digest.slack_channel_id),
        mark=Mark(0, -digest.id),
        digest_id=digest.id,
        total=counts[0],
        unopened=counts[1],
        offset=offset,
        lines=tuple(lines),
    )


def _line(ticket: TicketRecord, *, is_opened: bool) -> DigestLine:
    return DigestLine(
        ticket_id=ticket.id,
        number=ticket.number,
        subject=ticket.subject,
        sender=Address(ticket.customer_address, ticket.customer_name),
        is_opened=is_opened,
        place=Place(ticket.slack_channel_id, ticket.root_ts) if ticket.root_ts else None,
    )


class DigestDesk:
    def __init__(self, context: Context, chat: Chat) -> None:
        self._context = context
        self._chat = chat

    async def page(self, digest_id: int, offset: int) -> DigestPost:
        """`PAGE` of its tickets from `offset` on. Raises NotFound."""

        async def load(tx: Session) -> DigestPost | None:
            digest = await digests.find(tx, digest_id)
            if digest is None:
                return None
            total, unopened, _ = await digests.count(tx, digest_id)
            start = min(max(offset, 0), max(total - 1, 0)) // PAGE * PAGE
            return await _post(tx, digest, (total, unopened), start, PAGE)

        found = await self._context.db.in_read(load)
        if found is None:
            raise NotFound(say("This list does not exist any more."))
        return found

    async def open_ticket(self, ticket_id: int, user_id: str) -> TicketRecord:
        """Post the ticket's card, unless it is there or on its way already.

        Raises NotFound, UserError: as `get_for_agent`.
        """
        ticket = await get_for_agent(self._context, self._chat, ticket_id, user_id)
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            await work.bring_up(tx, ticket, now=now)
        self._context.wake.deliver()
        return ticket

    async def open_all(self, digest_id: int, user_id: str) -> int:
        """Post the cards of all its tickets whose agent this person is; returns how many.

        Raises UserError: there are some, and the person is no agent of any of them.
        """
        async with self._context.db.read() as tx:
            unopened = await digests.list_unopened(tx, digest_id)
            found = await tickets.find_many(tx, [one.ticket_id for one in unopened])
            answered = {
                one: await channels.get(tx, one)
                for one in {ticket.email_channel_id for ticket in found.values()}
            }
        allowed = {
            one
            for one, channel in answered.items()
            if await may_answer(self._chat, channel, user_id)
        }
        mine = [found[one] for one in sorted(found) if found[one].email_channel_id in allowed]
        if found and not mine:
            await get_for_agent(self._context, self._chat, min(found), user_id)
        now = self._context.clock.now()
        async with self._context.db.write() as tx:
            count = await work.bring_up(tx, *mine, now=now)
        self._context.wake.deliver()
        return count

    async def is_digest(self, slack_channel_id: str, ts: str) -> bool:
        """Whether that Slack message is a digest: what is written below it goes to nobody."""
        return await self._context.db.in_read(
            lambda tx: digests.is_digest(tx, slack_channel_id, ts)
        )
