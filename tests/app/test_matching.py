"""Which ticket a mail joins: by what it proves, never by what it only says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.sandbox.caught import CaughtMail
from storage.queries import tickets
from tests.app.harness import OURS, Harness, Json, words_of


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def answered(canal: Harness, **options: object) -> tuple[Json, CaughtMail]:
    """A ticket whose customer got a reply: its card and the mail."""
    await canal.edit_channel(undo_seconds=0)
    await canal.write(message_id=canal.new_id(), **options)  # type: ignore[arg-type]
    card = await canal.ticket()
    await canal.say(card, "We look into it.")
    return card, await canal.sent()


def thread_words(canal: Harness, card: Json) -> str:
    return "\n".join(words_of(one) for one in canal.replies(card))


def number_of(card: Json) -> str:
    return words_of(card).partition("#")[2].split()[0]


async def joins(canal: Harness, card: Json, text: str) -> None:
    await canal.sandbox.wait_for(lambda: text in thread_words(canal, card))
    assert len(canal.roots()) == 1


def quoted(sent: CaughtMail) -> str:
    return "\n".join(f"> {line}".rstrip() for line in sent.text.splitlines())


async def test_ids_rewritten_by_a_relay_are_found_by_the_signed_reply_to(canal: Harness) -> None:
    card, sent = await answered(canal)
    await canal.write(
        "It works now.",
        recipients=[sent.message["Reply-To"].addresses[0].addr_spec],
        message_id=canal.new_id(),
        headers={"In-Reply-To": "<0102018e-rewritten@eu-west-1.amazonses.example>"},
    )
    await joins(canal, card, "It works now.")


async def test_the_id_that_a_relay_named_when_it_took_the_reply_is_known(canal: Harness) -> None:
    await canal.edit_channel(undo_seconds=0)
    await canal.write(message_id=canal.new_id())
    card = await canal.ticket()
    relayed = "0102018e1b2c3d4e-1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d-000000"
    canal.catcher.refuse("jo@cust.example", f"250 Ok {relayed}", at="DATA")
    ts = await canal.say(card, "We look into it.")
    await canal.wait_reaction(ts, "white_check_mark")
    await canal.write(
        "By the relay's id",
        message_id=canal.new_id(),
        headers={"In-Reply-To": f"<{relayed}@eu-west-1.amazonses.com>"},
    )
    await joins(canal, card, "By the relay's id")


async def test_the_folded_case_of_a_reply_to_still_counts(canal: Harness) -> None:
    card, sent = await answered(canal)
    address = sent.message["Reply-To"].addresses[0].addr_spec
    await canal.write("Shouted", recipients=[address.upper()], message_id=canal.new_id())
    await joins(canal, card, "Shouted")


async def test_a_phone_that_drops_references_is_known_by_in_reply_to(canal: Harness) -> None:
    card, sent = await answered(canal)
    await canal.write(
        "From my phone",
        sender="jo.private@elsewhere.example",
        message_id=canal.new_id(),
        headers={"In-Reply-To": sent.message_id},
    )
    await joins(canal, card, "From my phone")


async def test_a_client_that_drops_everything_is_known_by_the_marker(canal: Harness) -> None:
    card, sent = await answered(canal)
    await canal.write(f"No headers at all\n\n{quoted(sent)}", message_id=canal.new_id())
    await joins(canal, card, "No headers at all")


async def test_only_the_last_of_many_references_is_ours(canal: Harness) -> None:
    card, sent = await answered(canal)
    others = " ".join(canal.new_id() for _ in range(30))
    await canal.write(
        "A long way",
        message_id=canal.new_id(),
        headers={"References": f"{sent.message_id} {others}", "In-Reply-To": canal.new_id()},
    )
    await joins(canal, card, "A long way")


@pytest.mark.parametrize("what", ["address", "message-id", "marker"])
async def test_a_token_that_is_altered_by_one_character_opens_nothing(
    canal: Harness, what: str
) -> None:
    _, sent = await answered(canal)

    def altered(text: str, at: int) -> str:
        other = "b" if text[at] == "a" else "a"
        return f"{text[:at]}{other}{text[at + 1 :]}"

    address = sent.message["Reply-To"].addresses[0].addr_spec
    headers, recipients, text = {}, [canal.inbound], "Let me in"
    if what == "address":
        recipients = [altered(address, address.index("@") - 1)]
    elif what == "message-id":
        headers["In-Reply-To"] = altered(sent.message_id, sent.message_id.index("@") - 1)
    else:
        marker = next(line for line in sent.text.splitlines() if "[#canal-" in line)
        text += f"\n\n> {altered(marker, marker.index(']') - 1)}"
    await canal.write(
        text,
        sender="Eve <eve@evil.example>",
        recipients=recipients,
        message_id=canal.new_id(),
        headers=headers,
    )
    assert "Let me in" in words_of(await canal.ticket(2))


async def test_the_mac_of_one_ticket_opens_no_other(canal: Harness) -> None:
    card, sent = await answered(canal)
    address = sent.message["Reply-To"].addresses[0].addr_spec
    local, _, domain = address.partition("@")
    base, _, detail = local.partition("+")
    ticket_id, _, mac = detail.partition(".")
    await canal.write(
        "The one before",
        sender="Eve <eve@evil.example>",
        recipients=[f"{base}+{int(ticket_id) - 1}.{mac}@{domain}"],
        message_id=canal.new_id(),
    )
    assert "The one before" in words_of(await canal.ticket(2))
    assert "The one before" not in thread_words(canal, card)


async def test_the_mac_of_one_purpose_serves_no_other(canal: Harness) -> None:
    """A marker stands in every quote that somebody forwards; it makes no address."""
    card, sent = await answered(canal)
    marker = next(line for line in sent.text.splitlines() if "[#canal-" in line)
    token = marker.partition("canal-")[2].rstrip("]")
    local, _, domain = canal.inbound.partition("@")
    await canal.write(
        "Cut and pasted",
        sender="Eve <eve@evil.example>",
        recipients=[f"{local}+{token}@{domain}"],
        message_id=canal.new_id(),
    )
    await canal.ticket(2)
    assert "Cut and pasted" not in thread_words(canal, card)


async def test_a_stranger_with_a_known_id_gets_a_ticket_and_an_offer(canal: Harness) -> None:
    first = canal.new_id()
    await canal.edit_channel(undo_seconds=0)
    await canal.write(message_id=first)
    card = await canal.ticket()
    await canal.write(
        "Please send it to me instead",
        sender="Eve <eve@evil.example>",
        message_id=canal.new_id(),
        headers={"In-Reply-To": first},
    )
    assert f"Link to #{number_of(card)}" in words_of(await canal.ticket(2))
    assert "instead" not in thread_words(canal, card)
    await canal.say(card, "For Jo only")
    assert [one for one, _ in (await canal.sent()).recipients] == ["jo@cust.example"]


async def test_a_newsletter_with_somebodys_references_stays_outside(canal: Harness) -> None:
    first = canal.new_id()
    await canal.write(message_id=first)
    card = await canal.ticket()
    await canal.write(
        "Buy now",
        sender="News <news@shop.example>",
        message_id=canal.new_id(),
        headers={"References": first, "List-Id": "<news.shop.example>", "Precedence": "bulk"},
    )
    await canal.ticket(2)
    assert "Buy now" not in thread_words(canal, card)


@pytest.mark.parametrize("subject", ["Help", "Re: Help", "AW: Help", "RES: Help", "Отв: Help"])
async def test_the_same_subject_from_the_same_customer_is_another_ticket(
    canal: Harness, subject: str
) -> None:
    await canal.write(message_id=canal.new_id(), subject="Help")
    await canal.ticket()
    await canal.write("Something else", message_id=canal.new_id(), subject=subject)
    assert "Something else" in words_of(await canal.ticket(2))


async def test_who_was_in_copy_and_answers_alone_is_shown_by_name(canal: Harness) -> None:
    first = canal.new_id()
    await canal.write(message_id=first, headers={"Cc": "Sam Lee <sam@cust.example>"})
    card = await canal.ticket()
    await canal.write(
        "Sam here",
        sender="Sam Lee <sam@cust.example>",
        message_id=canal.new_id(),
        headers={"In-Reply-To": first},
    )
    await joins(canal, card, "Sam here")
    post = next(one for one in canal.replies(card) if "Sam here" in words_of(one))
    assert "Sam Lee" in words_of(post)
    assert "sam@cust.example" in words_of(post)
    assert "Jo Miller" not in words_of(post)


async def test_one_mail_to_two_channels_goes_on_in_both(canal: Harness) -> None:
    await canal.edit_channel(undo_seconds=0)
    support = canal.inbound
    slack_channel = canal.sandbox.add_channel("sales", bot_is_member=True)
    await canal.add_channel(
        name="Sales", slack_channel_id=slack_channel, primary="sales@acme.example"
    )
    sales, canal.inbound = canal.inbound, support
    first = canal.new_id()
    await canal.write(
        message_id=first, to=OURS, headers={"Cc": "sales@acme.example"}, recipients=[support, sales]
    )
    card = await canal.ticket()
    await canal.sandbox.wait_for(lambda: canal.roots(slack_channel))
    await canal.say(card, "Hello Jo")
    sent = await canal.sent()
    assert [one for one, _ in sent.recipients] == ["jo@cust.example"]
    await canal.write(
        "To both again",
        message_id=canal.new_id(),
        recipients=[support, sales],
        headers={"In-Reply-To": sent.message_id, "References": f"{first} {sent.message_id}"},
    )
    await joins(canal, card, "To both again")
    (other,) = canal.roots(slack_channel)
    await canal.sandbox.wait_for(
        lambda: any(
            "To both again" in words_of(one)
            for one in canal.sandbox.thread(slack_channel, other["ts"])
        )
    )
    assert len(canal.roots(slack_channel)) == 1
    # The token of a Support ticket opens nothing at Sales.
    token = sent.message["Reply-To"].addresses[0].addr_spec.partition("+")[2].partition("@")[0]
    local, _, domain = sales.partition("@")
    await canal.write(
        "By the wrong door",
        sender="Eve <eve@evil.example>",
        recipients=[f"{local}+{token}@{domain}"],
        message_id=canal.new_id(),
    )
    await canal.sandbox.wait_for(lambda: len(canal.roots(slack_channel)) == 2)
    assert "By the wrong door" not in thread_words(canal, card)


async def close(canal: Harness, card: Json, days: int) -> None:
    """As if an agent had closed it so long ago."""
    context = canal.canal.parts.context
    ticket_id = int(card["metadata"]["event_payload"]["ticket_id"])
    async with context.db.write() as tx:
        closed = context.clock.now() - timedelta(days=days)
        await tickets.change(tx, ticket_id, status="closed", closed_at=closed)


async def test_an_automatic_reply_stays_in_its_ticket_and_leaves_it_closed(
    canal: Harness,
) -> None:
    card, sent = await answered(canal)
    await close(canal, card, 400)
    await canal.write(
        "Back in June",
        message_id=canal.new_id(),
        headers={"In-Reply-To": sent.message_id, "Auto-Submitted": "auto-replied"},
    )
    await joins(canal, card, "Back in June")
    context = canal.canal.parts.context
    async with context.db.read() as tx:
        ticket = await tickets.get(tx, int(card["metadata"]["event_payload"]["ticket_id"]))
    assert ticket.status == "closed"


@pytest.mark.parametrize(("days", "reopens"), [(29, True), (31, False)])
async def test_a_closed_ticket_reopens_within_its_window_and_is_linked_after(
    canal: Harness, days: int, reopens: bool
) -> None:
    card, sent = await answered(canal)
    await close(canal, card, days)
    token = sent.message["Reply-To"].addresses[0].addr_spec
    await canal.write("It is back", message_id=canal.new_id(), to=token, recipients=[token])
    if reopens:
        await joins(canal, card, "It is back")
        return
    new = await canal.ticket(2)
    assert "It is back" in words_of(new)
    assert f"To {OURS}" in words_of(new), "and not the signed address"
    assert f"#{number_of(card)}" in words_of(new).replace(f"#{number_of(new)}", "", 1)
