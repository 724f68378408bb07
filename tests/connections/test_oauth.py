"""OAuth2 with Microsoft, Google and Yandex: every way in, every way it ends."""

from __future__ import annotations

import asyncio
import base64
import datetime
import json
import logging
from collections.abc import AsyncIterator
from datetime import date
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from mail.errors import DeadGrant, Deferred, DeviceCodeBlocked, LoginFailed, MailError
from mail.oauth.clients import OAuthClient, google_client, microsoft_client, yandex_client
from mail.oauth.errors import AppRefused, token_error
from mail.oauth.jwt import ServiceAccount
from mail.oauth.keeper import TokenKeeper
from mail.oauth.tokens import (
    TokenSet,
    fetch_app_token,
    fetch_service_token,
    finish_authorization,
    refresh_tokens,
    secret_warning,
    start_authorization,
    start_device_login,
    wait_for_device_login,
)
from tests.connections.token_server import TokenServer, running_token_server


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TokenServer]:
    async with running_token_server() as running:
        yield running


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as one:
        yield one


def clients(url: str) -> list[OAuthClient]:
    return [
        microsoft_client("app", "s3cret", tenant="contoso", login_url=url),
        google_client("app", "s3cret", accounts_url=url, token_base=url),
        yandex_client("app", "s3cret", oauth_url=url),
    ]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_pasted_final_url_is_traded_for_tokens(
    server: TokenServer, session: aiohttp.ClientSession, number: int
) -> None:
    client = clients(server.url)[number]
    begun = start_authorization(client, "http://localhost/done", "jo@contoso.example")
    query = {name: one[0] for name, one in parse_qs(urlsplit(begun.url).query).items()}
    server.challenge = query["code_challenge"]
    assert begun.url.startswith(server.url)
    assert query["login_hint"] == "jo@contoso.example"
    answer = f" http://localhost/done?code=C0DE&state={query['state']}&session_state=x\n"
    tokens = await finish_authorization(session, client, begun, answer)
    assert (tokens.access, tokens.refresh) == ("access-1", "refresh-1")
    assert tokens.account == "jo@contoso.example"
    assert server.forms[0]["client_secret"] == "s3cret"
    assert TokenSet.from_json(tokens.to_json()) == tokens
    shown = repr([tokens, begun, client])
    assert not any(word in shown for word in ("access-1", "refresh-1", "s3cret", begun.verifier))


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ("http://localhost/done?code=C&state=other", DeadGrant, "another attempt"),
        ("http://localhost/done?error=access_denied&state=STATE", DeadGrant, "declined"),
        (
            "http://localhost/done?error=x&error_description=AADSTS65004%3A+no&state=STATE",
            DeadGrant,
            "Consent was declined",
        ),
        ("http://localhost/done#error=server_error&state=STATE", Deferred, "just now"),
        ("C0DE", LoginFailed, "copy the whole"),
        ("", LoginFailed, "copy the whole"),
    ],
)
async def test_a_wrong_answer_of_the_browser_is_told(
    server: TokenServer,
    session: aiohttp.ClientSession,
    answer: str,
    error: type[MailError],
    words: str,
) -> None:
    client = clients(server.url)[0]
    begun = start_authorization(client, "http://localhost/done")
    with pytest.raises(error, match=words):
        await finish_authorization(session, client, begun, answer.replace("STATE", begun.state))
    assert server.forms == []


async def test_a_device_code_is_waited_for_at_the_pace_the_server_wants(
    server: TokenServer, session: aiohttp.ClientSession
) -> None:
    client = microsoft_client("app", login_url=server.url)
    login = await start_device_login(session, client)
    assert login.user_code == "ABCD-EFGH"
    assert "DEV" not in repr(login)
    server.answers = [
        (400, {"error": "authorization_pending"}),
        (400, {"error": "slow_down"}),
        (400, {"error": "authorization_pending"}),
    ]
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    tokens = await wait_for_device_login(session, client, login, sleep=sleep)
    assert tokens.access == "access-1"
    assert waited == [5, 5, 10, 10]
    assert server.forms[-1]["device_code"] == "DEV"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "authorization_declined"}, "declined"),
        ({"error": "expired_token"}, "expired"),
        ({"error": "bad_verification_code"}, "Start again"),
    ],
)
async def test_a_device_code_that_comes_to_nothing(
    server: TokenServer, session: aiohttp.ClientSession, answer: dict[str, object], words: str
) -> None:
    client = microsoft_client("app", login_url=server.url)
    login = await start_device_login(session, client)
    server.answers = [(400, answer)]
    with pytest.raises(DeadGrant, match=words):
        await wait_for_device_login(session, client, login, sleep=_at_once)


