"""The fuzz targets, bounded: a few seconds of atheris each, and mutations of the mails we have."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import SEEDS
from tests.fuzz.targets import MOST_BYTES, TARGETS

SECONDS = 7
MUTATIONS = 150
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
@pytest.mark.parametrize("target", TARGETS)
def test_atheris_finds_no_mail_that_breaks_the_target(target: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", target, f"-max_total_time={SECONDS}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-6_000:] + ended.stdout[-6_000:]


@pytest.mark.parametrize("target", TARGETS)
def test_no_mutation_of_our_mails_breaks_the_target(target: str) -> None:
    dice = random.Random(f"{target} 4")
    seeds = [path.read_bytes()[:MOST_BYTES] for path in sorted(SEEDS.glob("*.eml"))]
    for _ in range(MUTATIONS):
        mail = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 20)):
            place = dice.randrange(len(mail) + 1)
            mail[place : place + dice.randint(0, 8)] = dice.randbytes(dice.randint(0, 8))
        TARGETS[target](bytes(mail))
