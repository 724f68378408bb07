"""Signing in to mailboxes with OAuth2: which grants a channel needs, getting and keeping them.

The ways: device code, browser (authorization code with PKCE, the final URL pasted back or received
by Canal's own callback), app-only client credentials, and Google's service account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bot.wires.grants import Grants
from handlers.channels.channels import Channels, ChannelStatus
from handlers.channels.connection_settings import OAuthChoice, is_graph, oauth_of
from handlers.errors import UserError
from handlers.ports import Clock, MailConnection
from mail.discovery.providers import find_provider_by_host
from mail.errors import AppMissing, DeadGrant, LoginFailed
from mail.sentences import say

if TYPE_CHECKING:
    from mail.oauth.clients import OAuthClient
    from mail.oauth.tokens import Authorization, DeviceLogin, TokenSet

PROVIDERS = ("microsoft", "google", "yandex")
UNKNOWN = say(
    "This sign-in is not known any more, or was finished already. Begin it again in Slack."
)
REDIRECT = "http://localhost"
"""Where the browser ends without Canal's help: a page that cannot be opened, whose address counts.
Both Microsoft and Google allow it for apps that are installed."""


@dataclass(frozen=True, slots=True)
class WantedGrant:
    """One sign-in that a channel needs: what for, and for which directions."""

    channel_name: str
    choice: OAuthChoice
    directions: tuple[str, ...]
    mailbox: str = ""
    """The address whose mailbox it shall open."""

    @property
    def purpose(self) -> str:
        words = {"in": "receiving", "out": "sending"}
        return " and ".join(words[one] for one in self.directions)


@dataclass(frozen=True, slots=True)
class App:
    """What a provider knows Canal by. Without a secret it is a public client (Microsoft alone)."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    tenant: str = ""


