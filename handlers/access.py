"""Who may do what: admins set up, agents answer, everybody else is told whom to ask."""

from __future__ import annotations

from collections.abc import Iterable

from handlers.errors import ChatUnavailable, NotAllowed
from handlers.ports import Chat
from mail.sentences import say
from storage.records import ChannelRecord


class Admins:
    """CANAL_ADMINS (users and usergroups); the workspace's own admins always are as well."""

    def __init__(self, chat: Chat, configured: Iterable[str]) -> None:
        self._chat = chat
        self._configured = tuple(configured)

    async def includes(self, user_id: str) -> bool:
        if user_id in await self._configured_ids():
            return True
        return (await self._chat.profile(user_id)).is_admin

    async def require(self, user_id: str) -> None:
        """Raises NotAllowed for everybody else, with the names of whom to ask."""
        if await self.includes(user_id):
            return
        people = await self.names()
        if not people:
            raise NotAllowed
        raise NotAllowed(say("Only admins of Canal can do this. Ask {people}.", people=people))

    async def names(self) -> str:
        """`Rui Costa / Ana Silva`: whom to ask; "" where nobody was named."""
        ids = (await self._configured_ids())[:3]
        return " / ".join([name for one in ids if (name := (await self._chat.profile(one)).name)])

    async def list_ids(self) -> tuple[str, ...]:
        """Whom to tell when something needs an admin."""
        return tuple(await self._configured_ids()) or await self._chat.workspace_admins()

    async def _configured_ids(self) -> list[str]:
        return await expand(self._chat, self._configured)


async def may_answer(chat: Chat, channel: ChannelRecord, user_id: str) -> bool:
    """Whether this person's thread messages may leave as mail.

    A channel's list of agents decides; without one, every full member who is in the Slack channel
    may. Bots never, guests and people of other workspaces only when they are listed.

    Raises:
        ChatUnavailable: Slack does not tell now who this is; neither answer would be right.
    """
    if channel.agents:
        return user_id in await expand(chat, channel.agents)
    profile = await chat.profile(user_id)
    if not profile.is_known:
        raise ChatUnavailable(f"users.info:{user_id}")
    return not (profile.is_bot or profile.is_guest)


async def expand(chat: Chat, ids: Iterable[str]) -> list[str]:
    """User ids, usergroups replaced by their members."""
    found: list[str] = []
    for one in ids:
        found.extend(await chat.members_of_group(one) if one.startswith("S") else [one])
    return list(dict.fromkeys(found))
