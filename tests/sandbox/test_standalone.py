"""`python -m bot.sandbox`: starts, prints what `canal run` needs, ends on a signal."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.conftest import MANIFEST


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.sandbox",
        "--manifest",
        str(MANIFEST),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


async def read_settings(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    settings: dict[str, str] = {}
    while "CANAL_SMARTHOST_URL" not in settings:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        name, _, value = line.strip().removeprefix("export ").partition("=")
        settings[name] = value
    return settings


async def test_it_serves_keeps_its_tokens_and_ends_on_sigterm(tmp_path: Path) -> None:
    tokens: list[str] = []
    for _ in range(2):
        process = await start("--path", str(tmp_path / "slack.db"))
        settings = await read_settings(process)
        client = AsyncWebClient(
            token=settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"]
        )
        people = (await client.users_list())["members"]
        assert [one["name"] for one in people if not one["is_bot"]] == ["ana", "rui"]
        tokens.append(settings["SLACK_BOT_TOKEN"])
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, errors) == (0, b"")
    assert tokens[0] == tokens[1]


async def test_a_problem_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    process = await start("--manifest", str(tmp_path / "none.yml"))
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert errors.decode().count("\n") == 1
    assert "cannot be read" in errors.decode()
