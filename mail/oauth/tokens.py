"""Getting OAuth2 tokens for mailboxes at Microsoft, Google and Yandex.

Five ways: device code (Microsoft), authorization code with PKCE by a callback or by pasting the
final URL (all three), app-only client credentials (Microsoft), and a service account with
domain-wide delegation (Google). Plain HTTP by aiohttp: the base addresses are settings, so that
tests (and national clouds) can use others. Keeping a token fresh is `mail.oauth_keeper`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from mail.errors import DeadGrant, Deferred, LoginFailed
from mail.oauth.clients import OAuthClient
from mail.oauth.errors import device_error, token_error
from mail.oauth.http import post_form
from mail.oauth.jwt import ServiceAccount, google_assertion, microsoft_assertion, read_claims
from mail.sentences import say

SECRET_WARNING_DAYS = 21


@dataclass(frozen=True, slots=True)
class TokenSet:
    """What a provider granted. `expires_at` is a Unix time. Tokens never show in its repr.

    `account` is the address that signed in, where the provider tells it.
    """

    access: str = field(repr=False)
    expires_at: float
    refresh: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ()
    account: str | None = None

    def to_json(self) -> str:
        """For the encrypted column."""
        return json.dumps(
            {
                "access": self.access,
                "expires_at": self.expires_at,
                "refresh": self.refresh,
                "scopes": self.scopes,
                "account": self.account,
            }
        )

    @staticmethod
    def from_json(text: str) -> TokenSet:
        data = json.loads(text)
        return TokenSet(**(data | {"scopes": tuple(data["scopes"])}))


@dataclass(frozen=True, slots=True)
class Authorization:
    """A sign-in that was begun: send the person to `url`, keep this until they come back."""

    url: str
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """A device code: the person enters `user_code` at `verification_uri` until `expires_at`."""

    user_code: str
    verification_uri: str
    expires_at: float
    interval: float
    device_code: str = field(repr=False)


def start_authorization(
    client: OAuthClient, redirect_uri: str, login_hint: str | None = None
) -> Authorization:
    """Begin a sign-in by browser (authorization code with PKCE, RFC 7636)."""
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": client.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": " ".join(client.scopes),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **client.authorize_extra,
    }
    if login_hint:
        query["login_hint"] = login_hint
    url = f"{client.authorize_url}?{urlencode(query)}"
    return Authorization(url, redirect_uri, state, verifier)


async def finish_authorization(
    session: aiohttp.ClientSession, client: OAuthClient, begun: Authorization, answer: str
) -> TokenSet:
    """Trade the code for tokens. `answer` is the whole URL that the browser ended at.

    Raises DeadGrant (declined, wrong attempt), AppRefused, Deferred or LoginFailed.
    """
    code = _code_of(client, begun, answer)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": begun.redirect_uri,
        "code_verifier": begun.verifier,
    }
    return await _ask(session, client, form)


def _code_of(client: OAuthClient, begun: Authorization, answer: str) -> str:
    parts = urlsplit(answer.strip())
    query = {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}
    if not query:
        raise LoginFailed(
            say(
                "This is not the address that the browser ended at. After signing in, copy the "
                "whole address from the browser's address bar, even if the page shows an error."
            )
        )
    if not secrets.compare_digest(query.get("state", "").encode(), begun.state.encode()):
        raise DeadGrant(say("This answer belongs to another attempt to sign in. Start again."))
    if "code" not in query:
        raise token_error(client.provider_name, 400, query)
    return query["code"]


async def start_device_login(session: aiohttp.ClientSession, client: OAuthClient) -> DeviceLogin:
    """Begin a sign-in by device code (RFC 8628). Raises as `finish_authorization` does."""
    if client.device_url is None:
        raise LoginFailed(
            say(
                "{provider_name} offers no device code for mailboxes: use the browser sign-in.",
                provider_name=client.provider_name,
            )
        )
    form = {"client_id": client.client_id, "scope": " ".join(client.scopes)}
    status, answer = await post_form(session, client.device_url, form, client.provider_name)
    if status != 200 or "device_code" not in answer:
        raise device_error(client.provider_name, status, answer)
    return DeviceLogin(
        user_code=str(answer["user_code"]),
        verification_uri=str(answer.get("verification_uri") or answer.get("verification_url")),
        expires_at=time.time() + _seconds(answer, "expires_in", 900),
        interval=_seconds(answer, "interval", 5),
        device_code=str(answer["device_code"]),
    )


async def wait_for_device_login(
    session: aiohttp.ClientSession,
    client: OAuthClient,
    login: DeviceLogin,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> TokenSet:
    """Until the person has entered the code. Raises DeadGrant when declined or expired."""
    interval = login.interval
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": login.device_code,
    }
    while True:
        await sleep(interval)
        url = client.token_url
        form |= client.credentials
        try:
            status, answer = await post_form(session, url, form, client.provider_name)
        except Deferred:  # not reached just now: RFC 8628, 3.5 wants us to ask less often
            status, answer = 0, {"error": "slow_down"}
        if status == 200:
            return _token_set(answer, client.scopes)
        error = answer.get("error")
        if error == "slow_down":
            interval += 5
        elif error != "authorization_pending":
            raise device_error(client.provider_name, status, answer)
        if time.time() > login.expires_at:
            raise DeadGrant(say("The code has expired before it was entered. Start again."))


async def fetch_app_token(session: aiohttp.ClientSession, client: OAuthClient) -> TokenSet:
    """App-only access by client credentials (secret or certificate). No refresh token."""
    form = {"grant_type": "client_credentials", "scope": " ".join(client.scopes)}
    if client.certificate and client.private_key:
        assertion = await asyncio.to_thread(
            microsoft_assertion,
            client.client_id,
            client.token_url,
            client.private_key,
            client.certificate,
        )
        form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form["client_assertion"] = assertion
    return await _ask(session, client, form)


async def fetch_service_token(
    session: aiohttp.ClientSession,
    account: ServiceAccount,
    subject: str,
    scopes: tuple[str, ...] = ("https://mail.google.com/",),
) -> TokenSet:
    """Access to `subject`'s Google mailbox by domain-wide delegation. No refresh token."""
    assertion = await asyncio.to_thread(google_assertion, account, subject, scopes)
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion,
    }
    status, answer = await post_form(session, account.token_uri, form, "Google")
    if status != 200 or "access_token" not in answer:
        raise token_error("Google", status, answer)
    return _token_set(answer, scopes)