class SignIns:
    """Begins and finishes sign-ins. Raises MailErrors with sentences for people."""

    def __init__(self, channels: Channels, grants: Grants, clock: Clock) -> None:
        self._channels = channels
        self._grants = grants
        self._clock = clock

    async def wanted(self, name: str, asked: OAuthChoice) -> list[WantedGrant]:
        """The sign-ins that the channel needs at `asked.provider`, in `asked.mode`.

        Raises:
            NotFound: there is no such channel.
            UserError: nothing of it signs in there.
        """
        status = await self._channels.show(name)
        outside = {
            direction: await self._channels.open_connection(name, direction)
            for direction in ("in", "out")
        }
        found: dict[str, list[str]] = {}
        for direction, connection in outside.items():
            if _belongs_to(connection, asked.provider):
                graph = is_graph(connection.kind, connection.settings)
                found.setdefault("graph" if graph else "mail", []).append(direction)
        if not found:
            raise UserError(
                say(
                    "{name} has no connection that signs in at {provider}: choose --incoming "
                    "imap, --outgoing smtp or --outgoing office365 first.",
                    name=status.channel.name,
                    provider=asked.provider,
                )
            )
        return [
            WantedGrant(
                status.channel.name,
                replace(
                    _with_own_app(asked, outside[directions[0]]),
                    use=use,
                    held_by=directions[0],
                    account=asked.account or _mailbox(outside[directions[0]], status),
                ),
                tuple(directions),
                _mailbox(outside[directions[0]], status),
            )
            for use, directions in found.items()
        ]

    async def first_wanted(
        self, name: str, provider: str, use: str | None
    ) -> tuple[WantedGrant, tuple[str, ...]]:
        """The first that the channel needs, or that for `use`; and what else is needed after it."""
        wanted = await self.wanted(name, OAuthChoice(provider))
        uses = [one.choice.use for one in wanted]
        at = uses.index(use) if use in uses else 0
        return wanted[at], tuple(uses[at + 1 :])

    async def wanted_again(self, name: str, choice: OAuthChoice) -> WantedGrant:
        """What was wanted when it was begun, if the channel wants it still; else DeadGrant."""
        try:
            wanted = await self.wanted(name, OAuthChoice(choice.provider))
        except UserError as error:  # the channel has changed meanwhile
            raise DeadGrant(str(error)) from error
        for one in wanted:
            if one.choice.use == choice.use:
                return one
        raise DeadGrant(UNKNOWN)

    async def has_own_app(self, name: str, provider: str) -> bool:
        """Whether the channel signs in as an app of its own instead of the settings' one."""
        try:
            wanted, _ = await self.first_wanted(name, provider, None)
            return bool(wanted.choice.client_id) or not self.client(wanted, {}).client_id
        except AppMissing:
            return True
        except UserError:
            return False  # it signs in nowhere any more

    async def keep_app(self, name: str, provider: str, app: App) -> None:
        """The channel signs in as this app from now on; what it had signed in with is forgotten."""
        for wanted in await self.wanted(name, OAuthChoice(provider)):
            choice = replace(
                wanted.choice, client_id=app.client_id, tenant=app.tenant, granted_at=""
            )
            secrets = {"client_secret": app.client_secret} if app.client_secret else {}
            await self._channels.save_grant(name, choice, secrets, wanted.directions)

    async def kept_secrets(self, wanted: WantedGrant) -> dict[str, Any]:
        """What signed in last time beside the tokens, such as the app's own client secret."""
        held_by = wanted.choice.held_by
        connection = await self._channels.open_connection(wanted.channel_name, held_by)
        kept = connection.secret.get("oauth") or {}
        return {key: value for key, value in kept.items() if key != "tokens"}

    def client(self, wanted: WantedGrant, secrets: Mapping[str, Any]) -> OAuthClient:
        return self._grants.client(wanted.choice, secrets)

    async def start_device(self, wanted: WantedGrant, secrets: Mapping[str, Any]) -> DeviceLogin:
        from mail.oauth.tokens import start_device_login

        return await start_device_login(self._grants.session, self.client(wanted, secrets))

    async def wait_for_device(
        self,
        wanted: WantedGrant,
        secrets: Mapping[str, Any],
        login: DeviceLogin,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> TokenSet:
        from mail.oauth.tokens import wait_for_device_login

        client = self.client(wanted, secrets)
        return await wait_for_device_login(self._grants.session, client, login, sleep=sleep)

    def start_browser(
        self, wanted: WantedGrant, secrets: Mapping[str, Any], redirect_uri: str
    ) -> Authorization:
        from mail.oauth.tokens import start_authorization

        hint = wanted.mailbox if "@" in wanted.mailbox else None
        return start_authorization(self.client(wanted, secrets), redirect_uri, hint)

    async def finish_browser(
        self,
        wanted: WantedGrant,
        secrets: Mapping[str, Any],
        begun: Authorization,
        answer: str,
    ) -> TokenSet:
        """`answer` is the whole URL that the browser ended at."""
        from mail.oauth.tokens import finish_authorization

        client = self.client(wanted, secrets)
        return await finish_authorization(self._grants.session, client, begun, answer)

    async def fetch_without_person(
        self, wanted: WantedGrant, secrets: Mapping[str, Any]
    ) -> TokenSet:
        """App-only and service accounts: nobody has to look at a browser."""
        return await self._grants.fetch(wanted.choice, secrets, None)

    async def save(
        self, wanted: WantedGrant, secrets: Mapping[str, Any], tokens: TokenSet
    ) -> ChannelStatus:
        """Keep the grant: the channel uses it from now on, a running Canal within seconds."""
        if wanted.choice.mode == "user" and tokens.refresh is None:
            raise LoginFailed(
                say(
                    "The provider gave no lasting permission, so Canal would stop within the "
                    "hour. Allow offline access for the app, then connect again."
                )
            )
        account = tokens.account if wanted.choice.mode == "user" else wanted.choice.account
        choice = replace(
            wanted.choice,
            account=account or wanted.mailbox,
            granted_at=self._clock.now().isoformat(),
        )
        kept = {**{key: value for key, value in secrets.items() if value}}
        kept["tokens"] = tokens.to_json()
        return await self._channels.save_grant(wanted.channel_name, choice, kept, wanted.directions)


def _with_own_app(asked: OAuthChoice, connection: MailConnection) -> OAuthChoice:
    """An app that the channel was signed in with before is used again, unless another is named."""
    before = oauth_of(connection.settings)
    if before is None or before.provider != asked.provider or asked.client_id:
        return asked
    return replace(
        asked,
        client_id=before.client_id,
        tenant=asked.tenant or before.tenant,
        secret_expires=asked.secret_expires or before.secret_expires,
    )


def _belongs_to(connection: MailConnection, provider: str) -> bool:
    """Whether this direction signs in at the provider.

    A server that belongs to another provider does not; one that nobody knows may, unless it has a
    password already.
    """
    if connection.kind == "internal":
        return False
    if connection.kind == "office365":
        return provider == "microsoft"
    choice = oauth_of(connection.settings)
    if choice is not None and choice.granted_at:
        return choice.provider == provider
    known = find_provider_by_host(str(connection.settings.get("host") or ""))
    if known is not None:
        return known.oauth == provider
    return choice is not None or not connection.secret.get("password")


def _mailbox(connection: MailConnection, status: ChannelStatus) -> str:
    return str(connection.settings.get("user") or status.channel.from_email)
