"""Slack channels that shut Canal out, and a Slack that is not there at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from sqlalchemy import update

from bot.problems import StartupError
from bot.slack_connection import build_bolt, build_client
from handlers.outbox import work
from storage.models import OutboxItem
from storage.queries import outbox, tickets
from tests.app.harness import Harness, Json, words_of


@pytest.fixture
async def private(tmp_path: Path) -> AsyncIterator[Harness]:
    """A Canal whose Slack channel is private: once out, it cannot come back by itself."""
    harness = Harness(tmp_path)
    await harness.start()
    await harness.sandbox.make_private(harness.support)
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


def told(canal: Harness) -> list[Json]:
    """What the admins were told, in their direct messages."""
    rooms = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
    return [one for room in rooms for one in canal.sandbox.messages(room)]


async def readiness(canal: Harness) -> tuple[int, str]:
    address = canal.canal.http.address
    assert address is not None
    url = f"http://{address.host}:{address.port}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_mail_for_an_archived_channel_waits_and_the_admin_hears_of_it_once(
    canal: Harness,
) -> None:
    await canal.sandbox.archive(canal.support)
    for number in range(3):
        await canal.write(f"Mail {number}", files={f"{number}.bin": b"x"})
    await canal.sandbox.wait_for(lambda: told(canal))
    await canal.write("One more")
    await canal.idle()
    await canal.stop_canal()
    await canal.start_canal()
    await canal.write("After a restart")
    await canal.idle()
    assert not canal.roots()
    assert len(told(canal)) == 1
    assert "archived" in words_of(told(canal)[0])
    await canal.sandbox.unarchive(canal.support)
    await canal.ticket(5)
    await canal.idle()
    await canal.sandbox.archive(canal.support)
    await canal.write("Closed again")
    await canal.sandbox.wait_for(lambda: len(told(canal)) == 2)


async def test_a_file_waits_for_its_channel_too(canal: Harness) -> None:
    gate = canal.sandbox.stop_at("files.getUploadURLExternal", done=False)
    await canal.write(files={"plan.bin": b"x"})
    card = await canal.ticket()
    await gate.reached.wait()
    await canal.sandbox.archive(canal.support)
    gate.opened.set()
    await canal.sandbox.wait_for(lambda: told(canal))
    await canal.sandbox.unarchive(canal.support)
    await canal.sandbox.wait_for(lambda: any(one.get("files") for one in canal.replies(card)), 10)
    await canal.idle()
    assert len(canal.replies(card)) == 1


async def test_a_kicked_bot_goes_on_when_it_is_invited_again(private: Harness) -> None:
    await private.write("Before", message_id="<1@cust.example>")
    card = await private.ticket()
    await private.sandbox.kick_bot(private.support)
    await private.write("While away", headers={"In-Reply-To": "<1@cust.example>"})
    await private.write("Another")
    await private.sandbox.wait_for(lambda: told(private))
    await private.idle()
    assert (len(private.roots()), len(told(private))) == (1, 1)
    await private.sandbox.invite_bot(private.support)
    await private.ticket(2)
    await private.idle()
    assert ["While away" in words_of(one) for one in private.replies(card)] == [True]


async def test_a_public_channel_is_simply_joined_again(canal: Harness) -> None:
    await canal.sandbox.kick_bot(canal.support)
    await canal.write("Come in")
    await canal.ticket()
    assert not told(canal)


async def test_mail_is_taken_in_while_slack_cannot_be_reached_at_the_start(
    canal: Harness,
) -> None:
    await canal.stop_canal()
    port = canal.sandbox.port
    await canal.sandbox.stop()
    await canal.start_without_slack()
    await canal.write("Slack is down")
    # What would end Canal at its start with a sentence must not end its attempts in silence later.
    canal.sandbox.fail("apps.connections.open", "invalid_auth")
    await canal.sandbox.start(port=port)
    await canal.sandbox.connected(20)
    card = await canal.ticket()
    ts = await canal.say(card, "Slack is back")
    await canal.wait_reaction(ts, "white_check_mark")


async def test_the_first_start_needs_slack(tmp_path: Path) -> None:
    canal = Harness(tmp_path)
    await canal.catcher.start()
    await canal.sandbox.start()
    await canal.sandbox.stop()
    try:
        with pytest.raises(StartupError, match="Slack cannot be reached at"):
            await canal.start_without_slack()
    finally:
        await canal.catcher.stop()


async def test_a_renamed_and_a_now_private_channel_change_nothing(canal: Harness) -> None:
    await canal.write("Before")
    await canal.sandbox.rename(canal.support, "help-desk")
    await canal.write("Renamed")
    await canal.sandbox.make_private(canal.support)
    await canal.write("Private")
    await canal.ticket(3)
    ts = await canal.say(canal.roots()[-1], "Still heard")
    await canal.wait_reaction(ts, "white_check_mark")
    assert not told(canal)


async def test_revoked_tokens_are_told_once_and_nothing_is_lost(
    canal: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the app is taken out of the workspace nobody can be told; then all of it is there."""
    monkeypatch.setattr("handlers.outbox.worker._CLOSED_RETRY", timedelta(seconds=0.5))
    sales = canal.sandbox.add_channel("sales", bot_is_member=True)
    support = canal.inbound
    other = await canal.add_channel(
        name="Sales", slack_channel_id=sales, primary="sales@acme.example"
    )
    await canal.sandbox.revoke_tokens()
    for address in (support, str(other.channel.inbound_address)):
        for number in range(2):
            await canal.write(f"Mail {number}", recipients=[address])
    await canal.sandbox.wait_for(lambda: len(canal.sandbox.refusals) >= 2)
    assert not canal.roots()
    async with asyncio.timeout(5):
        while (said := await readiness(canal))[0] != 503:
            await asyncio.sleep(0.02)
    assert "SLACK_BOT_TOKEN any more (account_inactive)" in said[1]
    canal.sandbox.world.revoked = False
    await canal.ticket(2)
    await canal.sandbox.wait_for(lambda: len(canal.roots(sales)) == 2, 10)
    await canal.sandbox.wait_for(lambda: told(canal), 10)
    await canal.idle()
    assert len(told(canal)) == 1
    assert "did not let Canal in" in words_of(told(canal)[0])
    assert (await readiness(canal))[0] == 200


