"""What the commands share: printing, and the services on the database alone (no Slack)."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import typer

from bot.clock import SystemClock
from bot.config.secret_key import find_secret_keys, load_secret_keys, refuse_lost_key
from bot.config.settings import Settings, load_settings
from bot.problems import StartupError
from bot.runtime import run
from handlers.channels.channels import Channels
from handlers.channels.fields import InvalidFields
from handlers.context import Context
from handlers.tokens import Tokens
from handlers.upkeep.startup import UNKNOWN_TEAM, find_team, shared_time
from storage.crypto import Vault
from storage.engine import open_database
from storage.errors import StorageError
from storage.notify import wake_others
from storage.startup import prepare, verify

T = TypeVar("T")


def say(text: str, *, err: bool = False) -> None:
    typer.echo(text, err=err)


def say_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


@dataclass(frozen=True, slots=True)
class Offline:
    """The services that need no Slack; a running Canal notices what they change."""

    settings: Settings
    context: Context
    channels: Channels


@asynccontextmanager
async def open_offline(env: Mapping[str, str]) -> AsyncIterator[Offline]:
    """The database of the environment, migrated, with its services."""
    settings = load_settings(env)
    database = open_database(settings.database_url, Vault(load_secret_keys(settings)))
    try:
        signing_key = await prepare(database)
        clock = SystemClock()
        if time := await shared_time(database):
            clock.follow(time)
        team_id = await find_team(database) or UNKNOWN_TEAM
        context = Context(
            db=database,
            clock=clock,
            tokens=Tokens(signing_key),
            inbound_domain=settings.inbound_domain,
            team_id=team_id,
            holder=secrets.token_hex(8),
        )
        channels = Channels(
            database, clock, team_id=team_id, inbound_domain=settings.inbound_domain
        )
        woken: set[str] = set()
        context.wake.listen(woken.add)
        yield Offline(settings, context, channels)
        await wake_others(database, woken)
    finally:
        await database.close()


def run_offline(work: Callable[[Offline], Awaitable[T]]) -> T:
    """Open the services, do the work, close them.

    Raises:
        StartupError: fields cannot be used; each sentence names its option.
    """

    async def main() -> T:
        async with open_offline(os.environ) as offline:
            return await work(offline)

    try:
        return run(main())
    except InvalidFields as error:
        raise StartupError(
            *(f"{_option_of(name)}: {text}" for name, text in error.problems.items())
        ) from error


def _option_of(field_name: str) -> str:
    """The option that a field of the service is given by."""
    known = {
        "slack_channel_id": "--slack-channel",
        "trusted_forwarders": "--trusted-forwarder",
        "imap_password": "--imap-password-file",
        "smtp_password": "--smtp-password-file",
    }
    return known.get(field_name, "--" + field_name.replace("_", "-"))


async def check_database(settings: Settings) -> None:
    """Look at the database and change nothing. Raises StartupError with a sentence."""
    keys = find_secret_keys(settings)
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        return
    if keys is None:
        refuse_lost_key(settings)
        return
    try:
        database = open_database(settings.database_url, Vault(keys))
        try:
            await verify(database)
        finally:
            await database.close()
    except StorageError as error:
        raise StartupError(str(error)) from error
