"""The sign-in that is begun in Slack: the callback, and the pasted address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.wires.browser_sign_in import BrowserSignIns
from handlers.channels.connection_settings import OAuthChoice, oauth_of
from mail.errors import DeadGrant
from tests.app.harness import Harness
from tests.connections.token_server import TokenServer, running_token_server

PUBLIC = "https://canal.acme.example/"


class World:
    def __init__(self, canal: Harness, tokens: TokenServer) -> None:
        self.canal = canal
        self.tokens = tokens

    @property
    def sign_ins(self) -> BrowserSignIns:
        canal = self.canal.canal
        return canal.wires.browser_sign_ins(canal.parts.context, canal.channels)

    async def begin(self) -> dict[str, str]:
        """What the provider is told in the address that the person is sent to."""
        begun = await self.sign_ins.begin("Support", "microsoft")
        assert begun.by_callback
        query = {key: values[0] for key, values in parse_qs(urlsplit(begun.url).query).items()}
        self.tokens.challenge = query["code_challenge"]
        return query

    async def call_back(self, query: str, language: str = "en") -> tuple[int, str]:
        url = f"http://{self.canal.canal.http.address}/oauth/callback?{query}"
        headers = {"Accept-Language": language}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(url) as answer,
        ):
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            return answer.status, await answer.text()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        tokens = await stack.enter_async_context(running_token_server())
        canal = Harness(
            tmp_path,
            env={
                "CANAL_MICROSOFT_CLIENT_ID": "ms-client",
                "CANAL_MICROSOFT_LOGIN_URL": tokens.url,
                "CANAL_PUBLIC_URL": PUBLIC,
            },
        )
        stack.push_async_callback(canal.stop)
        await canal.start()
        wanted = OAuthChoice("microsoft", use="graph", held_by="out").to_json()
        await canal.add_channel(outgoing="office365", outgoing_settings={"oauth": wanted})
        yield World(canal, tokens)


async def test_the_callback_signs_the_channel_in(world: World) -> None:
    query = await world.begin()
    assert query["redirect_uri"] == f"{PUBLIC}oauth/callback"
    status, page = await world.call_back(f"state={query['state']}&code=abc")
    assert status == 200
    assert "Support: signed in for sending." in page
    kept = await world.canal.canal.channels.open_connection("Support", "out")
    choice = oauth_of(kept.settings)
    assert choice is not None
    assert choice.account == "jo@contoso.example"
    assert "access-1" in kept.secret["oauth"]["tokens"]
    assert "access-1" not in page


async def test_it_may_be_finished_after_a_restart_and_only_once(world: World) -> None:
    query = await world.begin()
    await world.canal.stop_canal()
    await world.canal.start_canal()
    answer = f"state={query['state']}&code=abc"
    assert (await world.call_back(answer))[0] == 200
    status, page = await world.call_back(answer)
    assert status == 400
    assert "finished already" in page


async def test_a_stranger_s_callback_changes_nothing(world: World) -> None:
    await world.begin()
    status, _ = await world.call_back("state=guessed&code=abc")
    assert status == 400
    status, _ = await world.call_back("code=abc")
    assert status == 400
    assert world.tokens.forms == []


async def test_a_person_who_declines_is_told_and_the_page_repeats_no_html(world: World) -> None:
    query = await world.begin()
    status, page = await world.call_back(
        f"state={query['state']}&error=access_denied&error_description=<script>x</script>"
    )
    assert status == 400
    assert "declined" in page
    assert "<script>" not in page


async def test_the_pasted_address_finishes_it_as_well(world: World) -> None:
    query = await world.begin()
    done = await world.sign_ins.finish(f"http://localhost/?state={query['state']}&code=abc")
    assert done.channel_name == "Support"
    assert done.account == "jo@contoso.example"
    with pytest.raises(DeadGrant):
        await world.sign_ins.finish("http://localhost/?code=abc")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", 'lang="pt-BR"'),
        ("de-DE, pt-PT;q=0.5", 'lang="pt"'),
        ("de-DE", 'lang="en"'),
        ("", 'lang="en"'),
    ],
)
async def test_the_page_speaks_the_browsers_language(
    world: World, language: str, words: str
) -> None:
    _, page = await world.call_back("state=guessed", language)
    assert words in page


async def test_a_sign_in_that_the_channel_no_longer_wants_ends_in_a_sentence(world: World) -> None:
    query = await world.begin()
    await world.canal.edit_channel(outgoing="internal")
    status, page = await world.call_back(f"state={query['state']}&code=abc", "pt-BR")
    assert status == 400
    assert "não tem conexão que faça login em microsoft" in page
