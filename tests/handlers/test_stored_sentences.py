"""What is stored about failures is read in the reader's language, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.channel_view import channel_to_json
from bot.listeners.channel_texts import channel_block
from bot.slack.i18n import Catalogs
from bot.slack.notices import build_notice
from bot.slack.texts import Texts
from handlers.channels import health
from handlers.channels.channels import ChannelStatus
from handlers.outbox import work
from handlers.posts import Notice, NoticeKind
from mail.errors import LoginFailed
from mail.sentences import say, together
from storage.engine import Database
from storage.queries import channels
from storage.records import ChannelRecord
from tests.storage.samples import NOW, add_channel, claim

BRAZIL, PORTUGAL, ENGLISH = (Texts(Catalogs().translator(one)) for one in ("pt-BR", "pt", "en"))
REFUSED = LoginFailed(
    together(
        [
            say("{host} refused the login of {user}{said}", host="h", user="u", said=": “NO”."),
            say("The password has expired: set a new one at your provider."),
        ]
    )
)
IN_BRAZIL = "h recusou a entrada de u: “NO”. A senha expirou: defina uma nova no seu fornecedor."
IN_PORTUGAL = IN_BRAZIL.replace("A senha", "A palavra-passe")
IN_ENGLISH = "h refused the login of u: “NO”. The password has expired: set a new one at your "


async def failing(db: Database, times: int = 1) -> tuple[ChannelRecord, ChannelStatus]:
    channel = await add_channel(db)
    async with db.write() as tx:
        for direction in ("in", "out"):
            await channels.set_connection(tx, channel, direction, "imap", {})
        for _ in range(times):
            await health.note_failure(tx, channel.id, "in", str(REFUSED), now=NOW)
    return channel, await status_of(db, channel)


async def status_of(db: Database, channel: ChannelRecord) -> ChannelStatus:
    async with db.read() as tx:
        return ChannelStatus(channel, (), tuple(await channels.list_connections(tx, channel.id)))


def shown(status: ChannelStatus, texts: Texts) -> str:
    return json.dumps(channel_block(status, texts, NOW), ensure_ascii=False)


async def test_the_list_says_why_a_connection_fails_in_the_readers_language(db: Database) -> None:
    channel, status = await failing(db)
    assert IN_BRAZIL in shown(status, BRAZIL)
    assert IN_PORTUGAL in shown(status, PORTUGAL)
    assert IN_ENGLISH in shown(status, ENGLISH)
    assert channel_to_json(status)["health"]["in"]["last_error"] == str(REFUSED)
    async with db.write() as tx:
        await health.note_success(tx, channel.id, "in", now=NOW)
    [fresh, _] = (await status_of(db, channel)).connections
    assert (fresh.last_error, fresh.last_error_parts) == (None, None)


async def test_what_a_canal_of_the_version_before_noted_is_shown_as_it_is(db: Database) -> None:
    """It knows of the text alone, so that the parts may be those of an earlier failure."""
    _, status = await failing(db)
    incoming = replace(status.connection("in"), last_error="The folder is gone.")
    assert health.why_failing(incoming) == "The folder is gone."
    without = replace(status.connection("in"), last_error_parts=None)
    assert health.why_failing(without) == str(REFUSED)


async def test_admins_hear_why_mail_stops_in_their_language(db: Database) -> None:
    await failing(db, times=3)
    [item] = await claim(db)
    notice = work.notice_of(item)
    assert IN_BRAZIL in build_notice(notice, BRAZIL)["text"]
    assert IN_PORTUGAL in build_notice(notice, PORTUGAL)["text"]
    assert IN_ENGLISH in build_notice(notice, ENGLISH)["text"]
    assert item.payload["notice"]["facts"]["why"] == str(REFUSED)  # for the version before


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (NoticeKind.REPLY_FAILED, "sentence"),
        (NoticeKind.WORK_PARKED, "why"),
        (NoticeKind.DELAYED, "diagnostic"),
        (NoticeKind.SAID, "text"),
    ],
)
def test_a_notice_that_waited_in_the_outbox_speaks_its_readers_language(
    kind: NoticeKind, fact: str
) -> None:
    notice = Notice(kind, {"message_id": 1, "what": "send_email", "id": 7, fact: str(REFUSED)})
    stored = json.loads(json.dumps(work.notice_to_json(notice)))
    again = work.notice_from_json(stored)
    assert IN_BRAZIL in build_notice(again, BRAZIL)["text"]
    assert IN_ENGLISH in build_notice(again, ENGLISH)["text"]
    del stored["said"]
    assert IN_ENGLISH in build_notice(work.notice_from_json(stored), BRAZIL)["text"]


def test_what_was_given_up_is_named_in_words() -> None:
    notice = Notice(NoticeKind.WORK_PARKED, {"what": "send_email", "id": 7})
    assert (
        "espera por você: enviar uma resposta (número 7)." in build_notice(notice, BRAZIL)["text"]
    )


def test_a_name_that_is_also_a_word_of_ours_is_not_translated() -> None:
    sentence = say("There is no folder “{folder}” in this mailbox.", folder="Close")
    assert BRAZIL("Close") != "Close"
    assert BRAZIL.own(sentence) == "Não há nenhuma pasta “Close” nesta caixa de e-mail."
