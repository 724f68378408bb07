"""`canal check`: all problems, one plain sentence each, in bounded time, changing nothing."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from bot.config import check
from bot.config.check import check_environment, exit_status
from bot.config.check_machine import (
    find_certificate_problems,
    find_folder_problems,
    find_key_problems,
    find_port_problems,
)
from bot.config.check_network import find_clock_problems, find_domain_problems, read_scopes
from bot.config.problem import Problem, Severity, error, warning
from bot.config.secret_key import KEY_FILE, load_secret_keys
from bot.config.settings import Settings
from bot.config.types import ListenAddress
from bot.http import HttpServer
from bot.metrics import build_metrics
from bot.problems import StartupError
from bot.wires.certificates import load_smtp_tls
from tests.servers.ports import free_port

NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


class FakeSlack:
    """Answers auth.test and apps.connections.open as told."""

    def __init__(self) -> None:
        self.scopes = ",".join(sorted(read_scopes()))
        self.errors: dict[str, str] = {}
        self.date: datetime | None = None
        self.hang: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method in self.hang:
            await asyncio.Event().wait()
        headers = {"x-oauth-scopes": self.scopes}
        if self.date is not None:
            headers["Date"] = self.date.strftime("%a, %d %b %Y %H:%M:%S GMT")
        if method in self.errors:
            body: dict[str, object] = {"ok": False, "error": self.errors[method]}
        else:
            body = {"ok": True, "url": "wss://127.0.0.1/"}
        return web.json_response(body, headers=headers)


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
async def env(slack: FakeSlack, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Variables with which nothing is wrong, except that there is no smarthost."""
    app = web.Application()
    app.router.add_post("/api/{method}", slack.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": f"http://127.0.0.1:{runner.addresses[0][1]}/api/",
        "CANAL_DATA_DIR": str(tmp_path / "data"),
        "CANAL_SMTP_LISTEN": f"127.0.0.1:{free_port()}",
        "CANAL_HTTP_LISTEN": f"127.0.0.1:{free_port()}",
    }
    await runner.cleanup()


async def sentences(env: Mapping[str, str]) -> list[str]:
    """Without the word about the smarthost, which most tests have none of."""
    problems = await check_environment(env)
    return [
        each.sentence for each in problems if "CANAL_SMARTHOST_URL is not set" not in each.sentence
    ]


async def test_nothing_is_wrong_and_nothing_is_made(env: dict[str, str], tmp_path: Path) -> None:
    assert await sentences(env) == []
    assert list(tmp_path.iterdir()) == []


async def test_everything_that_is_wrong_is_told_at_once(
    env: dict[str, str], slack: FakeSlack
) -> None:
    slack.errors = {"auth.test": "invalid_auth", "apps.connections.open": "missing_scope"}
    env |= {
        "CANAL_HTTP_LISTEN": "nonsense",
        "CANAL_ADMINS": "rui",
        "CANAL_SECRET_KEY_FILE": "/nonexistent/key",
        "CANAL_SMTP_TLS_CERT": "/nonexistent/cert.pem",
        "CANAL_SMTP_TLS_KEY": "/nonexistent/key.pem",
        "CANAL_SMARTHOST_URL": f"smtp://127.0.0.1:{free_port()}",
        "CANAL_SMTP_LISTENN": "x",
    }

    async def no_database(_settings: Settings) -> None:
        raise StartupError("The database is of a newer version.")

    told = [each.sentence for each in await check_environment(env, no_database)]
    for words in (
        "CANAL_HTTP_LISTEN is “nonsense”",
        "CANAL_ADMINS names “rui”",
        "CANAL_SECRET_KEY_FILE /nonexistent/key cannot be read",
        "CANAL_SMTP_TLS_CERT /nonexistent/cert.pem cannot be read",
        "Slack does not accept SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN lacks the scope connections:write",
        "The smarthost of CANAL_SMARTHOST_URL",
        "newer version",
        "Did you mean CANAL_SMTP_LISTEN?",
    ):
        assert any(words in each for each in told), words
    assert len(told) == 9


