"""The channel form in Slack: kinds, tests before saving, Slack channels, signatures, the list."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from handlers.channels import health
from tests.app.harness import OURS, Harness, words_of
from tests.servers.ports import free_port
from tests.servers.scripted_imap import ScriptedImap, running_scripted_imap

Json = dict[str, Any]
SALES = "sales@acme.example"


async def open_form(canal: Harness, text: str = "add", user: str | None = None) -> Json:
    await canal.sandbox.command(user or canal.rui, canal.support, "/canal", text)
    return canal.sandbox.open_views(user or canal.rui)[-1]


def top(canal: Harness) -> Json:
    return canal.sandbox.open_views(canal.rui)[-1]


def fields(view: Json) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def element(view: Json, name: str) -> Json:
    found: Json = next(one for one in view["blocks"] if one["block_id"] == name)["element"]
    return found


def said(canal: Harness, user: str) -> str:
    return "\n".join(words_of(one) for one in canal.sandbox.ephemerals(user))


def rich(name: str, text: str) -> Json:
    """What somebody typed into the formatted field `name`."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    value = {"type": "rich_text", "elements": [section]}
    return {name: {name: {"type": "rich_text_input", "rich_text_value": value}}}


async def test_the_form_asks_only_what_the_chosen_kinds_need(canal: Harness) -> None:
    view = await open_form(canal)
    assert "imap_user" not in fields(view)
    assert "smtp_user" not in fields(view)
    await canal.sandbox.click_view(
        canal.rui, view["id"], "incoming", selected="imap", state={"name": "Sales"}
    )
    view = top(canal)
    assert {"imap_user", "imap_password", "imap_folder", "poll_minutes"} <= set(fields(view))
    assert element(view, "name")["initial_value"] == "Sales"
    await canal.sandbox.click_view(
        canal.rui, view["id"], "outgoing", selected="smtp", state={"imap_user": SALES}
    )
    view = top(canal)
    assert {"smtp_user", "smtp_host", "save_sent"} <= set(fields(view))
    assert element(view, "imap_user")["initial_value"] == SALES
    await canal.sandbox.click_view(canal.rui, view["id"], "outgoing", selected="office365")
    view = top(canal)
    assert "office365_via" in fields(view)
    assert "smtp_host" not in fields(view)


async def test_what_was_typed_for_another_kind_comes_back_with_it(canal: Harness) -> None:
    view = await open_form(canal)
    await canal.sandbox.click_view(canal.rui, view["id"], "incoming", selected="imap")
    await canal.sandbox.click_view(
        canal.rui,
        top(canal)["id"],
        "incoming",
        selected="internal",
        state={"imap_user": SALES, "imap_password": "hush-hush"},
    )
    assert "imap_user" not in fields(top(canal))
    assert "hush-hush" not in str(top(canal))
    await canal.sandbox.click_view(canal.rui, top(canal)["id"], "incoming", selected="imap")
    assert element(top(canal), "imap_user")["initial_value"] == SALES
    assert "initial_value" not in element(top(canal), "imap_password")
    assert "hush-hush" not in str(canal.sandbox.calls)


async def test_an_internal_channel_is_saved_at_once_with_instructions(canal: Harness) -> None:
    view = await open_form(canal)
    answer = await canal.sandbox.submit_view(
        canal.rui, view["id"], {"name": "Sales", "primary": SALES}
    )
    assert answer == {"response_action": "update"}
    status = await canal.canal.channels.show("Sales")
    assert status.channel.slack_channel_id == canal.support
    assert status.channel.from_email == SALES
    inbound = str(status.channel.inbound_address)
    words = words_of(top(canal))
    assert f"```{inbound}```" in words
    assert f"Mail to {SALES} will appear in <#{canal.support}>" in words
    done = top(canal)["id"]
    for guide in ("gmail", "outlook", "yandex", "mailru"):
        await canal.sandbox.click_view(canal.rui, done, f"howto_{guide}")
        assert f"```{inbound}```" in words_of(top(canal))
        assert "1. " in words_of(top(canal))
        await canal.sandbox.close_view(canal.rui, top(canal)["id"])


async def test_wrong_fields_are_told_at_the_field_before_anything_is_tried(canal: Harness) -> None:
    view = await open_form(canal)
    await canal.sandbox.click_view(canal.rui, view["id"], "incoming", selected="imap")
    answer = await canal.sandbox.submit_view(
        canal.rui,
        view["id"],
        {"name": "support", "imap_user": SALES, "imap_host": "not a host", "additional": "x"},
    )
    assert answer["response_action"] == "errors"
    assert "There is a channel “Support” already" in answer["errors"]["name"]
    assert "is not the name of a server" in answer["errors"]["imap_host"]
    assert "is not an email address" in answer["errors"]["additional"]
    assert [one.channel.name for one in await canal.canal.channels.list()] == ["Support"]


