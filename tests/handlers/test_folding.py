"""Cards that wait too long for a limited Slack channel are folded into one digest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.outbox import folding, work
from handlers.outbox.folding import START, if_fresh, most_waiting
from handlers.outbox.work import WorkKind
from handlers.tickets.digests import LINES, PAGE, load_digest
from handlers.upkeep.forget import forget_person
from storage.checks import find_problems
from storage.engine import Database
from storage.queries import digests, messages, meta, outbox, tickets
from storage.records import ChannelRecord, DigestRecord, OutboxRecord, TicketRecord
from tests.handlers.fixtures import make_context
from tests.storage.samples import LEASE, NOW, TEAM, after, message_values

WHERE = "CSUPPORT"


async def make_cards(db: Database, channel: ChannelRecord, count: int) -> list[TicketRecord]:
    """Tickets whose cards wait to be posted."""
    made = []
    async with db.write() as tx:
        await meta.ensure_workspace(tx, TEAM, now=NOW)
        for number in range(count):
            values = {
                "email_channel_id": channel.id,
                "subject": f"Order {number}",
                "customer_name": f"Jo {number}",
                "customer_address": f"jo{number}@cust.example",
                "slack_channel_id": WHERE,
                "opened_at": NOW,
                "updated_at": NOW,
            }
            ticket = await tickets.add(tx, TEAM, values)
            mail = message_values(
                ticket, direction="inbound", state="filed", slack_ts=None, slack_channel_id=None,
                slack_user_id=None, author_address=ticket.customer_address,
            )  # fmt: skip
            message = await messages.add(tx, mail)
            await work.post_card(tx, ticket, message.id, now=NOW, foldable=True)
            made.append(ticket)
    return made


async def fold(db: Database, seconds: float = 0) -> int:
    async with db.write() as tx:
        return await folding.fold(tx, TEAM, WHERE, now=after(seconds))


async def wishes(db: Database, kind: WorkKind) -> list[OutboxRecord]:
    async with db.read() as tx:
        return [one for one in await outbox.list_items(tx, limit=1000) if one.kind == kind]


async def current(db: Database) -> DigestRecord:
    async with db.read() as tx:
        found = await digests.find_current(tx, WHERE)
    assert found is not None
    return found


async def test_as_many_as_a_person_can_read_are_posted_one_by_one(
    db: Database, channel: ChannelRecord
) -> None:
    await make_cards(db, channel, START)
    assert await fold(db) == 0
    assert len(await wishes(db, WorkKind.POST_CARD)) == START


async def test_more_become_one_digest_and_nothing_of_them_waits_any_more(
    db: Database, channel: ChannelRecord
) -> None:
    made = await make_cards(db, channel, START + 1)
    assert await fold(db) == START + 1
    assert await wishes(db, WorkKind.POST_CARD) == []
    (wish,) = await wishes(db, WorkKind.DIGEST)
    async with db.read() as tx:
        found = await load_digest(tx, wish.payload["digest_id"])
    assert found is not None
    post = found[1]
    assert (post.total, post.unopened, post.offset) == (START + 1, START + 1, 0)
    assert [line.number for line in post.lines] == [one.number for one in made[:LINES]]
    assert str(post.lines[0].sender) == "Jo 0 <jo0@cust.example>"
    found_odd = await find_problems(db, now=NOW + timedelta(hours=3))
    assert not [one for one in found_odd if one.broken]


async def test_what_may_be_posted_already_or_has_more_to_come_is_not_folded(
    db: Database, channel: ChannelRecord
) -> None:
    made = await make_cards(db, channel, START + 4)
    async with db.write() as tx:
        await work.post_mail(tx, made[1], 999, now=NOW)
        await outbox.claim(tx, "dead", now=NOW, lease=LEASE, limit=1, per_lane=1)
        await outbox.release_claims(tx, ["dead"])
        (claimed,) = await outbox.claim(
            tx, "one", now=NOW, lease=LEASE, limit=1, per_lane=1, busy_lanes=[]
        )
        await outbox.retry(tx, claimed.id, "one", not_before=NOW, error="", uncertain=True)
        await work.post_card(tx, made[2], 998, now=NOW)
    assert await fold(db) == START + 1
    waiting = [one.payload["ticket_id"] for one in await wishes(db, WorkKind.POST_CARD)]
    assert waiting == [made[0].id, made[1].id, made[2].id, made[2].id]


async def test_a_ticket_that_somebody_writes_into_this_moment_is_left_alone(
    db: Database, channel: ChannelRecord
) -> None:
    """Else its further mail would come up without the first. SQLite's writers are alone anyway."""
    made = await make_cards(db, channel, START + 2)
    async with db.write() as filing:
        await tickets.get(filing, made[7].id)
        if not db.is_sqlite:
            assert await fold(db) == START + 1
        await work.post_mail(filing, made[7], 77, now=NOW)
    assert await fold(db, 1) == (START + 1 if db.is_sqlite else 0)
    (wish,) = await wishes(db, WorkKind.POST_CARD)
    assert wish.payload["ticket_id"] == made[7].id


