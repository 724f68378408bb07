"""A Slack that is away for hours is said a few times, not a thousand."""

from __future__ import annotations

import logging

import pytest

from bot.slack_absence import Absence


class Hours:
    """A clock, and what was said while it went on."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.now = 1000.0
        self.absence = Absence(lambda: self.now)
        self._caplog = caplog
        caplog.set_level(logging.INFO)

    def go_on(self, seconds: float, *, is_away: bool, reason: str = "") -> list[str]:
        """What is said within that time, with a look every half second."""
        self._caplog.clear()
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            self.absence.note(is_away=is_away, reason=reason)
        return self._caplog.messages


@pytest.fixture
def hours(caplog: pytest.LogCaptureFixture) -> Hours:
    return Hours(caplog)


def test_a_refreshed_connection_is_no_news(hours: Hours) -> None:
    assert hours.go_on(4, is_away=True) == []
    assert hours.go_on(10, is_away=False) == []


def test_six_hours_are_said_once_with_growing_reminders_and_their_end(hours: Hours) -> None:
    said = hours.go_on(6 * 3600, is_away=True, reason="refused")
    assert said[0].startswith("Slack cannot be reached (refused); mail is taken in")
    assert said[1:] == [
        f"Slack has been away for {age} (refused)"
        for age in ("65 s", "5 min", "21 min", "81 min", "2 h", "3 h", "4 h", "5 h")
    ]
    assert hours.go_on(60, is_away=False) == ["Slack is back after 6 h"]
    assert hours.go_on(60, is_away=True)[0].startswith("Slack cannot be reached;")


def test_what_tries_meanwhile_is_silent_and_its_reason_is_told(hours: Hours) -> None:
    def record(level: int, text: str) -> logging.LogRecord:
        return logging.LogRecord("slack", level, "", 0, text, None, None)

    first = record(logging.ERROR, "Failed (error: OSError, message: No route to host)")
    assert hours.absence.filter(first), "while Slack is there, everything is logged"
    hours.go_on(1, is_away=True)
    assert not hours.absence.filter(first)
    assert not hours.absence.filter(record(logging.INFO, "seems to be closed"))
    hours.go_on(89, is_away=True)
    told = "Slack's socket has not been connected for 90 s (No route to host)."
    assert hours.absence.sentence() == told


def test_the_longer_it_lasts_the_slower_are_the_attempts_up_to_a_bound(hours: Hours) -> None:
    waits = [hours.absence.retry_after()]
    for seconds in (10, 50, 3600):
        hours.go_on(seconds, is_away=True)
        waits.append(round(hours.absence.retry_after()))
    assert waits == [2, 2, 6, 20]
