"""The command line beside a running Canal, and how a running Canal is ended."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
import pytest_asyncio

from tests.app.harness import words_of
from tests.app.process import ProcessHarness, run_cli

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_for_all(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProcessHarness]:
    harness = ProcessHarness(tmp_path_factory.mktemp("running"))
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def canal(one_for_all: ProcessHarness) -> ProcessHarness:
    one_for_all.begin_anew()
    if not one_for_all.process.is_running:
        await one_for_all.start_canal()
    return one_for_all


async def takes_mail_for(canal: ProcessHarness, address: str) -> bool:
    host, port = canal.smtp_address
    client = aiosmtplib.SMTP(hostname=host, port=port, use_tls=False, start_tls=False)
    async with client:
        await client.mail("jo@cust.example")
        try:
            await client.rcpt(address)
        except aiosmtplib.SMTPRecipientRefused:
            return False
        return True


async def becomes(canal: ProcessHarness, address: str, wanted: bool) -> float:
    """Seconds until Canal takes mail for the address, or does no more."""
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.timeout(10):
        while await takes_mail_for(canal, address) is not wanted:
            await asyncio.sleep(0.05)
    return clock() - began


async def test_a_channel_set_up_before_the_first_run_works_after_it(canal: ProcessHarness) -> None:
    """The harness adds its channel before Canal has ever met its workspace."""
    await canal.write("From before")
    await canal.sandbox.wait_for(lambda: canal.roots(), 10)
    assert "From before" in words_of(canal.roots()[0])


async def test_what_the_command_line_changes_takes_effect_within_two_seconds(
    canal: ProcessHarness,
) -> None:
    env = canal.environment()
    status, address, err = await run_cli(
        env, "channels", "add", "--name", "Sales", "--slack-channel", canal.support,
        "--primary", "sales@acme.example",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert await becomes(canal, address.strip(), True) < 2
    assert (await run_cli(env, "channels", "remove", "Sales", "--yes"))[0] == 0
    assert await becomes(canal, address.strip(), False) < 2


async def test_a_paused_channel_keeps_mail_until_it_is_resumed(canal: ProcessHarness) -> None:
    env = canal.environment()
    await run_cli(env, "channels", "pause", "Support")
    await canal.write("While paused")
    await run_cli(env, "channels", "resume", "Support")
    await canal.sandbox.wait_for(lambda: canal.roots(), 5)
    assert "While paused" in words_of(canal.roots()[0])


def eml(folder: Path, number: int) -> str:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "jo@cust.example", f"Replayed {number}"
    mail["Message-ID"] = f"<replayed.{number}@cust.example>"
    mail.set_content("From a file")
    path = folder / f"{number}.eml"
    path.write_bytes(mail.as_bytes())
    return str(path)


async def test_replay_with_and_without_a_running_canal(
    canal: ProcessHarness, tmp_path: Path
) -> None:
    env = canal.environment()
    one, two = eml(tmp_path, 1), eml(tmp_path, 2)
    status, out, err = await run_cli(env, "replay", one, "--channel", "Support")
    assert (status, out, err) == (0, f"{one}: stored\n", "")
    await canal.sandbox.wait_for(lambda: len(canal.roots()) == 1, 5)
    assert await canal.process.end() == 0
    missing = str(tmp_path / "missing.eml")
    status, out, err = await run_cli(env, "replay", one, missing, two, "--channel", "Support")
    assert status == 1
    assert out == f"{one}: known already, nothing added\n{two}: stored\n"
    assert err.startswith(f"{missing}: cannot be read")
    status, _, err = await run_cli(env, "replay", one, "--channel", "Nobody")
    assert (status, "Traceback" in err) == (2, False)
    await canal.start_canal()
    await canal.sandbox.wait_for(lambda: len(canal.roots()) == 2, 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_it_ends_within_five_seconds(canal: ProcessHarness, number: signal.Signals) -> None:
    await canal.write()
    await canal.sandbox.wait_for(lambda: canal.roots(), 10)
    assert await canal.process.end(number, within=5.0) == 0
    assert await canal.process.errors() == ""


@pytest.mark.parametrize("hanging", ["slack", "smarthost", "client"])
async def test_it_ends_within_five_seconds_also_while_something_hangs(
    canal: ProcessHarness, hanging: str
) -> None:
    await canal.write(message_id=canal.new_id())
    await canal.sandbox.wait_for(lambda: canal.roots(), 10)
    card = canal.roots()[0]
    if hanging == "slack":
        gate = canal.sandbox.stop_at("chat.postMessage", done=False)
        await canal.write("Another", message_id=canal.new_id())
    elif hanging == "smarthost":
        gate = canal.catcher.stop_at("RCPT")
        await canal.say(card, "An answer")
    writer = (await asyncio.open_connection(*canal.smtp_address))[1]
    if hanging != "client":
        await asyncio.wait_for(gate.reached.wait(), 10)
    assert await canal.process.end(signal.SIGINT, within=5.0) == 0
    assert "Traceback" not in await canal.process.errors()
    writer.close()
    canal.begin_anew()
    await canal.start_canal()
    if hanging == "smarthost":
        await canal.catcher.wait_for_mails(1, 10)
    elif hanging == "slack":
        await canal.sandbox.wait_for(lambda: len(canal.roots()) == 1, 10)