async def test_everything_of_the_form_is_saved(canal: Harness) -> None:
    view = await open_form(canal)
    await canal.sandbox.submit_view(
        canal.rui,
        view["id"],
        {
            "name": "Sales",
            "primary": SALES,
            "additional": "a@acme.example\nb@acme.example",
            "from_name": "Acme Sales",
            "from_email": "team@acme.example",
            "reply_from_alias": ["yes"],
            "copy_to": "boss@acme.example",
            "copy_kind": "cc",
            **rich("signature", "{agent.name}, Sales"),
            **rich("footer", "Acme Ltd"),
            "quote": "all",
            "forward_opens_ticket": ["yes"],
            "trusted_forwarders": "Boss@acme.example, other.example",
            "reply_mode": "confirm",
            "undo_seconds": "30",
            "agents": [canal.ana],
        },
    )
    status = await canal.canal.channels.show("Sales")
    channel = status.channel
    assert status.additional == ("a@acme.example", "b@acme.example")
    assert (channel.from_name, channel.from_email) == ("Acme Sales", "team@acme.example")
    assert (channel.copy_to, channel.copy_as_bcc) == ("boss@acme.example", False)
    assert (channel.quote, channel.reply_mode, channel.undo_seconds) == ("all", "confirm", 30)
    assert channel.forward_opens_ticket
    assert channel.options["trusted_forwarders"] == ["boss@acme.example", "other.example"]
    assert channel.agents == [canal.ana]
    assert "{agent.name}, Sales" in str(channel.signature)
    assert "Acme Ltd" in str(channel.footer)
    assert status.connection("out").settings["reply_from_alias"] is True


async def test_editing_keeps_what_the_form_does_not_show(canal: Harness) -> None:
    await canal.canal.channels.edit(
        "Support", canal.channel_fields(agents=(canal.ana, "S0GROUP"), reopen_days=7)
    )
    view = await open_form(canal, "edit Support")
    assert element(view, "agents")["initial_users"] == [canal.ana]
    await canal.sandbox.submit_view(canal.rui, view["id"], {"name": "Help", "copy_to": SALES})
    channel = (await canal.canal.channels.show("Help")).channel
    assert (channel.agents, channel.reopen_days) == ([canal.ana, "S0GROUP"], 7)
    assert (channel.primary_address, channel.copy_to) == (OURS, SALES)
    view = await open_form(canal, "edit Help")
    await canal.sandbox.submit_view(canal.rui, view["id"], {"copy_to": "", "from_name": ""})
    channel = (await canal.canal.channels.show("Help")).channel
    assert (channel.copy_to, channel.from_name) == (None, "")


async def test_the_preview_fills_the_signature_in(canal: Harness) -> None:
    view = await open_form(canal)
    state = {
        "name": "Sales",
        **rich("signature", "{agent.name} of {channel.name}"),
        **rich("footer", "Acme Ltd"),
    }
    await canal.sandbox.click_view(canal.rui, view["id"], "signature_preview", state=state)
    assert "Rui Costa of Sales" in words_of(top(canal))
    assert "Acme Ltd" in words_of(top(canal))
    assert len(canal.sandbox.open_views(canal.rui)) == 2


async def test_a_slack_channel_is_created_where_asked(canal: Harness) -> None:
    view = await open_form(canal)
    await canal.sandbox.submit_view(
        canal.rui, view["id"], {"name": "Sales", "primary": SALES, "new_channel": "#Sales Desk"}
    )
    status = await canal.canal.channels.show("Sales")
    made = canal.sandbox.world.get_channel(status.channel.slack_channel_id)
    assert made.name == "sales-desk"
    assert canal.rui in made.members
    assert "press Try again" not in words_of(top(canal))


async def test_a_slack_channel_that_is_there_is_not_made_again(canal: Harness) -> None:
    view = await open_form(canal)
    answer = await canal.sandbox.submit_view(
        canal.rui, view["id"], {"name": "Sales", "primary": SALES, "new_channel": "support"}
    )
    assert "There is a #support in Slack already" in answer["errors"]["new_channel"]
    answer = await canal.sandbox.submit_view(
        canal.rui, view["id"], {"name": "Sales", "primary": SALES, "new_channel": "#?!"}
    )
    assert "letters, digits" in answer["errors"]["new_channel"]


