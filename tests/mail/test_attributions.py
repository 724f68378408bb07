"""The line above a quote, in the customer's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mail.writing.attributions import LANGUAGES, attribution

ISSUE = [
    "en", "pt", "es", "fr", "de", "it", "nl", "pl", "ru", "uk", "sv",
    "da", "no", "fi", "cs", "tr", "zh", "ja", "ko", "he", "ar", "vi",
]  # fmt: skip
WHEN = datetime(2026, 6, 3, 14, 3, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize("language", ISSUE)
def test_every_language_of_ours_has_words_of_its_own(language: str) -> None:
    line = attribution("Jo <jo@x.example>", WHEN, language)
    assert "Jo <jo@x.example>" in line
    assert "2026" in line
    assert (line == attribution("Jo <jo@x.example>", WHEN, "en")) == (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_placeholder_is_left(language: str) -> None:
    for date in (WHEN, None):
        line = attribution("Jo", date, language)
        assert "{" not in line
        assert "Jo" in line


def test_the_date_keeps_its_time_zone() -> None:
    assert attribution("Jo", WHEN, "en") == "On June 3, 2026 at 2:03 PM, Jo wrote:"
    assert "14:03" in attribution("Jo", datetime(2026, 6, 3, 14, 3), "de")
    assert "12:03" in attribution("Jo", WHEN.astimezone(UTC), "de")


@pytest.mark.parametrize("tag", ["", "xx", "..", "tlh-KX", "en_XX", "_"])
def test_an_unknown_language_is_english(tag: str) -> None:
    assert attribution("Jo", None, tag) == "Jo wrote:"


def test_regions_and_scripts_are_understood() -> None:
    assert "escreveu" in attribution("Jo", WHEN, "pt-BR")
    assert "寫道" in attribution("Jo", WHEN, "zh-TW")
    assert "写道" in attribution("Jo", WHEN, "zh-CN")
    assert "skrev" in attribution("Jo", WHEN, "no")


def test_braces_in_a_name_are_only_characters() -> None:
    assert attribution("{date}", WHEN, "en").endswith(", {date} wrote:")