@pytest.mark.parametrize("code", [53003, 530036, 7000218])
async def test_a_rule_against_device_codes_points_to_the_browser(
    server: TokenServer, session: aiohttp.ClientSession, code: int
) -> None:
    client = microsoft_client("app", login_url=server.url)
    login = await start_device_login(session, client)
    server.answers = [(400, {"error": "access_denied", "error_codes": [code]})]
    with pytest.raises(DeviceCodeBlocked, match="in by browser"):
        await wait_for_device_login(session, client, login, sleep=_at_once)


async def test_google_has_no_device_code_for_mail(session: aiohttp.ClientSession) -> None:
    with pytest.raises(LoginFailed, match="browser sign-in"):
        await start_device_login(session, google_client("app"))


async def test_app_only_access_with_a_secret_and_with_a_certificate(
    server: TokenServer, session: aiohttp.ClientSession, key: rsa.RSAPrivateKey
) -> None:
    by_secret = microsoft_client("app", "s3cret", tenant="t", use="app_mail", login_url=server.url)
    tokens = await fetch_app_token(session, by_secret)
    assert tokens.refresh is None
    assert server.forms[0]["scope"] == "https://outlook.office365.com/.default"
    assert server.paths[0] == "/t/oauth2/v2.0/token"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "canal")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    by_certificate = microsoft_client(
        "app",
        tenant="t",
        use="app_graph",
        login_url=server.url,
        certificate=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        private_key=pem(key),
    )
    await fetch_app_token(session, by_certificate)
    header, claims = _verified(server.forms[1]["client_assertion"], key)
    assert claims["aud"] == f"{server.url}/t/oauth2/v2.0/token"
    assert claims["iss"] == claims["sub"] == "app"
    fingerprint = certificate.fingerprint(hashes.SHA256())
    assert base64.urlsafe_b64decode(header["x5t#S256"] + "=") == fingerprint
    assert "client_secret" not in server.forms[1]


async def test_a_google_service_account_stands_in_for_the_mailbox(
    server: TokenServer, session: aiohttp.ClientSession, key: rsa.RSAPrivateKey
) -> None:
    text = json.dumps(
        {
            "type": "service_account",
            "client_email": "canal@project.example",
            "private_key": pem(key),
            "private_key_id": "kid1",
            "token_uri": f"{server.url}/token",
        }
    )
    account = ServiceAccount.from_json(text)
    assert "PRIVATE" not in repr(account)
    tokens = await fetch_service_token(session, account, "support@shop.example")
    assert tokens.access == "access-1"
    header, claims = _verified(server.forms[0]["assertion"], key)
    assert header["kid"] == "kid1"
    assert claims["sub"] == "support@shop.example"
    assert claims["scope"] == "https://mail.google.com/"
    server.answers = [(401, {"error": "unauthorized_client"})]
    with pytest.raises(AppRefused, match="domain-wide delegation"):
        await fetch_service_token(session, account, "support@shop.example")
    with pytest.raises(LoginFailed, match="key file"):
        ServiceAccount.from_json('{"installed": {}}')


@pytest.mark.parametrize(
    ("status", "answer", "error", "words"),
    [
        (
            401,
            {
                "error": "invalid_client",
                "error_codes": [7000222],
                "error_description": "AADSTS7000222: The provided client secret keys are expired.",
            },
            AppRefused,
            "client secret of the app registration has expired",
        ),
        (401, {"error": "invalid_client", "error_codes": [7000215]}, AppRefused, "not its ID"),
        (
            400,
            {"error": "invalid_grant", "error_description": "AADSTS50173: revoked"},
            DeadGrant,
            "password of the account was changed",
        ),
        (400, {"error": "invalid_grant", "error_codes": [65001]}, DeadGrant, "consent"),
        (400, {"error": "invalid_grant", "error_codes": [424242]}, DeadGrant, "Connect again"),
        (400, {"error": "invalid_grant"}, DeadGrant, "Connect again"),
        (400, {"error": "interaction_required"}, DeadGrant, "sign in again"),
        (400, {"error": "unauthorized_client", "error_codes": [700016]}, AppRefused, "tenant"),
        (400, {"error": "invalid_client", "error_codes": [7000218]}, AppRefused, "public client"),
        (503, {}, Deferred, "just now"),
        (429, {"error": "invalid_grant"}, Deferred, "just now"),
        (400, {"error": "temporarily_unavailable"}, Deferred, "just now"),
        (400, {"error": "odd", "error_description": "What?\nTrace: 1"}, LoginFailed, "“What[?]”"),
        (400, {}, LoginFailed, "refused the sign-in"),
        (400, {"error": ["a"], "error_codes": "b"}, LoginFailed, "refused"),
    ],
)
def test_each_error_says_what_to_do(
    status: int, answer: dict[str, object], error: type[MailError], words: str
) -> None:
    found = token_error("Microsoft", status, answer)
    assert type(found) is error
    with pytest.raises(error, match=words):
        raise found