async def test_a_private_channel_works_after_the_invitation(canal: Harness) -> None:
    vip = canal.sandbox.add_channel("vip", is_private=True, bot_is_member=False)
    view = await open_form(canal)
    await canal.sandbox.submit_view(
        canal.rui, view["id"], {"name": "VIP", "primary": SALES, "slack_channel_id": vip}
    )
    assert f"Canal is not in <#{vip}> yet. Type `/invite @Canal` there" in words_of(top(canal))
    await canal.sandbox.click_view(canal.rui, top(canal)["id"], "channel_join")
    assert "press Try again" in words_of(top(canal))
    await canal.sandbox.invite_bot(vip)
    await canal.sandbox.click_view(canal.rui, top(canal)["id"], "channel_join")
    assert "press Try again" not in words_of(top(canal))
    assert "VIP is connected" in words_of(top(canal))


async def test_only_admins_may_change_channels(canal: Harness) -> None:
    for text in ("add", "edit Support", "pause Support"):
        await canal.sandbox.command(canal.ana, canal.support, "/canal", text)
        last = canal.sandbox.ephemerals(canal.ana)[-1]
        assert "Only admins of Canal can do this" in words_of(last)
    assert len(canal.sandbox.ephemerals(canal.ana)) == 3
    assert canal.sandbox.open_views(canal.ana) == []


@pytest.fixture
async def mailboxes() -> AsyncIterator[ScriptedImap]:
    """Somebody's IMAP server, with the user sales@acme.example."""
    async with running_scripted_imap() as server:
        server.box(SALES)
        yield server


def mailbox(server: ScriptedImap, **values: Any) -> Json:
    """What is typed for a channel that reads this server."""
    return {
        "name": "Sales",
        "imap_user": SALES,
        "imap_password": server.script.password,
        "imap_host": server.host,
        "imap_port": str(server.port),
        "imap_security": "none",
        **values,
    }


async def submit_mailbox(canal: Harness, values: Json) -> Json:
    """Types a mailbox into a new form, and gives the view that waits for the test."""
    view = await open_form(canal)
    await canal.sandbox.click_view(canal.rui, view["id"], "incoming", selected="imap")
    answer = await canal.sandbox.submit_view(canal.rui, view["id"], values)
    assert answer == {"response_action": "update"}
    return view


async def outcome(canal: Harness) -> Json:
    """The view once the test is over."""
    await canal.sandbox.wait_for(lambda: "Testing…" not in words_of(top(canal)), timeout=20)
    return top(canal)


async def test_a_mailbox_is_tried_and_then_read(canal: Harness, mailboxes: ScriptedImap) -> None:
    mailboxes.script.hang_on.add("LOGIN")
    mailboxes.script.hang_on.add("AUTHENTICATE")
    await submit_mailbox(canal, mailbox(mailboxes))
    assert "Testing…" in words_of(top(canal))
    assert [one.channel.name for one in await canal.canal.channels.list()] == ["Support"]
    await mailboxes.wait_for("LOGIN", "AUTHENTICATE")
    mailboxes.script.hang_on.clear()
    mailboxes.released.set()
    await outcome(canal)
    await submit_mailbox(canal, mailbox(mailboxes))
    assert "Sales is connected" in words_of(await outcome(canal))
    status = await canal.canal.channels.show("Sales")
    assert status.channel.incoming == "imap"
    assert status.channel.primary_address == SALES
    assert status.connection("in").settings["host"] == mailboxes.host


async def test_a_refused_password_is_told_at_its_field_and_the_rest_is_kept(
    canal: Harness, mailboxes: ScriptedImap
) -> None:
    typed = mailbox(mailboxes, imap_password="wrong-one", copy_to="boss@acme.example")
    await submit_mailbox(canal, {**typed, **rich("signature", "Sales team")})
    view = await outcome(canal)
    order = [block["block_id"] for block in view["blocks"]]
    assert order[0] == "problem_all_imap_password", "what is wrong is seen without scrolling"
    assert order.index("problem_imap_password") == order.index("imap_password") + 1
    assert "refused" in words_of(view)
    assert "Please type the password again" in words_of(view)
    assert element(view, "imap_user")["initial_value"] == SALES
    assert element(view, "imap_port")["initial_value"] == str(mailboxes.port)
    assert element(view, "imap_security")["initial_option"]["value"] == "none"
    assert element(view, "copy_to")["initial_value"] == "boss@acme.example"
    assert "Sales team" in str(element(view, "signature")["initial_value"])
    assert "initial_value" not in element(view, "imap_password")
    assert "wrong-one" not in str(canal.sandbox.calls)
    assert [one.channel.name for one in await canal.canal.channels.list()] == ["Support"]
    await canal.sandbox.submit_view(
        canal.rui, view["id"], {"imap_password": mailboxes.script.password}
    )
    assert "Sales is connected" in words_of(await outcome(canal))
    channel = (await canal.canal.channels.show("Sales")).channel
    assert "Sales team" in str(channel.signature)