async def test_a_contradiction_hides_nothing_else(env: dict[str, str], slack: FakeSlack) -> None:
    slack.errors = {"auth.test": "account_inactive"}
    env["CANAL_SMTP_TLS_CERT"] = "/nonexistent/cert.pem"
    contradiction, removed = await sentences(env)
    assert "set both or neither" in contradiction
    assert "removed from its workspace" in removed


async def test_without_slack_the_tokens_are_asked_for_and_slack_is_not(tmp_path: Path) -> None:
    told = await sentences({"CANAL_DATA_DIR": str(tmp_path)})
    assert any(each.startswith("SLACK_BOT_TOKEN is not set") for each in told)
    assert not any("cannot be reached" in each for each in told)


async def test_missing_scopes_are_named(env: dict[str, str], slack: FakeSlack) -> None:
    slack.scopes = ",".join(read_scopes() - {"files:write", "chat:write"})
    (told,) = await sentences(env)
    assert "chat:write, files:write" in told
    assert "manifest.yml" in told


async def test_a_slack_that_is_not_there_is_told_with_its_address(env: dict[str, str]) -> None:
    env["SLACK_API_URL"] = f"http://127.0.0.1:{free_port()}/api/"
    (told,) = await sentences(env)
    assert env["SLACK_API_URL"] in told


async def test_a_server_that_hangs_holds_up_no_other_check(
    env: dict[str, str], slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.5)
    slack.hang = {"auth.test"}
    slack.errors = {"apps.connections.open": "invalid_auth"}
    told = await sentences(env)
    assert any("Looking at Slack took more than" in each for each in told)
    assert any("SLACK_APP_TOKEN" in each for each in told)


async def test_a_check_that_breaks_is_told_without_its_secrets(env: dict[str, str]) -> None:
    async def broken(_settings: Settings) -> None:
        raise RuntimeError("postgresql://canal:hunter2@db.example/canal")

    told = [each.sentence for each in await check_environment(env, broken)]
    assert any("Looking at the database" in each and "RuntimeError" in each for each in told)
    assert not any("hunter2" in each for each in told)


@pytest.mark.parametrize(("seconds", "words"), [(300, "ahead of"), (-300, "behind")])
def test_a_clock_that_is_off_is_told(seconds: int, words: str) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    headers = {"date": "Sun, 22 Nov 2026 12:00:00 GMT"}
    (problem,) = find_clock_problems(headers, now + timedelta(seconds=seconds))
    assert f"300 seconds {words}" in problem.sentence
    assert find_clock_problems(headers, now + timedelta(seconds=5)) == []
    assert find_clock_problems({"date": "nonsense"}, now) == []
    assert find_clock_problems({}, now) == []


async def test_occupied_ports_are_told_each_with_its_variable() -> None:
    async with (
        await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as one,
        await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as two,
    ):
        ports = [each.sockets[0].getsockname()[1] for each in (one, two)]
        problems = await find_port_problems(listening_on(*ports))
    assert [
        "CANAL_SMTP_LISTEN" in problems[0].sentence,
        "CANAL_HTTP_LISTEN" in problems[1].sentence,
    ]
    assert all(each.severity is Severity.ERROR for each in problems)


async def test_ports_of_a_canal_that_runs_already_are_only_a_warning() -> None:
    running = HttpServer(build_metrics())
    address = await running.start(ListenAddress("127.0.0.1", 0))
    (problem,) = await find_port_problems(listening_on(free_port(), address.port))
    await running.stop()
    assert problem == warning("Canal runs already, so that its ports could not be tried.")


async def test_one_port_for_both_servers_is_told() -> None:
    port = free_port()
    (problem,) = await find_port_problems(listening_on(port, port))
    assert "both" in problem.sentence


@pytest.mark.parametrize(
    ("host", "words"), [("192.0.2.1", "no such address"), ("canal.invalid", "not known")]
)
async def test_an_address_that_is_not_ours_is_told(host: str, words: str) -> None:
    settings = Settings(smtp_listen=ListenAddress(host, 0), http_listen=ListenAddress("", 0))
    (problem,) = await find_port_problems(settings)
    assert words in problem.sentence


