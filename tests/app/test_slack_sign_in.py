"""Signing in at Microsoft or Google inside Slack: link, code, pasted address, reconnect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.channel_view import channel_to_json
from bot.wires.sign_in_steps import Watcher
from handlers.channels.connection_settings import OAuthChoice, oauth_of
from handlers.channels.secret_expiry import warn_of_expiring_secrets
from mail.oauth.tokens import TokenSet
from tests.app.harness import Harness, Json, words_of
from tests.connections.token_server import TokenServer, running_token_server
from tests.servers.ports import free_port

CODE: dict[str, Any] = {
    "device_code": "DEV-SECRET",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://microsoft.com/devicelogin",
    "expires_in": 900,
    "interval": 0,
}


class World:
    def __init__(self, canal: Harness, tokens: TokenServer) -> None:
        self.canal = canal
        self.tokens = tokens

    async def wait_saying(self, words: str) -> Json:
        """The admin's view, once it says so."""
        await self.canal.sandbox.wait_for(lambda: words in words_of(self.top()), timeout=30)
        return self.top()

    def top(self) -> Json:
        return (self.canal.sandbox.open_views(self.canal.rui) or [{}])[-1]

    async def click(self, action: str) -> None:
        view_id = self.top()["id"]
        await self.canal.sandbox.click_view(self.canal.rui, view_id, action)

    async def add_in_slack(self) -> Json:
        """A channel that sends through Office 365, up to the view that says it is saved."""
        canal = self.canal
        await canal.sandbox.command(canal.rui, canal.support, "/canal", "add")
        await canal.sandbox.click_view(
            canal.rui, self.top()["id"], "outgoing", selected="office365"
        )
        values = {"name": "Sales", "primary": "sales@contoso.example"}
        await canal.sandbox.submit_view(canal.rui, self.top()["id"], values)
        saved = await self.wait_saying("One step is left: signing in at Microsoft")
        assert "Sales is saved." in words_of(saved)
        assert "is connected" not in words_of(saved), "no mail gets in or out yet"
        return saved

    def follow(self, view: Json) -> dict[str, str]:
        """What the provider is told in the link of the view."""
        url = link_of(view)
        query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        self.tokens.challenge = query["code_challenge"]
        return query

    async def account(self, name: str, direction: str) -> str:
        kept = await self.canal.canal.channels.open_connection(name, direction)
        choice = oauth_of(kept.settings)
        assert choice is not None
        return choice.account if choice.granted_at else ""


def link_of(view: Json) -> str:
    elements = [one for block in view["blocks"] for one in block.get("elements", [])]
    return str(next(one["url"] for one in elements if one.get("action_id") == "sign_in_open"))


@asynccontextmanager
async def running_world(folder: Path, **env: str) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        tokens = await stack.enter_async_context(running_token_server())
        known = {
            "CANAL_MICROSOFT_CLIENT_ID": "ms-client",
            "CANAL_MICROSOFT_LOGIN_URL": tokens.url,
            "CANAL_GOOGLE_CLIENT_ID": "google-client",
            "CANAL_GOOGLE_CLIENT_SECRET": "google-secret",
            "CANAL_GOOGLE_TOKEN_URL": tokens.url,
        }
        canal = Harness(folder, env={**known, **env})
        stack.push_async_callback(canal.stop)
        await canal.start()
        yield World(canal, tokens)


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[World]:
    """A Canal that browsers reach."""
    async with running_world(tmp_path, CANAL_PUBLIC_URL="https://canal.acme.example") as world:
        yield world


@pytest.fixture
async def hidden(tmp_path: Path) -> AsyncIterator[World]:
    """A Canal behind a firewall, as with Socket Mode."""
    async with running_world(tmp_path) as world:
        yield world


