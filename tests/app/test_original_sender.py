"""A mail that staff forwarded: its writer is offered as the customer, never taken for granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bot.cli.main import app
from tests.app.harness import OURS, Harness, words_of

Json = dict[str, Any]
ANA = "Ana Silva <ana@acme.example>"
FORWARDED = """FYI, a difficult one.

---------- Forwarded message ---------
From: Jo Miller <jo@cust.example>
Date: Mon, 2 Mar 2026 at 10:00
Subject: Invoice 2231
To: Ana Silva <ana@acme.example>

The invoice is wrong.
"""


async def forwarded(canal: Harness, sender: str = ANA, **headers: str) -> Json:
    await canal.write(FORWARDED, sender=sender, subject="Fwd: Invoice 2231", headers=headers)
    return await canal.ticket()


def root_words(canal: Harness, card: Json) -> str:
    return words_of(canal.sandbox.message(canal.support, card["ts"]))


async def test_the_writer_is_offered_and_the_answer_goes_there(canal: Harness) -> None:
    card = await forwarded(canal, Cc="bo@acme.example")
    assert "Forwarded mail, written by Jo Miller <jo@cust.example>." in words_of(card)
    assert "Make Jo Miller the customer" in words_of(card)
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "original_customer")
    await canal.sandbox.wait_for(lambda: "Forwarded by Ana Silva" in root_words(canal, card))
    assert "Make Jo Miller" not in root_words(canal, card)
    await canal.say(card, "Hello Jo, we look into it.")
    sent = await canal.sent()
    assert [address for address, _ in sent.recipients] == ["jo@cust.example"]
    assert sent.header("To") == "Jo Miller <jo@cust.example>"
    assert sent.subject == "Re: Invoice 2231"


async def test_what_the_colleague_wrote_above_never_reaches_the_customer(canal: Harness) -> None:
    await canal.canal.channels.edit("Support", canal.channel_fields(quote="all"))
    card = await forwarded(canal)
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "original_customer")
    await canal.sandbox.wait_for(lambda: "Forwarded by" in root_words(canal, card))
    await canal.say(card, "Hello Jo")
    assert b"difficult" not in ((await canal.sent()).data or b"")


async def test_the_customers_answer_comes_back_to_the_ticket(canal: Harness) -> None:
    card = await forwarded(canal)
    await canal.sandbox.click(canal.ana, canal.support, card["ts"], "original_customer")
    await canal.sandbox.wait_for(lambda: "Forwarded by" in root_words(canal, card))
    await canal.say(card, "Hello Jo")
    sent = await canal.sent()
    await canal.write("Thanks", headers={"In-Reply-To": sent.message_id})
    await canal.sandbox.wait_for(
        lambda: any("Thanks" in words_of(one) for one in canal.replies(card))
    )


async def test_without_a_press_the_answer_goes_to_the_colleague(canal: Harness) -> None:
    card = await forwarded(canal)
    await canal.say(card, "Thanks Ana")
    assert [address for address, _ in (await canal.sent()).recipients] == ["ana@acme.example"]


async def test_a_stranger_cannot_name_somebody_else(canal: Harness) -> None:
    card = await forwarded(canal, "Eve <eve@evil.example>")
    assert "the customer" not in words_of(card)
    await canal.say(card, "Hello")
    assert [address for address, _ in (await canal.sent()).recipients] == ["eve@evil.example"]


async def test_a_trusted_forwarders_mail_belongs_to_its_writer_at_once(canal: Harness) -> None:
    fields = canal.channel_fields(trusted_forwarders=("hotline@partner.example", "@help.example"))
    await canal.canal.channels.edit("Support", fields)
    card = await forwarded(canal, "Hotline <hotline@partner.example>")
    assert "Forwarded by Hotline" in words_of(card)
    assert "Make Jo" not in words_of(card)
    await canal.say(card, "Hello Jo")
    assert [address for address, _ in (await canal.sent()).recipients] == ["jo@cust.example"]


async def test_a_mail_passed_on_from_our_own_address_is_its_writers(canal: Harness) -> None:
    card = await forwarded(canal, f"Support <{OURS}>")
    assert "Forwarded by Support" in words_of(card)
    assert "🔵 Open" in words_of(card)
    await canal.say(card, "Hello Jo")
    sent = await canal.sent()
    assert [address for address, _ in sent.recipients] == ["jo@cust.example"]
    assert b"difficult" not in (sent.data or b"")


def test_the_command_line_names_trusted_forwarders(tmp_path: Path) -> None:
    env = {"CANAL_DATA_DIR": str(tmp_path)}
    options = ["--slack-channel", "C0SUPPORT", "--primary", OURS, "--json", "--no-test"]
    forwarders = ["--trusted-forwarder", "Partner.example", "--trusted-forwarder", "a@b.example"]
    add = CliRunner().invoke(
        app, ["channels", "add", "--name", "Support", *options, *forwarders], env=env
    )
    assert add.exit_code == 0, add.output
    assert json.loads(add.output)["trusted_forwarders"] == ["partner.example", "a@b.example"]
    edit = [
        "channels",
        "edit",
        "Support",
        "--json",
        "--no-test",
        "--trusted-server",
        "mx.b.example",
    ]
    changed = json.loads(CliRunner().invoke(app, edit, env=env).output)
    assert changed["trusted_server"] == "mx.b.example"
    assert changed["trusted_forwarders"] == ["partner.example", "a@b.example"]
    wrong = [*edit, "--trusted-forwarder", "not a domain"]
    refused = CliRunner().invoke(app, wrong, env=env).exception
    assert str(refused).startswith("--trusted-forwarder: “not a domain” is neither an address")
