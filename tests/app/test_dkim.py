"""Outgoing mail is signed where the channel's mail leaves through our relay and a key is there."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from handlers.channels.dkim_keys import DkimKeys
from handlers.errors import NotFound, UserError
from tests.app.harness import Harness


def txt_of(record: str) -> bytes:
    """The value of the record that `canal dkim new` prints."""
    return "".join(record.partition("(")[2].rpartition(")")[0].split('"')[1::2]).encode()


async def test_a_reply_is_signed_with_the_key_of_its_domain(canal: Harness) -> None:
    import dkim

    key = await DkimKeys(canal.canal.parts.context.db).new("acme.example")
    await canal.write()
    await canal.say(await canal.ticket(), "Hello")
    sent = await canal.sent()
    assert "d=acme.example" in sent.header("DKIM-Signature")
    asked: list[bytes] = []

    def answer(name: bytes, timeout: float = 5) -> bytes:
        asked.append(name)
        return txt_of(key.record)

    assert dkim.verify(sent.data, dnsfunc=answer)
    assert asked == [b"canal._domainkey.acme.example."]


async def test_a_subdomain_is_signed_with_the_key_above_it(canal: Harness) -> None:
    await DkimKeys(canal.canal.parts.context.db).new("acme.example")
    fields = canal.channel_fields(from_email="help@desk.acme.example")
    await canal.canal.channels.edit("Support", fields)
    await canal.write()
    await canal.say(await canal.ticket(), "Hello")
    assert "d=acme.example" in (await canal.sent()).header("DKIM-Signature")


async def test_without_a_key_nothing_is_signed(canal: Harness) -> None:
    await DkimKeys(canal.canal.parts.context.db).new("other.example")
    await canal.write()
    await canal.say(await canal.ticket(), "Hello")
    assert (await canal.sent()).header("DKIM-Signature") == ""


async def test_a_key_is_sealed_and_replaced_only_when_asked(canal: Harness) -> None:
    keys = DkimKeys(canal.canal.parts.context.db)
    first = await keys.new("Acme.Example")
    assert await keys.show("acme.example.") == first
    with pytest.raises(UserError, match=r"There is a key for acme\.example already"):
        await keys.new("acme.example")
    assert await keys.new("acme.example", replace=True) != first
    stored = b"".join(one.read_bytes() for one in (canal.folder / "data").glob("canal.db*"))
    assert b"PRIVATE KEY" not in stored
    await keys.remove("acme.example")
    with pytest.raises(NotFound, match=r"canal dkim new acme\.example"):
        await keys.show("acme.example")


def test_the_command_prints_the_record_and_no_secret(tmp_path: Path) -> None:
    env = {"CANAL_DATA_DIR": str(tmp_path)}
    done = CliRunner().invoke(app, ["dkim", "new", "acme.example"], env=env)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("canal._domainkey.acme.example. IN TXT ( ")
    assert "PRIVATE" not in done.output
    public = txt_of(done.output).partition(b"p=")[2]
    assert len(base64.b64decode(public)) > 250
    again = CliRunner().invoke(app, ["dkim", "show", "acme.example"], env=env)
    assert again.output == done.output
