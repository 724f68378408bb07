"""What operators write into the environment, and what they are told about it."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.config.secret_key import KEY_FILE, load_secret_keys, new_key
from bot.config.settings import ConfigProblems, Settings, load_settings
from bot.config.types import ListenAddress, parse_listen, parse_size
from bot.problems import StartupError

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1-2-abc", "SLACK_APP_TOKEN": "xapp-1-A-2-abc"}
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()


def problems_of(env: Mapping[str, str], *, for_run: bool = False) -> tuple[str, ...]:
    with pytest.raises(ConfigProblems) as raised:
        load_settings(env, for_run=for_run)
    return raised.value.sentences


def test_an_empty_environment_gives_the_defaults_of_the_design(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.data_dir == tmp_path / "canal-data"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/canal-data/canal.db"
    assert str(settings.smtp_listen) == "127.0.0.1:2525"
    assert str(settings.http_listen) == "127.0.0.1:8080"
    assert settings.inbound_domain == "inbound.localhost"
    assert settings.smarthost is None
    assert settings.admins == ()
    assert settings.slack_mode is None
    assert settings.warnings == ()


def test_the_process_environment_is_not_read_behind_our_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CANAL_INBOUND_DOMAIN", "elsewhere.example")
    assert load_settings({}).inbound_domain == "inbound.localhost"
    assert load_settings(os.environ).inbound_domain == "elsewhere.example"


def test_all_problems_are_told_at_once_each_with_its_variable() -> None:
    wrong = {
        "SLACK_BOT_TOKEN": "xapp-1-A-2-secretpart",
        "SLACK_APP_TOKEN": "xoxb-1-secretpart",
        "SLACK_API_URL": "slack.com",
        "CANAL_DATABASE_URL": "mysql://u:hunter2@h/db",
        "CANAL_SECRET_KEY": "hunter2",
        "CANAL_SMTP_LISTEN": "2525",
        "CANAL_SMTP_SIZE": "huge",
        "CANAL_SMTP_TLS_CERT": "cert.pem",
        "CANAL_INBOUND_DOMAIN": "not a domain",
        "CANAL_SMARTHOST_URL": "mail.example:hunter2",
        "CANAL_HTTP_LISTEN": "127.0.0.1:99999",
        "CANAL_ADMINS": "rui",
        "CANAL_RETENTION_DAYS": "a year",
        "CANAL_LOG_LEVEL": "loud",
    }
    sentences = problems_of(wrong)
    assert [line.split()[0] for line in sentences] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_API_URL",
        "CANAL_DATABASE_URL",
        "CANAL_SECRET_KEY",
        "CANAL_ADMINS",
        "CANAL_SMTP_LISTEN",
        "CANAL_SMTP_SIZE",
        "CANAL_INBOUND_DOMAIN",
        "CANAL_SMARTHOST_URL",
        "CANAL_HTTP_LISTEN",
        "CANAL_RETENTION_DAYS",
        "CANAL_LOG_LEVEL",
        "CANAL_SMTP_TLS_CERT",
    ]
    assert "hunter2" not in " ".join(sentences)
    assert "secretpart" not in " ".join(sentences)
    assert not any("error" in line.lower() and "type=" in line for line in sentences)


def test_running_wants_the_tokens_of_slack_and_other_commands_do_not() -> None:
    load_settings({})
    bot, mode = problems_of({}, for_run=True)
    assert bot.startswith("SLACK_BOT_TOKEN is not set")
    assert mode.startswith("Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET")
    assert load_settings(TOKENS, for_run=True).slack_mode == "socket"


def test_a_signing_secret_alone_means_http_and_both_mean_socket_mode_with_a_word() -> None:
    only_http = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "0123"}
    assert load_settings(only_http, for_run=True).slack_mode == "http"
    both = load_settings({**TOKENS, "SLACK_SIGNING_SECRET": "0123"}, for_run=True)
    assert both.slack_mode == "socket"
    assert "Socket Mode is used" in both.warnings[0]


def test_an_empty_variable_is_an_unset_one() -> None:
    settings = load_settings({"CANAL_SMTP_LISTEN": "", "CANAL_SECRET_KEY": "  "})
    assert settings.smtp_listen.port == 2525
    assert settings.secret_key is None


def test_a_misspelt_variable_is_told_with_the_right_name() -> None:
    (warning,) = load_settings({"CANAL_SMTP_LISTENS": "x", "CANAL_REQUIRE_SERVERS": "1"}).warnings
    assert warning.startswith("CANAL_SMTP_LISTENS is not a variable of Canal")
    assert "Did you mean CANAL_SMTP_LISTEN?" in warning


def test_what_kubernetes_sets_for_a_service_named_canal_is_no_mistake() -> None:
    env = {"CANAL_SERVICE_HOST": "10.0.0.1", "CANAL_PORT": "tcp://10.0.0.1:25"}
    assert load_settings(env).warnings == ()


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    env = {
        **TOKENS,
        "CANAL_SECRET_KEY": KEY,
        "CANAL_SMARTHOST_URL": "smtp://u:hunter2@relay.example",
        "CANAL_DATABASE_URL": "postgresql://canal:hunter2@db.example/canal",
        "CANAL_GOOGLE_CLIENT_ID": "id",
        "CANAL_GOOGLE_CLIENT_SECRET": "hunter2",
    }
    settings = load_settings(env)
    shown = f"{settings!r} {settings} {settings.smarthost} {settings.database_shown}"
    for secret in ("hunter2", KEY, "xoxb-1-2", "xapp-1-A"):
        assert secret not in shown
    assert settings.database_shown == "postgresql+psycopg://db.example/canal"


def test_settings_cannot_be_changed() -> None:
    settings = load_settings({})
    with pytest.raises(ValidationError):
        settings.inbound_domain = "other.example"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("127.0.0.1:2525", ListenAddress("127.0.0.1", 2525)),
        ("[::1]:25", ListenAddress("::1", 25)),
        ("mail.acme.example:0", ListenAddress("mail.acme.example", 0)),
        (":25", ListenAddress("", 25)),
        ("*:25", ListenAddress("", 25)),
    ],
)
def test_listen_addresses(written: str, read: ListenAddress) -> None:
    assert parse_listen(written) == read
    assert parse_listen(str(read)) == read


@pytest.mark.parametrize("written", ["2525", "::1:25", "a:b", "a:-1", "a:65536", "a b:1", "h:٢"])
def test_no_listen_address(written: str) -> None:
    with pytest.raises(ValueError, match=r"address with a port|number from 0|neither a name"):
        parse_listen(written)


def test_the_smarthost_is_read_with_its_password() -> None:
    url = "smtps://ana%40acme.example:p%3A%2Fw@relay.example:2465"
    relay = load_settings({"CANAL_SMARTHOST_URL": url}).smarthost
    assert relay is not None
    assert (relay.host, relay.port, relay.user) == ("relay.example", 2465, "ana@acme.example")
    assert relay.password == "p:/w"


@pytest.mark.parametrize(
    "written",
    ["relay.example:25", "http://relay.example", "smtp://", "smtp://h:port", "smtp://u:hunter/2@h"],
)
def test_no_smarthost(written: str) -> None:
    (sentence,) = problems_of({"CANAL_SMARTHOST_URL": written})
    assert sentence.startswith("CANAL_SMARTHOST_URL cannot be used. ")
    assert "hunter" not in sentence


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sqlite:///canal.db", "sqlite+aiosqlite:///canal.db"),
        ("sqlite+aiosqlite:////srv/canal.db", "sqlite+aiosqlite:////srv/canal.db"),
        ("postgres://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgresql://u:p@h:5433/db?sslmode=require", None),
        ("postgresql+psycopg://h/db", "postgresql+psycopg://h/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql+psycopg:///db?host=/run/postgresql"),
    ],
)
def test_database_urls(written: str, read: str | None) -> None:
    expected = read or "postgresql+psycopg://u:p@h:5433/db?sslmode=require"
    assert load_settings({"CANAL_DATABASE_URL": written}).database_url == expected


@pytest.mark.parametrize(
    "written",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///",
        "postgresql+asyncpg://h/db",
        "postgresql://h",
        "postgresql://h:port/db",
        "canal.db",
    ],
)
def test_no_database_url(written: str) -> None:
    (sentence,) = problems_of({"CANAL_DATABASE_URL": written})
    assert sentence.startswith("CANAL_DATABASE_URL ")


@pytest.mark.parametrize(
    ("written", "read"), [("50MB", 52428800), ("50 M", 52428800), ("1GiB", 2**30), ("65536", 65536)]
)
def test_sizes(written: str, read: int) -> None:
    assert parse_size(written) == read


def test_lists_and_names_are_read_as_people_write_them() -> None:
    env = {
        "CANAL_ADMINS": "U0ABC123, S0DEF456 U0ABC123",
        "CANAL_INBOUND_DOMAIN": "Eingang.Müller.example.",
        "SLACK_API_URL": "http://127.0.0.1:9000/api",
    }
    settings = load_settings(env)
    assert settings.admins == ("U0ABC123", "S0DEF456")
    assert settings.inbound_domain == "eingang.xn--mller-kva.example"
    assert settings.slack_api_url == "http://127.0.0.1:9000/api/"
    assert settings.warnings == ()


def test_a_stand_in_for_slack_elsewhere_without_tls_is_doubted() -> None:
    (warning,) = load_settings({"SLACK_API_URL": "http://sandbox.example/api/"}).warnings
    assert "not https" in warning


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "deep" / "data")
    keys = load_secret_keys(settings)
    path = settings.data_dir / KEY_FILE
    assert load_secret_keys(settings) == keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    assert [each.name for each in settings.data_dir.iterdir()] == [KEY_FILE]


def test_a_key_that_somebody_else_made_meanwhile_wins(tmp_path: Path) -> None:
    from bot.config.secret_key import _create

    first, second = new_key(), new_key()
    path = tmp_path / KEY_FILE
    _create(path, first)
    _create(path, second)
    assert load_secret_keys(Settings(data_dir=tmp_path)) == (first,)
    assert [each.name for each in tmp_path.iterdir()] == [KEY_FILE]


def test_keys_come_from_the_variable_newest_first(tmp_path: Path) -> None:
    newer = new_key()
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr(f"{newer}, {KEY}"))
    assert load_secret_keys(settings) == (newer, KEY)
    assert list(tmp_path.iterdir()) == []


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n{KEY}\n")
    assert load_secret_keys(Settings(secret_key_file=file)) == (KEY, KEY)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"short", KEY[:-2].encode()])
def test_a_key_file_that_holds_no_key_is_told_without_its_content(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)
    with pytest.raises(StartupError) as raised:
        load_secret_keys(Settings(secret_key_file=file))
    assert str(file) in str(raised.value)
    assert KEY[:10] not in str(raised.value)


def test_a_key_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="no such file"):
        load_secret_keys(Settings(secret_key_file=tmp_path / "none"))


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match="CANAL_DATA_DIR"):
        load_secret_keys(Settings(data_dir=tmp_path / "file"))
    with pytest.raises(StartupError, match="CANAL_DATA_DIR"):
        load_secret_keys(Settings(data_dir=tmp_path / "file" / "below"))
