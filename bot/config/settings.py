"""The settings of one Canal: read once from the environment, frozen, secrets masked.

`load_settings` is the only way in. It reads no file and opens nothing, so that it can be called
anywhere; what needs the disk (the secret key) is in `secret_key`. All problems come in one
ConfigProblems, so that nobody mends them one start at a time. An empty variable counts as unset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.checks import (
    find_contradictions,
    find_doubts,
    find_missing_for_run,
    find_unknown_variables,
)
from bot.config.types import (
    ListenAddress,
    parse_admins,
    parse_choice,
    parse_database_url,
    parse_domain,
    parse_keys,
    parse_listen,
    parse_number,
    parse_path,
    parse_size,
    parse_smarthost,
    parse_token,
    parse_url,
)
from bot.problems import StartupError
from bot.slack.i18n import SOURCE_LANGUAGE, parse_locale
from mail.sending.account import SmtpAccount

DATABASE_FILE = "canal.db"


class ConfigProblems(StartupError):  # noqa: N818 - it holds several
    """The settings cannot be used. `variables` are the ones whose text could not be read."""

    def __init__(self, *sentences: str, variables: frozenset[str] = frozenset()) -> None:
        super().__init__(*sentences)
        self.variables = variables


def _read(parse: Callable[[str], object]) -> BeforeValidator:
    """Text becomes a value; values that are of the right type already pass."""
    return BeforeValidator(lambda given: parse(given) if isinstance(given, str) else given)


def _secret(parse: Callable[[str], object]) -> BeforeValidator:
    """Checks a secret's text and keeps it as text, for SecretStr."""

    def check(given: object) -> object:
        if isinstance(given, str):
            parse(given)
        return given

    return BeforeValidator(check)


Listen = Annotated[ListenAddress, _read(parse_listen)]
Url = Annotated[str, _read(parse_url)]
FilePath = Annotated[Path, _read(parse_path)]
BOT_TOKEN = partial(
    parse_token, prefix="xoxb-", kind="it wants the bot token, which begins with xoxb-"
)
APP_TOKEN = partial(
    parse_token, prefix="xapp-", kind="it wants the app-level token, which begins with xapp-"
)


