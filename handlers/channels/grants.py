"""The OAuth2 grants of channels, as they lie sealed in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.engine import Database
from storage.queries import channels


class GrantStore:
    """Reads and writes `secret["oauth"]` of a connection; other secrets beside it are kept."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def load(self, channel_id: int, direction: str) -> dict[str, Any]:
        """What is stored; empty when nobody signed in."""
        async with self._db.read() as tx:
            channel = await channels.get(tx, channel_id)
            secret = await channels.open_secret(tx, channel, direction)
        return dict(secret.get("oauth") or {})

    async def save(self, channel_id: int, direction: str, changes: Mapping[str, Any]) -> None:
        """Durable when it returns: a rotated refresh token that is lost is a mailbox lost."""
        async with self._db.write() as tx:
            channel = await channels.get(tx, channel_id)
            secret = await channels.open_secret(tx, channel, direction)
            secret["oauth"] = {**(secret.get("oauth") or {}), **changes}
            await channels.save_secret(tx, channel, direction, secret)
