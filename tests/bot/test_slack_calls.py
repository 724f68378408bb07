"""What an answer of Slack's, or of what stands in between, makes of a call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import SlackCalls
from handlers.errors import (
    ChatClosed,
    ChatError,
    ChatRateLimited,
    ChatRefused,
    ChatUnavailable,
    ChatUncertain,
)

Answer = Callable[[], web.Response]


class Scripted:
    """Gives each call the same answer."""

    def __init__(self) -> None:
        self.answer: Answer = web.Response
        self.url = ""

    async def handle(self, _request: web.Request) -> web.Response:
        return self.answer()


@pytest.fixture
async def slack() -> AsyncIterator[Scripted]:
    scripted = Scripted()
    app = web.Application()
    app.router.add_post("/api/{method}", scripted.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    scripted.url = f"http://{host}:{port}/api/"
    try:
        yield scripted
    finally:
        await runner.cleanup()


async def failure_of(slack: Scripted, answer: Answer) -> ChatError:
    slack.answer = answer
    calls = SlackCalls(AsyncWebClient(token="xoxb-1", base_url=slack.url))
    try:
        with pytest.raises(ChatError) as raised:
            await calls.call("chat.postMessage", {"channel": "C1"})
    finally:
        await calls.close()
    return raised.value


def refused(code: str) -> Answer:
    return lambda: web.json_response({"ok": False, "error": code})


@pytest.mark.parametrize(
    "answer",
    [
        refused("internal_error"),
        refused("fatal_error"),
        refused("service_unavailable"),
        lambda: web.json_response({"message": "try again"}),
        lambda: web.json_response({"ok": False}),
        lambda: web.json_response({"ok": None, "error": None}),
        lambda: web.json_response([]),
        lambda: web.Response(text="<html>", content_type="text/html"),
        lambda: web.Response(text=""),
        lambda: web.Response(text="<html>", content_type="text/html", status=403),
        lambda: web.Response(text='{"ok": false, "error": "x"}', status=503),
    ],
)
async def test_an_answer_that_leaves_it_open_is_looked_into(
    slack: Scripted, answer: Answer
) -> None:
    assert isinstance(await failure_of(slack, answer), ChatUncertain)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("is_inactive", ChatClosed),
        ("restricted_action_thread_locked", ChatClosed),
        ("message_limit_exceeded", ChatUnavailable),
        ("ratelimited", ChatRateLimited),
        ("brand_new_error", ChatRefused),
    ],
)
async def test_a_code_says_what_to_do(slack: Scripted, code: str, kind: type[ChatError]) -> None:
    assert type(await failure_of(slack, refused(code))) is kind


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7), ("nan", 1), ("inf", 3600), ("-5", 0.1), ("soon", 1), (None, 1), ("9" * 40, 3600)],
)
async def test_any_retry_after_is_a_sensible_time(
    slack: Scripted, told: str | None, seconds: float
) -> None:
    headers = {"Retry-After": told} if told else {}
    failed = await failure_of(slack, lambda: web.Response(status=429, headers=headers))
    assert isinstance(failed, ChatRateLimited)
    assert failed.retry_after == seconds
