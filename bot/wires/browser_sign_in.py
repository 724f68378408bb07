"""Signing in by browser: begun in Slack, finished by Canal's callback or by a pasted address.

What was begun is kept sealed in the database, one for each channel and purpose, so that the answer
may come to another machine, or after a restart. Who holds the unguessable `state` finishes it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from bot.wires.sign_in import REDIRECT, SignIns, WantedGrant
from handlers.channels.connection_settings import OAuthChoice
from handlers.channels.pending_sign_ins import PendingSignIns
from mail.errors import DeadGrant, MailError

if TYPE_CHECKING:
    from aiohttp import web

    from mail.oauth.tokens import DeviceLogin, TokenSet

CALLBACK_PATH = "/oauth/callback"
UNKNOWN = "This sign-in is not known any more, or was finished already. Begin it again in Slack."


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who began a sign-in in Slack, and the view that shows how it goes."""

    user_id: str
    view_id: str


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """Send the person to `url`. `by_callback`: Canal hears of the end by itself; else the person
    pastes the address that the browser ends at."""

    url: str
    purpose: str
    by_callback: bool
    directions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BegunDevice:
    """Somebody enters the code of `login` at its address; `finish_device` waits for that."""

    wanted: WantedGrant
    login: DeviceLogin
    then: tuple[str, ...]
    """What other grants are needed after this one."""


@dataclass(frozen=True, slots=True)
class FinishedSignIn:
    channel_name: str
    provider: str
    account: str
    purpose: str
    directions: tuple[str, ...]
    mailbox: str = ""
    next: BegunSignIn | None = None
    """Sending through Graph wants a sign-in of its own besides the mailbox's."""

    @property
    def is_other_account(self) -> bool:
        """Somebody signed in as another than the mailbox: right for shared mailboxes only."""
        return bool(self.account and self.mailbox) and (
            self.account.casefold() != self.mailbox.casefold()
        )


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """One that was begun and whose answer has come."""

    channel_name: str
    kept: Mapping[str, Any] = field(repr=False)

    @property
    def provider(self) -> str:
        return str(self.kept["choice"]["provider"])

    @property
    def watcher(self) -> Watcher | None:
        found = self.kept.get("watcher")
        return Watcher(**found) if found else None


Heard = Callable[[PendingSignIn, "FinishedSignIn | MailError"], None]
"""Told of what the callback brought, whatever it was."""


class BrowserSignIns:
    def __init__(self, sign_ins: SignIns, pending: PendingSignIns, public_url: str | None) -> None:
        self._sign_ins = sign_ins
        self._pending = pending
        self._redirect = f"{public_url.rstrip('/')}{CALLBACK_PATH}" if public_url else None
        self.on_heard: Heard | None = None

    @property
    def has_callback(self) -> bool:
        return self._redirect is not None

    async def begin(
        self, name: str, provider: str, watcher: Watcher | None = None, use: str | None = None
    ) -> BegunSignIn:
        """The first sign-in that the channel needs, or that for `use`.

        Raises UserError or MailError.
        """
        wanted, then = await self._first_wanted(name, provider, use)
        return await self._begin(wanted, then, watcher)

    async def find(self, answer: str) -> PendingSignIn:
        """What `answer`, the whole address that the browser ended at, is the end of.

        Raises DeadGrant where it is not known.
        """
        query = parse_qs(urlsplit(answer.strip()).query)
        state = (query.get("state") or [""])[0]
        found = await self._pending.find(lambda one: _is_same(str(one["state"]), state))
        if not state or found is None:
            raise DeadGrant(UNKNOWN)
        return PendingSignIn(*found)

    async def finish(self, answer: str) -> FinishedSignIn:
        """Find and complete it. Raises MailError."""
        return await self.complete(await self.find(answer), answer)

    async def complete(self, pending: PendingSignIn, answer: str) -> FinishedSignIn:
        """Trade the code of `answer` for tokens, and keep them. Raises MailError."""
        from mail.oauth.tokens import Authorization

        name, kept = pending.channel_name, pending.kept
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
            following = await self._begin(
                await self._wanted(name, choice), tuple(kept["then"][1:]), pending.watcher
            )
        return _finished(wanted, tokens, following)

    async def begin_device(self, name: str, provider: str, use: str | None = None) -> BegunDevice:
        """A code to enter anywhere (Microsoft). Raises UserError or MailError."""
        wanted, then = await self._first_wanted(name, provider, use)
        secrets = await self._sign_ins.kept_secrets(wanted)
        return BegunDevice(wanted, await self._sign_ins.start_device(wanted, secrets), then)

    async def finish_device(self, begun: BegunDevice) -> FinishedSignIn:
        """Once the code was entered. Raises DeviceCodeBlocked or another MailError."""
        wanted = begun.wanted
        secrets = await self._sign_ins.kept_secrets(wanted)
        tokens = await self._sign_ins.wait_for_device(wanted, secrets, begun.login)
        await self._sign_ins.save(wanted, secrets, tokens)
        return _finished(wanted, tokens, None)

    async def handle_callback(self, request: web.Request) -> web.Response:
        """GET /oauth/callback: where the provider sends the browser."""
        from aiohttp import web

        answer = str(request.url)
        try:
            pending = await self.find(answer)
        except MailError as error:
            return web.Response(status=400, text=_page("Not signed in", str(error)), **_HTML)
        try:
            done = await self.complete(pending, answer)
        except MailError as error:
            self._tell(pending, error)
            return web.Response(status=400, text=_page("Not signed in", str(error)), **_HTML)
        self._tell(pending, done)
        text = f"{done.channel_name}: signed in for {done.purpose}. You can close this page."
        link = None
        if done.next is not None:
            text = f"{done.channel_name}: signed in for {done.purpose}. One more is needed:"
            link = (done.next.url, f"Sign in for {done.next.purpose}")
        return web.Response(text=_page("Signed in", text, link), **_HTML)

    def _tell(self, pending: PendingSignIn, outcome: FinishedSignIn | MailError) -> None:
        if self.on_heard is not None:
            self.on_heard(pending, outcome)

    async def _first_wanted(
        self, name: str, provider: str, use: str | None
    ) -> tuple[WantedGrant, tuple[str, ...]]:
        wanted = await self._sign_ins.wanted(name, OAuthChoice(provider))
        uses = [one.choice.use for one in wanted]
        at = uses.index(use) if use in uses else 0
        return wanted[at], tuple(uses[at + 1 :])

    async def _wanted(self, name: str, choice: OAuthChoice) -> WantedGrant:
        for one in await self._sign_ins.wanted(name, OAuthChoice(choice.provider)):
            if one.choice.use == choice.use:
                return one
        raise DeadGrant(UNKNOWN)

    async def _begin(
        self, wanted: WantedGrant, then: tuple[str, ...], watcher: Watcher | None
    ) -> BegunSignIn:
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
                "watcher": asdict(watcher) if watcher else None,
            },
        )
        return BegunSignIn(begun.url, wanted.purpose, self.has_callback, wanted.directions)


def _finished(wanted: WantedGrant, tokens: TokenSet, then: BegunSignIn | None) -> FinishedSignIn:
    return FinishedSignIn(
        wanted.channel_name,
        wanted.choice.provider,
        tokens.account or "",
        wanted.purpose,
        wanted.directions,
        wanted.mailbox,
        then,
    )


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