def listening_on(smtp: int, http: int) -> Settings:
    return Settings(
        smtp_listen=ListenAddress("127.0.0.1", smtp), http_listen=ListenAddress("127.0.0.1", http)
    )


def test_a_folder_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (problem,) = find_folder_problems(tmp_path / "file" / "data")
    assert "CANAL_DATA_DIR" in problem.sentence


@NOT_ROOT
def test_a_folder_of_somebody_else_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (problem,) = find_folder_problems(tmp_path / "data")
    assert "permission denied" in problem.sentence


def test_a_key_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    load_secret_keys(settings)
    assert find_key_problems(settings) == []
    (tmp_path / KEY_FILE).chmod(0o644)
    (problem,) = find_key_problems(settings)
    assert problem.severity is Severity.WARNING
    assert "chmod 600" in problem.sentence


def test_a_lost_key_beside_its_database_is_told_instead_of_replaced(tmp_path: Path) -> None:
    (tmp_path / "canal.db").touch()
    (problem,) = find_key_problems(Settings(data_dir=tmp_path))
    assert problem.severity is Severity.ERROR
    assert "backup" in problem.sentence


class Pki:
    """Certificates for tests, as files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()

    def issue(self, name: str, *, not_after: datetime | None = None) -> tuple[Path, Path]:
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        issued = self.authority.issue_cert("mail.acme.example", not_after=not_after)
        issued.cert_chain_pems[0].write_to_path(cert)
        issued.private_key_pem.write_to_path(key)
        return cert, key


def test_a_good_certificate_is_no_problem(tmp_path: Path) -> None:
    cert, key = Pki(tmp_path).issue("good")
    assert find_certificate_problems(Settings(smtp_tls_cert=cert, smtp_tls_key=key)) == []


def test_a_certificate_with_another_key_is_told(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    cert, _ = pki.issue("one")
    _, key = pki.issue("two")
    with pytest.raises(StartupError, match="cannot be used together"):
        find_certificate_problems(Settings(smtp_tls_cert=cert, smtp_tls_key=key))


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    _, key = Pki(tmp_path).issue("one")
    (tmp_path / "no.pem").write_text("hello")
    with pytest.raises(StartupError, match="cannot be used together"):
        find_certificate_problems(Settings(smtp_tls_cert=tmp_path / "no.pem", smtp_tls_key=key))


@pytest.mark.parametrize(
    ("days", "severity", "words"),
    [(3, Severity.WARNING, "expires on"), (-3, Severity.ERROR, "has expired")],
)
def test_a_certificate_near_its_end_is_told(
    tmp_path: Path, days: int, severity: Severity, words: str
) -> None:
    cert, key = Pki(tmp_path).issue("old", not_after=datetime.now(UTC) + timedelta(days=days))
    (problem,) = find_certificate_problems(Settings(smtp_tls_cert=cert, smtp_tls_key=key))
    assert (problem.severity, words in problem.sentence) == (severity, True)


async def test_domains_that_are_not_on_the_internet_are_not_looked_up() -> None:
    assert await find_domain_problems("inbound.localhost") == []
    assert await find_domain_problems("inbound.acme.example") == []


@pytest.mark.parametrize(
    ("problems", "status"), [([], 0), ([warning("W.")], 0), ([warning("W."), error("E.")], 2)]
)
def test_only_errors_make_the_status_two(problems: list[Problem], status: int) -> None:
    assert exit_status(problems) == status


def test_the_report_for_people_and_for_programs() -> None:
    problems = [error("E."), warning("W.")]
    assert check.render_text(problems) == "✗ E.\n! W."
    assert check.render_text([]) == "Everything is in order."
    assert json.loads(check.render_json(problems)) == {
        "ok": False,
        "problems": [
            {"severity": "error", "sentence": "E."},
            {"severity": "warning", "sentence": "W."},
        ],
    }


def test_the_tls_context_asks_no_client_for_a_certificate(tmp_path: Path) -> None:
    assert load_smtp_tls(*Pki(tmp_path).issue("one")).verify_mode is ssl.CERT_NONE