async def test_an_endpoint_that_is_away_or_talks_nonsense(
    server: TokenServer, session: aiohttp.ClientSession
) -> None:
    gone = microsoft_client("app", "s3cret", login_url="http://127.0.0.1:9")
    with pytest.raises(Deferred) as caught:
        await refresh_tokens(session, gone, TokenSet("a", 0, "r3fresh"))
    assert "r3fresh" not in str(caught.value)
    server.answers = [(200, {"token": "?"})]
    with pytest.raises(LoginFailed):
        await fetch_app_token(session, clients(server.url)[0])


class Vault:
    """What is stored of a grant, and how often it was saved."""

    def __init__(self, tokens: TokenSet | None = None) -> None:
        self.tokens = tokens
        self.saved = 0
        self.broken = False

    async def save(self, tokens: TokenSet) -> None:
        if self.broken:
            raise OSError("disk full")
        self.saved += 1
        self.tokens = tokens

    async def load(self) -> TokenSet | None:
        return self.tokens


def keeper(
    server: TokenServer, session: aiohttp.ClientSession, vault: Vault, now: list[float]
) -> TokenKeeper:
    client = clients(server.url)[0]

    async def renew(tokens: TokenSet | None) -> TokenSet:
        assert tokens is not None
        fresh = await refresh_tokens(session, client, tokens)
        return TokenSet(fresh.access, now[0] + 3600, fresh.refresh)

    return TokenKeeper(renew, vault.tokens, save=vault.save, load=vault.load, clock=lambda: now[0])


async def test_tokens_are_refreshed_ahead_of_time_once_for_all_and_saved_before_use(
    server: TokenServer, session: aiohttp.ClientSession
) -> None:
    now = [1000.0]
    vault = Vault(TokenSet("first", 1000 + 301, "refresh-0"))
    one = keeper(server, session, vault, now)
    assert await one.token() == "first"
    now[0] += 2
    got = await asyncio.gather(*(one.token() for _ in range(20)))
    assert set(got) == {"access-1"}
    assert [form["refresh_token"] for form in server.forms] == ["refresh-0"]
    assert vault.tokens is not None
    assert (vault.saved, vault.tokens.refresh) == (1, "refresh-1")
    assert await one.token(refused=True) == "access-2"
    assert server.forms[-1]["refresh_token"] == "refresh-1"


async def test_a_rotated_refresh_token_that_could_not_be_saved_is_saved_later(
    server: TokenServer, session: aiohttp.ClientSession
) -> None:
    now = [1000.0]
    vault = Vault(TokenSet("first", 0, "refresh-0"))
    one = keeper(server, session, vault, now)
    vault.broken = True
    with pytest.raises(OSError, match="disk full"):
        await one.token()
    vault.broken = False
    assert await one.token() == "access-1"
    assert len(server.forms) == 1, "the old refresh token is not used a second time"
    assert vault.tokens is not None
    assert vault.tokens.refresh == "refresh-1"


async def test_a_refresh_that_fails_for_now_leaves_the_old_token_in_use(
    server: TokenServer, session: aiohttp.ClientSession
) -> None:
    now = [1000.0]
    one = keeper(server, session, Vault(TokenSet("first", 1100, "refresh-0")), now)
    server.answers = [(503, {}), (503, {})]
    assert await one.token() == "first"
    now[0] = 1101
    with pytest.raises(Deferred):
        await one.token()
    assert await one.token() == "access-1"


async def test_a_dead_grant_is_told_without_asking_again(
    server: TokenServer, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    one = keeper(server, session, Vault(TokenSet("first", 0, "refresh-0")), [1000.0])
    server.answers = [(400, {"error": "invalid_grant", "error_codes": [50173]})]
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            with pytest.raises(DeadGrant, match="password of the account was changed"):
                await one.token()
    assert len(server.forms) == 1
    assert "refresh-0" not in caplog.text


async def test_what_another_process_refreshed_is_taken_over(
    server: TokenServer, session: aiohttp.ClientSession
) -> None:
    now = [1000.0]
    vault = Vault(TokenSet("first", 0, "refresh-0"))
    one, two = keeper(server, session, vault, now), keeper(server, session, vault, now)
    assert await one.token() == await two.token() == "access-1"
    assert len(server.forms) == 1


@pytest.mark.parametrize(
    ("days", "words"),
    [(30, None), (21, "in 21 days"), (1, "tomorrow"), (0, "today"), (-3, "has expired on 2026")],
)
def test_an_expiring_client_secret_is_warned_of(days: int, words: str | None) -> None:
    today = date(2026, 11, 22)
    warning = secret_warning(today + datetime.timedelta(days=days), today)
    assert (warning is None) == (words is None)
    assert words is None or words in (warning or "")
    assert secret_warning(None, today) is None


def _verified(token: str, key: rsa.RSAPrivateKey) -> tuple[dict[str, str], dict[str, object]]:
    head, claims, signature = token.split(".")
    key.public_key().verify(
        _decode(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    return json.loads(_decode(head)), json.loads(_decode(claims))


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def _at_once(_: float) -> None:
    return None
