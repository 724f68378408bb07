"""Sign-ins that were begun in a browser and are not finished yet, sealed in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from handlers.context import Context
from storage.engine import Session, vault_of
from storage.queries import channels, meta

_GOOD_FOR = timedelta(hours=1)
_USES = ("mail", "graph")


class PendingSignIns:
    """At most one for each channel and purpose: a new one takes the place of the last."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def keep(self, name: str, use: str, begun: Mapping[str, Any]) -> None:
        """For an hour. An unknown channel keeps nothing."""
        until = (self._context.clock.now() + _GOOD_FOR).isoformat()
        async with self._context.db.write() as tx:
            key = await self._key(tx, name, use)
            if key is not None:
                sealed = vault_of(tx).seal(key, {**begun, "until": until})
                await meta.put(tx, key, sealed)

    async def forget(self, name: str, use: str) -> None:
        async with self._context.db.write() as tx:
            key = await self._key(tx, name, use)
            if key is not None:
                await meta.put(tx, key, b"")

    async def find(
        self, is_it: Callable[[Mapping[str, Any]], bool]
    ) -> tuple[str, dict[str, Any]] | None:
        """(channel name, what was kept) of the first that is it and still good."""
        now = self._context.clock.now()
        async with self._context.db.read() as tx:
            for channel in await channels.list_all(tx, self._context.team_id):
                for use in _USES:
                    key = _key_of(channel.id, use)
                    sealed = await meta.find(tx, key)
                    if not sealed:
                        continue
                    begun = vault_of(tx).open(key, sealed)
                    if datetime.fromisoformat(begun["until"]) > now and is_it(begun):
                        return channel.name, begun
        return None

    async def _key(self, tx: Session, name: str, use: str) -> str | None:
        channel = await channels.find_by_name(tx, self._context.team_id, name)
        return _key_of(channel.id, use) if channel else None


def _key_of(channel_id: int, use: str) -> str:
    return f"sign-in:{channel_id}:{use}"
