"""Signing in by browser: begun in Slack, finished by Canal's callback or by a pasted address.

What was begun is kept sealed in the database, one for each channel and purpose, so that the answer
may come to another machine, or after a restart. Who holds the unguessable `state` finishes it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from bot.wires.sign_in import REDIRECT, SignIns, WantedGrant
from handlers.channels.connection_settings import OAuthChoice
from handlers.channels.pending_sign_ins import PendingSignIns
from mail.errors import DeadGrant, MailError

if TYPE_CHECKING:
    from aiohttp import web

CALLBACK_PATH = "/oauth/callback"
UNKNOWN = "This sign-in is not known any more, or was finished already. Begin it again in Slack."


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """Send the person to `url`. `by_callback`: Canal hears of the end by itself; else the person
    pastes the address that the browser ends at."""

    url: str
    purpose: str
    by_callback: bool


@dataclass(frozen=True, slots=True)
class FinishedSignIn:
    channel_name: str
    account: str
    purpose: str
    next: BegunSignIn | None = None
    """Sending through Graph wants a sign-in of its own besides the mailbox's."""


class BrowserSignIns:
    def __init__(self, sign_ins: SignIns, pending: PendingSignIns, public_url: str | None) -> None:
        self._sign_ins = sign_ins
        self._pending = pending
        self._redirect = f"{public_url.rstrip('/')}{CALLBACK_PATH}" if public_url else None

    async def begin(self, name: str, provider: str) -> BegunSignIn:
        """The first sign-in that the channel needs. Raises UserError or MailError."""
        wanted = await self._sign_ins.wanted(name, OAuthChoice(provider))
        return await self._begin(wanted[0], tuple(one.choice.use for one in wanted[1:]))

    async def finish(self, answer: str) -> FinishedSignIn:
        """`answer` is the whole address that the browser ended at. Raises MailError."""
        from mail.oauth.tokens import Authorization

        query = parse_qs(urlsplit(answer.strip()).query)
        state = (query.get("state") or [""])[0]
        found = await self._pending.find(lambda one: _is_same(str(one["state"]), state))
        if not state or found is None:
            raise DeadGrant(UNKNOWN)
        name, kept = found
        wanted = await self._wanted(name, OAuthChoice(**kept["choice"]))
        begun = Authorization(
            kept["url"], kept["redirect_uri"], state=kept["state"], verifier=kept["verifier"]
        )
        await self._pending.forget(name, wanted.choice.use)  # a code is good for one attempt
        secrets = await self._sign_ins.kept_secrets(wanted)
        tokens = await self._sign_ins.finish_browser(wanted, secrets, begun, answer)
        await self._sign_ins.save(wanted, secrets, tokens)
        following = None
        if kept["then"]:
            choice = OAuthChoice(wanted.choice.provider, use=kept["then"][0])
            following = await self._begin(await self._wanted(name, choice), tuple(kept["then"][1:]))
        return FinishedSignIn(name, tokens.account or "", wanted.purpose, following)

    async def handle_callback(self, request: web.Request) -> web.Response:
        """GET /oauth/callback: where the provider sends the browser."""
        from aiohttp import web

        try:
            done = await self.finish(str(request.url))
        except MailError as error:
            return web.Response(status=400, text=_page("Not signed in", str(error)), **_HTML)
        text = f"{done.channel_name}: signed in for {done.purpose}. You can close this page."
        link = None
        if done.next is not None:
            text = f"{done.channel_name}: signed in for {done.purpose}. One more is needed:"
            link = (done.next.url, f"Sign in for {done.next.purpose}")
        return web.Response(text=_page("Signed in", text, link), **_HTML)

    async def _wanted(self, name: str, choice: OAuthChoice) -> WantedGrant:
        for one in await self._sign_ins.wanted(name, OAuthChoice(choice.provider)):
            if one.choice.use == choice.use:
                return one
        raise DeadGrant(UNKNOWN)

    async def _begin(self, wanted: WantedGrant, then: tuple[str, ...]) -> BegunSignIn:
        secrets = await self._sign_ins.kept_secrets(wanted)
        begun = self._sign_ins.start_browser(wanted, secrets, self._redirect or REDIRECT)
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
            },
        )
        return BegunSignIn(begun.url, wanted.purpose, self._redirect is not None)


_HTML: dict[str, Any] = {
    "content_type": "text/html",
    "charset": "utf-8",
    "headers": {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Referrer-Policy": "no-referrer",
    },
}


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _page(title: str, text: str, link: tuple[str, str] | None = None) -> str:
    more = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Canal: {escape(title)}'
        '</title><body style="font-family:sans-serif;max-width:36em;margin:4em auto">'
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{more}</body></html>"
    )
