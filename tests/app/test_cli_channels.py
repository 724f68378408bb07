"""`canal channels …`: everything that /canal can configure, from a shell."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from tests.app.command_line import Canal, command_line

_ADD = (
    "channels", "add", "--name", "Support", "--slack-channel", "C0123456789",
    "--incoming", "internal", "--primary", "support@acme.example", "--from-name", "Acme",
    "--from-email", "support@acme.example", "--signature", "Your **Acme** team",
    "--outgoing", "internal",
)  # fmt: skip


@pytest.fixture
def canal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Canal:
    return command_line(monkeypatch, capsys, tmp_path)


def test_add_prints_the_address_to_forward_to(canal: Canal) -> None:
    said = canal(*_ADD)
    assert (said.status, said.err) == (0, "")
    assert re.fullmatch(r"support-[a-z0-9]{4}@in\.acme\.example", said.out.strip())


def test_list_and_show_tell_all_in_words_and_in_json(canal: Canal) -> None:
    assert "No email channel yet" in canal("channels", "list").out
    assert canal("channels", "list", "--json").json() == []
    address = canal(*_ADD, "--undo-seconds", "42").out.strip()
    assert "Support  C0123456789  support@acme.example" in canal("channels", "list").out
    (listed,) = canal("channels", "list", "--json").json()
    shown = canal("channels", "show", "support", "--json").json()
    assert listed == shown
    assert (shown["name"], shown["undo_seconds"], shown["inbound_address"]) == (
        "Support", 42, address,
    )  # fmt: skip
    assert shown["from_name"] == "Acme"
    assert "Acme" in shown["signature"]
    assert f"inbound_address: {address}" in canal("channels", "show", "Support").out


def test_edit_changes_what_is_given_and_keeps_the_rest(canal: Canal) -> None:
    before = canal(*_ADD, "--json").json()
    assert canal("channels", "edit", "Support", "--name", "Help", "--undo-seconds", "0").status == 0
    after = canal("channels", "show", "Help", "--json").json()
    assert {key for key in before if key in after and before[key] != after[key]} == {
        "name", "undo_seconds",
    }  # fmt: skip
    assert canal("channels", "show", "Support").status == 2
    assert canal("channels", "edit", "Help", "--signature", "").status == 0
    assert canal("channels", "show", "Help", "--json").json()["signature"] == ""


def test_pause_resume_and_remove(canal: Canal) -> None:
    canal(*_ADD)
    assert canal("channels", "pause", "Support").out == "Support is paused.\n"
    assert "(paused)" in canal("channels", "list").out
    assert canal("channels", "resume", "Support").out == "Support works again.\n"
    assert "Its 0 tickets stay." in canal("channels", "remove", "Support", "--yes").out
    assert canal("channels", "list", "--json").json() == []
    assert canal(*_ADD).status == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "Nobody"), "There is no channel “Nobody”. There are: Support."),
        (("edit", "Support", "--primary", "nonsense"), "nonsense"),
        (("edit", "Support", "--undo-seconds", "-1"), "undo"),
        (("edit", "Support", "--undo-seconds", "99999999"), "undo"),
        (("edit", "Support", "--reply-mode", "sometimes"), "sometimes"),
        (("edit", "Support", "--slack-channel", "#support"), "Slack channel"),
        (("edit", "Support", "--from-email", "a@b@c"), "a@b@c"),
        (("pause", "Nobody"), "There is no channel “Nobody”"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    canal: Canal, words: tuple[str, ...], sentence: str
) -> None:
    canal(*_ADD)
    said = canal("channels", *words)
    assert said.status == 2
    assert sentence.lower() in said.err.lower()
    assert "Traceback" not in said.err
    assert said.out == ""


def test_all_wrong_fields_are_told_at_once(canal: Canal) -> None:
    said = canal(
        "channels", "add", "--name", "X", "--slack-channel", "#x", "--primary", "no address",
        "--undo-seconds", "-5",
    )  # fmt: skip
    assert said.status == 2
    assert len(said.err.strip().splitlines()) >= 3


def test_two_channels_cannot_have_one_name(canal: Canal) -> None:
    canal(*_ADD)
    said = canal(*_ADD)
    assert said.status == 2
    assert "There is a channel “Support” already" in said.err


def test_trying_a_channel_says_what_works_and_what_does_not(canal: Canal) -> None:
    canal(*_ADD)
    said = canal("channels", "test", "Support")
    assert said.status == 2
    assert "CANAL_SMARTHOST_URL" in said.out + said.err
    closed = "smtp://user:hunter2@127.0.0.1:1"
    said = canal("channels", "test", "Support", CANAL_SMARTHOST_URL=closed)
    assert said.status == 2
    assert "127.0.0.1" in said.out
    assert "hunter2" not in said.out + said.err


def test_passwords_are_never_shown(canal: Canal) -> None:
    canal(*_ADD)
    env = {"CANAL_SMARTHOST_URL": "smtp://user:hunter2@relay.example", "SLACK_BOT_TOKEN": "xoxb-77"}
    for words in (
        ("channels", "show", "Support"),
        ("channels", "show", "Support", "--json"),
        ("channels", "list", "--json"),
        ("check",),
        ("check", "--json"),
    ):
        said = canal(*words, **env)
        assert "hunter2" not in said.out + said.err
        assert "xoxb-77" not in said.out + said.err


def test_parse_and_render_need_no_database(canal: Canal, tmp_path: Path) -> None:
    mail = tmp_path / "one.eml"
    mail.write_bytes(b"From: Jo <jo@x.example>\r\nSubject: Hi\r\n\r\nHello <!channel>\r\n")
    for command, word in (("parse", "Hello"), ("render", "Hello")):
        said = canal(command, str(mail))
        assert (said.status, word in said.out) == (0, True)
        assert canal(command, "--json", str(mail)).json()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["parse", "render"])
def test_a_file_that_cannot_be_read_leaves_the_others_alone(
    canal: Canal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    mail = tmp_path / "one.eml"
    mail.write_bytes(b"Subject: Hi\r\n\r\nHello\r\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(mail.read_bytes())))
    none = tmp_path / "none.eml"
    said = canal(command, "--json", str(mail), str(none), "-", str(mail))
    assert said.status == 1
    assert said.err == f"{none}: cannot be read: No such file or directory\n"
    assert len([json.loads(line) for line in said.out.splitlines()]) == 3