@pytest.mark.parametrize(
    ("seconds", "most"), [(0, 0), (3, 0), (4, 5), (600, 5), (601, START), (7200, START)]
)
def test_a_fresh_digest_takes_further_cards_sooner(seconds: float, most: int) -> None:
    digest = DigestRecord(1, TEAM, WHERE, "1.1", True, NOW)
    assert most_waiting(if_fresh(digest, after(seconds)), after(seconds)) == most
    assert most_waiting(None, after(seconds)) == START


async def test_further_cards_join_the_fresh_digest_and_later_ones_begin_another(
    db: Database, channel: ChannelRecord
) -> None:
    await make_cards(db, channel, START + 1)
    await fold(db)
    first = await current(db)
    await make_cards(db, channel, 1)
    assert await fold(db, 2) == 1
    await make_cards(db, channel, 5)
    assert await fold(db, 60) == 0
    await make_cards(db, channel, 1)
    assert await fold(db, 61) == 6
    assert (await current(db)).id == first.id
    await make_cards(db, channel, START + 1)
    assert await fold(db, 700) == START + 1
    assert (await current(db)).id != first.id
    async with db.read() as tx:
        assert (await digests.count(tx, first.id))[0] == START + 8


async def test_whatever_happens_to_a_folded_ticket_brings_its_card_up_once_and_first(
    db: Database, channel: ChannelRecord
) -> None:
    made = await make_cards(db, channel, START + 1)
    await fold(db)
    async with db.write() as tx:
        await work.post_mail(tx, made[3], 77, now=NOW)
        await work.post_mail(tx, made[3], 78, now=NOW)
        await work.update_card(tx, made[4], now=NOW)
        await work.redraw_card(tx, made[5], now=NOW)
    brought_up = await wishes(db, WorkKind.POST_CARD)
    assert [one.payload["ticket_id"] for one in brought_up] == [made[3].id, made[4].id]
    mails = await wishes(db, WorkKind.POST_MAIL)
    assert brought_up[0].id < mails[0].id
    assert await fold(db, 1) == 0, "what somebody wants to see is not folded again"
    async with db.read() as tx:
        assert len(await digests.list_unopened(tx, (await current(db)).id)) == START - 1


async def test_the_post_shows_the_first_page_that_is_not_all_opened(
    db: Database, channel: ChannelRecord
) -> None:
    made = await make_cards(db, channel, START + 1)
    await fold(db)
    digest = await current(db)
    async with db.write() as tx:
        await work.bring_up(tx, *made[: LINES + 1], now=NOW)
        found = await load_digest(tx, digest.id)
        assert found is not None
        assert (found[1].offset, found[1].lines[0].is_opened) == (LINES, True)
        assert not found[1].lines[1].is_opened
        await work.bring_up(tx, *made, now=NOW)
        found = await load_digest(tx, digest.id)
    assert found is not None
    assert (found[1].unopened, found[1].offset) == (0, (START // LINES) * LINES)
    assert START % PAGE != 0


async def test_a_person_who_is_forgotten_goes_from_the_digest_too(
    db: Database, channel: ChannelRecord
) -> None:
    await make_cards(db, channel, START + 1)
    await fold(db)
    async with db.write() as tx:
        await digests.set_ts(tx, (await current(db)).id, "1.1")
        for item in await outbox.list_items(tx):
            await outbox.drop(tx, item.id)
    await forget_person(make_context(db), "jo0@cust.example")
    (wish,) = await wishes(db, WorkKind.DIGEST)
    async with db.read() as tx:
        found = await load_digest(tx, wish.payload["digest_id"])
        unopened = await digests.list_unopened(tx, wish.payload["digest_id"])
        first = await tickets.get(tx, unopened[0].ticket_id)
    assert found is not None
    assert found[1].lines[0].subject == "(erased)" == first.subject
    assert len(unopened) == START + 1