class Settings(BaseSettings):
    """Everything that can be set from outside; `validation_alias` is the variable's name."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )

    slack_bot_token: Annotated[SecretStr, _secret(BOT_TOKEN)] | None = Field(
        default=None, validation_alias="SLACK_BOT_TOKEN"
    )
    slack_app_token: Annotated[SecretStr, _secret(APP_TOKEN)] | None = Field(
        default=None, validation_alias="SLACK_APP_TOKEN"
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None, validation_alias="SLACK_SIGNING_SECRET"
    )
    slack_api_url: Url = Field(default="https://slack.com/api/", validation_alias="SLACK_API_URL")
    """Ends with a slash."""

    data_dir: FilePath = Field(
        default_factory=lambda: parse_path("canal-data"), validation_alias="CANAL_DATA_DIR"
    )
    """Absolute; may not exist yet."""
    database: Annotated[SecretStr, _read(parse_database_url)] | None = Field(
        default=None, validation_alias="CANAL_DATABASE_URL"
    )
    """As set; use `database_url`."""
    secret_key: Annotated[SecretStr, _secret(parse_keys)] | None = Field(
        default=None, validation_alias="CANAL_SECRET_KEY"
    )
    """As set; use `bot.config.secret_key.load_secret_keys`."""
    secret_key_file: FilePath | None = Field(default=None, validation_alias="CANAL_SECRET_KEY_FILE")
    admins: Annotated[tuple[str, ...], _read(parse_admins)] = Field(
        default=(), validation_alias="CANAL_ADMINS"
    )
    """Ids of Slack users (U…, W…) and usergroups (S…)."""
    language: Annotated[str, _read(parse_locale)] = Field(
        default=SOURCE_LANGUAGE, validation_alias="CANAL_LANGUAGE"
    )
    """Of posts in channels, and for people whose own language has no catalog; a catalog's name."""

    smtp_listen: Listen = Field(
        default=ListenAddress("127.0.0.1", 2525), validation_alias="CANAL_SMTP_LISTEN"
    )
    smtp_hostname: Annotated[str, _read(parse_domain)] | None = Field(
        default=None, validation_alias="CANAL_SMTP_HOSTNAME"
    )
    """What the SMTP server calls itself; None for `inbound_domain`."""
    smtp_size: Annotated[int, _read(parse_size)] = Field(
        default=50 * 1024 * 1024, validation_alias="CANAL_SMTP_SIZE"
    )
    """The largest mail that is taken, in bytes."""
    smtp_tls_cert: FilePath | None = Field(default=None, validation_alias="CANAL_SMTP_TLS_CERT")
    smtp_tls_key: FilePath | None = Field(default=None, validation_alias="CANAL_SMTP_TLS_KEY")
    inbound_domain: Annotated[str, _read(parse_domain)] = Field(
        default="inbound.localhost", validation_alias="CANAL_INBOUND_DOMAIN"
    )
    smarthost: Annotated[SmtpAccount, _read(parse_smarthost)] | None = Field(
        default=None, validation_alias="CANAL_SMARTHOST_URL"
    )

    verify_senders: Annotated[
        Literal["on", "off"], _read(lambda text: parse_choice(text, ("on", "off")))
    ] = Field(default="on", validation_alias="CANAL_VERIFY_SENDERS")
    """Whether DKIM, SPF and DMARC of incoming mail are looked up."""

    http_listen: Listen = Field(
        default=ListenAddress("127.0.0.1", 8080), validation_alias="CANAL_HTTP_LISTEN"
    )
    public_url: Url | None = Field(default=None, validation_alias="CANAL_PUBLIC_URL")
    """Where the HTTP server is reached from outside; ends with a slash."""
    retention_days: Annotated[int, _read(lambda text: parse_number(text, 0, 36500, "days"))] = (
        Field(default=365, validation_alias="CANAL_RETENTION_DAYS")
    )
    """How long raw mail and attachments are kept; 0 is for ever."""

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _read(lambda text: parse_choice(text, ("debug", "info", "warning", "error"))),
    ] = Field(default="info", validation_alias="CANAL_LOG_LEVEL")
    log_format: Annotated[
        Literal["auto", "json", "console"],
        _read(lambda text: parse_choice(text, ("auto", "json", "console"))),
    ] = Field(default="auto", validation_alias="CANAL_LOG_FORMAT")
    """auto is console on a terminal and json elsewhere."""
    log_addresses: Annotated[
        Literal["masked", "full"],
        _read(lambda text: parse_choice(text, ("masked", "full"))),
    ] = Field(default="masked", validation_alias="CANAL_LOG_ADDRESSES")

    microsoft_client_id: str | None = Field(
        default=None, validation_alias="CANAL_MICROSOFT_CLIENT_ID"
    )
    microsoft_client_secret: SecretStr | None = Field(
        default=None, validation_alias="CANAL_MICROSOFT_CLIENT_SECRET"
    )
    microsoft_tenant: str = Field(
        default="organizations", validation_alias="CANAL_MICROSOFT_TENANT"
    )
    microsoft_login_url: Url = Field(
        default="https://login.microsoftonline.com/",
        validation_alias="CANAL_MICROSOFT_LOGIN_URL",
    )
    microsoft_graph_url: Url = Field(
        default="https://graph.microsoft.com/v1.0/", validation_alias="CANAL_MICROSOFT_GRAPH_URL"
    )
    google_client_id: str | None = Field(default=None, validation_alias="CANAL_GOOGLE_CLIENT_ID")
    google_client_secret: SecretStr | None = Field(
        default=None, validation_alias="CANAL_GOOGLE_CLIENT_SECRET"
    )
    google_auth_url: Url = Field(
        default="https://accounts.google.com/o/oauth2/v2/",
        validation_alias="CANAL_GOOGLE_AUTH_URL",
    )
    google_token_url: Url = Field(
        default="https://oauth2.googleapis.com/", validation_alias="CANAL_GOOGLE_TOKEN_URL"
    )

    yandex_client_id: str | None = Field(default=None, validation_alias="CANAL_YANDEX_CLIENT_ID")
    yandex_client_secret: SecretStr | None = Field(
        default=None, validation_alias="CANAL_YANDEX_CLIENT_SECRET"
    )
    yandex_oauth_url: Url = Field(
        default="https://oauth.yandex.com/", validation_alias="CANAL_YANDEX_OAUTH_URL"
    )

    warnings: tuple[str, ...] = ()
    """Sentences about what is probably a mistake but stops nothing."""

    @property
    def database_url(self) -> str:
        """For the engine. Holds the password: never log it, `database_shown` is for people."""
        if self.database is not None:
            return self.database.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir / DATABASE_FILE}"

    @property
    def database_shown(self) -> str:
        """The database without user and password."""
        scheme, _, rest = self.database_url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file; None on PostgreSQL."""
        if not self.is_sqlite:
            return None
        return Path(self.database_url.partition(":///")[2].partition("?")[0])

    @property
    def slack_mode(self) -> Literal["socket", "http"] | None:
        """How Slack speaks to us; Socket Mode wins where both are possible."""
        if self.slack_bot_token is None:
            return None
        if self.slack_app_token is not None:
            return "socket"
        return "http" if self.slack_signing_secret is not None else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed in: the process's environment is read by `load_settings` alone."""
        return (init_settings,)


def variable_names() -> tuple[str, ...]:
    """Every variable that Canal reads, in the order of the fields."""
    aliases = (field.validation_alias for field in Settings.model_fields.values())
    return tuple(alias for alias in aliases if isinstance(alias, str))


def load_settings(env: Mapping[str, str], *, for_run: bool = False) -> Settings:
    """Reads the settings from `env`, normally os.environ.

    `for_run` asks also for what the bot needs to speak to Slack; the other commands do without.
    Raises ConfigProblems with one sentence for everything that is wrong.
    """
    known = variable_names()
    given = {name: env[name].strip() for name in known if env.get(name, "").strip()}
    problems: list[str] = []
    unreadable: frozenset[str] = frozenset()
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems += [_sentence(dict(each)) for each in error.errors()]
        unreadable = frozenset(str(each["loc"][0]) for each in error.errors())
    problems += find_contradictions(given)
    if for_run:
        problems += find_missing_for_run(given)
    if problems or settings is None:
        raise ConfigProblems(*problems, variables=unreadable)
    warnings = [*find_unknown_variables(env, known), *find_doubts(settings)]
    return settings.model_copy(update={"warnings": tuple(warnings)})


def _sentence(error: dict[str, Any]) -> str:
    """Our parsers raise the second half of a sentence; the variable's name is the first."""
    variable = str(error["loc"][0])
    cause = error.get("ctx", {}).get("error")
    return f"{variable} {cause or error['msg']}"
