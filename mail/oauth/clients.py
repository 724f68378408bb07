"""The apps that Canal signs in with: where each provider's endpoints are and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MICROSOFT_LOGIN = "https://login.microsoftonline.com"
GOOGLE_ACCOUNTS = "https://accounts.google.com"
GOOGLE_TOKEN = "https://oauth2.googleapis.com"  # noqa: S105 - an address
YANDEX_OAUTH = "https://oauth.yandex.com"

_IDENTITY = ("openid", "email", "profile", "offline_access")
_OUTLOOK = "https://outlook.office.com"
_MICROSOFT_SCOPES = {
    "mail": (f"{_OUTLOOK}/IMAP.AccessAsUser.All", f"{_OUTLOOK}/SMTP.Send", *_IDENTITY),
    "graph": ("https://graph.microsoft.com/Mail.Send", *_IDENTITY),
    "app_mail": ("https://outlook.office365.com/.default",),
    "app_graph": ("https://graph.microsoft.com/.default",),
}


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """One app at one provider. Secrets never show in its repr.

    A `certificate` with its `private_key` (both PEM) may stand in for `client_secret` where
    app-only access is asked for.
    """

    provider: str
    provider_name: str
    client_id: str
    scopes: tuple[str, ...]
    authorize_url: str
    token_url: str
    device_url: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    authorize_extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def credentials(self) -> dict[str, str]:
        """What identifies the app in a form."""
        secret = {"client_secret": self.client_secret} if self.client_secret else {}
        return {"client_id": self.client_id} | secret


def microsoft_client(
    client_id: str,
    client_secret: str | None = None,
    *,
    tenant: str = "common",
    use: str = "mail",
    login_url: str = MICROSOFT_LOGIN,
    certificate: str | None = None,
    private_key: str | None = None,
) -> OAuthClient:
    """An app registration of Microsoft Entra.

    `use` is "mail" (IMAP and SMTP as the person), "graph" (Graph as the person), "app_mail" or
    "app_graph" (the same app-only). One token serves one of them: Graph and Outlook do not mix.
    """
    base = f"{login_url.rstrip('/')}/{tenant}/oauth2/v2.0"
    return OAuthClient(
        provider="microsoft",
        provider_name="Microsoft",
        client_id=client_id,
        scopes=_MICROSOFT_SCOPES[use],
        authorize_url=f"{base}/authorize",
        token_url=f"{base}/token",
        device_url=f"{base}/devicecode",
        client_secret=client_secret,
        certificate=certificate,
        private_key=private_key,
        authorize_extra=MappingProxyType({"prompt": "select_account"}),
    )


def google_client(
    client_id: str,
    client_secret: str | None = None,
    *,
    accounts_url: str = GOOGLE_ACCOUNTS,
    token_base: str = GOOGLE_TOKEN,
) -> OAuthClient:
    """An OAuth client of the Google Cloud console. Google allows no device code for mail."""
    return OAuthClient(
        provider="google",
        provider_name="Google",
        client_id=client_id,
        scopes=("https://mail.google.com/", "openid", "email"),
        authorize_url=f"{accounts_url.rstrip('/')}/o/oauth2/v2/auth",
        token_url=f"{token_base.rstrip('/')}/token",
        client_secret=client_secret,
        # Google hands out a refresh token only when asked offline and with consent.
        authorize_extra=MappingProxyType({"access_type": "offline", "prompt": "consent"}),
    )


def yandex_client(
    client_id: str, client_secret: str | None = None, *, oauth_url: str = YANDEX_OAUTH
) -> OAuthClient:
    """An app of oauth.yandex.com."""
    base = oauth_url.rstrip("/")
    return OAuthClient(
        provider="yandex",
        provider_name="Yandex",
        client_id=client_id,
        scopes=("mail:imap_full", "mail:smtp"),
        authorize_url=f"{base}/authorize",
        token_url=f"{base}/token",
        client_secret=client_secret,
    )
