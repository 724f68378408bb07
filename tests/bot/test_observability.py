"""Logs without secrets, metrics without people, and health that can be asked for."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
import structlog
from pydantic import SecretStr
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.config.settings import Settings
from bot.config.types import ListenAddress
from bot.http import HttpServer
from bot.metrics import build_metrics
from bot.observability import configure_logging, get_logger
from bot.problems import StartupError
from bot.redaction import Redactor

ANY_PORT = ListenAddress("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("logged", "secret"),
    [
        ("login with xoxb-123-456-AbCdEf failed", "123-456"),
        ("socket xapp-1-A0B-99-deadbeef opened", "deadbeef"),
        ("refresh xoxe.xoxp-1-abcdef", "abcdef"),
        ("GET / Authorization: Bearer ya29.a0Af_Secret", "a0Af"),
        ("AUTH XOAUTH2 dXNlcj1hbmFAYWNtZS5leGFtcGxlAWF1dGg9", "dXNlcj1"),
        ("id_token=eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", "eyJzdWIi"),
        ("smtp://ana:hunter2@relay.example:587 refused", "hunter2"),
        ("smtp://ana:hun@ter2@relay.example refused", "ter2"),
        ("https://x.example/cb?state=hunter2&code=hunter2#top", "hunter2"),
        ("imap_password=hunter2", "hunter2"),
        ('{"client_secret": "hunter2"}', "hunter2"),
        ("mail from jo.doe@customer.example", "jo.doe"),
        ("rcpt <support+12.f00ba4@inbound.example>", "f00ba4"),
        ("from Zoë <zoë.müller@customer.example>", "müller"),
    ],
)
def test_secrets_and_addresses_are_hidden_in_text(logged: str, secret: str) -> None:
    assert secret not in Redactor().text(logged)


@pytest.mark.parametrize(
    "harmless",
    [
        "basic authentication is switched off",
        "the server answered 550 5.1.1, code: 550",
        "https://api.slack.com/methods/chat.postMessage",
        "ticket #12 took 0.3 s",
    ],
)
def test_what_is_no_secret_is_kept(harmless: str) -> None:
    assert Redactor().text(harmless) == harmless


def test_an_address_keeps_what_tells_two_apart_or_all_of_it() -> None:
    assert Redactor().text("to jo.doe@acme.example.") == "to j…@acme.example."
    assert Redactor(mask_addresses=False).text("to jo@acme.example") == "to jo@acme.example"


def test_a_secret_that_the_cut_goes_through_stays_hidden() -> None:
    text = "x" * 1990 + " smtp://ana:hunter2hunter2@relay.example"
    assert "hunter" not in Redactor().text(text)


def test_one_line_stays_one_line_and_shows_what_was_in_it() -> None:
    shown = Redactor().text("subject\r\n2026-01-01 admin logged in \x1b[2J\u202e")
    assert shown == "subject\\r\\n2026-01-01 admin logged in \\x1b[2J\\u202e"


def test_keys_that_hold_secrets_or_mail_are_hidden_at_any_depth() -> None:
    event = {
        "event": "posted",
        "ticket": 12,
        "smtp_password": "hunter2",
        "connection": {"host": "h", "access_token": "hunter2", "deep": [{"body": "hunter2"}]},
        "text": "hunter2",
        "raw": b"hunter2",
        "key_set": SecretStr("hunter2"),
        "blob": b"hunter2",
        "path": Path("/srv/canal"),
    }
    redacted = Redactor().event(event)
    assert "hunter2" not in repr(redacted)
    assert redacted["ticket"] == 12
    assert redacted["text"] == "[hidden: 7]"
    assert redacted["path"] == "/srv/canal"
    assert redacted["connection"]["host"] == "h"


def test_of_an_unknown_object_only_its_type_is_shown() -> None:
    @dataclass
    class Mail:
        visible: str = "hunter2"

    assert Redactor().event({"it": Mail()}) == {"it": "<Mail>"}


def test_nesting_without_end_is_cut() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert "…" in repr(Redactor().event({"loop": endless}))


HOSTILE = (
    "a",
    "a@",
    "://",
    "xox",
    "password ",
    "eyJ.",
    "://a:",
    "bearer ",
    "token:",
    "a.@[",
    "&code=",
)


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_text_is_redacted_in_bounded_time(part: str) -> None:
    start = time.perf_counter()
    Redactor().traceback(part * (10**6 // len(part)))
    assert time.perf_counter() - start < 1


@pytest.fixture
def untouched_logging() -> Iterator[None]:
    """Puts the global state of logging back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def log_to(stream: io.StringIO, log_format: Literal["json", "console", "auto"] = "json") -> None:
    configure_logging(Settings(log_format=log_format), stream)


@pytest.mark.usefixtures("untouched_logging")
def test_both_kinds_of_loggers_write_the_same_json() -> None:
    stream = io.StringIO()
    log_to(stream)
    get_logger("bot.app").info("posted", ticket=12, to="jo@acme.example")
    logging.getLogger("mail.smtp_server").warning("refused %s", "jo@acme.example", extra={"n": 1})
    ours, theirs = map(json.loads, stream.getvalue().splitlines())
    assert (ours["event"], ours["ticket"], ours["to"]) == ("posted", 12, "j…@acme.example")
    assert (ours["level"], ours["logger"]) == ("info", "bot.app")
    assert (theirs["event"], theirs["n"]) == ("refused j…@acme.example", 1)
    assert theirs["level"] == "warning"
    assert ours["timestamp"].endswith("Z")


