"""Keep one grant's access token fresh: ahead of time, once for all who ask, saved before use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeGuard

from mail.errors import DeadGrant, Deferred
from mail.oauth.tokens import TokenSet

AHEAD = 300.0
"""Seconds before its end at which a token is refreshed."""

Renew = Callable[[TokenSet | None], Awaitable[TokenSet]]
"""Gets new tokens, from the old ones where there is a refresh token in them."""


class TokenKeeper:
    """Gives a good access token to whoever asks (IMAP, SMTP, Graph).

    `save` is awaited with new tokens before anybody gets to use them: a rotated refresh token that
    is lost is a mailbox lost. `load` gives what is stored: another process may have refreshed
    meanwhile, and then its tokens count.
    """

    def __init__(
        self,
        renew: Renew,
        tokens: TokenSet | None = None,
        *,
        save: Callable[[TokenSet], Awaitable[None]],
        load: Callable[[], Awaitable[TokenSet | None]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._renew = renew
        self._tokens = tokens
        self._unsaved: TokenSet | None = None
        self._save = save
        self._load = load
        self._clock = clock
        self._lock = asyncio.Lock()
        self._dead: str | None = None

    async def token(self, refused: bool = False) -> str:
        """An access token that is good for the next minutes; `refused` when the last one was not.

        Raises DeadGrant when a person has to connect again, AppRefused or Deferred else.
        """
        asked_with = self._tokens
        async with self._lock:
            # Who waited for the lock finds what the first one got.
            tokens = self._tokens
            if self._good(tokens, AHEAD) and not (refused and tokens is asked_with):
                return tokens.access
            if self._dead is not None:
                raise DeadGrant(self._dead)
            try:
                return (await self._fresh()).access
            except Deferred:
                if not refused and self._good(tokens, 0):
                    return tokens.access
                raise

    def _good(self, tokens: TokenSet | None, ahead: float) -> TypeGuard[TokenSet]:
        return tokens is not None and tokens.expires_at - self._clock() > ahead

    async def _fresh(self) -> TokenSet:
        if self._unsaved is None:
            stored = await self._load() if self._load else None
            if stored is not None and self._is_newer(stored):
                self._tokens = stored
                if self._good(stored, AHEAD):
                    return stored
            self._unsaved = await self._renewed()
        # Kept until it is saved: the old refresh token may be worth nothing by now.
        await self._save(self._unsaved)
        self._tokens, self._unsaved = self._unsaved, None
        return self._tokens

    def _is_newer(self, stored: TokenSet) -> bool:
        return self._tokens is None or stored.access != self._tokens.access

    async def _renewed(self) -> TokenSet:
        try:
            return await self._renew(self._tokens)
        except DeadGrant as error:
            # Perhaps another process has just used up the refresh token: then it saved a new one.
            stored = await self._load() if self._load else None
            if stored is not None and self._is_newer(stored):
                return await self._renew(stored) if not self._good(stored, AHEAD) else stored
            self._dead = str(error)
            raise
