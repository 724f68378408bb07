"""Sign-ins that were begun and are not finished yet, sealed in the database.

So the answer may come to another machine, or after a restart. One that is asked for again and again
(a device code) is asked for by one process at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.context import Context
from storage import leases
from storage.engine import Session, vault_of
from storage.queries import channels, meta

_GOOD_FOR = timedelta(hours=1)
_PREFIX = "sign-in:"
_LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What was begun for a channel; `key` names the channel and the purpose."""

    key: str
    channel_name: str
    kept: Mapping[str, Any] = field(repr=False)


class PendingSignIns:
    """At most one for each channel and purpose: a new one takes the place of the last."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def keep(
        self, name: str, use: str, begun: Mapping[str, Any], until: datetime | None = None
    ) -> PendingSignIn | None:
        """Until then, or for an hour. An unknown channel keeps nothing."""
        until = until or self._context.clock.now() + _GOOD_FOR
        async with self._context.db.write() as tx:
            channel = await channels.find_by_name(tx, self._context.team_id, name)
            if channel is None:
                return None
            key = f"{_PREFIX}{channel.id}:{use}"
            kept = {**begun, "until": until.isoformat()}
            await meta.put(tx, key, vault_of(tx).seal(key, kept))
        return PendingSignIn(key, channel.name, kept)

    async def forget(self, pending: PendingSignIn) -> bool:
        """False where it was finished, or another had taken its place."""
        async with self._context.db.write() as tx:
            if await _read(tx, pending.key) != pending.kept:
                return False
            await meta.forget(tx, pending.key)
            if not self._context.db.is_sqlite:
                holder, now = self._context.holder, self._context.clock.now()
                await leases.release_names(tx, [pending.key], holder, now=now)
        return True

    async def find(self, is_it: Callable[[Mapping[str, Any]], bool]) -> PendingSignIn | None:
        """The first that is it and still good."""
        return next((one for one in await self.list() if is_it(one.kept)), None)

    async def list(self) -> list[PendingSignIn]:
        """All that are still good."""
        now = self._context.clock.now()
        async with self._context.db.read() as tx:
            keys = await meta.list_keys(tx, _PREFIX)
            kept = {key: await _read(tx, key) for key in keys}
            found = {key: one for key, one in kept.items() if one and _until(one) > now}
            if not found:
                return []
            names = {one.id: one.name for one in await channels.list_all(tx, self._context.team_id)}
        return [
            PendingSignIn(key, names[channel_id], one)
            for key, one in found.items()
            if (channel_id := int(key.split(":")[1])) in names
        ]

    async def take(self, pending: PendingSignIn) -> bool:
        """Whether this process is the one that asks for it now, for half a minute from here.

        False as well once it was finished, or another has taken its place.
        """
        now, holder = self._context.clock.now(), self._context.holder
        async with self._context.db.write() as tx:
            if await _read(tx, pending.key) != pending.kept:
                return False
            if self._context.db.is_sqlite:
                return True
            lease = await leases.acquire(tx, pending.key, holder, now=now, duration=_LEASE)
        return lease is not None


async def _read(tx: Session, key: str) -> dict[str, Any] | None:
    sealed = await meta.find(tx, key)
    return dict(vault_of(tx).open(key, sealed)) if sealed else None


def _until(kept: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(kept["until"])