async def test_a_wrong_folder_and_a_closed_port_have_sentences_of_their_own(
    canal: Harness, mailboxes: ScriptedImap
) -> None:
    mailboxes.script.no_on["SELECT"] = "no such folder"
    mailboxes.script.no_on["EXAMINE"] = "no such folder"
    await submit_mailbox(canal, mailbox(mailboxes, imap_folder="Elsewhere"))
    folder = await outcome(canal)
    order = [block["block_id"] for block in folder["blocks"]]
    assert "problem_imap_folder" in order
    await canal.sandbox.close_view(canal.rui, folder["id"])
    await submit_mailbox(canal, mailbox(mailboxes, imap_port=str(free_port())))
    port = await outcome(canal)
    order = [block["block_id"] for block in port["blocks"]]
    assert {"problem_imap_port", "problem_imap_host"} & set(order)


async def test_a_mailbox_without_a_password_is_asked_for_it(
    canal: Harness, mailboxes: ScriptedImap
) -> None:
    await submit_mailbox(canal, mailbox(mailboxes, imap_password=""))
    view = await outcome(canal)
    order = [block["block_id"] for block in view["blocks"]]
    assert "problem_imap_password" in order
    assert "Please type the password again" not in words_of(view)


async def test_whoever_closes_the_window_is_told_how_it_went(
    canal: Harness, mailboxes: ScriptedImap
) -> None:
    mailboxes.script.hang_on.update({"LOGIN", "AUTHENTICATE"})
    view = await submit_mailbox(canal, mailbox(mailboxes))
    await canal.sandbox.close_view(canal.rui, view["id"])
    mailboxes.released.set()

    def direct() -> list[str]:
        opened = [one for one in canal.sandbox.world.channels.values() if one.is_im]
        return [words_of(m) for one in opened for m in canal.sandbox.messages(one.id)]

    await canal.sandbox.wait_for(
        lambda: any("Sales is not saved" in one for one in direct()), timeout=30
    )


async def test_editing_other_things_does_not_try_the_mailbox_again(
    canal: Harness, mailboxes: ScriptedImap
) -> None:
    await submit_mailbox(canal, mailbox(mailboxes))
    await outcome(canal)
    logins = mailboxes.logins
    mailboxes.script.password = "another"
    mailboxes.script.no_on["LOGIN"] = "not now"
    view = await open_form(canal, "edit Sales")
    assert element(view, "imap_host")["initial_value"] == mailboxes.host
    await canal.sandbox.submit_view(canal.rui, view["id"], {"from_name": "Acme Sales"})
    assert "Sales is connected" in words_of(top(canal))
    status = await canal.canal.channels.show("Sales")
    assert status.channel.from_name == "Acme Sales"
    assert status.connection("in").settings["host"] == mailboxes.host
    assert mailboxes.logins == logins


async def test_office365_waits_for_the_sign_in(canal: Harness) -> None:
    view = await open_form(canal)
    await canal.sandbox.click_view(canal.rui, view["id"], "outgoing", selected="office365")
    await canal.sandbox.submit_view(canal.rui, view["id"], {"name": "Sales", "primary": SALES})
    words = words_of(await outcome(canal))
    assert "canal channels login Sales --provider microsoft" in words
    assert (await canal.canal.channels.show("Sales")).channel.outgoing == "office365"


async def test_a_personal_signature_takes_the_place_of_the_channels(canal: Harness) -> None:
    view = await open_form(canal, "signature", canal.ana)
    await canal.sandbox.click_view(
        canal.ana,
        view["id"],
        "personal_preview",
        state=personal("all", "{agent.name}, {agent.title}"),
    )
    assert "Ana Silva, Care" in words_of(canal.sandbox.open_views(canal.ana)[-1])
    await canal.sandbox.close_view(canal.ana, canal.sandbox.open_views(canal.ana)[-1]["id"])
    await canal.sandbox.submit_view(
        canal.ana, view["id"], personal("all", "{agent.name} at {channel.name}")
    )
    assert "Ana Silva at Support" in words_of(canal.sandbox.open_views(canal.ana)[-1])
    await canal.write()
    card = await canal.ticket()
    await canal.say(card, "Done.")
    text = str((await canal.sent()).message)
    assert "Ana Silva at Support" in text
    assert "Acme Support" not in text
    await canal.say(card, "Done as well.", user=canal.rui)
    assert "Acme Support" in str((await canal.sent(2)).message)


