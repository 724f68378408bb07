"""Fuzz target for the mail reader: `python tests/fuzz/fuzz_parse.py -runs=20000 tests/data/mail`.

Needs atheris (optional). Any defect that begins with "Canal could not" is a bug in the reader, and
so is a file that cannot be read back by its index.
"""

from __future__ import annotations

import importlib
import sys


def check(data: bytes) -> None:
    """Reads one mail; raises where the reader broke its word."""
    from mail.parse import dedupe_key, parse_mail, read_attachment

    parsed = parse_mail(data)
    failed = [item for item in parsed.defects if item.startswith("Canal could not")]
    if failed:
        raise AssertionError(failed)
    dedupe_key(data)
    for attachment in parsed.attachments[:3]:
        if len(read_attachment(data, attachment.index)) != attachment.size:
            raise AssertionError(attachment)


def main() -> None:
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["mail"]):
        importlib.import_module("mail.parse")
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
