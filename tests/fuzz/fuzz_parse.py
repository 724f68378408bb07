"""Fuzz target for the mail reader: `python tests/fuzz/fuzz_parse.py -runs=20000`.

Needs atheris (optional). The corpus of tests/data/mail is the seed; what the fuzzer finds goes into
a temporary folder, because it writes into the first folder that it is given. Any defect that begins
with "Canal could not" is a bug in the reader, and so is a file that is not found by its index.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def check(data: bytes) -> None:
    """Reads one mail; raises where the reader broke its word."""
    from mail.reading.parse import dedupe_key, parse_mail, read_attachment

    parsed = parse_mail(data)
    failed = [item for item in parsed.defects if item.startswith("Canal could not")]
    if failed:
        raise AssertionError(failed)
    dedupe_key(data)
    for attachment in parsed.attachments[:3]:
        if len(read_attachment(data, attachment.index)) != attachment.size:
            raise AssertionError(attachment)


def main() -> None:
    sys.path.insert(0, str(ROOT))
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["mail"]):
        importlib.import_module("mail.parse")
    with tempfile.TemporaryDirectory() as found:
        seeds = str(ROOT / "tests" / "data" / "mail")
        atheris.Setup([*sys.argv, found, seeds], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