async def refresh_tokens(
    session: aiohttp.ClientSession, client: OAuthClient, tokens: TokenSet
) -> TokenSet:
    """Fresh tokens; the refresh token in them may be a new one and must be saved before use."""
    if tokens.refresh is None:
        raise DeadGrant(say("The provider gave no lasting permission. Connect again."))
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
    if client.provider == "microsoft":
        form["scope"] = " ".join(client.scopes)
    return await _ask(session, client, form, before=tokens)


def secret_warning(expires_on: date | None, today: date) -> str | None:
    """A sentence when the client secret expires within three weeks (or has expired)."""
    if expires_on is None or (expires_on - today).days > SECRET_WARNING_DAYS:
        return None
    left = (expires_on - today).days
    when = f"expires in {left} days" if left > 1 else "expires tomorrow" if left == 1 else None
    when = when or ("expires today" if left == 0 else f"has expired on {expires_on.isoformat()}")
    return say(
        "The client secret {when}. Create a new one and enter it before mail stops.", when=when
    )


async def _ask(
    session: aiohttp.ClientSession,
    client: OAuthClient,
    form: dict[str, str],
    before: TokenSet | None = None,
) -> TokenSet:
    name = client.provider_name
    credentials = dict(client.credentials)
    if "client_assertion" in form:
        credentials.pop("client_secret", None)
    status, answer = await post_form(session, client.token_url, form | credentials, name)
    if status != 200 or not isinstance(answer.get("access_token"), str):
        raise token_error(name, status, answer)
    return _token_set(answer, client.scopes, before)


def _token_set(
    answer: Mapping[str, Any], scopes: tuple[str, ...], before: TokenSet | None = None
) -> TokenSet:
    claims = read_claims(answer.get("id_token"))
    account = claims.get("preferred_username") or claims.get("email") or claims.get("upn")
    granted = answer.get("scope")
    return TokenSet(
        access=str(answer["access_token"]),
        expires_at=time.time() + _seconds(answer, "expires_in", 3600),
        refresh=answer.get("refresh_token") or (before.refresh if before else None),
        scopes=tuple(granted.split()) if isinstance(granted, str) and granted else scopes,
        account=account if isinstance(account, str) else before.account if before else None,
    )


def _seconds(answer: Mapping[str, Any], name: str, default: float) -> float:
    try:
        value = float(answer.get(name, default))
    except (TypeError, ValueError):
        return default
    return min(max(value, 0.0), 90 * 24 * 3600.0)
