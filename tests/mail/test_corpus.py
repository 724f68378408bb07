"""The ugly mails of tests/data/mail: one file per defect, with what should be read out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mail.reading.parse import parse_mail, read_attachment
from mail.reading.report import build_report

DATA = Path(__file__).parent.parent / "data" / "mail"
MAILS = sorted(path for path in DATA.glob("*.eml") if path.with_suffix(".json").exists())


def missing(expected: Any, found: Any) -> bool:
    """Whether `found` lacks something of `expected`: in objects, keys may be left out."""
    if isinstance(expected, dict):
        return not isinstance(found, dict) or any(
            key not in found or missing(value, found[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(expected) != len(found) or any(map(missing, expected, found))
    return bool(expected != found)


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_the_mail_is_read_as_its_writer_meant(path: Path) -> None:
    data = path.read_bytes()
    mail = parse_mail(data)
    report = build_report(path.name, mail)
    for shown, attachment in zip(report["attachments"], mail.attachments, strict=True):
        shown["summary"] = attachment.summary
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    for defect in expected.pop("defects", []):
        assert any(defect in item for item in report["defects"]), report["defects"]
    for key, value in expected.items():
        assert not missing(value, report[key]), f"{key}: {report[key]!r} instead of {value!r}"


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_no_part_of_the_reader_fails_and_every_file_is_found_again(path: Path) -> None:
    data = path.read_bytes()
    mail = parse_mail(data)
    assert not [item for item in mail.defects if item.startswith("Canal could not")]
    for attachment in mail.attachments:
        assert len(read_attachment(data, attachment.index)) == attachment.size


def test_the_corpus_is_there() -> None:
    assert len(MAILS) >= 120