async def test_a_channel_may_have_a_personal_signature_of_its_own(canal: Harness) -> None:
    view = await open_form(canal, "signature", canal.ana)
    await canal.sandbox.submit_view(canal.ana, view["id"], personal("all", "Everywhere"))
    view = await open_form(canal, "signature Support", canal.ana)
    channel_id = (await canal.canal.channels.show("Support")).channel.id
    await canal.sandbox.submit_view(canal.ana, view["id"], personal(str(channel_id), "Only here"))
    view = await open_form(canal, "signature", canal.ana)
    assert "Everywhere" in str(view["blocks"])
    await canal.sandbox.click_view(
        canal.ana, view["id"], "signature_scope", selected=str(channel_id)
    )
    view = canal.sandbox.open_views(canal.ana)[-1]
    assert "Only here" in str(view["blocks"])
    assert "Everywhere" not in str(view["blocks"])
    await canal.sandbox.click_view(canal.ana, view["id"], "personal_remove")
    await canal.write()
    await canal.say(await canal.ticket(), "Done.")
    assert "Everywhere" in str((await canal.sent()).message)


async def test_a_signature_that_is_too_long_is_told_at_its_field(canal: Harness) -> None:
    view = await open_form(canal, "signature", canal.ana)
    answer = await canal.sandbox.submit_view(canal.ana, view["id"], personal("all", "x" * 3500))
    assert "3000 characters at most" in answer["errors"]["signature_all"]


def personal(scope: str, text: str) -> Json:
    [(_, typed)] = rich("signature", text).items()
    return {f"signature_{scope}": typed}


async def test_the_list_shows_health_and_gives_admins_buttons(canal: Harness) -> None:
    now = canal.canal.parts.context.clock.now()
    channel_id = (await canal.canal.channels.show("Support")).channel.id
    async with canal.canal.parts.context.db.write() as tx:
        await health.note_success(tx, channel_id, "in", now=now - timedelta(seconds=12))
        await health.note_failure(tx, channel_id, "out", "The password was refused.", now=now)
    await canal.sandbox.command(canal.ana, canal.support, "/canal", "list")
    shown = canal.sandbox.ephemerals(canal.ana)[-1]
    assert re.search(r"in ✔ 1\d s ago", words_of(shown))
    assert f"out ❌ since {now:%H:%M} UTC: The password was refused." in words_of(shown)
    assert "channel_edit" not in str(shown)
    await canal.sandbox.command(canal.rui, canal.support, "/canal", "list")
    shown = canal.sandbox.ephemerals(canal.rui)[-1]
    assert "Reconnect" in words_of(shown)
    await canal.sandbox.click(canal.rui, canal.support, shown["ts"], "channel_reconnect")
    assert "⚠ The password was refused." in words_of(top(canal))


async def test_a_channel_is_paused_and_resumed_in_the_list(canal: Harness) -> None:
    await canal.sandbox.command(canal.rui, canal.support, "/canal", "list")
    shown = canal.sandbox.ephemerals(canal.rui)[-1]
    await canal.sandbox.click(canal.rui, canal.support, shown["ts"], "channel_pause")
    await canal.sandbox.wait_for(
        lambda: "⏸ paused" in words_of(canal.sandbox.ephemerals(canal.rui)[-1])
    )
    assert (await canal.canal.channels.show("Support")).channel.state == "paused"
    shown = canal.sandbox.ephemerals(canal.rui)[-1]
    await canal.sandbox.click(canal.rui, canal.support, shown["ts"], "channel_resume")
    await canal.sandbox.wait_for(
        lambda: "⏸ paused" not in words_of(canal.sandbox.ephemerals(canal.rui)[-1])
    )
    assert (await canal.canal.channels.show("Support")).channel.state == "active"
    await canal.sandbox.click(
        canal.rui, canal.support, canal.sandbox.ephemerals(canal.rui)[-1]["ts"], "channel_edit"
    )
    assert element(top(canal), "name")["initial_value"] == "Support"