async def test_the_link_leads_to_canals_callback_and_the_window_tells_the_end(
    public: World,
) -> None:
    await public.add_in_slack()
    await public.click("sign_in_start")
    view = await public.wait_saying("This window tells you when it is done")
    query = public.follow(view)
    assert query["redirect_uri"] == "https://canal.acme.example/oauth/callback"
    assert query["login_hint"] == "sales@contoso.example"
    assert "answer" not in [block.get("block_id") for block in view["blocks"]]
    host = public.canal.canal.http.address
    url = f"http://{host}/oauth/callback?state={query['state']}&code=abc"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
    view = await public.wait_saying("is signed in for sending")
    assert "✔ Out: Microsoft 365 (Graph) lets Canal in." in words_of(view)
    assert "jo@contoso.example must have access to it" in words_of(view)
    assert await public.account("Sales", "out") == "jo@contoso.example"
    assert "access-1" not in str(public.canal.sandbox.calls)


async def test_a_declined_callback_shows_why_and_can_be_tried_again(public: World) -> None:
    await public.add_in_slack()
    await public.click("sign_in_start")
    query = public.follow(await public.wait_saying("This window tells you when it is done"))
    host = public.canal.canal.http.address
    url = f"http://{host}/oauth/callback?state={query['state']}&error=access_denied"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 400
    await public.wait_saying("declined")
    await public.click("sign_in_start")
    again = public.follow(await public.wait_saying("This window tells you when it is done"))
    assert again["state"] != query["state"]


async def test_without_a_public_address_microsoft_is_asked_for_a_code(hidden: World) -> None:
    pending = (400, {"error": "authorization_pending"})
    hidden.tokens.answers = [(200, CODE), pending, pending]
    await hidden.add_in_slack()
    await hidden.click("sign_in_start")
    view = await hidden.wait_saying("is signed in for sending")
    shown = str(hidden.canal.sandbox.calls)
    assert "ABCD-EFGH" in shown
    assert "https://microsoft.com/devicelogin" in shown
    assert "✔ Out: Microsoft 365 (Graph) lets Canal in." in words_of(view)


async def test_a_code_that_is_entered_while_canal_restarts_signs_in_all_the_same(
    hidden: World,
) -> None:
    canal = hidden.canal
    hidden.tokens.device = {**CODE, "interval": 0.05}
    hidden.tokens.entered = False
    await hidden.add_in_slack()
    await hidden.click("sign_in_start")
    await hidden.wait_saying("ABCD-EFGH")
    await canal.stop_canal()
    files = [path.read_bytes() for path in (canal.folder / "data").glob("*.db*")]
    assert files
    assert not any(b"DEV-SECRET" in one for one in files)
    hidden.tokens.entered = True
    asked = len(hidden.tokens.forms)
    await canal.start_canal()
    view = await hidden.wait_saying("is signed in for sending")
    assert "✔ Out: Microsoft 365 (Graph) lets Canal in." in words_of(view)
    assert hidden.tokens.forms[asked]["device_code"] == "DEV-SECRET"
    assert await hidden.account("Sales", "out") == "jo@contoso.example"


async def test_a_new_code_takes_the_place_of_the_one_that_nobody_entered(hidden: World) -> None:
    hidden.tokens.entered = False
    hidden.tokens.device = {**CODE, "interval": 0.05, "device_code": "OLD"}
    await hidden.add_in_slack()
    await hidden.click("sign_in_start")
    await hidden.wait_saying("ABCD-EFGH")
    hidden.tokens.device = {**CODE, "interval": 0.05, "user_code": "IJKL-MNOP"}
    watcher = Watcher(hidden.canal.rui, hidden.top()["id"])
    begun = await hidden.canal.canal.services.codes.begin("Sales", "microsoft", watcher)
    assert begun.user_code == "IJKL-MNOP"
    hidden.tokens.forms.clear()
    hidden.tokens.entered = True
    await hidden.wait_saying("is signed in for sending")
    asked = [one for one in hidden.tokens.forms if "device_code" in one]
    assert asked[-1]["device_code"] == "DEV-SECRET"


