"""A person is erased: words, names and addresses go, numbers stay, and others keep theirs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.errors import UserError
from handlers.upkeep.forget import ERASED, Forgotten, forget_person
from storage.engine import Database, open_database
from storage.queries import channels, forget, mails, messages, outbox, tickets
from storage.records import ChannelRecord, TicketRecord
from storage.startup import prepare
from tests.handlers.fixtures import make_context
from tests.storage.samples import (
    NOW,
    VAULT,
    add_channel,
    add_message,
    add_ticket,
    arrival,
    enqueue,
    raw,
)

JO, ED = "jo@cust.example", "ed@else.example"


def person(address: str, role: str = "to") -> dict[str, str]:
    return {"role": role, "address": address, "name": address.partition("@")[0].title()}


async def converse(
    db: Database, channel: ChannelRecord, number: int, customer: str, *others: str
) -> TicketRecord:
    """A ticket with the customer's mail and one reply to all, and everything around them."""
    people = [person(customer), *(person(one, "cc") for one in others)]
    ticket = await add_ticket(
        db,
        channel,
        subject=f"Subject of {customer}",
        customer_name=customer,
        customer_address=customer,
        participants=people,
        root_ts=f"{number}.0",
    )
    async with db.write() as tx:
        await mails.store(
            tx,
            [raw(number), raw(number + 1)],
            [arrival(channel, number, state="filed", envelope={"mail_from": customer})],
        )
        await mails.add_raw(tx, raw(number + 1))
        await tickets.add_people(tx, ticket.id, [(one["address"], one["name"]) for one in people])
    values: dict[str, Any] = {
        "direction": "inbound",
        "state": "filed",
        "author_address": customer.upper(),
        "author_name": customer,
        "subject": f"Subject of {customer}",
        "body": [{"text": f"words of {customer}"}],
        "recipients": [person(one, "cc") for one in others],
    }
    inbound = await add_message(db, ticket, slack_ts=f"{number}.0", raw_mail_id=number, **values)
    reply = await add_message(
        db, ticket, state="sent", slack_ts=f"{number}.1", raw_mail_id=number + 1,
        recipients=people, body=[{"text": f"Dear {customer}"}],
    )  # fmt: skip
    async with db.write() as tx:
        await tickets.index_ids(tx, channel.id, ticket.id, [f"<{number}@x>"], message_id=inbound.id)
        file = {"filename": f"cv of {customer}.pdf", "content_type": "application/pdf"}
        await messages.add_attachments(tx, inbound.id, [file])
        results = [{"address": one["address"], "state": "accepted"} for one in people]
        await messages.save_deliveries(tx, reply.id, results, now=NOW)
    return ticket


async def erase(db: Database, address: str = JO) -> Forgotten:
    return await forget_person(make_context(db), address)


async def test_everything_of_a_customer_goes(db: Database, channel: ChannelRecord) -> None:
    ticket = await converse(db, channel, 10, JO)
    done = await erase(db, " JO@Cust.Example ")
    assert (done.tickets, done.messages, done.mails, done.files, done.deliveries) == (1, 2, 2, 1, 1)
    assert done.still_mentioned == ()
    assert [(one.ticket, one.ts) for one in done.threads] == [(ticket.number, "10.0")]
    async with db.read() as tx:
        left = await tickets.get(tx, ticket.id)
        assert (left.number, left.subject, left.customer_name) == (ticket.number, ERASED, "")
        assert left.participants == []
        for message in await messages.list_of_ticket(tx, ticket.id):
            assert "words" not in str(message.body)
            assert (message.subject, message.recipients, message.author_name) == ("", [], "")
        assert [await mails.find_raw(tx, one) for one in (10, 11)] == [None, None]
        assert await tickets.find_by_ids(tx, channel.id, ["<10@x>"]) == []


async def test_nothing_of_them_is_left_in_the_bytes_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "canal.db"
    db = open_database(f"sqlite+aiosqlite:///{file}", VAULT)
    await prepare(db)
    channel = await add_channel(db)
    for number in range(10, 200, 10):
        await converse(db, channel, number, JO if number % 20 else ED)
    await erase(db)
    await db.close()
    left = file.read_bytes()
    assert JO.encode() not in left.lower()
    assert f"words of {ED}".encode() in left


async def test_others_keep_what_is_theirs(db: Database, channel: ChannelRecord) -> None:
    await converse(db, channel, 10, JO)
    other = await converse(db, channel, 20, ED)
    async with db.read() as tx:
        before = await messages.list_of_ticket(tx, other.id)
    await erase(db)
    async with db.read() as tx:
        assert await tickets.get(tx, other.id) == other
        assert await messages.list_of_ticket(tx, other.id) == before
        assert await mails.find_raw(tx, 20) is not None
        assert await tickets.is_person_of(tx, other.id, ED)


async def test_a_person_in_copy_is_taken_out_and_the_ticket_stays_the_customers(
    db: Database, channel: ChannelRecord
) -> None:
    ticket = await converse(db, channel, 10, ED, JO)
    done = await erase(db)
    assert (done.tickets, done.shared_tickets, done.messages) == (0, 1, 0)
    assert done.still_mentioned == ()
    async with db.read() as tx:
        left = await tickets.get(tx, ticket.id)
        assert left.subject == f"Subject of {ED}"
        assert [one["address"] for one in left.participants] == [ED]
        inbound, reply = await messages.list_of_ticket(tx, ticket.id)
        assert inbound.body == [{"text": f"words of {ED}"}]
        assert [one["address"] for one in reply.recipients] == [ED]
        assert [one.address for one in await messages.list_deliveries(tx, reply.id)] == [ED]
        assert not await tickets.is_person_of(tx, ticket.id, JO)