async def test_after_an_hour_without_slack_nothing_waits_out_its_pause(canal: Harness) -> None:
    port = canal.sandbox.port
    await canal.sandbox.stop()
    await canal.write("Slack is down")
    context = canal.canal.parts.context

    async def is_tried() -> bool:
        async with context.db.read() as tx:
            items = await outbox.list_items(tx)
        return bool(items) and items[0].attempts > 0 and items[0].state == "ready"

    async with asyncio.timeout(20):
        while not await is_tried():
            await asyncio.sleep(0.02)
    async with context.db.write() as tx:
        for item in await outbox.list_items(tx):
            far = context.clock.now() + timedelta(minutes=5)
            await tx.execute(
                update(OutboxItem).where(OutboxItem.id == item.id).values(not_before=far)
            )
    await canal.sandbox.start(port=port)
    await canal.sandbox.connected(30)
    await canal.sandbox.wait_for(lambda: canal.roots(), 20)
    assert len(canal.roots()) == 1


async def test_what_needs_nothing_of_slack_does_not_make_it_news_that_it_is_closed(
    canal: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The waiting time on a card that is not there is drawn anew meanwhile, and nothing happens."""
    monkeypatch.setattr("handlers.outbox.worker._CLOSED_RETRY", timedelta(seconds=0.3))
    await canal.sandbox.archive(canal.support)
    await canal.write("Mail")
    await canal.sandbox.wait_for(lambda: told(canal))
    context = canal.canal.parts.context
    for _ in range(2):
        canal.sandbox.refusals.clear()
        async with context.db.write() as tx:
            ticket = await tickets.find_by_number(tx, context.team_id, 1)
            assert ticket is not None
            await work.redraw_card(tx, ticket, now=context.clock.now())
        context.wake.deliver()
        await canal.sandbox.wait_for(lambda: len(canal.sandbox.refusals) > 1)
    assert len(told(canal)) == 1


async def test_admins_who_cannot_be_asked_for_now_are_told_later(
    canal: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the app is out of the workspace, who its admins are is not told either."""
    monkeypatch.setattr("handlers.outbox.worker._CLOSED_RETRY", timedelta(seconds=0.5))
    await canal.sandbox.revoke_tokens()
    await canal.write("Mail")
    await canal.sandbox.wait_for(
        lambda: ("users.list", "account_inactive") in canal.sandbox.refusals
    )
    canal.sandbox.world.revoked = False
    await canal.ticket()
    await canal.sandbox.wait_for(lambda: told(canal))
    await canal.idle()
    assert len(told(canal)) == 1


async def test_nothing_is_acknowledged_before_slack_has_told_who_we_are(canal: Harness) -> None:
    settings = canal.settings()
    bolt = build_bolt(settings, build_client(settings), canal.canal.services)
    event = {"type": "message", "channel": canal.support, "user": canal.ana, "ts": "1.2"}
    body = {"type": "event_callback", "team_id": canal.sandbox.team_id, "event": event}
    answers = []
    for fault in ("internal_error", "ratelimited", ""):
        if fault:
            canal.sandbox.fail("auth.test", fault)
        answers.append(await bolt.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode")))
    assert [one.status for one in answers] == [500, 500, 200]


@pytest.mark.parametrize("error", ["internal_error", "ratelimited", "service_unavailable", "new"])
async def test_what_passes_by_itself_does_not_end_a_start(canal: Harness, error: str) -> None:
    await canal.stop_canal()
    canal.sandbox.fail("auth.test", error)
    await canal.start_canal()
    await canal.write("Taken in")
    await canal.ticket()


async def test_what_somebody_has_to_mend_ends_a_start(canal: Harness) -> None:
    await canal.stop_canal()
    canal.sandbox.fail("auth.test", "token_revoked")
    try:
        with pytest.raises(SlackApiError, match="token_revoked"):
            await canal.start_canal()
    finally:
        await canal.start_canal()


async def test_mail_waits_for_an_invitation_where_slack_lets_nobody_join(private: Harness) -> None:
    """Slack says either of two codes of a private channel that we are not in."""
    private.sandbox.fail("chat.postMessage", "not_in_channel")
    private.sandbox.fail("conversations.join", "method_not_supported_for_channel_type")
    await private.write("Before")
    await private.sandbox.wait_for(lambda: told(private))
    assert "invite" in words_of(told(private)[0])
    await private.sandbox.invite_bot(private.support)
    await private.ticket()


async def test_an_admin_who_cannot_be_told_keeps_none_waiting_and_none_is_told_twice(
    canal: Harness,
) -> None:
    """The first of CANAL_ADMINS has left, and Slack fails when the second is told."""
    await canal.stop_canal()
    canal._env["CANAL_ADMINS"] = f"U0GONE,{canal.rui},{canal.ana}"
    await canal.start_canal()
    canal.sandbox.fail("conversations.open", "internal_error", status=500, times=2)
    await canal.sandbox.archive(canal.support)
    await canal.write()
    await canal.sandbox.wait_for(lambda: len(told(canal)) == 2, 10)
    await canal.idle()
    rooms = [one.id for one in canal.sandbox.world.channels.values() if one.is_im]
    assert [len(canal.sandbox.messages(one)) for one in rooms] == [1, 1]


async def test_admins_who_were_named_hear_of_a_refused_token_once(
    canal: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.outbox.worker._CLOSED_RETRY", timedelta(seconds=0.2))
    await canal.stop_canal()
    canal._env["CANAL_ADMINS"] = canal.rui
    await canal.start_canal()
    await canal.sandbox.revoke_tokens()
    await canal.write()
    refused = canal.sandbox.refusals
    await canal.sandbox.wait_for(
        lambda: sum(method == "conversations.open" for method, _ in refused) > 1
    )
    await canal.write("Further")
    await canal.sandbox.wait_for(
        lambda: sum(method == "chat.postMessage" for method, _ in refused) > 4
    )
    canal.sandbox.world.revoked = False
    await canal.ticket(2)
    await canal.sandbox.wait_for(lambda: told(canal), 10)
    await canal.idle()
    assert len(told(canal)) == 1


async def test_a_missing_scope_is_told_as_such(canal: Harness) -> None:
    canal.sandbox.fail("chat.postMessage", "missing_scope")
    await canal.write()
    await canal.sandbox.wait_for(lambda: told(canal), 10)
    assert "lacks a scope" in words_of(told(canal)[0])