async def test_a_rule_against_codes_leads_on_to_the_browser(hidden: World) -> None:
    blocked = {"error": "access_denied", "error_codes": [530036]}
    hidden.tokens.answers = [(200, CODE), (400, blocked)]
    await hidden.add_in_slack()
    await hidden.click("sign_in_start")
    view = await hidden.wait_saying("blocks sign-in by code")
    query = hidden.follow(view)
    assert query["redirect_uri"] == "http://localhost"
    rui, sandbox = hidden.canal.rui, hidden.canal.sandbox
    wrong = await sandbox.submit_view(rui, view["id"], {"answer": "http://localhost/?code=abc"})
    assert "not the address of this sign-in" in wrong["errors"]["answer"]
    address = f"http://localhost/?code=abc&state={query['state']}"
    await sandbox.submit_view(rui, view["id"], {"answer": address})
    await hidden.wait_saying("is signed in for sending")
    assert await hidden.account("Sales", "out") == "jo@contoso.example"


async def test_a_dead_grant_is_told_with_a_button_that_reconnects(hidden: World) -> None:
    canal = hidden.canal
    hidden.tokens.answers = [(400, {"error": "invalid_grant"})] * 50
    choice = OAuthChoice("google", granted_at="2026-01-01T00:00:00+00:00", account="a@b.example")
    settings = {"host": "127.0.0.1", "port": free_port(), "security": "none", "user": "a@b.example"}
    old = TokenSet("access-0", 0.0, refresh="refresh-0")
    await canal.add_channel(
        incoming="imap",
        incoming_settings={**settings, "oauth": choice.to_json()},
        incoming_secret={"oauth": {"tokens": old.to_json()}},
    )

    def notices() -> list[tuple[str, Json]]:
        places = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
        return [
            (place, one)
            for place in places
            for one in canal.sandbox.messages(place)
            if "has ended or was taken back" in words_of(one)
        ]

    await canal.sandbox.wait_for(lambda: bool(notices()), timeout=30)
    hidden.tokens.answers.clear()
    place, message = notices()[0]
    await canal.sandbox.click(canal.rui, place, message["ts"], "channel_reconnect")
    view = await hidden.wait_saying("Address that the browser ended at")
    query = hidden.follow(view)
    assert query["client_id"] == "google-client"
    address = f"http://localhost/?code=abc&state={query['state']}"
    await canal.sandbox.submit_view(canal.rui, view["id"], {"answer": address})

    view = await hidden.wait_saying("is signed in for receiving")
    assert "❌ In: 127.0.0.1" in words_of(view), "no server is there, and that is said as well"
    assert await hidden.account("Support", "in") == "jo@contoso.example"
    assert len(notices()) == 1


async def test_one_sign_in_at_google_serves_receiving_and_sending(public: World) -> None:
    canal, rui = public.canal, public.canal.rui
    await canal.sandbox.command(rui, canal.support, "/canal", "add")
    await canal.sandbox.click_view(rui, public.top()["id"], "incoming", selected="imap")
    await canal.sandbox.click_view(rui, public.top()["id"], "outgoing", selected="smtp")
    values = {"name": "Sales", "imap_user": "sales@gmail.com"}
    await canal.sandbox.submit_view(rui, public.top()["id"], values)
    saved = await public.wait_saying("One step is left: signing in at Google")
    assert "imap.gmail.com, port 993, TLS" in words_of(saved)
    await public.click("sign_in_start")
    view = await public.wait_saying("Sign in at Google for receiving and sending of *Sales*")
    query = public.follow(view)
    assert query["scope"].startswith("https://mail.google.com/")
    assert query["login_hint"] == "sales@gmail.com"
    await canal.sandbox.command(rui, canal.support, "/canal", "list")
    listed = canal.sandbox.ephemerals(rui)[-1]
    assert "Sign in at Google" in words_of(listed), "whoever closed the window finds it there"


