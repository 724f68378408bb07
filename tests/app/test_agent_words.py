"""Whatever an agent writes in a thread becomes a mail that says it, or is told why not."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from tests.app.harness import Harness, Json, words_of


@pytest.fixture
def canal(shared_canal: Harness) -> Harness:
    return shared_canal


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def opened(canal: Harness) -> Json:
    """A ticket of its own, and no undo time."""
    await canal.edit_channel(undo_seconds=0, reply_mode="auto")
    await canal.write(message_id=canal.new_id())
    return await canal.ticket()


async def mailed(canal: Harness, text: str = "", **options: object) -> EmailMessage:
    """What Ana writes, as the customer gets it."""
    card = await opened(canal)
    ts = await canal.say(card, text, **options)
    mail = message_from_bytes((await canal.sent()).data or b"", policy=default)
    await canal.wait_reaction(ts, "white_check_mark")
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


async def test_signs_of_slack_leave_as_words(canal: Harness) -> None:
    text = (
        f"Hello @channel and <@{canal.rui}>, see <#{canal.support}> :tada: "
        "https://ok.example/a?b=1&c=2 <script>alert(1)</script> & more"
    )
    mail = await mailed(canal, text)
    told = text_of(mail)
    assert "Rui Costa" in told
    assert "see support 🎉" in told
    assert "https://ok.example/a?b=1&c=2" in told
    assert "<script>alert(1)</script> & more" in told
    assert "<script" not in html_of(mail)
    assert not any(sign in told for sign in ("<!", "<@", "<#", "&lt;", canal.rui, canal.support))


async def test_a_mention_of_somebody_unknown_shows_no_id(canal: Harness) -> None:
    blocks = rich([
        {"type": "text", "text": "Ask "},
        {"type": "user", "user_id": "U0UNKNOWN99"},
        {"type": "usergroup", "usergroup_id": "S0UNKNOWN99"},
        {"type": "channel", "channel_id": "C0UNKNOWN99"},
        {"type": "emoji", "name": "acme_dance"},
        {"type": "broadcast", "range": "here"},
        {"type": "team", "team_id": "T0UNKNOWN99"},
        {"type": "something_new", "text": "new"},
        {"type": "link", "url": "javascript:alert(1)", "text": "press"},
    ])  # fmt: skip
    mail = await mailed(canal, blocks=blocks)
    assert "UNKNOWN99" not in text_of(mail)
    assert "acme" in text_of(mail)
    assert "javascript:" not in html_of(mail).lower()


def rich(elements: list[Json]) -> list[Json]:
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "elements": [section]}]


async def test_40000_characters_leave_whole(canal: Harness) -> None:
    words = " ".join(f"word{n}" for n in range(5_000))[:40_000]
    mail = await mailed(canal, blocks=rich([{"type": "text", "text": words}]))
    assert text_of(mail).split()[: len(words.split())] == words.split()
    assert max(map(len, mail.as_bytes().splitlines())) <= 998


async def test_only_a_file(canal: Harness) -> None:
    mail = await mailed(canal, files=[("Ünïcode <!here> \u202egnp.exe", b"\x00\x01")])
    (part,) = mail.iter_attachments()
    assert part.get_content() == b"\x00\x01"
    assert "\u202e" not in str(part.get_filename())


async def test_only_an_emoji(canal: Harness) -> None:
    assert "👍" in text_of(await mailed(canal, ":+1:"))


@pytest.mark.parametrize(
    "text", ["​note: x", "*note:* x", "NOTE: x", "  // x", "private: x", "_Private: x_"]
)
async def test_what_looks_like_a_note_never_leaves(canal: Harness, text: str) -> None:
    card = await opened(canal)
    ts = await canal.say(card, text)
    await canal.wait_reaction(ts, "lock")
    await canal.idle()
    assert not canal.catcher.mails


async def test_a_broadcast_reply_is_sent_once(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "Also for the channel", broadcast=True)
    await canal.wait_reaction(ts, "white_check_mark")
    await canal.idle()
    assert len(canal.catcher.mails) == 1
    assert len(canal.roots()) == 1


async def test_an_event_that_comes_three_times_is_one_reply(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "Once")
    message = canal.sandbox.message(canal.support, ts)
    channel = canal.sandbox.world.get_channel(canal.support)
    for _ in range(2):
        canal.sandbox.events.message(channel, dict(message))
    await canal.sandbox.settled()
    await canal.idle()
    assert len(canal.catcher.mails) == 1


async def test_bots_are_not_answered_for(canal: Harness) -> None:
    card = await opened(canal)
    channel = canal.sandbox.world.get_channel(canal.support)
    for mark in ({"bot_id": "B0OTHER"}, {"subtype": "bot_message", "bot_id": "B0OTHER"}):
        canal.sandbox.message_log.post(
            channel, {"user": "U0BOT", "text": "beep", "thread_ts": card["ts"], **mark}
        )
    canal.sandbox.message_log.system(
        channel, canal.ana, "channel_topic", "set the topic", thread_ts=card["ts"]
    )
    await canal.sandbox.settled()
    await canal.idle()
    assert not canal.catcher.mails


async def test_what_is_written_outside_of_tickets_stays_there(canal: Harness) -> None:
    await opened(canal)
    root = await canal.sandbox.say(canal.ana, canal.support, text="Lunch?")
    await canal.sandbox.say(canal.rui, canal.support, text="Yes", thread_ts=root)
    await canal.sandbox.settled()
    await canal.idle()
    assert not canal.catcher.mails
    assert not canal.reactions(root)


async def test_a_guest_is_told_that_nothing_was_sent(canal: Harness) -> None:
    guest = canal.sandbox.add_user(f"guest{len(canal.sandbox.world.people)}", "Gil")
    canal.sandbox.world.people[guest].is_guest = True
    card = await opened(canal)
    await canal.say(card, "I am just a guest", user=guest)
    told = await canal.sandbox.wait_for(lambda: canal.sandbox.ephemerals(guest))
    assert "You are not an agent of Support, so nothing was sent." in words_of(told[-1])
    await canal.idle()
    assert not canal.catcher.mails


async def test_an_unfurled_link_is_no_edit(canal: Harness) -> None:
    card = await opened(canal)
    ts = await canal.say(card, "See https://x.example")
    await canal.wait_reaction(ts, "white_check_mark")
    channel = canal.sandbox.world.get_channel(canal.support)
    before = len(canal.sandbox.ephemerals(canal.ana))
    canal.sandbox.message_log.change(
        channel,
        channel.messages[ts],
        {"attachments": [{"id": 1, "title": "X", "from_url": "https://x.example"}]},
        by=None,
    )
    await canal.sandbox.settled()
    await canal.idle()
    assert len(canal.sandbox.ephemerals(canal.ana)) == before
    assert len(canal.catcher.mails) == 1
