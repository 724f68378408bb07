"""Running `canal …` in this process, as a shell would see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import app
from bot.problems import run_or_explain


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Canal = Callable[..., Said]


def command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> Canal:
    """`canal("channels", "list", VARIABLE="value")`, with a data folder of its own."""

    def run(*words: str, **env: str) -> Said:
        with monkeypatch.context() as patch:
            patch.setenv("CANAL_DATA_DIR", str(folder / "data"))
            patch.setenv("CANAL_INBOUND_DOMAIN", "in.acme.example")
            for name, value in env.items():
                patch.setenv(name, value)
            capsys.readouterr()
            try:
                status = run_or_explain(lambda: app(list(words), standalone_mode=True))
            except SystemExit as ended:
                status = int(ended.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run
