"""Fuzz target of quotes, forwards, bounces, kinds and subjects (atheris).

    python tests/fuzz/fuzz_meaning.py -max_total_time=60

Without atheris it runs its own seeds once, mutated by a seeded generator.
"""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mail.bounces.read import parse_bounce
from mail.mime.message_view import build_message
from mail.mime.parts import prepare, split_mime
from mail.mime.subjects import strip_prefixes
from mail.quotes.fold import visible_text
from mail.reading.forwards import find_forwarded, is_forward
from mail.reading.kinds import classify

DATA = Path(__file__).resolve().parents[1] / "data" / "mail"


def test_one_input(data: bytes) -> None:
    """One mail through everything that tells what it means; must neither raise nor hang."""
    data = data[:50_000]
    text = data.decode("utf-8", "replace")
    visible_text(text)
    strip_prefixes(text[:200])
    message = build_message(split_mime(prepare(data)[0]).root)
    parse_bounce(message, text)
    classify(message)
    is_forward(message, text[:100], text)
    find_forwarded(message, text)


def run_seeds(rounds: int) -> int:
    """The corpus and mutations of it, without atheris. Returns how many mails were read."""
    dice = random.Random(4)
    seeds = [path.read_bytes()[:50_000] for path in sorted(DATA.glob("*.eml"))]
    for seed in seeds:
        test_one_input(seed)
    for _ in range(rounds):
        mail = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 20)):
            place = dice.randrange(len(mail) + 1)
            mail[place : place + dice.randint(0, 8)] = dice.randbytes(dice.randint(0, 8))
        test_one_input(bytes(mail))
    return len(seeds) + rounds


def main() -> None:
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print(f"{run_seeds(2_000)} mails read; for more, install atheris.")
        return
    atheris.instrument_all()
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
