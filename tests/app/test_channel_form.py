"""The channel form in Slack: kinds, tests before saving, Slack channels, signatures, the list."""

from __future__ import annotations

from typing import Any

from tests.app.harness import OURS, Harness, words_of

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
