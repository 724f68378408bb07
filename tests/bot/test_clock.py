"""The clock that handlers see: forward like the machine's, never back."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import SystemClock

START = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Machine:
    """Its two clocks; `jump` sets the one on the wall."""

    def __init__(self) -> None:
        self.wall = START
        self.steady = 100.0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds

    def jump(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> SystemClock:
    return SystemClock(lambda: machine.wall, lambda: machine.steady)


def test_it_is_the_machines_clock(machine: Machine, clock: SystemClock) -> None:
    assert clock.now() == START
    machine.pass_by(90)
    assert clock.now() == START + timedelta(seconds=90)
    machine.jump(3600)
    assert clock.now() == START + timedelta(seconds=3690)


def test_an_hour_back_stops_nothing(
    machine: Machine, clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    machine.jump(-3600)
    seen = []
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            machine.pass_by(10)
            seen.append(clock.now())
    assert seen == [START + timedelta(seconds=10 * n) for n in range(1, 6)]
    assert [one.message.partition(";")[0] for one in caplog.records] == [
        "the clock went back by 1:00:00"
    ]
    machine.jump(3600)
    assert clock.now() == START + timedelta(seconds=50)


def test_a_small_correction_is_waited_for(machine: Machine, clock: SystemClock) -> None:
    machine.pass_by(10)
    before = clock.now()
    machine.jump(-1)
    assert clock.now() == before
    machine.pass_by(1.5)
    assert clock.now() == before + timedelta(seconds=0.5)


def test_it_goes_by_the_time_that_it_is_told(machine: Machine, clock: SystemClock) -> None:
    """The database's, whatever the machine's own clock says, then and later."""
    of_database = START - timedelta(hours=1)
    clock.follow(of_database)
    assert clock.now() == of_database
    machine.pass_by(10)
    machine.jump(3600)
    assert clock.now() == of_database + timedelta(seconds=10)
    clock.follow(of_database + timedelta(seconds=10.5))
    assert clock.now() == of_database + timedelta(seconds=10.5)


def test_a_database_whose_clock_goes_back_is_waited_for(
    machine: Machine, clock: SystemClock
) -> None:
    clock.follow(START)
    machine.pass_by(10)
    assert clock.now() == START + timedelta(seconds=10)
    clock.follow(START - timedelta(hours=1))
    machine.pass_by(5)
    assert clock.now() == START + timedelta(seconds=15)