async def test_what_waits_to_be_said_or_sent_is_not(db: Database, channel: ChannelRecord) -> None:
    ticket = await converse(db, channel, 10, JO)
    reply = await add_message(db, ticket, state="held", slack_ts="10.5", recipients=[person(JO)])
    async with db.write() as tx:
        await enqueue(tx, 1, kind="send_email", payload={"message_id": reply.id})
        await enqueue(tx, 2, kind="notice", payload={"facts": {"address": JO}})
        await enqueue(tx, 3, kind="post_mail", payload={"message_id": 9999})
    done = await erase(db)
    assert done.cancelled_replies == 1
    async with db.read() as tx:
        assert (await messages.get(tx, reply.id)).state == "cancelled"
        kinds = [item.kind for item in await outbox.list_items(tx)]
    assert sorted(kinds) == ["post_mail", "update_card"], "the card is drawn anew"


async def test_mail_that_is_not_filed_yet_goes_too(db: Database, channel: ChannelRecord) -> None:
    async with db.write() as tx:
        await mails.store(
            tx, [raw(1), raw(2)],
            [
                arrival(channel, 1, envelope={"mail_from": "Jo@Cust.example"}),
                arrival(channel, 2, envelope={"mail_from": ED}),
            ],
        )  # fmt: skip
    assert (await erase(db)).mails == 1
    async with db.write() as tx:
        left = await mails.claim(tx, "one", now=NOW, lease=timedelta(minutes=1), limit=9)
    assert [item.raw_mail_id for item in left] == [2]


async def test_where_others_mention_the_address_is_said(
    db: Database, channel: ChannelRecord
) -> None:
    ticket = await converse(db, channel, 10, ED)
    await add_message(db, ticket, slack_ts="10.7", body=[{"text": f"I asked Jo ({JO}) too"}])
    await converse(db, channel, 20, JO)
    done = await erase(db)
    assert (done.still_mentioned, done.mentioned_in) == (("messages",), (ticket.number,))
    again = await erase(db)
    assert (again.anything, again.mentioned_in) == (False, (ticket.number,))


async def test_addresses_with_a_detail_are_named_and_kept(
    db: Database, channel: ChannelRecord
) -> None:
    await converse(db, channel, 10, JO)
    shop = await converse(db, channel, 20, "jo+shop@cust.example")
    await converse(db, channel, 30, "jo_shop@cust.example")
    done = await erase(db)
    assert (done.tickets, done.similar) == (1, ("jo+shop@cust.example",))
    async with db.read() as tx:
        assert await tickets.get(tx, shop.id) == shop
    assert (await erase(db, "jo+shop@cust.example")).similar == ()


@pytest.mark.parametrize("written", ["Jo@XN--BCHER-KVA.example", "jo@Bücher.example"])
async def test_a_domain_is_known_however_it_is_written(
    db: Database, channel: ChannelRecord, written: str
) -> None:
    await converse(db, channel, 10, "jo@bücher.example")
    async with db.write() as tx:
        envelope = {"mail_from": "jo@xn--bcher-kva.example"}
        await mails.store(tx, [raw(1)], [arrival(channel, 1, envelope=envelope)])
    done = await erase(db, written)
    assert (done.tickets, done.mails) == (1, 3)


async def test_an_address_with_wildcards_matches_only_itself(
    db: Database, channel: ChannelRecord
) -> None:
    await converse(db, channel, 10, "a_b%c@cust.example")
    await converse(db, channel, 20, "aXbYc@cust.example")
    done = await erase(db, "a_b%c@cust.example")
    assert (done.tickets, done.still_mentioned) == (1, ())


async def test_twice_is_harmless_and_an_unknown_person_is_told(
    db: Database, channel: ChannelRecord
) -> None:
    await converse(db, channel, 10, JO)
    assert (await erase(db)).anything
    assert not (await erase(db)).anything
    assert not (await erase(db, "nobody@cust.example")).anything


@pytest.mark.parametrize("address", ["", "jo", "@x", "jo@", "a@b@c", "Jo <jo@cust.example>"])
async def test_what_is_no_address_is_refused(db: Database, address: str) -> None:
    with pytest.raises(UserError, match="no mail address"):
        await erase(db, address)


async def test_our_own_addresses_are_no_persons(db: Database, channel: ChannelRecord) -> None:
    async with db.write() as tx:
        await channels.set_addresses(tx, channel, [("support@acme.example", "primary")])
    with pytest.raises(UserError, match="our own channels"):
        await erase(db, "Support@acme.example")


async def test_no_table_with_text_is_forgotten_by_the_last_look() -> None:
    """A new table with people's text has to be thought of here."""
    from storage.models import Base

    looked_at = set(forget.LOOKED_AT)
    without_people = {
        "meta", "leases", "workspaces", "email_channels", "channel_addresses", "connections",
        "agent_signatures", "raw_mails", "message_index", "digests",
        "folded_cards",
    }  # fmt: skip
    assert looked_at | without_people == set(Base.metadata.tables)