@pytest.mark.usefixtures("untouched_logging")
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_is_logged_without_its_secrets(log_format: Literal["json", "console"]) -> None:
    stream = io.StringIO()
    log_to(stream, log_format)
    hidden = "hunter2"
    try:
        raise ValueError(f"cannot reach smtp://ana:{hidden}@relay.example")
    except ValueError:
        get_logger("bot").exception("broke")
        logging.getLogger("mail").exception("broke")
    assert stream.getvalue().count("Traceback (most recent call last)") == 2
    assert stream.getvalue().count("ValueError: cannot reach smtp://…@relay.example") == 2
    assert hidden not in stream.getvalue()


@pytest.mark.usefixtures("untouched_logging")
def test_libraries_do_not_print_requests_even_on_debug() -> None:
    stream = io.StringIO()
    configure_logging(Settings(log_level="debug", log_format="json"), stream)
    logging.getLogger("slack_sdk.web.async_client").debug("Sending a request")
    get_logger("bot").debug("ours")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["ours"]


@pytest.mark.usefixtures("untouched_logging")
def test_a_stream_that_is_no_terminal_gets_json_by_itself() -> None:
    stream = io.StringIO()
    log_to(stream, "auto")
    get_logger("bot").info("started")
    assert json.loads(stream.getvalue())["event"] == "started"


@pytest.fixture
async def http() -> AsyncIterator[HttpServer]:
    server = HttpServer(build_metrics())
    yield server
    await server.stop()


async def get(server: HttpServer, path: str) -> tuple[int, str]:
    assert server.address is not None
    async with aiohttp.ClientSession() as session:
        url = f"http://{server.address}{path}"
        async with session.get(url) as answer:
            return answer.status, await answer.text()


async def test_a_living_process_says_so(http: HttpServer) -> None:
    await http.start(ANY_PORT)
    assert await get(http, "/healthz") == (200, "ok\n")


async def test_readiness_names_what_is_not_ready() -> None:
    async def fine() -> None:
        return None

    async def not_yet() -> str:
        return "Slack is not connected."

    async def broken() -> None:
        raise RuntimeError("hunter2")

    async def hanging() -> None:
        await asyncio.Event().wait()

    checks = {"database": fine, "slack": not_yet, "smtp": broken, "imap": hanging}
    server = HttpServer(build_metrics(), checks, check_seconds=0.05)
    await server.start(ANY_PORT)
    status, body = await get(server, "/readyz")
    await server.stop()
    assert status == 503
    told = json.loads(body)["checks"]
    assert told["database"] == "ok"
    assert told["slack"] == "Slack is not connected."
    assert "failed" in told["smtp"]
    assert "within" in told["imap"]
    assert "hunter2" not in body


async def test_without_a_problem_it_is_ready(http: HttpServer) -> None:
    await http.start(ANY_PORT)
    assert (await get(http, "/readyz"))[0] == 200


async def test_metrics_can_be_read(http: HttpServer) -> None:
    metrics = build_metrics()
    metrics.mails_accepted.labels("smtp").inc()
    metrics.outbox_depth.labels("post_to_slack").set(3)
    server = HttpServer(metrics)
    await server.start(ANY_PORT)
    _, text = await get(server, "/metrics")
    await server.stop()
    assert 'canal_mails_accepted_total{wire="smtp"} 1.0' in text
    assert 'canal_outbox_depth{kind="post_to_slack"} 3.0' in text
    assert "process_resident_memory_bytes" in text or "python_info" in text


def test_labels_are_few_fixed_words() -> None:
    names = {
        name
        for family in build_metrics().registry.collect()
        for sample in family.samples
        for name in sample.labels
    }
    assert not names & {"address", "channel", "team", "ticket", "user", "mailbox"}


async def test_a_taken_port_is_told_with_its_variable(http: HttpServer) -> None:
    taken = await http.start(ANY_PORT)
    with pytest.raises(StartupError, match="CANAL_HTTP_LISTEN"):
        await HttpServer(build_metrics()).start(taken)


async def test_stopping_lets_the_port_go_and_twice_does_no_harm(http: HttpServer) -> None:
    address = await http.start(ANY_PORT)
    await http.stop()
    await http.stop()
    assert http.address is None
    assert await http.start(address) == address


async def test_slacks_requests_reach_bolt_only_when_signed(http: HttpServer) -> None:
    slack = AsyncApp(token="xoxb-1", signing_secret="s3cret", request_verification_enabled=True)
    http.mount_slack(slack)
    await http.start(ANY_PORT)
    body = json.dumps({"type": "url_verification", "challenge": "hello", "token": "x"})
    signed = SignatureVerifier("s3cret").generate_signature(
        timestamp=str(int(time.time())), body=body
    )
    headers = {
        "X-Slack-Request-Timestamp": str(int(time.time())),
        "X-Slack-Signature": signed or "",
    }
    headers["Content-Type"] = "application/json"
    url = f"http://{http.address}/slack/events"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=body, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, {"challenge": "hello"})
        headers["X-Slack-Signature"] = "v0=forged"
        async with session.post(url, data=body, headers=headers) as answer:
            assert answer.status == 401
