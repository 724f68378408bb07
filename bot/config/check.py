"""`canal check`: every configuration problem at once, a plain sentence each.

The checks run side by side, each in bounded time, and change nothing: no folder is made, no key,
no database. A variable that cannot be read is told, and what does not depend on it is checked all
the same, so that nobody has to come back five times.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping

from bot.config.check_machine import machine_checks
from bot.config.check_network import network_checks
from bot.config.problem import Check, Problem, Severity, error, warning
from bot.config.settings import ConfigProblems, Settings, load_settings
from bot.problems import EXIT_CONFIG, EXIT_OK, StartupError

CHECK_SECONDS = 10.0

DatabaseCheck = Callable[[Settings], Awaitable[None]]
"""Connects, compares the version and the key; raises StartupError. Handed in, since `bot/` knows
no database library."""


async def check_environment(
    env: Mapping[str, str], check_database: DatabaseCheck | None = None
) -> list[Problem]:
    """Everything that is wrong with these variables and with what they name; errors first."""
    settings, unreadable, problems = _read(env)
    problems += await collect_problems(settings, check_database, unreadable)
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda each: each.severity is not Severity.ERROR)


async def collect_problems(
    settings: Settings,
    check_database: DatabaseCheck | None = None,
    unreadable: frozenset[str] = frozenset(),
) -> list[Problem]:
    """What is wrong on this machine and on the network with settings that could be read."""
    checks = [*machine_checks(settings), *network_checks(settings)]
    if check_database is not None:
        checks.append(_database_check(settings, check_database))
    runs = (_bounded(check) for check in checks if not check.variables & unreadable)
    found = await asyncio.gather(*runs)
    return [warning(each) for each in settings.warnings] + [each for some in found for each in some]


def exit_status(problems: Iterable[Problem]) -> int:
    """2 when Canal will not work like this, else 0."""
    has_error = any(each.severity is Severity.ERROR for each in problems)
    return EXIT_CONFIG if has_error else EXIT_OK


def render_text(problems: list[Problem]) -> str:
    """The report for people."""
    if not problems:
        return "Everything is in order."
    marks = {Severity.ERROR: "✗", Severity.WARNING: "!"}
    return "\n".join(f"{marks[each.severity]} {each.sentence}" for each in problems)


def render_json(problems: list[Problem]) -> str:
    """The report for programs."""
    listed = [{"severity": each.severity, "sentence": each.sentence} for each in problems]
    ok = exit_status(problems) == EXIT_OK
    return json.dumps({"ok": ok, "problems": listed}, ensure_ascii=False, indent=2)


def _read(env: Mapping[str, str]) -> tuple[Settings, frozenset[str], list[Problem]]:
    """The settings with their defaults in place of what cannot be read."""
    try:
        return load_settings(env, for_run=True), frozenset(), []
    except ConfigProblems as wrong:
        problems = [error(sentence) for sentence in wrong.sentences]
        unreadable = wrong.variables
    readable = {name: value for name, value in env.items() if name not in unreadable}
    try:
        return load_settings(readable), unreadable, problems
    except ConfigProblems:  # contradictions between variables, told above already
        return _without_pairs(readable), unreadable | _PAIRED, problems


_PAIRED = frozenset(
    {"CANAL_SMTP_TLS_CERT", "CANAL_SMTP_TLS_KEY", "CANAL_SECRET_KEY", "CANAL_SECRET_KEY_FILE"}
    | {"CANAL_GOOGLE_CLIENT_ID", "CANAL_GOOGLE_CLIENT_SECRET"}
)


def _without_pairs(env: Mapping[str, str]) -> Settings:
    return load_settings({name: value for name, value in env.items() if name not in _PAIRED})


def _database_check(settings: Settings, check_database: DatabaseCheck) -> Check:
    async def look() -> list[Problem]:
        await check_database(settings)
        return []

    needs = {"CANAL_DATABASE_URL", "CANAL_DATA_DIR", "CANAL_SECRET_KEY", "CANAL_SECRET_KEY_FILE"}
    return Check(f"the database {settings.database_shown}", look, frozenset(needs))


async def _bounded(check: Check) -> list[Problem]:
    """One check in bounded time. A check that breaks is told as an error, not as a traceback."""
    try:
        return await asyncio.wait_for(check.look(), CHECK_SECONDS)
    except StartupError as wrong:
        return [error(sentence) for sentence in wrong.sentences]
    except TimeoutError:
        return [error(f"Looking at {check.subject} took more than {CHECK_SECONDS:.0f} seconds.")]
    except Exception as broken:  # noqa: BLE001 - one broken check must not hide the others
        from bot.redaction import Redactor

        told = Redactor().text(f"{type(broken).__name__}: {broken}", limit=300)
        return [error(f"Looking at {check.subject} failed: {told}")]
