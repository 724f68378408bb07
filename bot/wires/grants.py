"""OAuth2 tokens for whoever talks to a mailbox: one keeper a grant, fresh, saved before use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from bot.config.settings import Settings
from handlers.channels.connection_settings import OAuthChoice, oauth_of
from handlers.channels.grants import GrantStore
from handlers.ports import MailConnection
from mail.errors import AppMissing, DeadGrant, LoginFailed
from mail.sentences import say

if TYPE_CHECKING:
    import aiohttp

    from mail.oauth.clients import OAuthClient
    from mail.oauth.keeper import TokenKeeper
    from mail.oauth.tokens import TokenSet

TokenSource = Callable[[bool], Awaitable[str]]
"""An access token; True when the server refused the last one."""
NOT_SIGNED_IN = say(
    "Nobody has signed in to this mailbox yet: press Sign in or Reconnect in /canal list, or use "
    "`canal channels login`."
)


class Grants:
    """Hands out token sources. `close` at the end. Belongs to one event loop."""

    def __init__(self, settings: Settings, store: GrantStore) -> None:
        self._settings = settings
        self._store = store
        self._keepers: dict[tuple[int, str], tuple[OAuthChoice, TokenKeeper]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """For token endpoints and for Graph; opened when it is first needed."""
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def source(self, connection: MailConnection) -> TokenSource | None:
        """The tokens of a connection, the same source as long as it is the same grant.

        None where it signs in with a password.
        """
        choice = oauth_of(connection.settings)
        if choice is None:
            return None
        if connection.channel_id is None:
            return _nobody
        key = (connection.channel_id, choice.held_by)
        known = self._keepers.get(key)
        if known is None or known[0] != choice:
            known = (choice, self._keeper(connection.channel_id, choice))
            self._keepers[key] = known
        return known[1].token

    def client(self, choice: OAuthChoice, secrets: Mapping[str, Any]) -> OAuthClient:
        """The app that signs in: what the channel names, else what the settings name."""
        from mail.oauth.clients import google_client, microsoft_client, yandex_client

        settings = self._settings
        if choice.provider == "microsoft":
            use = f"app_{choice.use}" if choice.mode == "app" else choice.use
            return microsoft_client(
                choice.client_id or _set(settings.microsoft_client_id, "CANAL_MICROSOFT_CLIENT_ID"),
                _secret(secrets, settings.microsoft_client_secret, choice, settings),
                tenant=choice.tenant or settings.microsoft_tenant,
                use=use,
                login_url=settings.microsoft_login_url,
                certificate=secrets.get("certificate"),
                private_key=secrets.get("private_key"),
            )
        if choice.provider == "google":
            return google_client(
                choice.client_id or _set(settings.google_client_id, "CANAL_GOOGLE_CLIENT_ID"),
                _secret(secrets, settings.google_client_secret, choice, settings),
                accounts_url=settings.google_auth_url.rstrip("/").removesuffix("/o/oauth2/v2"),
                token_base=settings.google_token_url,
            )
        if choice.provider == "yandex":
            return yandex_client(
                choice.client_id or _set(settings.yandex_client_id, "CANAL_YANDEX_CLIENT_ID"),
                _secret(secrets, settings.yandex_client_secret, choice, settings),
                oauth_url=settings.yandex_oauth_url,
            )
        raise LoginFailed(say("Canal cannot sign in at “{provider}”.", provider=choice.provider))

    async def fetch(
        self, choice: OAuthChoice, secrets: Mapping[str, Any], before: TokenSet | None
    ) -> TokenSet:
        """Fresh tokens, in the way that the grant is made for. Raises MailErrors."""
        from mail.oauth import tokens as oauth
        from mail.oauth.jwt import ServiceAccount

        if choice.mode == "service":
            account = ServiceAccount.from_json(str(secrets.get("service_account") or ""))
            return await oauth.fetch_service_token(self.session, account, choice.account)
        client = self.client(choice, secrets)
        if choice.mode == "app":
            return await oauth.fetch_app_token(self.session, client)
        if before is None:
            raise DeadGrant(NOT_SIGNED_IN)
        return await oauth.refresh_tokens(self.session, client, before)

    def _keeper(self, channel_id: int, choice: OAuthChoice) -> TokenKeeper:
        from mail.oauth.keeper import TokenKeeper

        async def load() -> TokenSet | None:
            return read_tokens(await self._store.load(channel_id, choice.held_by))

        async def save(tokens: TokenSet) -> None:
            await self._store.save(channel_id, choice.held_by, {"tokens": tokens.to_json()})

        async def renew(before: TokenSet | None) -> TokenSet:
            secrets = await self._store.load(channel_id, choice.held_by)
            return await self.fetch(choice, secrets, before)

        return TokenKeeper(renew, save=save, load=load)


def read_tokens(secrets: Mapping[str, Any]) -> TokenSet | None:
    from mail.oauth.tokens import TokenSet

    stored = secrets.get("tokens")
    return TokenSet.from_json(stored) if stored else None


async def _nobody(_refused: bool) -> str:
    raise DeadGrant(NOT_SIGNED_IN)


def _set(value: str | None, name: str) -> str:
    if not value:
        raise AppMissing(
            say("The client ID of the app to sign in with is missing: set {name}.", name=name)
        )
    return value


def _secret(
    secrets: Mapping[str, Any], configured: Any, choice: OAuthChoice, settings: Settings
) -> str | None:
    """The channel's own client secret; the configured one belongs to the configured client."""
    own = secrets.get("client_secret")
    if own:
        return str(own)
    theirs = {
        settings.microsoft_client_id, settings.google_client_id, settings.yandex_client_id
    }  # fmt: skip
    if configured is None or (choice.client_id and choice.client_id not in theirs):
        return None
    return str(configured.get_secret_value())