async def test_an_app_that_is_not_set_up_is_entered_in_slack(tmp_path: Path) -> None:
    async with running_world(tmp_path, CANAL_MICROSOFT_CLIENT_ID="") as world:
        canal, rui = world.canal, world.canal.rui
        await world.add_in_slack()
        await world.click("sign_in_start")
        asked = await world.wait_saying("Canal signs in at Microsoft as an app of yours")
        assert "Redirect address to register: `http://localhost`" in words_of(asked)
        wrong = {"client_id": "an id", "client_secret": "s3crét", "tenant": ""}
        answer = await canal.sandbox.submit_view(rui, asked["id"], wrong)
        assert set(answer["errors"]) == {"client_id", "client_secret"}
        world.tokens.answers = [(401, {"error": "invalid_client", "error_codes": [7000215]})]
        app = {"client_id": "own-client", "client_secret": "0ther-secret", "tenant": "acme.example"}
        await canal.sandbox.submit_view(rui, asked["id"], app)
        await world.wait_saying("The client secret is wrong")
        await world.click("sign_in_app")
        asked = await world.wait_saying("Canal signs in at Microsoft as an app of yours")
        assert "own-client" not in str(asked)
        world.tokens.device = {**CODE, "interval": 0.05}
        app["client_secret"] = "own-secret"
        await canal.sandbox.submit_view(rui, asked["id"], app)
        await world.wait_saying("is signed in for sending")
        assert world.tokens.forms[-1]["client_id"] == "own-client"
        assert world.tokens.forms[-1]["client_secret"] == "own-secret"
        assert world.tokens.paths[-1] == "/acme.example/oauth2/v2.0/token"
        assert await world.account("Sales", "out") == "jo@contoso.example"
        shown = str(canal.sandbox.calls) + str(
            channel_to_json(await canal.canal.channels.show("Sales"))
        )
        assert "own-secret" not in shown
        files = [path.read_bytes() for path in (canal.folder / "data").glob("*.db*")]
        assert not any(b"own-secret" in one for one in files)


async def test_yandex_signs_in_by_browser_as_an_app_of_the_channel(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        yandex = await stack.enter_async_context(running_token_server())
        env = {"CANAL_YANDEX_OAUTH_URL": yandex.url}
        world = await stack.enter_async_context(running_world(tmp_path, **env))
        canal, rui = world.canal, world.canal.rui
        settings = {"host": "127.0.0.1", "port": free_port(), "security": "none", "user": "a@ya.ru"}
        choice = OAuthChoice("yandex").to_json()
        await canal.add_channel(incoming="imap", incoming_settings={**settings, "oauth": choice})
        await canal.sandbox.command(rui, canal.support, "/canal", "list")
        listed = canal.sandbox.ephemerals(rui)[-1]
        await canal.sandbox.click(rui, canal.support, listed["ts"], "sign_in_start")
        asked = await world.wait_saying("Canal signs in at Yandex as an app of yours")
        app = {"client_id": "ya-client", "client_secret": "ya-secret"}
        await canal.sandbox.submit_view(rui, asked["id"], app)
        view = await world.wait_saying("Address that the browser ended at")
        query = world.follow(view)
        assert link_of(view).startswith(f"{yandex.url}/authorize?")
        assert (query["client_id"], query["scope"]) == ("ya-client", "mail:imap_full mail:smtp")
        yandex.answers = [(200, {"access_token": "y0", "refresh_token": "r0", "expires_in": 900})]
        address = f"http://localhost/?code=abc&state={query['state']}"
        await canal.sandbox.submit_view(rui, view["id"], {"answer": address})
        await world.wait_saying("is signed in for receiving")
        assert yandex.paths == ["/token"]
        assert yandex.forms[0]["client_secret"] == "ya-secret"
        assert await world.account("Support", "in") == "a@ya.ru"


async def test_a_client_secret_that_expires_is_told_once_a_step(hidden: World) -> None:
    canal = hidden.canal
    context = canal.canal.parts.context
    day = (context.clock.now() + timedelta(days=6)).date().isoformat()
    choice = OAuthChoice(
        "microsoft", mode="app", use="graph", held_by="out", secret_expires=day,
        granted_at="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    await canal.add_channel(outgoing="office365", outgoing_settings={"oauth": choice.to_json()})
    await warn_of_expiring_secrets(context)
    await warn_of_expiring_secrets(context)

    def told() -> list[str]:
        places = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
        said = [words_of(m) for place in places for m in canal.sandbox.messages(place)]
        return [one for one in said if f"expires on {day}" in one]

    await canal.sandbox.wait_for(lambda: bool(told()), timeout=30)
    await canal.idle()
    assert len(told()) == 1
