"""Signing in with OAuth2 from the command line, and what a running Canal does with the tokens."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from handlers.channels.connection_settings import OAuthChoice
from mail.oauth.tokens import TokenSet
from tests.app.harness import Harness
from tests.app.mailboxes import MailHost, make_mail, running_mail_host
from tests.app.process import ROOT, clean_env, run_cli
from tests.connections.graph_server import GraphServer, running_graph
from tests.connections.token_server import TokenServer, running_token_server

pytestmark = [pytest.mark.dovecot, pytest.mark.postfix]
DEVICE = {
    "device_code": "DEV",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://microsoft.com/devicelogin",
    "expires_in": 900,
    "interval": 0,
}


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with running_mail_host() as found:
        yield found


class World:
    """A running Canal, a token endpoint and a Graph, and `canal` as a command beside it."""

    def __init__(self, canal: Harness, tokens: TokenServer, graph: GraphServer) -> None:
        self.canal = canal
        self.tokens = tokens
        self.graph = graph

    async def run(self, *words: str, stdin: bytes | None = None) -> str:
        status, out, err = await run_cli(self.canal.environment(), *words, stdin=stdin)
        assert status == 0, out + err
        return out

    async def wait_watched(self) -> None:
        await self.until(lambda record: bool(record.cursor))

    async def until(
        self, true: Callable[[Any], bool], direction: str = "in", seconds: float = 20
    ) -> None:
        async with asyncio.timeout(seconds):
            while not true((await self.canal.canal.channels.show("Support")).connection(direction)):
                await asyncio.sleep(0.02)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        tokens = await stack.enter_async_context(running_token_server())
        graph = await stack.enter_async_context(running_graph())
        canal = Harness(
            tmp_path,
            env={
                "CANAL_MICROSOFT_CLIENT_ID": "ms-client",
                "CANAL_MICROSOFT_LOGIN_URL": tokens.url,
                "CANAL_MICROSOFT_GRAPH_URL": f"{graph.url}/v1.0/",
                "CANAL_GOOGLE_CLIENT_ID": "google-client",
                "CANAL_GOOGLE_CLIENT_SECRET": "google-secret",
                "CANAL_GOOGLE_TOKEN_URL": tokens.url,
                "CANAL_GOOGLE_AUTH_URL": "https://accounts.google.com/o/oauth2/v2/",
            },
        )
        stack.push_async_callback(canal.stop)
        await canal.start()
        yield World(canal, tokens, graph)


def waiting(host: MailHost, user: str, **changes: Any) -> dict[str, Any]:
    """A channel at the host that nobody has signed in to yet."""
    wanted = OAuthChoice("google").to_json()
    return host.channel(
        user,
        incoming_settings=host.incoming(user, oauth=wanted),
        incoming_secret={},
        outgoing_settings=host.outgoing(user, oauth=wanted),
        outgoing_secret={},
        **changes,
    )


async def test_a_pasted_address_signs_in_and_mail_goes_both_ways(
    world: World, host: MailHost
) -> None:
    user, customer = host.new_user(), host.new_user()
    await world.canal.add_channel(**waiting(host, user))
    host.dovecot.oauth.tokens["access-1"] = user
    login = await start(world, "channels", "login", "Support", "--provider", "google")
    url = await read_url(login)
    query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    assert query["client_id"] == "google-client"
    assert query["access_type"] == "offline"
    world.tokens.challenge = query["code_challenge"]
    out, err = await login.communicate(
        f"http://localhost/?state={query['state']}&code=4/abc\n".encode()
    )
    told = (out + err).decode()
    assert login.returncode == 0, told
    assert "Signed in as jo@contoso.example for receiving and sending." in told
    assert "✔ In:" in told
    assert "✔ Out:" in told
    assert "access-1" not in told
    assert "google-secret" not in told
    await world.wait_watched()
    host.dovecot.deliver(user, make_mail("By token", to=user, sender=f"Jo <{customer}>"))
    card = await world.canal.ticket()
    await world.canal.say(card, "Answered by token.")
    [raw] = await asyncio.to_thread(host.postfix.wait_for_mails, customer)
    assert b"Answered by token." in raw


async def test_tokens_are_refreshed_and_rotated_ones_are_kept(world: World, host: MailHost) -> None:
    user = host.new_user()
    await world.canal.add_channel(**waiting(host, user))
    host.dovecot.oauth.tokens["access-1"] = user
    await sign_in(world, expires_in=-10.0)
    await world.wait_watched()
    stored = await world.canal.canal.channels.open_connection("Support", "in")
    kept = TokenSet.from_json(stored.secret["oauth"]["tokens"])
    assert (kept.access, kept.refresh) == ("access-1", "refresh-1")
    assert world.tokens.forms[-1]["refresh_token"] == "first-refresh"


async def test_a_dead_grant_is_told_with_what_to_do(world: World, host: MailHost) -> None:
    user = host.new_user()
    await world.canal.add_channel(**waiting(host, user))
    world.tokens.answers += [(400, {"error": "invalid_grant"})] * 3
    await sign_in(world, expires_in=-10.0)
    await world.until(lambda record: record.told_at is not None)
    sandbox = world.canal.sandbox
    await sandbox.wait_for(lambda: any("Connect again" in one for one in direct_messages(world)))
    assert len(direct_messages(world)) == 1


async def test_office_365_sends_through_graph(world: World, host: MailHost) -> None:
    await world.canal.add_channel(
        outgoing="office365",
        outgoing_settings={"oauth": OAuthChoice("microsoft", use="graph").to_json()},
    )
    world.graph.token = "access-1"
    world.tokens.answers.append((200, DEVICE))
    out = await world.run("channels", "login", "Support", "--provider", "microsoft", "--device")
    assert "open https://microsoft.com/devicelogin and enter ABCD-EFGH" in out
    assert "✔ Out: Microsoft 365 (Graph) lets Canal in." in out
    assert "https://graph.microsoft.com/Mail.Send" in world.tokens.forms[0]["scope"]
    await world.canal.write("Hello there")
    card = await world.canal.ticket()
    ts = await world.canal.say(card, "Sent by Graph.")
    await world.canal.wait_reaction(ts, "white_check_mark")
    mail = world.graph.mail()
    assert mail["To"] == "Jo Miller <jo@cust.example>"
    assert not world.canal.catcher.mails


async def test_graph_that_asks_to_wait_is_asked_later(world: World) -> None:
    await world.canal.add_channel(
        outgoing="office365",
        outgoing_settings={"oauth": OAuthChoice("microsoft", use="graph").to_json()},
    )
    await sign_in(world, access="good", provider="microsoft", use="graph", held_by="out")
    world.graph.answers.append((429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "1"}))
    await world.canal.write("Hello there")
    card = await world.canal.ticket()
    ts = await world.canal.say(card, "Patience.")
    await world.canal.wait_reaction(ts, "white_check_mark")
    assert len(world.graph.sent) == 1


async def test_app_only_access_needs_no_person(world: World, tmp_path: Path) -> None:
    await world.canal.add_channel(outgoing="office365", outgoing_settings={})
    world.graph.token = "access-1"
    secret = tmp_path / "secret"
    secret.write_text("app-secret\n")
    out = await world.run(
        "channels", "login", "Support", "--provider", "microsoft", "--app-only",
        "--tenant", "acme.example", "--client-secret-file", str(secret),
    )  # fmt: skip
    assert "app-secret" not in out
    assert world.tokens.forms[0]["client_secret"] == "app-secret"
    assert world.tokens.paths[0].startswith("/acme.example/")
    await world.canal.write("Hello there")
    card = await world.canal.ticket()
    await world.canal.say(card, "As the app.")
    await world.canal.sandbox.wait_for(lambda: bool(world.graph.sent))
    assert any(one.endswith(f"/users/{OURS}/sendMail") for one in world.graph.seen)


OURS = "support@acme.example"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "authorization_declined"}, "declined"),
        (
            {"error": "invalid_client", "error_description": "AADSTS7000222: expired"},
            "client secret of the app registration has expired",
        ),
    ],
)
async def test_a_sign_in_that_is_refused_says_why(
    world: World, answer: dict[str, str], words: str
) -> None:
    await world.canal.add_channel(outgoing="office365", outgoing_settings={})
    world.tokens.answers += [(200, DEVICE), (400, answer)]
    status, out, err = await run_cli(
        world.canal.environment(), "channels", "login", "Support", "--provider", "microsoft"
    )
    assert status == 2, out
    assert words in err
    assert "Traceback" not in err


async def sign_in(
    world: World,
    *,
    access: str = "stale",
    expires_in: float = 3600.0,
    provider: str = "google",
    use: str = "mail",
    held_by: str = "in",
) -> None:
    """As `login` leaves it."""
    choice = OAuthChoice(provider, use=use, held_by=held_by, granted_at="2026-11-22T10:00:00")
    tokens = TokenSet(access, time.time() + expires_in, "first-refresh")
    directions = ("out",) if use == "graph" else ("in", "out")
    await world.canal.canal.channels.save_grant(
        "Support", choice, {"tokens": tokens.to_json()}, directions
    )
    await world.canal.canal.mailboxes.sync()


def direct_messages(world: World) -> list[str]:
    calls = world.canal.sandbox.calls
    sent = [dict(args) for method, args in calls if method == "chat.postMessage"]
    return [str(one["text"]) for one in sent if "does not get" in str(one.get("text"))]


async def start(world: World, *words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=ROOT,
        env=clean_env(world.canal.environment()), stdin=PIPE, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip


async def read_url(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while line := (await process.stdout.readline()).decode().strip():
            if line.startswith(("https://", "http://")):
                return line
    raise AssertionError("no address was printed")


async def test_where_a_rule_blocks_codes_the_command_goes_on_by_browser(world: World) -> None:
    wanted = OAuthChoice("microsoft", use="graph", held_by="out").to_json()
    await world.canal.add_channel(outgoing="office365", outgoing_settings={"oauth": wanted})
    blocked = {"error": "access_denied", "error_codes": [53003]}
    world.tokens.answers = [(200, DEVICE), (400, blocked)]
    login = await start(world, "channels", "login", "Support", "--provider", "microsoft")
    url = await read_url(login)
    query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    world.tokens.challenge = query["code_challenge"]
    out, err = await login.communicate(
        f"http://localhost/?state={query['state']}&code=x\n".encode()
    )
    assert login.returncode == 0, out + err
    assert "Signed in as jo@contoso.example for sending." in out.decode()
