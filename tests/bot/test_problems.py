"""A start that cannot succeed: a sentence, status 2, no traceback."""

from __future__ import annotations

import errno
import socket

import pytest
from slack_sdk.errors import SlackApiError

from bot.problems import EXIT_CONFIG, EXIT_INTERRUPTED, StartupError, explain, run_or_explain


def failing_with(error: BaseException) -> int:
    def main() -> None:
        raise error

    return run_or_explain(main)


def test_a_start_that_succeeds_is_zero_or_its_own_status() -> None:
    assert run_or_explain(lambda: None) == 0
    assert run_or_explain(lambda: 3) == 3


def test_each_sentence_has_its_line_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert failing_with(StartupError("One thing.", "Another.")) == EXIT_CONFIG
    assert capsys.readouterr().err == "canal: One thing.\ncanal: Another.\n"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        failing_with(ZeroDivisionError())


def test_an_interrupt_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert failing_with(KeyboardInterrupt()) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""


def test_an_occupied_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError) as raised:
            socket.create_server(taken.getsockname())
        told = explain(raised.value)
    assert told is not None
    assert "in use" in str(told)
    assert "CANAL_SMTP_LISTEN" in str(told)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "no", "/srv/x"), "/srv/x cannot be used: permission denied"),
        (PermissionError(errno.EACCES, "no"), "port below 1024"),
        (OSError(errno.EADDRNOTAVAIL, "no"), "does not have the address"),
        (OSError(errno.ENOSPC, "no"), "disk is full"),
    ],
)
def test_errors_of_the_machine_are_told(error: OSError, words: str) -> None:
    assert words in str(explain(error))


def test_an_error_of_the_network_later_on_is_no_matter_of_the_start() -> None:
    assert explain(ConnectionResetError(errno.ECONNRESET, "reset")) is None


def test_a_group_of_start_errors_is_told_whole() -> None:
    told = explain(
        ExceptionGroup("start", [StartupError("A."), StartupError("B."), StartupError("A.")])
    )
    assert told is not None
    assert told.sentences == ("A.", "B.")


def test_a_group_with_a_bug_in_it_is_a_bug() -> None:
    assert explain(ExceptionGroup("start", [StartupError("A."), ValueError()])) is None


def refusal(**answer: object) -> Exception:
    return SlackApiError("no", {"ok": False, **answer})  # type: ignore[no-untyped-call]


def test_what_slack_refuses_is_told_with_what_to_do() -> None:
    told = explain(refusal(error="missing_scope", needed="files:write"))
    assert "Missing: files:write." in str(told)
    assert "team_is_on_fire" in str(explain(refusal(error="team_is_on_fire")))
