"""Signing in by browser: begun in Slack, finished by Canal's callback or by a pasted address.

What was begun is kept sealed in the database, one for each channel and purpose, so that the answer
may come to another machine, or after a restart. Who holds the unguessable `state` finishes it.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from bot.slack.i18n import Catalogs
from bot.wires.callback_page import HTML, CallbackPage
from bot.wires.sign_in import REDIRECT, UNKNOWN, App, SignIns, WantedGrant
from bot.wires.sign_in_steps import (
    BegunSignIn,
    FinishedSignIn,
    Heard,
    Watcher,
    finished,
    watcher_of,
)
from handlers.channels.connection_settings import OAuthChoice
from handlers.channels.pending_sign_ins import PendingSignIn, PendingSignIns
from mail.errors import DeadGrant, MailError

if TYPE_CHECKING:
    from aiohttp import web

CALLBACK_PATH = "/oauth/callback"


class BrowserSignIns:
    def __init__(
        self,
        sign_ins: SignIns,
        pending: PendingSignIns,
        public_url: str | None,
        catalogs: Catalogs,
    ) -> None:
        self._catalogs = catalogs
        self._sign_ins = sign_ins
        self._pending = pending
        self._redirect = f"{public_url.rstrip('/')}{CALLBACK_PATH}" if public_url else None
        self.on_heard: Heard | None = None

    @property
    def has_callback(self) -> bool:
        return self._redirect is not None

    @property
    def redirect(self) -> str:
        """Where the provider sends the browser: to be registered with the app."""
        return self._redirect or REDIRECT

    async def begin(
        self, name: str, provider: str, watcher: Watcher | None = None, use: str | None = None
    ) -> BegunSignIn:
        """The first sign-in that the channel needs, or that for `use`.

        Raises UserError or MailError.
        """
        wanted, then = await self._sign_ins.first_wanted(name, provider, use)
        return await self._begin(wanted, then, watcher)

    async def has_own_app(self, name: str, provider: str) -> bool:
        return await self._sign_ins.has_own_app(name, provider)

    async def keep_app(self, name: str, provider: str, app: App) -> None:
        await self._sign_ins.keep_app(name, provider, app)

    async def find(self, answer: str) -> PendingSignIn:
        """What `answer`, the whole address that the browser ended at, is the end of.

        Raises DeadGrant where it is not known.
        """
        query = parse_qs(urlsplit(answer.strip()).query)
        state = (query.get("state") or [""])[0]
        found = await self._pending.find(lambda one: _is_same(str(one["state"]), state))
        if not state or found is None:
            raise DeadGrant(UNKNOWN)
        return found

    async def finish(self, answer: str) -> FinishedSignIn:
        """Find and complete it. Raises MailError."""
        return await self.complete(await self.find(answer), answer)

    async def complete(self, pending: PendingSignIn, answer: str) -> FinishedSignIn:
        """Trade the code of `answer` for tokens, and keep them. Raises MailError."""
        from mail.oauth.tokens import Authorization

        name, kept = pending.channel_name, pending.kept
        wanted = await self._sign_ins.wanted_again(name, OAuthChoice(**kept["choice"]))
        begun = Authorization(
            kept["url"], kept["redirect_uri"], state=kept["state"], verifier=kept["verifier"]
        )
        if not await self._pending.forget(pending):  # a code is good for one attempt
            raise DeadGrant(UNKNOWN)
        secrets = await self._sign_ins.kept_secrets(wanted)
        tokens = await self._sign_ins.finish_browser(wanted, secrets, begun, answer)
        await self._sign_ins.save(wanted, secrets, tokens)
        following = None
        if kept["then"]:
            choice = OAuthChoice(wanted.choice.provider, use=kept["then"][0])
            again = await self._sign_ins.wanted_again(name, choice)
            following = await self._begin(again, tuple(kept["then"][1:]), watcher_of(pending))
        return finished(wanted, tokens, following)

    async def handle_callback(self, request: web.Request) -> web.Response:
        """GET /oauth/callback: where the provider sends the browser."""
        from aiohttp import web

        answer = str(request.url)
        page = CallbackPage(self._catalogs, request.headers.get("Accept-Language", ""))
        try:
            pending = await self.find(answer)
        except MailError as error:
            return web.Response(status=400, text=page.failed(error), **HTML)
        try:
            done = await self.complete(pending, answer)
        except MailError as error:
            self._tell(pending, error)
            return web.Response(status=400, text=page.failed(error), **HTML)
        self._tell(pending, done)
        return web.Response(text=page.finished(done), **HTML)

    def _tell(self, pending: PendingSignIn, outcome: FinishedSignIn | MailError) -> None:
        if self.on_heard is not None:
            self.on_heard(pending, outcome)

    async def _begin(
        self, wanted: WantedGrant, then: tuple[str, ...], watcher: Watcher | None
    ) -> BegunSignIn:
        secrets = await self._sign_ins.kept_secrets(wanted)
        begun = self._sign_ins.start_browser(wanted, secrets, self.redirect)
        await self._pending.keep(
            wanted.channel_name,
            wanted.choice.use,
            {
                "state": begun.state,
                "verifier": begun.verifier,
                "redirect_uri": begun.redirect_uri,
                "url": begun.url,
                "choice": wanted.choice.to_json(),
                "then": list(then),
                "watcher": asdict(watcher) if watcher else None,
            },
        )
        return BegunSignIn(begun.url, wanted.purpose, self.has_callback, wanted.directions)


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
