"""An agent's own signature: for one channel, or for all that have none of their own.

It takes the place of the channel's signature below this agent's replies; the channel's footer
stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from handlers.channels.fields import InvalidFields
from handlers.errors import NotFound
from handlers.ports import Clock, Profile
from handlers.replies.compose_reply import build_signature
from mail.document import Document
from mail.sentences import say
from mail.writing.signatures import ChosenSignature
from mail.writing.text import render_text
from storage.engine import Database, Session
from storage.queries import channels, signatures
from storage.records import ChannelRecord

_MOST = 3000
"""Characters of a signature; Slack's field takes no more either."""


@dataclass(frozen=True, slots=True)
class PersonalSignature:
    """`channel_id` None: for every channel."""

    channel_id: int | None
    own: Document | None
    """None where the agent has none for exactly this."""
    channels: tuple[ChannelRecord, ...]
    """All that one could be for."""

    @property
    def channel(self) -> ChannelRecord | None:
        return next((one for one in self.channels if one.id == self.channel_id), None)

    def preview(self, own: Document | None, agent: Profile) -> ChosenSignature:
        """What would stand below this agent's replies, filled in; for all: in the first channel."""
        channel = self.channel or next(iter(self.channels), None)
        if channel is None:
            return ChosenSignature(own)
        return build_signature(channel, own, agent)


class PersonalSignatures:
    def __init__(self, db: Database, clock: Clock, team_id: str) -> None:
        self._db = db
        self._clock = clock
        self._team_id = team_id

    async def show(self, user_id: str, channel_id: int | None = None) -> PersonalSignature:
        """Raises NotFound when there is no such channel."""
        async with self._db.read() as tx:
            return await self._show(tx, user_id, channel_id)

    async def save(
        self, user_id: str, channel_id: int | None, signature: Document | None
    ) -> PersonalSignature:
        """None or an empty document removes it, so that the next wider one is used again.

        Raises:
            InvalidFields: it is too long.
            NotFound: there is no such channel.
        """
        if signature and len(render_text(signature)) > _MOST:
            raise InvalidFields(
                {"signature": say("A signature has {n} characters at most.", n=_MOST)}
            )
        data = signature.to_json() if signature else None
        async with self._db.write() as tx:
            await self._show(tx, user_id, channel_id)
            await signatures.save(
                tx, self._team_id, user_id, channel_id, data, now=self._clock.now()
            )
            return await self._show(tx, user_id, channel_id)

    async def _show(self, tx: Session, user_id: str, channel_id: int | None) -> PersonalSignature:
        listed = tuple(await channels.list_all(tx, self._team_id))
        if channel_id is not None and channel_id not in {one.id for one in listed}:
            raise NotFound
        own = await signatures.find_own(tx, self._team_id, user_id, channel_id)
        return PersonalSignature(channel_id, Document.from_json(own) if own else None, listed)
